"""Scoring lists and open leads, with reasons."""
