"""Scans of web archives at their size: the same finder over many files at once."""
