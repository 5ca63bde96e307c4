"""Adding watches: each is an event of the log."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal

import msgspec

from sousveil.index.query import watches
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Event, Watch


def add_watches(
    writer: Writer, index: Index, wanted: Iterable[Watch], now: datetime, *, given: Collection[str]
) -> list[tuple[Watch, Literal["added", "changed", "already watched"]]]:
    """Log new watches and changed ones; return each as it is now, with what was done.

    A target that is watched already takes over those fields of the new watch that `given` names.
    """
    known = {watch.id: watch for watch in watches(index)}
    done: list[tuple[Watch, Literal["added", "changed", "already watched"]]] = []
    for watch in wanted:
        before = known.get(watch.id)
        if before is None:
            writer.commit("watch.added", {"watch": msgspec.to_builtins(watch)}, now=now)
            known[watch.id] = watch
            done.append((watch, "added"))
            continue
        after = replace(before, **{name: getattr(watch, name) for name in given})
        if after != before:
            writer.commit("watch.changed", {"watch": msgspec.to_builtins(after)}, now=now)
            known[watch.id] = after
        done.append((after, "changed" if after != before else "already watched"))
    return done


def logged_watches(events: Iterable[Event]) -> list[Watch]:
    """Return the watches as the log tells them, in the order of their targets."""
    known: dict[str, Watch] = {}
    for event in events:
        if event.type in {"watch.added", "watch.changed"}:
            watch = msgspec.convert(event.body["watch"], Watch)
            known[watch.id] = watch
    return sorted(known.values(), key=lambda watch: watch.target)
