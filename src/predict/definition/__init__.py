"""The definition: what a lead is, what counts as converted, by when."""
