"""The JSON endpoints under /api/, and the lists as files: one declaration each, which is kept."""
