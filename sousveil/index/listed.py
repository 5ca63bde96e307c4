"""Listed findings: one row for each, with what lists are filtered, sorted and counted by.

A projection of what is elsewhere in the index: the earliest sighting, who it is about, its fate,
what people decided. Each part is written together with what it is told from, so a row never says
what the rest of the index does not. Two things can change without an event, and are looked at when
rows are read: how many must decide (`Index.readings`), and `actors.toml` (`names_are_current`,
which the desk heeds: `web/naming.py`).
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

import sousveil
from sousveil.actors import Register
from sousveil.actors.sources import ACTORS_FILE
from sousveil.changes.trace.trace import state_of
from sousveil.index.query import (
    earliest_findings,
    fates_of,
    official_lists,
    register_of,
    watches_behind,
    with_actors,
)
from sousveil.index.reviews import COUNTS
from sousveil.index.store import Index
from sousveil.index.verdicts import host_of
from sousveil.model import HANDED_IN_URN, RENDERING_TYPE, Fate, Finding, Review

Rule: TypeAlias = Callable[[Sequence[Review]], str]
"""What the decisions on one finding amount to (review/decisions.py)."""

# Findings that are decoded at once: some 5 MB.
TOGETHER = 1_000

_OFFICE = ("vnd.openxmlformats", "vnd.oasis", "msword", "vnd.ms-", "rtf")


def list_findings(index: Index, status: Rule, register: Register | None = None) -> None:
    """Bring the rows level with the sightings, the watches and the register.

    `register` is that of the index, for who has it already.

    Raises ActorError as `register_of`.
    """
    with index.transaction():
        while not list_some(index, status, TOGETHER, register):
            pass


def list_some(index: Index, status: Rule, most: int, register: Register | None = None) -> bool:
    """Bring up to `most` rows level, as `list_findings` does all; return whether all are then."""
    with index.transaction():
        _heed_register(index)
        ids = [one for (one,) in index.rows("SELECT finding_id FROM unlisted LIMIT ?", most)]
        if ids:
            _list(index, ids, register or register_of(index))
            put_decided(index, ids, status)
            chosen = msgspec.json.encode(ids).decode()
            index.change(
                "DELETE FROM unlisted WHERE finding_id IN (SELECT value FROM json_each(?))", chosen
            )
    return len(ids) < most


def _heed_register(index: Index) -> None:
    """Let all findings be told anew of if those whom the case knows are others than before."""
    now = register_digest(index)
    if index.rows("SELECT register FROM listed_by") != [(now,)]:
        index.change("DELETE FROM listed_by")
        index.change("INSERT INTO listed_by VALUES (?)", now)
        index.change("INSERT OR IGNORE INTO unlisted SELECT id FROM finding")


def names_are_current(index: Index) -> bool:
    """Whether all rows name actors by what the watches, `actors.toml` and the lists say now."""
    is_known = index.rows("SELECT register FROM listed_by") in ([], [(register_digest(index),)])
    return is_known and not index.rows("SELECT 1 FROM unlisted LIMIT 1")


def register_digest(index: Index) -> str:
    """Return what changes with those whom the case knows by name: SHA-256, hexadecimal."""
    own = index.folder / ACTORS_FILE
    told = hashlib.sha256(sousveil.__version__.encode())
    told.update(own.read_bytes() if own.is_file() else b"")
    told.update(repr(official_lists(index)).encode("utf-8", "surrogatepass"))
    return told.hexdigest()


def _list(index: Index, ids: Sequence[str], register: Register) -> None:
    told, found = fates_of(index, ids), earliest_findings(index, ids)
    for finding in with_actors(found, watches_behind(index, found), register):
        _put(index, finding, told.get(finding.id))
    chosen = msgspec.json.encode(ids).decode()
    # What no engine finds any more has neither a row nor a fate.
    for table, key in (("finding", "id"), ("fate", "finding_id")):
        index.change(
            f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?1)) AND NOT EXISTS"
            f" (SELECT 1 FROM sighting s WHERE s.finding_id = {table}.{key})",
            chosen,
        )


def _put(index: Index, finding: Finding, fate: Fate | None) -> None:
    source = finding.source
    first = source.entered.committed_at if source.entered else finding.capture.captured_at
    address, capture_id = _place(index, finding.id)
    index.change(
        "INSERT OR REPLACE INTO finding"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 0, ?)",
        finding.id,
        capture_id,
        address,
        host_of(address),
        finding.claim.topic,
        finding.claim.trait,
        finding.claim.label,
        finding.claim.score,
        finding.lang,
        kind_of(finding),
        finding.actor,
        finding.watch_id,
        _text((fate.first_seen if fate else None) or first),
        _text(fate.gone_by) if fate and fate.gone_by else None,
        "unclear" if finding.capture.is_handed_in else state_of(fate),
        msgspec.json.encode(finding.attribution),
    )


def _place(index: Index, finding_id: str) -> tuple[str, int]:
    """Return the address of the sighting that a finding is told from (`query`), and its capture."""
    ((address, capture_id),) = index.rows(
        "SELECT l.address, c.id FROM sighting s JOIN capture c ON c.id = s.capture_id"
        " JOIN look l ON l.id = c.look_id WHERE s.finding_id = ?"
        " ORDER BY l.watch_id IS NULL, c.captured_at, l.log_index, c.id LIMIT 1",
        finding_id,
    )
    return address, capture_id


def kind_of(finding: Finding) -> str:
    """Return the kind of document that a finding stands in, in the words of `passages.KINDS`."""
    source, media_type = finding.source, finding.capture.media_type
    if source.path is not None:
        return "code"
    if source.recognised is not None and source.page is None:
        return "picture"
    if (
        source.cell is not None
        or source.slide is not None
        or any(one in media_type for one in _OFFICE)
    ):
        return "office"
    if source.page is not None:
        return "pdf"
    if media_type == RENDERING_TYPE or "html" in media_type or not media_type:
        return "page"
    return "data" if media_type.endswith(("json", "xml", "yaml")) else "text"


def put_fate_of(index: Index, fates: Iterable[Fate]) -> None:
    """Write what became of findings into their rows; the caller holds the fates' transaction."""
    for fate in fates:
        index.change(
            "UPDATE finding SET state = iif(address GLOB ?, 'unclear', ?), gone_by = ?,"
            " first_seen = coalesce(?, first_seen) WHERE id = ?",
            f"{HANDED_IN_URN}*",
            state_of(fate),
            _text(fate.gone_by) if fate.gone_by else None,
            _text(fate.first_seen) if fate.first_seen else None,
            fate.finding_id,
        )


def put_decided(index: Index, ids: Collection[str], status: Rule) -> None:
    """Write what people decided into the rows of findings; `status` is the rule for it.

    The caller holds the transaction of the decision.
    """
    chosen = msgspec.json.encode(list(ids)).decode()
    rows = index.rows(
        "SELECT finding_id, data FROM review WHERE standing = ? AND finding_id IN"
        " (SELECT value FROM json_each(?)) ORDER BY log_index",
        COUNTS,
        chosen,
    )
    decided: dict[str, list[Review]] = {one: [] for one in ids}
    for finding_id, data in rows:
        decided[finding_id].append(msgspec.json.decode(data, type=Review))
    for finding_id, reviews in decided.items():
        index.change(
            "UPDATE finding SET decided = ?, readings = ? WHERE id = ?",
            status(reviews),
            len(reviews),
            finding_id,
        )


def _text(at: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
