"""Old copies: what web archives keep of an address, fetched and logged as what it is, theirs.

Takes a timemap (RFC 7089), by its address or as a file, and asks for the copies that it names, one
after another, by the wire, through the guard and the exit of every visit, and as gently. Each copy
is an event of its own with a WARC file: what we asked the archive, when, and what it answered. The
date of a copy is the archive's word (Memento-Datetime); it counts as that, and never as a look of
ours. Where the archive is known to give the bytes as they came, they are asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from time import sleep as time_sleep
from urllib.parse import urlsplit

import msgspec

from sousveil.capture.http.head import parse_head
from sousveil.changes.looks import Probe
from sousveil.errors import CaseError, InputError, LogError, SousveilError
from sousveil.index.store import Index
from sousveil.ledger import Writer
from sousveil.model import Event, Exchange, Failure, FailureKind, Json, Watch, WatchKind
from sousveil.run.visit.entity import content_of
from sousveil.run.visit.gather import Gathered, gather
from sousveil.run.visit.means import Means
from sousveil.run.visit.pending import clear_pending, new_file, new_folder
from sousveil.run.visit.records import SOFTWARE, request_facts, warc_writer, write_gathered
from sousveil.watch.politeness import Politeness
from sousveil.watch.targets import make_watch
from sousveil.watch.timemaps import (
    MAX_BYTES,
    Memento,
    Timemap,
    as_it_came,
    http_date,
    read_timemap,
)

TIMEMAP, MEMENTO = "timemap", "memento"

# Of one list: pages that each name the next, or an index of them.
MAX_TIMEMAPS = 50
TIMEMAP_URN = "urn:sousveil:timemap:"


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one copy."""

    original: str
    memento: str  # its address in the archive
    archive: str  # host
    at: datetime  # of the copy, by the archive's word
    outcome: str  # in words
    is_kept: bool  # whether it is in the case as a copy
    log_index: int


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What copies are asked for with."""

    writer: Writer
    means: Means
    politeness: Politeness
    sleep: Callable[[float], None]

    def timemap(self, address: str) -> Timemap:
        """Ask for a timemap, keep and log it, and return it with all its pages.

        Raises InputError when it cannot be had, or is none; that it was asked for is logged.
        """
        found = self._page(address)
        mementos, waiting, asked = list(found.mementos), list(found.more), {address}
        while waiting and len(asked) < MAX_TIMEMAPS:
            following = waiting.pop(0)
            if following not in asked:
                asked.add(following)
                more = self._page(following)
                mementos += more.mementos
                waiting += more.more
        kept = {one.url: one for one in mementos}
        in_order = sorted(kept.values(), key=lambda one: (one.at, one.url))
        return replace(found, mementos=tuple(in_order), more=tuple(waiting))

    def _page(self, address: str) -> Timemap:
        folder = new_folder(self.writer)
        try:
            self._wait(address)
            found = self._ask(address, folder)
            body = {"timemap": address}
            self._log(TIMEMAP, body, found)
            last = found.exchanges[-1]
            if last.status is None or last.status // 100 != 2:  # noqa: PLR2004  # RFC 9110, 15.3
                raise InputError(f"{address}: gave no timemap ({_outcome(last)}).")
            return read_timemap(content_of(last, MAX_BYTES + 1), address, last.url)
        finally:
            rmtree(folder)

    def copy(self, original: str, memento: Memento) -> tuple[Event, Copied]:
        """Ask for a copy, keep and log what came; what cannot be had is logged, too.

        Raises InputError when the archive asks for a long rest, CaseError, LogError and OSError.
        """
        folder = new_folder(self.writer)
        try:
            asked, found = self._asked(memento, folder)
            number = None if found is None else _copy_in(found.exchanges)
            body = self._facts(original, memento, asked, found, number)
            event = self._log(MEMENTO, body, found)
        finally:
            rmtree(folder)
        last = found.exchanges[number if number is not None else -1] if found else None
        told = Copied(
            original,
            memento.url,
            str(body["archive"]),
            datetime.fromisoformat(str(body["datetime"])),
            _outcome(last) if last else "could not be asked for",
            number is not None,
            event.index,
        )
        return event, told

    def _asked(self, memento: Memento, folder: Path) -> tuple[str, Gathered | None]:
        """Return what was asked for in the end, and what came: the bytes as they came, if we can.

        An archive that does not know of these is asked for the copy as it shows it.
        """
        raw, asked, found = as_it_came(memento.url), memento.url, None
        for asked in [one for one in (raw, memento.url) if one is not None]:
            self._wait(asked)
            try:
                found = self._ask(asked, folder)
            except (CaseError, LogError):
                raise
            except SousveilError:
                return asked, None
            if _copy_in(found.exchanges) is not None:
                break
        return asked, found

    def _wait(self, url: str) -> None:
        """Wait until an archive may be asked; raises InputError when that is too long."""
        seconds = self.politeness.seconds_left(url)
        if not self.politeness.is_worth_waiting(seconds):
            raise InputError(
                f"{urlsplit(url).hostname}: asks to be left alone until"
                f" {self.politeness.free_at(url):%Y-%m-%d %H:%M} UTC. Run the same command then:"
                " what was fetched is kept, and is not asked for again."
            )
        if seconds > 0:
            self.sleep(seconds)

    def _ask(self, url: str, folder: Path) -> Gathered:
        found = gather(self.means, _archive_watch(url, self.means.clock()), url, folder)
        head = parse_head(found.exchanges[-1].response_head)
        self.politeness.asked(url, head.get("Retry-After"))
        return found

    def _facts(
        self,
        original: str,
        memento: Memento,
        asked: str,
        found: Gathered | None,
        number: int | None,
    ) -> Json:
        told, place = memento.at, None
        if found is not None and number is not None:
            told = _dated(found.exchanges[number]) or told
            place = sum(bool(one.response_head) for one in found.exchanges[:number])
        return {
            "original": original,
            "memento": memento.url,
            "asked": asked,
            "archive": urlsplit(memento.url).hostname or "",
            "datetime": msgspec.to_builtins(told),
            "listed": msgspec.to_builtins(memento.at),
            "copy": place,  # among the captures; None when nothing that came is a copy
        }

    def _log(self, kind: str, facts: Json, found: Gathered | None) -> Event:
        clock, writer = self.means.clock, self.writer
        if found is None:
            failure = Failure(FailureKind.PROTOCOL, "could not be asked for")
            probe = Probe(str(facts.get("asked", "")), None, failure)
            failed = {"software": SOFTWARE, "probes": [probe], "captures": [], "requests": []}
            return writer.commit(kind, facts | msgspec.to_builtins(failed), now=clock())
        warc_path = writer.new_warc_path(found.started_at)
        warc = new_file(writer, warc_path)
        with warc_writer(writer.case, warc, warc_path, found.started_at) as records:
            kept = write_gathered(records, found)
        told: Json = {
            "software": SOFTWARE,
            "started_at": found.started_at,
            "ended_at": clock(),
            "probes": [Probe(one.url, one.status, one.failure) for one in found.exchanges],
            "captures": kept.captures,
            "requests": [request_facts(one) for one in found.exchanges],
            "exit": found.exit,
        }
        body = facts | msgspec.to_builtins(told)
        return writer.commit(kind, body, now=clock(), warc=warc, warc_path=warc_path)


def fetch_copies(
    writer: Writer,
    index: Index,
    timemap: str | Path,
    choose: Callable[[Sequence[Memento]], Sequence[Memento]],
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time_sleep,
) -> Iterator[tuple[Event, Copied]]:
    """Yield each copy that a timemap names and `choose` chooses, once it is in the log.

    `timemap` is an address, or a file. Copies that the case has already are not asked for again.
    Raises InputError for what is no timemap, and when the archive asks for a long rest.
    """
    clear_pending(writer.case, writer.scratch)
    settings = writer.case.settings
    politeness = Politeness(settings.delay_seconds, clock=clock, exempt=settings.allow_hosts)
    with Means(settings, clock) as means:
        fetcher = Fetcher(writer, means, politeness, sleep)
        if isinstance(timemap, Path):
            found = _from_file(writer, timemap, clock())
        else:
            found = fetcher.timemap(timemap)
        known = copies_known(index)
        for memento in choose([one for one in found.mementos if one.url not in known]):
            yield fetcher.copy(found.original, memento)


def copies_known(index: Index) -> frozenset[str]:
    """Return the addresses, in archives, of the copies that the case has."""
    rows = index.rows(
        "SELECT json_extract(body, '$.memento') FROM event WHERE type = ?"
        " AND json_extract(body, '$.copy') NOT NULL",
        MEMENTO,
    )
    return frozenset(url for (url,) in rows)


def _from_file(writer: Writer, path: Path, now: datetime) -> Timemap:
    """Keep a timemap that somebody saved, log it, and return it."""
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: a timemap of more than {MAX_BYTES:,} bytes is not read.")
    data = path.read_bytes()
    found = read_timemap(data, str(path))
    warc_path = writer.new_warc_path(now)
    warc = new_file(writer, warc_path)
    with warc_writer(writer.case, warc, warc_path, now) as records:
        name = f"{TIMEMAP_URN}{found.original}"
        ref = records.write_resource(name, now, "application/octet-stream", data)
    body = {
        "file": path.name.encode("utf-8", "backslashreplace").decode(),
        "original": found.original,
        "record": msgspec.to_builtins(ref),
        "software": SOFTWARE,
        "captures": [],
    }
    writer.commit(TIMEMAP, body, now=now, warc=warc, warc_path=warc_path)
    return found


def spread(mementos: Sequence[Memento], limit: int) -> Sequence[Memento]:
    """Return at most `limit` copies, spread evenly over all, the first and the last among them."""
    if len(mementos) <= limit:
        return mementos
    if limit == 1:
        return mementos[-1:]
    steps = (number * (len(mementos) - 1) // (limit - 1) for number in range(limit))
    return [mementos[step] for step in steps]


def _archive_watch(url: str, now: datetime) -> Watch:
    """Return what a visit needs to know of an address that nobody watches."""
    watch = make_watch(url, kind=WatchKind.PAGE, every="1w", actor=None, now=now)
    return replace(watch, browser=False)


def _copy_in(exchanges: Sequence[Exchange]) -> int | None:
    """Return which answer is a copy: the first that says when it was made (RFC 7089, 2.1.1).

    A redirect without that leads to another copy; one with it is itself what was archived.
    """
    return next((n for n, one in enumerate(exchanges) if _dated(one) is not None), None)


def _dated(exchange: Exchange) -> datetime | None:
    return http_date(parse_head(exchange.response_head).get("Memento-Datetime"))


def _outcome(exchange: Exchange) -> str:
    if exchange.status is None:
        return exchange.failure.message if exchange.failure else "no answer"
    return f"HTTP {exchange.status}"
