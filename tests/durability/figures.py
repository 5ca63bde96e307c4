"""The figures of what was tried, as `make test-slow` prints them at its end."""

FIGURES: dict[tuple[str, str], dict[str, int]] = {}


def note(test: str, what: str, **counts: int) -> None:
    """Keep figures of a test, to be printed when all have run."""
    FIGURES[test, what] = counts


def told() -> list[str]:
    """Return the figures, a line each."""
    return [
        f"{test}: {what}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())
        for (test, what), counts in FIGURES.items()
    ]
