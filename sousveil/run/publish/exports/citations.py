"""Citations of captures: for CSL-JSON and BibTeX, by which manuscripts name what they rest on.

Gives a `Citation` for each capture, with where its archived copy lies: the digest of its record,
and the archive file by name. The key of a citation stays the same as long as the record does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sousveil.jsonform import instant
from sousveil.run.publish.exports.told import Captured, Told

_LETTERS = re.compile(r"[^a-z0-9]+")
MAX_HOST_CHARACTERS = 30  # of a key
DIGEST_DIGITS = 12  # of a key: no two records of a case share them by chance

# In forms for print a control character or a lone surrogate helps nobody and breaks readers.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Citation:
    """A capture, as a bibliography names it."""

    key: str  # ASCII letters, digits and hyphens: "vendor-example-2026-1a2b3c4d5e6f"
    title: str  # never ""
    publisher: str  # "" when nobody is named
    host: str  # "" of a local repository
    url: str
    lang: str  # "" when not told
    is_software: bool  # a repository
    accessed_at: datetime
    archived: str  # where the copy lies and what vouches for it, in words


def citations(told: Told) -> Iterator[Citation]:
    """Yield the citations of what was captured, by address and time."""
    return (_citation(one, told) for one in told.captures())


def _citation(one: Captured, told: Told) -> Citation:
    capture, record = one.capture, one.capture.record
    host = _host(capture.url)
    digest = record.digest.removeprefix("sha256:")
    name = _LETTERS.sub("-", host.lower())[:MAX_HOST_CHARACTERS].strip("-") or "capture"
    archived = (
        f"Archived copy of {instant(capture.captured_at)}: {record.warc.rpartition('/')[2]},"
        f" record {record.record_id.strip('<>')}, SHA-256 {digest}; entry {one.log_index} of the"
        f" log {told.case.settings.origin}"
    )
    archived += f". Not seen by us: {one.caveat}" if one.caveat else ""
    return Citation(
        key=f"{name}-{capture.captured_at.year}-{digest[:DIGEST_DIGITS]}",
        title=printable(one.title) or capture.url,
        publisher=printable(one.publisher or ""),
        host=host,
        url=capture.url,
        lang=one.lang,
        is_software="git" in capture.media_type,
        accessed_at=capture.captured_at,
        archived=archived,
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def printable(text: str) -> str:
    """Return a text on one line, without characters that cannot be printed."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
