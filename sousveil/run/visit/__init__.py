"""Visits, crawls and imports: evidence comes in."""
