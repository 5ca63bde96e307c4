"""HTML and XML into text with the way back to the source."""
