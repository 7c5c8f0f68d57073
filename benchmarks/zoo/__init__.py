"""The zoo: worlds with one leak each and worlds without any, to judge the leakage audit."""
