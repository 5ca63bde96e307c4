"""Watch: what to look at, when, and how gently."""
