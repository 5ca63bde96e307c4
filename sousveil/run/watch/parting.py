"""Parting: which of the watches that are due are polled, and which must be visited.

A poll sees the wire alone, and tells only that a page is as it was. So a page is visited where that
does not show whether its text changed, where an absence is to be confirmed, and once in `RENEW`.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sousveil.case import Case
from sousveil.index.pace import Base, base_of
from sousveil.index.store import Index
from sousveil.model import Watch, WatchKind
from sousveil.run.visit.gather import SHOWN_TYPES
from sousveil.run.visit.means import Means
from sousveil.run.watch.filled import is_filled
from sousveil.run.watch.sweep import Poll
from sousveil.watch.schedule import NEVER, Past

# However cheap polls are: once in this time a page is visited, and shown in a browser.
RENEW = timedelta(days=7)

_POLLED = frozenset({WatchKind.PAGE, WatchKind.DOCUMENT})


class Parting:
    """Parts watches, and remembers which pages scripts fill: that is read from their captures."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._filled: dict[str, tuple[int, bool]] = {}  # by watch, of its base

    def part(
        self,
        case: Case,
        index: Index,
        means: Means,
        chosen: Sequence[Watch],
        past: Mapping[str, Past],
    ) -> tuple[list[Poll], list[Watch]]:
        """Return those whose pages may be as they were, and those that must be visited."""
        polls, visits = [], []
        for watch in chosen:
            base = base_of(index, watch.id) if watch.kind in _POLLED else None
            # A look that is to confirm an absence has to be one.
            is_held = past.get(watch.id, NEVER).held_until is not None
            if base is None or is_held or self._must_visit(case, index, means, watch, base):
                visits.append(watch)
            else:
                polls.append(Poll(watch, base))
        return polls, visits

    def _must_visit(self, case: Case, index: Index, means: Means, watch: Watch, base: Base) -> bool:
        """Tell whether an answer like `base` would not show that the page is as it was."""
        is_old = abs(means.clock() - base.at) >= RENEW  # or of a clock that was wrong
        if is_old or base.exit != means.exit_name(watch):
            return True
        if not base.is_shown:
            return base.capture.media_type in SHOWN_TYPES and means.can_show(watch)
        known = self._filled.get(watch.id)
        if known is None or known[0] != base.log_index:
            known = (base.log_index, is_filled(case, index, watch.id, base))
            self._filled[watch.id] = known
        return known[1]
