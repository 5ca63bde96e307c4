"""JSON that strangers wrote: bounded, and read in one way only.

Takes bytes and gives an object. A name given twice, which programs read differently, `NaN`, and
nesting that no manifest has are refused (RFC 8259, sections 4 and 6; I-JSON, RFC 7493, 2.3).
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from sousveil.errors import ArchiveError
from sousveil.model import Json

# RFC 3339, section 5.6.
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DIGITS = re.compile(r"[0-9]{1,18}")


def read_object(data: bytes) -> Json:
    """Return the JSON object in `data`; raises ArchiveError when it is none, or ambiguous."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError:
        raise ArchiveError("is no JSON that can be read: nested too deep") from None
    except ValueError as error:
        raise ArchiveError(f"is no JSON that can be read: {error}") from error
    if not isinstance(value, dict):
        raise ArchiveError("is no JSON object")
    return value


def text_of(value: object) -> str:
    """Return a text of a JSON object; "" for what is none."""
    return value if isinstance(value, str) else ""


def number_of(value: object) -> int | None:
    """Return a whole number that stands as such or, as some indexers write it, as text."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    return None


def instant_of(value: object) -> datetime | None:
    """Return a time as RFC 3339 writes it, in UTC; None for what is none."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object gives one name twice, which programs read differently")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
