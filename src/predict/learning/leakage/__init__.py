"""The leakage audit: coded rules, each with a verdict per column in a sentence."""
