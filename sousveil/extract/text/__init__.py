"""Plain text, source code and data into blocks that lie on the source itself."""
