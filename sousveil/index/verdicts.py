"""Verdicts in the index: what came at each look, how quotes stood, and what is told of it all.

`look.came` says what one answer is (`Came`), None until analysis has read it. `standing` says how a
quote stood where the page came and the quote was not found by itself; a sighting says that it
stood. `aside` holds what was asked around a look, `told` what became of an address as a whole.
`stale` names the addresses whose looks are to be judged, and whose fates are to be told, anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from sousveil.changes.answer import Came, Standing, verdict_of_one
from sousveil.changes.course import Told
from sousveil.changes.looks import Look, in_order
from sousveil.index.sightings import forget_verdicts
from sousveil.index.store import Index
from sousveil.model import RENDERING_TYPE, Event, Fate, Json, Verdict

# What a host says to other addresses is asked once in so long, and holds for all its pages.
AROUND_HOLDS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JudgedLook:
    """A look with what came, None until it was judged."""

    look: Look
    came: Came | None


@dataclass(frozen=True, slots=True)
class StoodLook:
    """How a quote stood at a look."""

    standing: Standing
    after: str | None = None  # its new wording
    is_sought: bool = True  # whether a new wording was sought


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The newest poll that brought the same bytes as a look."""

    look_id: int
    at: datetime
    log_index: int


@dataclass(frozen=True, slots=True)
class Aside:
    """What another address of the host, or another exit, was answered beside a look."""

    id: int
    look_id: int  # the look that gave the reason to ask
    log_index: int
    role: str  # "robots", "made_up", "home", "neighbour", "sitemap", "exit"
    url: str
    exit: str  # by name; "" for none
    at: datetime
    facts: Json  # as logged: probes, requests, captures
    came: Came | None = None  # of another exit's answer, once judged
    standing: Mapping[str, Standing] | None = None  # by finding id, there


@dataclass(frozen=True, slots=True)
class ToldOf:
    """What became of one watched address."""

    address: str
    watch_id: str
    told: Told


# ---------------------------------------------------------------- reading


def stale_addresses(index: Index) -> list[str]:
    """Return the addresses of which something new is to be told, in order."""
    return [address for (address,) in index.rows("SELECT address FROM stale ORDER BY address")]


def judged_looks(index: Index, address: str) -> list[JudgedLook]:
    """Return all looks at an address, in the order in which they count."""
    found = {}
    for look_id, at, verdict, confidence, outcome, log_index, *rest, came in index.rows(
        "SELECT id, at, verdict, confidence, outcome, log_index, watch_id, exit, is_shown, dated,"
        " came FROM look WHERE address = ?",
        address,
    ):
        watch_id, exit_, is_shown, dated = rest
        look = Look(
            look_id,
            datetime.fromisoformat(at),
            Verdict(verdict),
            confidence,
            outcome,
            log_index,
            watch_id,
            exit_,
            bool(is_shown),
            datetime.fromisoformat(dated) if dated else None,
        )
        found[look_id] = JudgedLook(look, msgspec.json.decode(came, type=Came) if came else None)
    return [found[look.id] for look in in_order(one.look for one in found.values())]


def sighted(index: Index, address: str) -> dict[str, dict[int, bool]]:
    """Return, by finding, the looks at an address that found it: whether in the bytes as well."""
    found: dict[str, dict[int, bool]] = {}
    for finding_id, look_id, is_on_wire in index.rows(
        "SELECT s.finding_id, c.look_id, max(c.media_type != ?) FROM sighting s"
        " JOIN capture c ON c.id = s.capture_id JOIN look l ON l.id = c.look_id"
        " WHERE l.address = ? GROUP BY s.finding_id, c.look_id ORDER BY s.finding_id, c.look_id",
        RENDERING_TYPE,
        address,
    ):
        found.setdefault(finding_id, {})[look_id] = bool(is_on_wire)
    return found


def standings(index: Index, address: str) -> dict[str, dict[int, StoodLook]]:
    """Return, by finding and look, how quotes of an address stood where they were not found."""
    found: dict[str, dict[int, StoodLook]] = {}
    for finding_id, look_id, standing, after, is_sought in index.rows(
        "SELECT s.finding_id, s.look_id, s.standing, s.after, s.is_sought FROM standing s"
        " JOIN look l ON l.id = s.look_id WHERE l.address = ?",
        address,
    ):
        stood = StoodLook(Standing(standing), after, bool(is_sought))
        found.setdefault(finding_id, {})[look_id] = stood
    return found


def polls_of(index: Index, address: str) -> dict[int, Unchanged]:
    """Return the newest poll that found what a look had found, by look."""
    rows = index.rows("SELECT look_id, at, log_index FROM unchanged WHERE address = ?", address)
    return {
        look_id: Unchanged(look_id, datetime.fromisoformat(at), log_index)
        for look_id, at, log_index in rows
    }


def asides_of(index: Index, look_id: int) -> list[Aside]:
    """Return what was asked because of a look, in order."""
    return _asides(index, "look_id = ? ORDER BY id", look_id)


def asides_at(index: Index, address: str) -> dict[int, list[Aside]]:
    """Return what was asked because of each look at an address, by look."""
    found: dict[int, list[Aside]] = {}
    for one in _asides(
        index, "look_id IN (SELECT id FROM look WHERE address = ?) ORDER BY id", address
    ):
        found.setdefault(one.look_id, []).append(one)
    return found


def host_said(index: Index, url: str, at: datetime, log_index: int) -> list[Aside]:
    """Return what a host said to other addresses in the time before, the newest of each role.

    Only of what was logged before the entry `log_index`.
    """
    found = _asides(
        index,
        "host = ? AND role != 'exit' AND at > ? AND at <= ? AND log_index < ? ORDER BY at, id",
        host_of(url),
        _text(at - AROUND_HOLDS),
        _text(at),
        log_index,
    )
    return list({one.role: one for one in found}.values())


def told(index: Index, address: str, watch_id: str) -> Told | None:
    """Return what became of a watched address; None before analysis has judged a look at it."""
    rows = index.rows("SELECT data FROM told WHERE address = ? AND watch_id = ?", address, watch_id)
    return msgspec.json.decode(rows[0][0], type=Told) if rows else None


def told_of_watch(index: Index, watch_id: str) -> list[ToldOf]:
    """Return what became of each address of a watch, in order; a site has many."""
    rows = index.rows(
        "SELECT address, data FROM told WHERE watch_id = ? ORDER BY address", watch_id
    )
    return [
        ToldOf(address, watch_id, msgspec.json.decode(data, type=Told)) for address, data in rows
    ]


def recently_asked(index: Index, url: str, now: datetime) -> list[Aside]:
    """Return what the host of `url` was asked within the last `AROUND_HOLDS`.

    What lies further in the future was asked by a clock that was wrong, and holds nobody back.
    """
    return _asides(
        index,
        "host = ? AND at > ? AND at < ? ORDER BY at, id",
        host_of(url),
        _text(now - AROUND_HOLDS),
        _text(now + AROUND_HOLDS),
    )


def good_neighbour(index: Index, url: str, home: str) -> str | None:
    """Return another address of the host of `url` that answered well, the last that did."""
    parts = urlsplit(url)
    begin = f"{parts.scheme}://{parts.netloc}/"
    rows = index.rows(
        "SELECT address FROM look WHERE address >= ? AND address < ? AND status = 200"
        " AND verdict = 'present' AND watch_id NOT NULL AND address NOT IN (?, ?)"
        " ORDER BY log_index DESC LIMIT 1",
        begin,
        f"{begin[:-1]}0",  # what comes after "/" in ASCII
        url,
        home,
    )
    return rows[0][0] if rows else None


def host_of(url: str) -> str:
    """Return host and port of an address, as asides are kept by; "" for what has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _asides(index: Index, where: str, *values: object) -> list[Aside]:
    return [
        Aside(
            aside_id,
            look_id,
            log_index,
            role,
            url,
            exit_,
            datetime.fromisoformat(at),
            msgspec.json.decode(data),
            msgspec.json.decode(came, type=Came) if came else None,
            msgspec.json.decode(standing, type=dict[str, Standing]) if standing else None,
        )
        for aside_id, look_id, log_index, role, url, exit_, at, data, came, standing in index.rows(
            "SELECT id, look_id, log_index, role, url, exit, at, data, came, standing FROM aside"
            f" WHERE {where}",
            *values,
        )
    ]


# ---------------------------------------------------------------- writing


def put_around(index: Index, event: Event) -> None:
    """Take in what was asked around a look; the look, and those after it, are judged anew."""
    body = event.body
    rows = index.rows(
        "SELECT id FROM look WHERE log_index = ? AND address = ?", body["of"], body["target"]
    )
    for (look_id,) in rows:
        for asked in body["asked"]:
            data = {name: asked[name] for name in ("probes", "requests", "captures")}
            index.change(
                "INSERT INTO aside (look_id, log_index, role, url, host, exit, at, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                look_id,
                event.index,
                asked["role"],
                asked["url"],
                host_of(asked["url"]),
                asked["exit"],
                _text(msgspec.convert(asked["at"], datetime)),
                msgspec.json.encode(data),
            )
    forget_verdicts(index, body["target"], since=body["of"])


def put_came(index: Index, look_id: int, came: Came, stood: Mapping[str, StoodLook]) -> None:
    """Record what came at a look, and how quotes stood that were not found there."""
    index.change(
        "UPDATE look SET came = ?, verdict = ?, confidence = ? WHERE id = ?",
        msgspec.json.encode(came),
        verdict_of_one(came).value,
        came.confidence,
        look_id,
    )
    for finding_id, one in stood.items():
        index.change(
            "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?)",
            finding_id,
            look_id,
            one.standing.value,
            one.after,
            one.is_sought,
        )


def put_aside(index: Index, aside: Aside, came: Came, standing: Mapping[str, Standing]) -> None:
    """Record what another exit was answered, and how quotes stood there."""
    index.change(
        "UPDATE aside SET came = ?, standing = ? WHERE id = ?",
        msgspec.json.encode(came),
        msgspec.json.encode(standing),
        aside.id,
    )


def put_told(
    index: Index,
    address: str,
    told_by_watch: Mapping[str, Told],
    *,
    held: Sequence[Fate],
    is_quiet: bool,
) -> None:
    """Record what became of an address; `held` are the fates there that wait to be confirmed.

    Where `is_quiet`, a poll that brings the same again changes nothing of what is told.
    """
    index.change("DELETE FROM told WHERE address = ?", address)
    for watch_id, one in told_by_watch.items():
        due = min(filter(None, [one.due, *(fate.due for fate in held)]), default=None)
        index.change(
            "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?)",
            address,
            watch_id,
            msgspec.json.encode(one),
            _text(due) if due else None,
            max(one.looks_left, *(fate.looks_left for fate in held), 0),
            is_quiet,
        )


def no_longer_stale(index: Index, addresses: Iterable[str]) -> None:
    """Record that all is told of these addresses."""
    for address in addresses:
        index.change("DELETE FROM stale WHERE address = ?", address)


def _text(at: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
