"""A passage that a search found, as JSON values."""

from typing import TYPE_CHECKING

from sousveil.jsonform.values import instant, present
from sousveil.model import Json

if TYPE_CHECKING:  # what searches the index is not waited for by who writes findings alone
    from sousveil.index.search.find import Hit


def hit_json(hit: "Hit") -> Json:
    """Return a passage that a search found; offsets count characters, from 0.

    `marks` are the spans in `text` that match; `start` is where the passage begins in the text of
    the capture in which it was seen last.
    """
    return present(
        {
            "address": hit.address,
            "part": hit.part,
            "kind": hit.kind,
            "lang": hit.lang,
            "text": hit.text,
            "marks": [list(span) for span in hit.marks],
            "first_seen": instant(hit.first_seen),
            "last_seen": instant(hit.last_seen),
            "findings": list(hit.findings),
        }
    ) | {"stands": hit.stands, "start": hit.start}
