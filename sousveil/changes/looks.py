"""Looks at an address, and the order in which they count.

A visit's answers as the log recorded them (`Probe`), and a look as the index holds it. What came
at each, and what became of a page over time, is told by `answer/`.

Our own visits count in the order of the log, whatever the clock said. The date of an imported look
is its donor's word: it counts at that date, but never later than the log entry that took it in, and
stands before the first of our visits that came after it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from sousveil.model import Failure, Verdict

# A look no surer than this cannot tell that a quote is gone, whatever its verdict.
UNSURE = 0.3

# At most this sure of what an import alone shows: date and bytes are its donor's word.
IMPORT_CONFIDENCE = 0.6


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer of a visit, as the log recorded it."""

    url: str
    status: int | None  # HTTP status; None for a repository, or without an answer
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an address, as the index holds it."""

    id: int  # of the index that tells it
    at: datetime
    verdict: Verdict  # of this answer alone
    confidence: float
    outcome: str  # "HTTP 404"
    log_index: int
    watch_id: str | None = None  # None for an import
    exit: str = ""  # by name; "" for none
    is_shown: bool = False  # whether a browser showed the page, too
    dated: datetime | None = None  # by the clock of the host that was asked; None: not told

    @property
    def is_import(self) -> bool:
        """Whether it came with an archive made by others."""
        return self.watch_id is None


def in_order(looks: Iterable[Look]) -> list[Look]:
    """Return looks at one address in the order in which they count; see this module's beginning."""
    every = list(looks)
    own = sorted((one for one in every if not one.is_import), key=lambda one: one.log_index)
    # The first visit that began after a time is the first at which this maximum is beyond it.
    latest = list(accumulate((one.at for one in own), max))
    ranks = {one.id: (rank, 1) for rank, one in enumerate(own)}
    ranks |= {one.id: (bisect_right(latest, one.at), 0) for one in every if one.is_import}
    return sorted(every, key=lambda one: (*ranks[one.id], one.at, one.log_index, one.id))
