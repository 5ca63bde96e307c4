"""A table of a `case.toml`, key by key: each value is checked, and what nobody read is noticed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sousveil.errors import CaseError


class Table:
    """A TOML table that is read key by key.

    Each reader takes a key away and raises CaseError when its value is of another type; `finish`
    raises it for what is left.
    """

    def __init__(self, data: Mapping[str, Any], where: Path, prefix: str) -> None:
        self._left = dict(data)
        self._where = where
        self._prefix = prefix

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of what was not read yet."""
        return tuple(self._left)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key must be there."""
        value = self._left.pop(key, default)
        if value is None:
            raise CaseError(f"{self._where}: {self._prefix}{key} is missing. Add it.")
        if not isinstance(value, str):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a text in quotes.")
        return value

    def texts(self, key: str, default: list[str]) -> list[str]:
        """Return a list of texts."""
        value = self._left.pop(key, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a list of texts.")
        return value

    def number(self, key: str, default: float, *, most: float, least: float = 0) -> float:
        """Return a number between `least` and `most`."""
        value = self._left.pop(key, default)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:  # not a number (nan) is in no range
            raise CaseError(
                f"{self._where}: {self._prefix}{key} must be a number, {least} or more, at most"
                f" {most}."
            )
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be true or false.")
        return value

    def table(self, key: str) -> "Table":
        """Return a table within this one, empty when it is not there."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a table.")
        return Table(value, self._where, f"{self._prefix}{key}.")

    def finish(self) -> None:
        """Raise CaseError when a key is left that nobody read: no setting has its name."""
        if self._left:
            keys = ", ".join(self._prefix + key for key in self._left)
            raise CaseError(f"{self._where}: unknown setting {keys}. Remove it or mend its name.")
