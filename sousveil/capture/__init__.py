"""Capture: what a visitor would have been given, as exact bytes, and nothing from inside."""
