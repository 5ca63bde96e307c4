"""Reading: from evidence to findings and their fates."""
