"""Command line: arguments in, calls, results out. `main` is what the `sousveil` command runs."""

from sousveil.cli.main import main

__all__ = ["main"]
