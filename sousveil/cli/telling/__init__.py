"""Telling: how what commands bring reads in a terminal, and as JSON."""
