"""What can be asked of the index: watches, visits, captures, findings, fates.

Takes an open `Index` and gives values of `model`. Reads only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sousveil.actors import OfficialList, Register, attributed, case_register
from sousveil.changes.answer import Came
from sousveil.index.store import Held, Index
from sousveil.model import (
    RENDERING_TYPE,
    Capture,
    Fate,
    Finding,
    Json,
    RecordRef,
    Verdict,
    Visit,
    Watch,
    WatchReport,
)

_HELD = (
    "SELECT c.id, c.look_id, c.url, c.captured_at, c.status, c.media_type, c.payload_digest,"
    " c.refers_to, c.warc, c.offset, c.length, c.record_id, c.digest,"
    " l.log_index, l.watch_id, l.address, c.engine"
    " FROM capture c JOIN look l ON l.id = c.look_id"
)
_IN_ORDER = " ORDER BY c.captured_at, l.log_index, c.id"
# The earliest sighting of each finding; one of ours before those in archives of others, whose dates
# are these archives' word.
_EARLIEST = (
    "SELECT data FROM (SELECT s.data AS data, row_number() OVER (PARTITION BY s.finding_id"
    " ORDER BY l.watch_id IS NULL, c.captured_at, l.log_index, c.id) AS turn FROM sighting s"
    " JOIN capture c ON c.id = s.capture_id JOIN look l ON l.id = c.look_id{where}) WHERE turn = 1"
)


def watches(index: Index) -> list[Watch]:
    """Return all watches, in the order of their targets."""
    found = [
        msgspec.json.decode(data, type=Watch) for (data,) in index.rows("SELECT data FROM watch")
    ]
    return sorted(found, key=lambda watch: watch.target)


def has_watches(index: Index) -> bool:
    """Tell whether anything is watched, or was."""
    return bool(index.rows("SELECT 1 FROM watch LIMIT 1"))


def watches_of(index: Index, ids: Iterable[str]) -> dict[str, Watch]:
    """Return the watches with these ids, by id."""
    chosen = msgspec.json.encode(list(ids)).decode()
    rows = index.rows("SELECT data FROM watch WHERE id IN (SELECT value FROM json_each(?))", chosen)
    found = (msgspec.json.decode(data, type=Watch) for (data,) in rows)
    return {watch.id: watch for watch in found}


def watch_reports(index: Index) -> tuple[WatchReport, ...]:
    """Return every watch with its visits, the oldest first."""
    return tuple(WatchReport(watch, tuple(visits(index, watch.id))) for watch in watches(index))


def visits(index: Index, watch_id: str) -> Iterator[Visit]:
    """Yield a watch's visits, the oldest first."""
    return _visits(index, "watch_id = ?", watch_id)


def visits_to(index: Index, address: str) -> Iterator[Visit]:
    """Yield the visits to an address, and its captures in imports, in the order of the log."""
    return _visits(index, "address = ?", address)


def visit_at(index: Index, log_index: int) -> Visit:
    """Return the visit that a log entry tells of."""
    return next(_visits(index, "log_index = ?", log_index))


def _visits(index: Index, where: str, value: object) -> Iterator[Visit]:
    for look_id, log_index, watch_id, address, at, verdict, outcome, came, status in index.rows(
        "SELECT id, log_index, watch_id, address, at, verdict, outcome, came, status FROM look"
        f" WHERE {where} ORDER BY log_index",
        value,
    ):
        yield Visit(
            watch_id,
            datetime.fromisoformat(at),
            Verdict(verdict),
            told_outcome(outcome, msgspec.json.decode(came, type=Came) if came else None),
            status,
            tuple(held.capture for held in captures_of_look(index, look_id)),
            log_index,
            address,
        )


def told_outcome(outcome: str, came: Came | None) -> str:
    """Return what a look was answered, with what its text shows where that is not the page."""
    if came is None or came.is_page or came.reasons[0] in outcome:
        return outcome
    return f"{outcome}, {came.reasons[0]}"


def unread(index: Index, engine: str) -> list[Held]:
    """Return the captures that `engine` has not read, the oldest first."""
    return _held(index, " WHERE c.engine IS NULL OR c.engine != ?", engine)


def unreadable(index: Index) -> list[tuple[str, str, str]]:
    """Return URL, media type and reason of each capture whose text could not be read."""
    return [
        (url, media_type, note)
        for url, media_type, note in index.rows(
            "SELECT url, media_type, note FROM capture WHERE note NOT NULL ORDER BY id"
        )
    ]


def findings(index: Index) -> list[Finding]:
    """Return every finding, told from its earliest sighting, by address and place.

    Who it is about is told now, from what its watch, the case's `actors.toml` and its official
    lists say today. Raises ActorError when one of them cannot be used.
    """
    found = _decoded(index.rows(_EARLIEST.format(where="")))
    return with_actors(found, {watch.id: watch for watch in watches(index)}, register_of(index))


def findings_of(index: Index, ids: Iterable[str]) -> list[Finding]:
    """Return the findings with these ids, as `findings` does."""
    found = earliest_findings(index, ids)
    return with_actors(found, watches_behind(index, found), register_of(index))


def findings_at(index: Index, address: str) -> list[Finding]:
    """Return the findings of an address that looks at it saw, as `findings` does."""
    rows = index.rows(
        "SELECT DISTINCT s.finding_id FROM look l JOIN capture c ON c.look_id = l.id"
        " JOIN sighting s ON s.capture_id = c.id WHERE l.address = ?",
        address,
    )
    return [one for one in findings_of(index, [name for (name,) in rows]) if one.url == address]


def earliest_findings(index: Index, ids: Iterable[str]) -> list[Finding]:
    """Return the findings with these ids as they were read, before anybody is named."""
    where = " WHERE s.finding_id IN (SELECT value FROM json_each(?))"
    chosen = msgspec.json.encode(list(ids)).decode()
    return _decoded(index.rows(_EARLIEST.format(where=where), chosen))


def finding_ids(index: Index) -> frozenset[str]:
    """Return the ids of all findings."""
    return frozenset(one for (one,) in index.rows("SELECT DISTINCT finding_id FROM sighting"))


def _decoded(rows: Iterable[tuple[Any, ...]]) -> list[Finding]:
    found = (msgspec.json.decode(data, type=Finding) for (data,) in rows)
    return sorted(found, key=_place)


def watches_behind(index: Index, found: Iterable[Finding]) -> dict[str, Watch]:
    """Return the watches that brought some findings, by id."""
    return watches_of(index, {one.watch_id for one in found if one.watch_id})


def with_actors(
    found: Iterable[Finding], watched: Mapping[str, Watch], register: Register
) -> list[Finding]:
    """Return findings with whom they are about, from what their watches and the register say."""
    actors = {watch_id: watch.actor for watch_id, watch in watched.items()}
    return [
        attributed(one, watch_actor=actors.get(one.watch_id or ""), register=register)
        for one in found
    ]


def register_of(index: Index) -> Register:
    """Return everybody whom the case knows; raises ActorError as `case_register`."""
    return case_register(index.folder, official_lists(index))


def official_lists(index: Index) -> list[OfficialList]:
    """Return the official lists of the case, of each the one that was taken in last."""
    rows = index.rows("SELECT body FROM event WHERE type = 'list.added' ORDER BY idx")
    added = [msgspec.json.decode(body, type=OfficialList) for (body,) in rows]
    return list({one.name: one for one in added}.values())


def _place(finding: Finding) -> tuple[str, str, int, str]:
    return (finding.url, finding.source.path or "", finding.claim.start, finding.id)


def captures_of_watch(index: Index, watch_id: str) -> list[Held]:
    """Return the captures that a watch's visits brought, the oldest first."""
    return _held(index, " WHERE l.watch_id = ?", watch_id)


def repository_visits(index: Index, watch_id: str) -> list[Json]:
    """Return what each visit to a repository saw of its references, the oldest first."""
    rows = index.rows(
        "SELECT json_extract(e.body, '$.repository') FROM event e"
        " JOIN look l ON l.log_index = e.idx WHERE l.watch_id = ?"
        " AND json_extract(e.body, '$.repository') NOT NULL ORDER BY e.idx",
        watch_id,
    )
    return [msgspec.json.decode(facts, type=Json) for (facts,) in rows]


def imported_before(index: Index, sha256: str) -> int | None:
    """Return the log entry that imported a file with this SHA-256 (hexadecimal), if any."""
    rows = index.rows("SELECT idx FROM event WHERE type = 'import' AND warc_sha256 = ?", sha256)
    return rows[0][0] if rows else None


def event_body(index: Index, log_index: int) -> Json:
    """Return the body of a log entry."""
    ((body,),) = index.rows("SELECT body FROM event WHERE idx = ?", log_index)
    return msgspec.json.decode(body, type=Json)


def fates(index: Index) -> dict[str, Fate]:
    """Return the fate of each finding, by its id.

    What stood at the last look was last seen at the newest poll that brought the same.
    """
    return _fates(index, "")


def fates_of(index: Index, ids: Iterable[str]) -> dict[str, Fate]:
    """Return the fates of these findings, as `fates` does."""
    chosen = msgspec.json.encode(list(ids)).decode()
    return _fates(index, " WHERE f.finding_id IN (SELECT value FROM json_each(?))", chosen)


def _fates(index: Index, where: str, *values: object) -> dict[str, Fate]:
    found = {}
    for data, polled_at in index.rows(
        "SELECT f.data, u.at FROM fate f LEFT JOIN unchanged u ON u.look_id = f.stood_at" + where,
        *values,
    ):
        fate = msgspec.json.decode(data, type=Fate)
        at = datetime.fromisoformat(polled_at) if polled_at else fate.last_seen
        found[fate.finding_id] = replace(fate, last_seen=max(fate.last_seen, at))
    return found


def captures_of_look(index: Index, look_id: int) -> list[Held]:
    """Return the captures of one look, in the order in which they were made."""
    return _held(index, " WHERE c.look_id = ?", look_id)


def capture_of(index: Index, capture_id: int) -> Held | None:
    """Return a capture by its number in this index; None when there is none."""
    return next(iter(_held(index, " WHERE c.id = ?", capture_id)), None)


def capture_at(index: Index, warc: str, offset: int) -> Held | None:
    """Return the capture whose record lies at a place in the archive; None when there is none."""
    return next(iter(_held(index, " WHERE c.warc = ? AND c.offset = ?", warc, offset)), None)


def captures_of_url(index: Index, url: str) -> list[Held]:
    """Return the captures of an address that hold a page, as it came or as it was shown.

    The oldest first; what was asked for at the address counts as well as what answered there.
    """
    return _held(
        index, " WHERE (c.url = ?1 OR l.address = ?1) AND coalesce(c.status, 200) / 100 = 2", url
    )


def stood_at(index: Index, address: str, before: int) -> Capture | None:
    """Return what stood at an address itself, on the wire, at our newest look before a log entry.

    None when it was not looked at by then, or gave no page, or led elsewhere.
    """
    held = _held(
        index,
        " WHERE l.id = (SELECT max(id) FROM look WHERE address = ? AND log_index < ?"
        " AND watch_id NOT NULL) AND c.url = l.address AND c.status = 200 AND c.media_type != ?",
        address,
        before,
        RENDERING_TYPE,
    )
    return held[-1].capture if held else None


def _held(index: Index, where: str, *values: object) -> list[Held]:
    return [
        Held(row[0], row[1], _capture(row[2:13]), *row[13:])
        for row in index.rows(_HELD + where + _IN_ORDER, *values)
    ]


def _capture(row: tuple[Any, ...]) -> Capture:
    url, captured_at, status, media_type, payload_digest, refers_to, *place = row
    at = datetime.fromisoformat(captured_at)
    original = msgspec.json.decode(refers_to, type=RecordRef) if refers_to else None
    return Capture(url, at, status, media_type, RecordRef(*place), payload_digest, original)
