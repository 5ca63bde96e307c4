"""Guides: what robots.txt, site maps and feeds said, read again from the archive.

A crawl reads them to choose where to go on (`run/visit/crawls.py`), analysis to compare them with
before (`histories.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sousveil.archive.coding import decode_body
from sousveil.archive.read import Payload, payload
from sousveil.case import Case
from sousveil.extract.charset import decode
from sousveil.extract.links import MAX_SITEMAP_BYTES
from sousveil.model import RENDERING_TYPE, Capture

_GZIP = b"\x1f\x8b"
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer of a look, read from the archive."""

    url: str
    status: int | None
    payload: Payload

    @property
    def body(self) -> bytes:
        """What it carried."""
        return self.payload.body

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is missing."""
        return not self.payload.truncated and len(self.body) < MAX_SITEMAP_BYTES

    def text(self) -> str:
        """Return it as text, its first `MAX_SITEMAP_BYTES`."""
        body = self.body
        if body.startswith(_GZIP):  # a site map in a file of its own, whatever its media type
            body, _ = decode_body([body], [], ["gzip"], MAX_SITEMAP_BYTES)
        charset = self.payload.charset or None
        text, _ = decode(body[:MAX_SITEMAP_BYTES], http=charset, declares=True)
        return text


def last_capture(body: Mapping[str, Any]) -> Capture | None:
    """Return the last answer on the wire that a visit kept, from the body of its event."""
    kept = msgspec.convert(body["captures"], list[Capture])
    return next((one for one in reversed(kept) if one.media_type != RENDERING_TYPE), None)


def read_answer(
    case: Case, capture: Capture | None, *, whatever_status: bool = False
) -> Answer | None:
    """Return what a capture holds; None for none, and unless it is a success.

    Raises ArchiveError as `archive.read.payload`.
    """
    if capture is None or (not whatever_status and (capture.status or 0) not in _SUCCESS):
        return None
    found = payload(case.root, capture.record, refers_to=capture.refers_to)
    return Answer(capture.url, capture.status, found)
