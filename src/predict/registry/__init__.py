"""Trainings logged, models registered, named live or on trial, and fetched back verified."""
