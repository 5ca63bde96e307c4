"""Moments: times as people type them, read as times in UTC.

ISO 8601 as Python reads it, with "now", "in 2h" and a zone's name ("2026-11-24 09:00
Europe/Berlin"). A time without a zone is UTC; whoever shows it says so.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sousveil.errors import InputError

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FROM_NOW = re.compile(r"in ?(\d{1,4}) ?([mhd])")
_NAMED_ZONE = re.compile(r"(.+?) ?(UTC|GMT|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)")

# Letters are answered within months; a time farther away is a slip of the keyboard.
FARTHEST = timedelta(days=366)


def parse_moment(text: str, now: datetime, option: str) -> datetime:
    """Return the time that was typed for `option`, in UTC; one without a zone is UTC.

    Raises InputError for what is no time, or is more than a year away.
    """
    at = _read(" ".join(text.split()), now)
    if at is None:
        raise InputError(
            f"{option} {text}: not a time. Write now, in 2h, 2026-11-24 09:00 (which is UTC),"
            " 2026-11-24T09:00+01:00, or 2026-11-24 09:00 Europe/Berlin."
        )
    if abs(at - now) > FARTHEST:
        raise InputError(f"{option} {text}: more than a year away. Check the year.")
    return at.astimezone(UTC)


def _read(typed: str, now: datetime) -> datetime | None:
    if typed.lower() == "now":
        return now
    if ahead := _FROM_NOW.fullmatch(typed.lower()):
        return now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
    named = _NAMED_ZONE.fullmatch(typed)
    try:
        zone = ZoneInfo(named[2]) if named else UTC
        at = datetime.fromisoformat(named[1] if named else typed)
    except (ValueError, OSError, ZoneInfoNotFoundError):  # "America" is a folder of zones
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
