"""The gate under simulation."""
