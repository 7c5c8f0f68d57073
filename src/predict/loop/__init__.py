"""Loop: what became of what was told, and whether what comes in is still what was learned from."""
