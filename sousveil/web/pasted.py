"""Pasted lists: what somebody wants watched, checked line by line before anything is done.

Takes text, one address a line, or a table whose first line names its columns (address, actor,
every, kind), or what else a list may be (watch/lists.py), and gives what would become of each line.
Pure: nothing is asked of the network, and nothing
of the disk, for whoever works at the desk of a team need not learn what folders its computer has.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sousveil.capture.guard.addresses import check_name
from sousveil.errors import InputError, TargetError
from sousveil.model import Watch
from sousveil.watch.lists import columns_named, read_addresses
from sousveil.watch.targets import DEFAULT_EVERY, kind_of_target, make_watch

MAX_TEXT = 1_000_000  # characters; an address has some eighty
MAX_LINES = 2_000  # a preview of more is read by nobody, and a case has a thousand targets
MAX_ACTOR = 200

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts for lines that say nothing else; "" for the usual."""

    actor: str = ""
    every: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One line, and what would become of it."""

    number: int  # counts from 1
    text: str  # as pasted
    watch: Watch | None  # None: it is refused
    says: str = ""  # why it is refused, or what is amiss with it
    given: tuple[str, ...] = ()  # fields of the watch that the line, or its defaults, name
    state: str = "new"  # new, known, twice or refused


def check_pasted(
    text: str,
    defaults: Defaults,
    *,
    known: Collection[str],
    allowed: frozenset[str],
    now: datetime,
) -> list[Checked]:
    """Return what would become of each line that says something.

    `known` are ids of watches, `allowed` the private hosts that the case may reach. Raises
    InputError when the text is too long, or is CSV without a column of addresses.
    """
    if len(text) > MAX_TEXT:
        raise InputError(f"more than {MAX_TEXT:,} characters. Paste a part of it.")
    rows = list(_rows(text))
    if len(rows) > MAX_LINES:
        raise InputError(f"{len(rows):,} lines. Paste {MAX_LINES:,} at a time.")
    told: list[Checked] = []
    seen: dict[str, int] = {}
    for number, row in rows:
        one = _checked(number, row, defaults, now)
        if one.watch is not None:
            one = _placed(one, one.watch, seen, known, allowed)
        told.append(one)
    return told


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the lines that say something, with their number, by column.

    A table, as of a spreadsheet, and JSON are read as files of lists are.
    """
    text = text.removeprefix("\ufeff")
    said = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not said:
        return
    first = said[0][1]
    named = columns_named(first) if len(said) > 1 else frozenset()
    if named and "address" not in named and len(named) == len(first.split(",")):
        raise InputError("the first line names columns, but none for addresses. Add `address`.")
    if "address" not in named and "\t" not in first and first.lstrip()[0] not in "{[":
        yield from ((number, {"address": line.strip()}) for number, line in said)
        return
    for place, one in enumerate(read_addresses(text, "what was pasted"), 1):
        columns = {"address": one.target, "actor": one.actor, "every": one.every, "kind": one.kind}
        yield one.number or place, columns


def _checked(number: int, row: Mapping[str, str], defaults: Defaults, now: datetime) -> Checked:
    address = row["address"]
    actor = row.get("actor") or defaults.actor
    every = row.get("every") or defaults.every
    kind = row.get("kind") or defaults.kind
    values = {"actor": actor, "every_seconds": every, "kind": kind}
    try:
        watch = make_watch(
            _web(address),
            kind=kind_of_target(kind),
            every=every or DEFAULT_EVERY,
            actor=_actor(actor),
            now=now,
        )
    except TargetError as error:
        return Checked(number, address, None, str(error), state="refused")
    return Checked(number, address, watch, given=tuple(one for one in values if values[one]))


def _web(address: str) -> str:
    """Return an address as it was pasted, with the scheme that people leave out."""
    if "://" in address:
        return address
    host = address.partition("/")[0]
    if "." in host and not host.startswith(".") and " " not in address:
        return f"https://{address}"
    raise TargetError(
        f"{address}: no address. A folder of this computer is added with `sousveil add`."
    )


def _actor(actor: str) -> str | None:
    if len(actor) > MAX_ACTOR or not actor.isprintable():
        raise TargetError(f"{actor[:40]}…: an actor's name is a line of {MAX_ACTOR} characters.")
    return " ".join(actor.split()) or None


def _placed(
    one: Checked,
    watch: Watch,
    seen: dict[str, int],
    known: Collection[str],
    allowed: frozenset[str],
) -> Checked:
    """Return a sound line with how it stands to the others and to the case."""
    first = seen.setdefault(watch.id, one.number)
    state, says = "new", _unreachable(watch, allowed)
    if first != one.number:
        state, says = "twice", f"is the same as line {first}"
    elif watch.id in known:
        state = "known"
    return Checked(one.number, one.text, watch, says, one.given, state)


def _unreachable(watch: Watch, allowed: frozenset[str]) -> str:
    """Return why a visit would be refused, as far as the name alone tells; "" otherwise."""
    parts = urlsplit(watch.target)
    port = parts.port or _PORTS[parts.scheme]
    return check_name(parts.hostname or "", port, allowed) or ""
