"""Presets: what the fields of known CRMs mean, one file of declarations per object."""
