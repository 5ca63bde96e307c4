"""Repositories, kept whole as bundles."""
