"""Adding watches: each is an event of the log."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from sousveil.case import Writer
from sousveil.index.query import watches
from sousveil.index.store import Index
from sousveil.model import Watch


def add_watches(
    writer: Writer, index: Index, wanted: Iterable[Watch], now: datetime
) -> list[tuple[Watch, bool]]:
    """Log new watches; return each with True, or the one that has its target already with False."""
    known = {watch.id: watch for watch in watches(index)}
    added = []
    for watch in wanted:
        is_new = watch.id not in known
        if is_new:
            writer.commit("watch.added", {"watch": msgspec.to_builtins(watch)}, now=now)
        added.append((known.setdefault(watch.id, watch), is_new))
    return added
