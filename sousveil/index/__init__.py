"""Index: a SQLite projection of the log and of what analysis found; it can always be made again."""
