"""What can be asked of the index: watches, visits, captures, findings, fates.

Takes an open `Index` and gives values of model.py. Reads only.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sousveil.actors import OfficialList, Register, attributed, case_register
from sousveil.changes.absence import Absence
from sousveil.changes.fate import Look, in_order
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
_SIGHTINGS = (
    "SELECT s.data FROM sighting s JOIN capture c ON c.id = s.capture_id"
    " JOIN look l ON l.id = c.look_id" + _IN_ORDER
)


def watches(index: Index) -> list[Watch]:
    """Return all watches, in the order of their targets."""
    found = [
        msgspec.json.decode(data, type=Watch) for (data,) in index.rows("SELECT data FROM watch")
    ]
    return sorted(found, key=lambda watch: watch.target)


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
    for look_id, log_index, watch_id, address, at, *judged, status, absence in index.rows(
        "SELECT id, log_index, watch_id, address, at, verdict, confidence, outcome, status,"
        " (SELECT c.absence FROM capture c WHERE c.look_id = look.id AND c.absence NOT NULL)"
        f" FROM look WHERE {where} ORDER BY log_index",
        value,
    ):
        verdict, confidence, outcome = judged
        told = Absence(Verdict(verdict), confidence, outcome)
        if absence is not None:
            shown = msgspec.json.decode(absence, type=Absence)
            told = _answered(told.verdict, confidence, outcome, shown)
        yield Visit(
            watch_id,
            datetime.fromisoformat(at),
            told.verdict,
            told.outcome,
            status,
            tuple(held.capture for held in captures_of_look(index, look_id)),
            log_index,
            address,
        )


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
    register = register_of(index)
    actors = {watch.id: watch.actor for watch in watches(index)}
    earliest: dict[str, Finding] = {}
    for (data,) in index.rows(_SIGHTINGS):
        finding = msgspec.json.decode(data, type=Finding)
        if finding.id not in earliest:
            watch_actor = actors.get(finding.watch_id or "")
            earliest[finding.id] = attributed(finding, watch_actor=watch_actor, register=register)
    return sorted(earliest.values(), key=_place)


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
    """Return the fate of each finding, by its id."""
    found = [
        msgspec.json.decode(data, type=Fate) for (data,) in index.rows("SELECT data FROM fate")
    ]
    return {fate.finding_id: fate for fate in found}


def looks(index: Index, address: str) -> dict[str, list[Look]]:
    """Return, for each finding of an address, all looks at that address in the order they count.

    A look whose answer has not been read, or could not be, tells nothing about a quote: its verdict
    is `unknown` here.
    """
    found_at: dict[str, dict[int, bool]] = {}  # by finding and look: whether on the wire too
    for finding_id, look_id, is_on_wire in index.rows(
        "SELECT s.finding_id, c.look_id, max(c.media_type != ?) FROM sighting s"
        " JOIN capture c ON c.id = s.capture_id JOIN look l ON l.id = c.look_id"
        " WHERE l.address = ? GROUP BY s.finding_id, c.look_id ORDER BY s.finding_id, c.look_id",
        RENDERING_TYPE,
        address,
    ):
        found_at.setdefault(finding_id, {})[look_id] = bool(is_on_wire)
    at_address = in_order(
        _look(row)
        for row in index.rows(
            "SELECT id, at, verdict, confidence, outcome, log_index,"
            " EXISTS (SELECT 1 FROM capture c WHERE c.look_id = look.id"
            "  AND (c.engine IS NULL OR c.note NOT NULL)),"
            " (SELECT c.absence FROM capture c WHERE c.look_id = look.id AND c.absence NOT NULL),"
            " watch_id IS NULL, is_shown FROM look WHERE address = ?",
            address,
        )
    )
    return {
        finding_id: [
            replace(look, found=look.id in on_wire, found_by_script=on_wire.get(look.id) is False)
            for look in at_address
        ]
        for finding_id, on_wire in found_at.items()
    }


def _look(row: tuple[Any, ...]) -> Look:
    look_id, at, verdict, confidence, outcome, log_index, is_silent, absence, *rest = row
    is_import, is_shown = rest
    told = Absence(Verdict(verdict), confidence, outcome)
    if is_silent:
        told = Absence(Verdict.UNKNOWN, confidence, f"{outcome}, and its text was not read")
    elif absence is not None:
        shown = msgspec.json.decode(absence, type=Absence)
        told = _answered(Verdict(verdict), confidence, outcome, shown)
    return Look(
        look_id,
        datetime.fromisoformat(at),
        told.verdict,
        told.confidence,
        told.outcome,
        log_index,
        found=False,
        is_import=bool(is_import),
        is_shown=bool(is_shown),
    )


def _answered(verdict: Verdict, confidence: float, outcome: str, shown: Absence) -> Absence:
    """Join what an address answered with what its answer shows: no surer than either of them."""
    told = verdict if shown.verdict is Verdict.PRESENT else shown.verdict
    return Absence(told, min(confidence, shown.confidence), f"{outcome}, {shown.outcome}")


def captures_of_look(index: Index, look_id: int) -> list[Held]:
    """Return the captures of one look, in the order in which they were made."""
    return _held(index, " WHERE c.look_id = ?", look_id)


def addresses_with_findings(index: Index) -> list[str]:
    """Return each address at which something was found, in order."""
    rows = index.rows(
        "SELECT DISTINCT l.address FROM sighting s JOIN capture c ON c.id = s.capture_id"
        " JOIN look l ON l.id = c.look_id ORDER BY l.address"
    )
    return [address for (address,) in rows]


def _held(index: Index, where: str, value: object) -> list[Held]:
    return [
        Held(row[0], row[1], _capture(row[2:13]), *row[13:])
        for row in index.rows(_HELD + where + _IN_ORDER, value)
    ]


def _capture(row: tuple[Any, ...]) -> Capture:
    url, captured_at, status, media_type, payload_digest, refers_to, *place = row
    at = datetime.fromisoformat(captured_at)
    original = msgspec.json.decode(refers_to, type=RecordRef) if refers_to else None
    return Capture(url, at, status, media_type, RecordRef(*place), payload_digest, original)
