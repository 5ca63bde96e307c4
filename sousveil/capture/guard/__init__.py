"""Who may be reached, and by which way out: one guard for the wire, git and the browser."""
