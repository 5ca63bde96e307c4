"""Adding, changing and retiring watches: each is an event of the log."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal

import msgspec

from sousveil.case import Case
from sousveil.index.pace import retired
from sousveil.index.query import watches
from sousveil.index.store import Index
from sousveil.ledger import Draft, Writer, read_events
from sousveil.model import Event, Watch

EVENTS = frozenset({"watch.added", "watch.changed", "watch.retired"})


def add_watches(
    writer: Writer, index: Index, wanted: Iterable[Watch], now: datetime, *, given: Collection[str]
) -> list[tuple[Watch, Literal["added", "changed", "already watched"]]]:
    """Log new watches and changed ones, together; return each as it is now, with what was done.

    A target that is watched already takes over those fields of the new watch that `given` names.
    """
    known = {watch.id: watch for watch in watches(index)}
    ended = retired(index)
    done: list[tuple[Watch, Literal["added", "changed", "already watched"]]] = []
    drafts: list[Draft] = []
    for watch in wanted:
        before = known.get(watch.id)
        if before is None:
            drafts.append(Draft("watch.added", {"watch": msgspec.to_builtins(watch)}, now))
            known[watch.id] = watch
            done.append((watch, "added"))
            continue
        after = replace(before, **{name: getattr(watch, name) for name in given})
        if watch.id in ended:
            drafts.append(Draft("watch.added", {"watch": msgspec.to_builtins(after)}, now))
            done.append((after, "added"))
            continue
        if after != before:
            drafts.append(Draft("watch.changed", {"watch": msgspec.to_builtins(after)}, now))
            known[watch.id] = after
        done.append((after, "changed" if after != before else "already watched"))
    writer.commit_all(drafts)
    return done


def retire_watches(writer: Writer, index: Index, chosen: Iterable[Watch], now: datetime) -> None:
    """Log that watches are not visited any more; what they brought stays in the case."""
    ended = retired(index)
    writer.commit_all(
        [
            Draft("watch.retired", {"watch_id": watch.id, "target": watch.target}, now)
            for watch in chosen
            if watch.id not in ended
        ]
    )


def logged_watches(events: Iterable[Event], *, with_retired: bool = False) -> list[Watch]:
    """Return the watches as the log tells them, in the order of their targets."""
    known: dict[str, Watch] = {}
    for event in events:
        take_watch(known, event, with_retired=with_retired)
    return sorted(known.values(), key=lambda watch: watch.target)


def watches_in_log(case: Case) -> list[Watch]:
    """Return the watches that are visited, in the order of their targets.

    From the log, not from the index: whoever edits that must not choose whom we visit.
    """
    return logged_watches(read_events(case, wanted=lambda _, kind: kind in EVENTS))


def take_watch(known: dict[str, Watch], event: Event, *, with_retired: bool = False) -> None:
    """Take an event into the watches that are known, by id; others than a watch's do nothing."""
    if event.type in {"watch.added", "watch.changed"}:
        watch = msgspec.convert(event.body["watch"], Watch)
        known[watch.id] = watch
    elif event.type == "watch.retired" and not with_retired:
        known.pop(event.body["watch_id"], None)
