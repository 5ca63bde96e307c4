"""A witness: it cosigns the checkpoints of others' logs, and refuses forks and rollbacks."""
