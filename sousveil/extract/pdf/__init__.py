"""PDF into text, in a process of its own."""
