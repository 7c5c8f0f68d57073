"""Exports to typed tables: one person, one lead."""
