"""One scan of many archives: its inputs, its manifest, who does the work, and its result."""
