"""Drafting: from a survey of exports to a commented definition."""
