"""What all forms are made of: times, places in the archive, quotes.

A quote is told as a TextQuoteSelector of the W3C Web Annotation Data Model, section 4.2.4.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sousveil.model import Capture, Json


def instant(when: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC: "2026-03-01T08:00:00Z", with fractions if any."""
    return when.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def present(values: Mapping[str, Any]) -> Json:
    """Return the values that are not empty; 0 and False are values."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def captured(capture: Capture, log_index: int) -> Json:
    """Return a capture: what was seen when, and where its record and its log entry lie."""
    return present(
        {
            "url": capture.url,
            "captured_at": instant(capture.captured_at),
            "status": capture.status,
            "media_type": capture.media_type,
            "warc": capture.record.warc,
            "offset": capture.record.offset,
            "length": capture.record.length,
            "record_id": capture.record.record_id,
            "record_digest": capture.record.digest,
            "log_index": log_index,
        }
    )


def quoted(exact: str, prefix: str, suffix: str) -> Json:
    """Return the selector of a quote by its words."""
    return {"type": "TextQuoteSelector", "exact": exact, "prefix": prefix, "suffix": suffix}


def placed(start: int, end: int) -> Json:
    """Return the selector of a quote by its place; offsets count characters, from 0."""
    return {"type": "TextPositionSelector", "start": start, "end": end}
