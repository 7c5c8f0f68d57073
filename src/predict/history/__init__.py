"""What was known of a lead, when."""
