"""The index's tables, and how events and findings get into them.

`Index` keeps one SQLite file open. Events go in once each, in order (`project`); what analysis
finds in a capture replaces what it found there before (`put_sightings`), which is kept as its
former reading if another engine found it. Readers never wait for the writer (WAL). Nothing here is
evidence: delete the file and `reindex` makes an equal one, but for those former readings.

A *sighting* is one finding in one capture. A finding is told from its earliest sighting by us, or
else in an archive of others, so its words do not depend on the order in which captures were read.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from sousveil.changes.looks import Look
from sousveil.index.file import is_busy, make_or_open, open_to_read, unusable
from sousveil.index.schema import SCHEMA_VERSION
from sousveil.model import Capture, Event, Fate, Finding, Happening, Notice, Watch

# What `carry_over` takes from an earlier index, where a record is the same capture: first what
# another engine had found, then what was a former reading there already.
_SAME = "c.warc = e.warc AND c.offset = e.offset AND c.url = e.url"
_CARRIED_READINGS = (
    f"""INSERT OR REPLACE INTO main.former SELECT s.finding_id, c.id, s.data FROM earlier.sighting s
        JOIN earlier.capture e ON e.id = s.capture_id
        JOIN main.capture c ON {_SAME} WHERE e.engine != c.engine""",
    f"""UPDATE main.capture AS c SET former_engine = e.engine FROM earlier.capture e
        WHERE {_SAME} AND e.engine != c.engine""",
)
_CARRIED_FORMER = (
    f"""INSERT OR REPLACE INTO main.former SELECT f.finding_id, c.id, f.data FROM earlier.former f
        JOIN earlier.capture e ON e.id = f.capture_id
        JOIN main.capture c ON {_SAME} WHERE e.engine = c.engine""",
    f"""UPDATE main.capture AS c SET former_engine = e.former_engine FROM earlier.capture e
        WHERE {_SAME} AND e.engine = c.engine""",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A capture as the index holds it."""

    id: int  # of this index only
    look_id: int  # the look that brought it
    capture: Capture
    log_index: int
    watch_id: str | None
    address: str  # the watch's target, or the capture's own URL for an import
    engine: str | None  # what read it last


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a channel has been told of what happened."""

    channel: str  # its name in case.toml
    told: int = 0  # number of the last notice that it took
    tried: int = 0  # number of the last notice that it was to be told of
    tries: int = 0  # in a row that failed
    next_try: datetime | None = None  # not before; None: as soon as there is something
    problem: str = ""  # of the last try, in words


class Index:
    """One open index file."""

    def __init__(self, path: Path, *, create: bool = False, readings: int = 1) -> None:
        """Open the index, to write if it may be made; raises as `make_or_open`, `open_to_read`.

        `readings` is the case's setting: until so many people have decided on a finding, what they
        decided is sealed (index/reviews.py).
        """
        self.folder = path.parent  # the case's
        self.readings = readings
        self._path = path
        self._db = make_or_open(path) if create else open_to_read(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside visible at once, or not at all.

        One inside another is part of that. Raises BusyError when somebody else's does not end.
        """
        if self._db.in_transaction:
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise unusable(self._path, error) from error
            raise
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ------------------------------------------------------------ writing

    def next_event(self) -> int:
        """Return the number of the first log entry that is not in the index."""
        highest = self._db.execute("SELECT max(idx) FROM event").fetchone()[0]
        return 0 if highest is None else highest + 1

    def put_event(self, event: Event) -> None:
        """Add an event as it is."""
        body = msgspec.json.encode(event.body)
        self._db.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
            (event.index, event.type, _text(event.time), body, event.warc, event.warc_sha256),
        )

    def put_watch(self, watch: Watch) -> None:
        """Add a watch, or replace it by its newer form."""
        self._db.execute(
            "INSERT OR REPLACE INTO watch VALUES (?, ?)", (watch.id, msgspec.json.encode(watch))
        )
        self._db.execute(  # it may name another actor
            "INSERT OR IGNORE INTO unlisted SELECT id FROM finding WHERE watch_id = ?", (watch.id,)
        )

    def put_retired(self, watch_id: str, at: datetime | None) -> None:
        """Record since when a watch is not visited any more; None: it is, again."""
        self._db.execute("DELETE FROM retired WHERE watch_id = ?", (watch_id,))
        if at is not None:
            self._db.execute("INSERT INTO retired VALUES (?, ?)", (watch_id, _text(at)))

    def put_pace(self, watch_id: str, data: bytes, base: bytes | None) -> None:
        """Replace how a watch's looks went, and what its next answer is compared with."""
        self._db.execute("INSERT OR REPLACE INTO pace VALUES (?, ?, ?)", (watch_id, data, base))

    def put_polled(
        self, watch_id: str, data: bytes, *, address: str, of: int, at: datetime, log_index: int
    ) -> None:
        """Record a poll that found at `address` what the visit with log entry `of` had found."""
        self._db.execute("UPDATE pace SET data = ? WHERE watch_id = ?", (data, watch_id))
        self._db.execute(
            "INSERT INTO unchanged SELECT id, address, watch_id, ?, ?, 1 FROM look"
            " WHERE log_index = ? AND watch_id = ? AND address = ?"
            " ON CONFLICT DO UPDATE SET at = excluded.at, log_index = excluded.log_index,"
            " count = count + 1",
            (_text(at), log_index, of, watch_id, address),
        )
        # Where all stands, the same again changes nothing but the time of the last look.
        self._db.execute(
            "INSERT OR IGNORE INTO stale SELECT address FROM told"
            " WHERE address = ? AND NOT is_quiet",
            (address,),
        )

    def put_look(self, look: Look, *, address: str, status: int | None) -> int:
        """Add one look at an address, and return its number in this index."""
        self._put_stale(address)
        cursor = self._db.execute(
            "INSERT INTO look (log_index, watch_id, address, at, verdict, confidence, outcome,"
            " status, is_shown, exit, dated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                look.log_index,
                look.watch_id,
                address,
                _text(look.at),
                look.verdict.value,
                look.confidence,
                look.outcome,
                status,
                look.is_shown,
                look.exit,
                _text(look.dated) if look.dated else None,
            ),
        )
        return cursor.lastrowid or 0

    def _put_stale(self, address: str) -> None:
        """Let what became of an address, and of the quotes there, be told anew."""
        self._db.execute("INSERT OR IGNORE INTO stale VALUES (?)", (address,))

    def put_capture(self, capture: Capture, look_id: int) -> None:
        """Add a capture of a look, that no analysis has read yet."""
        ref = capture.record
        self._db.execute(
            "INSERT INTO capture (look_id, url, captured_at, status, media_type, warc, offset,"
            " length, record_id, digest, payload_digest, refers_to)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                look_id,
                capture.url,
                _text(capture.captured_at),
                capture.status,
                capture.media_type,
                ref.warc,
                ref.offset,
                ref.length,
                ref.record_id,
                ref.digest,
                capture.payload_digest,
                msgspec.json.encode(capture.refers_to) if capture.refers_to else None,
            ),
        )

    def put_original(self, capture: Capture, watch_id: str) -> None:
        """Add a record that holds a payload whole, for later revisits; the first one stays."""
        self._db.execute(
            "INSERT OR IGNORE INTO original VALUES (?, ?, ?, ?, ?)",
            (
                watch_id,
                capture.payload_digest,
                capture.url,
                _text(capture.captured_at),
                msgspec.json.encode(capture.record),
            ),
        )

    def put_sightings(
        self,
        held: Held,
        findings: Sequence[Finding],
        *,
        engine: str,
        note: str | None = None,
    ) -> None:
        """Replace what was found in a capture, and record which engine read it.

        `note` says why there is no text.
        """
        with self.transaction():
            self._keep_former(held, engine)
            # What is judged otherwise now is worth something else: it gets a new place.
            self._db.execute(
                "DELETE FROM queue WHERE finding_id IN"
                " (SELECT finding_id FROM sighting WHERE capture_id = ?)",
                (held.id,),
            )
            # What is listed of a finding follows from its sightings (listed.py).
            self._db.execute(
                "INSERT OR IGNORE INTO unlisted SELECT finding_id FROM sighting"
                " WHERE capture_id = ?",
                (held.id,),
            )
            self._db.execute("DELETE FROM sighting WHERE capture_id = ?", (held.id,))
            self._db.executemany(
                "INSERT OR REPLACE INTO sighting VALUES (?, ?, ?)",
                [(finding.id, held.id, msgspec.json.encode(finding)) for finding in findings],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO unlisted VALUES (?)", [(one.id,) for one in findings]
            )
            self._db.execute(
                "UPDATE capture SET engine = ?, note = ? WHERE id = ?", (engine, note, held.id)
            )
            self._put_stale(held.address)

    def _keep_former(self, held: Held, engine: str) -> None:
        """Keep what another engine than `engine` found in a capture, to be compared with."""
        ((former,),) = self.rows("SELECT engine FROM capture WHERE id = ?", held.id)
        if former is None or former == engine:
            return
        self._db.execute("DELETE FROM former WHERE capture_id = ?", (held.id,))
        self._db.execute(
            "INSERT INTO former SELECT * FROM sighting WHERE capture_id = ?", (held.id,)
        )
        self._db.execute("UPDATE capture SET former_engine = ? WHERE id = ?", (former, held.id))
        self.forget_verdicts(held.address)

    def forget_verdicts(self, address: str, *, since: int = 0) -> None:
        """Let the looks at an address be judged anew, from a log entry on."""
        looks = "(SELECT id FROM look WHERE address = ? AND log_index >= ?)"
        for statement in (
            f"DELETE FROM standing WHERE look_id IN {looks}",
            f"UPDATE aside SET came = NULL, standing = NULL WHERE look_id IN {looks}",
            f"UPDATE look SET came = NULL WHERE id IN {looks}",
        ):
            self._db.execute(statement, (address, since))
        self._put_stale(address)

    def forget_last_reading(self, watch_id: str) -> None:
        """Let the newest capture of a watch be read again."""
        self._db.execute(
            "UPDATE capture SET engine = NULL WHERE id = (SELECT max(c.id) FROM capture c"
            " JOIN look l ON l.id = c.look_id WHERE l.watch_id = ?)",
            (watch_id,),
        )

    def put_fates(
        self,
        fates: Iterable[Fate],
        notices: Iterable[Notice] = (),
        *,
        stood_at: Mapping[str, int] = MappingProxyType({}),
        channels: Iterable[str] = (),
    ) -> None:
        """Replace the fates of findings, and add what people are to be told of them.

        `stood_at` names, by finding, the look that saw it last, of what stands.

        Both or neither: whoever is killed here tells it next time. `channels` are those that are
        to be told; one that is new hears of what happens from now on.
        """
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO fate VALUES (?, ?, ?)",
                [
                    (fate.finding_id, msgspec.json.encode(fate), stood_at.get(fate.finding_id))
                    for fate in fates
                ],
            )
            self.put_channels(channels)
            self._db.executemany(
                "INSERT OR IGNORE INTO notice (id, kind, finding_id, watch_id, data)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (one.id, one.kind, one.finding_id, one.watch_id, msgspec.json.encode(one))
                    for one in notices
                ],
            )

    def put_history(
        self,
        upto: int,
        watch_id: str,
        remembered: Mapping[str, object],
        happened: Iterable[Happening],
    ) -> None:
        """Add what happened to a watch as a whole, with what its next look is compared with.

        `remembered` holds that by subject, `upto` is the first event that was not gone through.
        """
        with self.transaction():
            self._db.execute("DELETE FROM heard")
            self._db.execute("INSERT INTO heard VALUES (?)", (upto,))
            self._db.executemany(
                "INSERT OR REPLACE INTO history VALUES (?, ?, ?)",
                [(watch_id, name, msgspec.json.encode(one)) for name, one in remembered.items()],
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO happening (id, watch_id, log_index, data)"
                " VALUES (?, ?, ?, ?)",
                [(one.id, watch_id, one.log_index, msgspec.json.encode(one)) for one in happened],
            )

    def put_editions(self, named: Mapping[int, Sequence[str]]) -> None:
        """Add the editions in other languages that pages name, by the number of the capture."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO edition VALUES (?, ?)",
                [(number, msgspec.json.encode(urls)) for number, urls in named.items()],
            )

    def put_channels(self, names: Iterable[str]) -> None:
        """Add channels that are not known, as having been told all that happened so far."""
        self._db.executemany(
            "INSERT OR IGNORE INTO channel SELECT ?, told, told, 0, NULL, '' FROM"
            " (SELECT coalesce(max(number), 0) AS told FROM notice)",
            [(name,) for name in names],
        )

    def put_delivery(self, delivery: Delivery) -> None:
        """Record how telling a channel went."""
        next_try = _text(delivery.next_try) if delivery.next_try else None
        self._db.execute(
            "UPDATE channel SET told = ?, tried = ?, tries = ?, next_try = ?, problem = ?"
            " WHERE name = ?",
            (
                delivery.told,
                delivery.tried,
                delivery.tries,
                next_try,
                delivery.problem,
                delivery.channel,
            ),
        )

    def take_as_told(self) -> None:
        """Let every channel count as having been told all that happened so far."""
        with self.transaction():
            self._take_as_told()

    def _take_as_told(self) -> None:
        newest = "(SELECT coalesce(max(number), 0) FROM main.notice)"
        self._db.execute(f"UPDATE main.channel SET told = {newest}, tried = {newest}")

    def carry_notices(self, earlier: Path) -> None:
        """Take the notices and channels of an index that is being made again.

        What was worked out anew, and not told of then, comes before all of them: it counts as told.
        """
        self._db.execute("ATTACH DATABASE ? AS earlier", (str(earlier),))
        try:
            with self.transaction():
                ((anew,),) = self.rows("SELECT coalesce(max(number), 0) FROM main.notice")
                self._db.execute(
                    "DELETE FROM main.notice WHERE id IN (SELECT id FROM earlier.notice)"
                )
                self._db.execute(
                    "INSERT INTO main.notice SELECT number + ?, id, kind, finding_id, watch_id,"
                    " data FROM earlier.notice",
                    (anew,),
                )
                self._take_as_told()
                self._db.execute(
                    "INSERT OR REPLACE INTO main.channel SELECT name, told + ?1, tried + ?1,"
                    " tries, next_try, problem FROM earlier.channel",
                    (anew,),
                )
        finally:
            self._db.execute("DETACH DATABASE earlier")

    def carry_over(self, earlier: Path) -> None:
        """Take what an index that is being made again said of captures, as their former reading.

        Of captures that it had read by another engine, what it found; of the others, what was their
        former reading there. An index of another version may lack the latter.
        """
        self._db.execute("ATTACH DATABASE ? AS earlier", (str(earlier),))
        try:
            ((version,),) = self._db.execute("PRAGMA earlier.user_version").fetchall()
            with self.transaction():
                is_same = version == SCHEMA_VERSION
                for statement in (*_CARRIED_READINGS, *(_CARRIED_FORMER if is_same else ())):
                    self._db.execute(statement)
        finally:
            self._db.execute("DETACH DATABASE earlier")

    def forget_former(self) -> None:
        """Forget all former readings."""
        with self.transaction():
            self._db.execute("DELETE FROM former")
            self._db.execute("UPDATE capture SET former_engine = NULL")

    def change(self, sql: str, *values: object) -> None:
        """Run one writing statement; the caller holds a transaction."""
        self._db.execute(sql, values)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of one reading statement."""
        return self._db.execute(sql, values).fetchall()


def _text(at: datetime) -> str:
    """Write a time so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
