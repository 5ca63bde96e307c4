"""Publishing: what goes out, drawn from evidence and index."""
