"""Changes: what became of an address, of a quote, and of a claim in a repository."""
