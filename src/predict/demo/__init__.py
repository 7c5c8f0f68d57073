"""A simulated company with known truth."""
