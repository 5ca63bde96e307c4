"""Office documents into text."""
