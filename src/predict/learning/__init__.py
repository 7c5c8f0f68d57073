"""From history to a model that has earned its place."""
