"""A case as large as cases get, written in bulk for bench/verify.py.

Visits with their archive files, polls with theirs, looks that brought nothing and decisions of
reviewers, through the same functions that write real ones. Left out is what takes long and changes
no byte: syncs, and strong compression. What pages hold is made up: text that shrinks to a third,
and noise for pictures. As in real archives, most stored bytes are pictures and fonts, most unpacked
ones text.
"""

import gzip
import hashlib
import os
import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count
from pathlib import Path
from unittest import mock

import msgspec
from zlib_ng import zlib_ng

from sousveil.archive.fields import Original
from sousveil.capture.browser import Rendered
from sousveil.capture.browser.settings import Screenshot
from sousveil.case import Case
from sousveil.ledger import Draft, Writer, create_case, writing
from sousveil.model import (
    BlockKind,
    Capture,
    Claim,
    Event,
    Exchange,
    Failure,
    FailureKind,
    Finding,
    Source,
    TlsSession,
    Watch,
)
from sousveil.review.decisions import review_body
from sousveil.run.visit.commits import failure_draft
from sousveil.run.visit.gather import Gathered
from sousveil.run.visit.means import Unshown
from sousveil.run.visit.records import SOFTWARE, page_body, warc_writer, write_gathered
from sousveil.watch.targets import make_watch

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
BATCHES, BATCH = 48, timedelta(days=15)
END = BEGIN + BATCHES * BATCH
WATCHES = 400
POLLED = 20  # targets of one poll
VISITS_A_POLL = 10
VISITS_TOGETHER = 250  # of one commit: a full tile of the log has 256 entries, and is written once
LOOKS_A_DECISION = 10  # that brought nothing: a host that did not answer
WIRE_A_SHOWN = 3  # visits without a browser for each that is shown in one
TEXTS_A_PAGE, NOISES_A_PAGE, SLICES = 8, 5, 2  # of a page that is shown: scripts, pictures, screens

_WORD_COUNT, _TEXT_BYTES, _NOISE_BYTES = 800, (20_000, 250_000), (30_000, 200_000)
_TEXTS, _NOISES = 60, 120
_CERTIFICATE_BYTES = 1_000
_VISIT_BYTES = 350_000  # of an archive file, about
_TOGETHER = 5_000  # events of one commit
_WEAK_LEVEL = 2  # text shrinks to 27 %; by level 6 of zlib, as real archives have it, to 25 %


@dataclass(frozen=True, slots=True)
class Size:
    """How large a case is to be."""

    events: int
    bytes: int  # of its archive files, at least


@dataclass(frozen=True, slots=True)
class _Pool:
    """Bodies of answers, as files."""

    texts: list[Path]
    noises: list[Path]
    pages: list[Path]  # texts, as the wire carries them


@dataclass(frozen=True, slots=True)
class _Visited:
    """A visit that polls and decisions refer to."""

    watch_id: str
    log_index: int
    answer: Capture


def write_case(root: Path, size: Size, told: Callable[[str], None]) -> Case:
    """Make a case of `size` in the new folder `root`; `told` hears how far it is."""
    chance = random.Random(1)  # noqa: S311  # bodies, no secrets
    pool_folder = root.with_name(f"{root.name}-bodies")
    with _quick():
        pool = _make_pool(pool_folder, chance)
        case = create_case(root, title="A large case", operator="Bench", now=BEGIN)
        with writing(case) as writer:
            events = _Events(writer, pool, chance)
            events.add_watches()
            for batch in range(BATCHES):
                share = Fraction(batch + 1, BATCHES)
                at = BEGIN + batch * BATCH
                events.write(int(size.events * share), int(size.bytes * share), at)
                told(f"{events.count:,} events, {events.bytes / 1e9:.1f} GB")
    for path in pool_folder.iterdir():
        path.unlink()
    pool_folder.rmdir()
    return case


@contextmanager
def _quick() -> Iterator[None]:
    """Sync nothing, compress weakly, and write JSON and deflate data by faster libraries.

    What was written reads the same. Of these values, with names in ASCII and times as text, both
    libraries make the same JSON.
    """
    canonical = msgspec.json.Encoder(order="sorted").encode

    def weak(level: int, method: int, window: int) -> "zlib_ng._Compress":
        return zlib_ng.compressobj(min(level, _WEAK_LEVEL), method, window)

    with (
        mock.patch("os.fsync"),
        mock.patch("zlib.compressobj", weak),
        mock.patch("rfc8785.dumps", canonical),
    ):
        yield


def _make_pool(folder: Path, chance: random.Random) -> _Pool:
    folder.mkdir()
    words = [_word(chance) for _ in range(_WORD_COUNT)]

    def files(name: str, number: int, content: Callable[[], bytes]) -> list[Path]:
        paths = [folder / f"{name}-{one}" for one in range(number)]
        for path in paths:
            path.write_bytes(content())
        return paths

    texts = files("text", _TEXTS, lambda: _text(words, chance))
    noises = files("noise", _NOISES, lambda: chance.randbytes(chance.randint(*_NOISE_BYTES)))
    pages = []
    for text in texts:
        pages.append(text.with_suffix(".gz"))
        pages[-1].write_bytes(gzip.compress(text.read_bytes(), 1))
    return _Pool(texts, noises, pages)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 10)))


def _text(words: list[str], chance: random.Random) -> bytes:
    size, parts = chance.randint(*_TEXT_BYTES), ["<!doctype html><html lang=en><body>\n"]
    length = 0
    while length < size:
        sentence = " ".join(chance.choices(words, k=chance.randint(5, 40)))
        classes = f"text body-{length % 7} column-{length % 3}"
        parts.append(f'<div class="{classes}" data-role="paragraph"><p>{sentence}.</p></div>\n')
        length += len(parts[-1])
    return "".join(parts).encode()


class _Events:
    """Writes events in their order and counts what came of it."""

    def __init__(self, writer: Writer, pool: _Pool, chance: random.Random) -> None:
        self.count, self.bytes = 1, 0
        self._writer, self._pool, self._chance = writer, pool, chance
        self._watches = [_watch(number) for number in range(WATCHES)]
        self._turns = count()
        self._visited: list[_Visited] = []
        chain = tuple(chance.randbytes(_CERTIFICATE_BYTES) for _ in range(3))
        self._tls = TlsSession("TLSv1.3", "TLS_AES_256_GCM_SHA384", chain, verified=True)

    def add_watches(self) -> None:
        """Add the targets."""
        told = [{"watch": msgspec.to_builtins(watch)} for watch in self._watches]
        self._commit([Draft("watch.added", body, BEGIN) for body in told])

    def write(self, events: int, size: int, at: datetime) -> None:
        """Go on until there are so many events, and archive files of `size` bytes in all."""
        while self.bytes < size:
            lacking = (size - self.bytes) // _VISIT_BYTES
            visits = min(max(lacking, VISITS_A_POLL), VISITS_TOGETHER)
            for event in self._commit([self._visit(at) for _ in range(visits)]):
                answer = msgspec.convert(event.body["captures"][0], Capture)
                self._visited.append(_Visited(event.body["watch_id"], event.index, answer))
            del self._visited[:-WATCHES]
            self._commit([self._poll(at) for _ in range(visits // VISITS_A_POLL)])
        while self.count < events:
            number = min(_TOGETHER, events - self.count)
            self._commit([self._small(number, at) for number in range(number)])

    def _commit(self, drafts: list[Draft]) -> list[Event]:
        self.count += len(drafts)
        self.bytes += sum(draft.warc.stat().st_size for draft in drafts if draft.warc)
        return self._writer.commit_all(drafts)

    def _visit(self, at: datetime) -> Draft:
        turn = next(self._turns)
        watch = self._watches[turn % WATCHES]
        page = self._exchange(watch.target, self._chance.choice(self._pool.pages), at, "text/html")
        page = replace(page, response_head=_head(page, "text/html", "Content-Encoding: gzip\r\n"))
        is_shown = turn % (WIRE_A_SHOWN + 1) == 0
        shown = self._rendered(watch, at) if is_shown else Unshown("")
        found = Gathered(watch.target, at, [page], shown, "")
        path = self._writer.new_warc_path(at)
        warc = self._writer.case.pending / Path(path).name
        with warc_writer(self._writer.case, warc, path, at) as records:
            kept = write_gathered(records, found)
        return Draft("visit", page_body(watch, found, kept, at), at, warc, path)

    def _rendered(self, watch: Watch, at: datetime) -> Rendered:
        texts = self._chance.sample(self._pool.texts, TEXTS_A_PAGE + 1)
        noises = self._chance.sample(self._pool.noises, NOISES_A_PAGE + SLICES)
        asked = [
            *((text, "text/javascript") for text in texts[1:]),
            *((noise, "image/webp") for noise in noises[SLICES:]),
        ]
        slices = (Screenshot(n * 2_000, 1_280, 2_000, noises[n]) for n in range(SLICES))
        return Rendered(
            url=watch.target,
            final_url=watch.target,
            started_at=at,
            ended_at=at,
            browser="Chrome/140.0.0.0",
            exchanges=tuple(
                self._exchange(f"{watch.target}/{number}", body, at, kind)
                for number, (body, kind) in enumerate(asked)
            ),
            main=0,
            snapshot=texts[0],
            width=1_280,
            height=2_000 * SLICES,
            slices=tuple(slices),
            settled="quiet",
            failure=None,
            notes=(),
        )

    def _exchange(self, url: str, body: Path, at: datetime, kind: str) -> Exchange:
        request = f"GET / HTTP/1.1\r\nHost: {url[8:28]}\r\nAccept: */*\r\n\r\n"
        made = Exchange(
            url=url,
            started_at=at,
            elapsed_seconds=0.25,
            request_head=request.encode(),
            response_head=b"",
            body=body,
            status=200,
            ip_address="203.0.113.7",
            tls=self._tls,
            truncated=None,
            failure=None,
            location=None,
        )
        return replace(made, response_head=_head(made, kind))

    def _poll(self, at: datetime) -> Draft:
        path = self._writer.new_warc_path(at)
        warc = self._writer.case.pending / Path(path).name
        polled = []
        with warc_writer(self._writer.case, warc, path, at) as records:
            for known in self._chance.sample(self._visited, min(POLLED, len(self._visited))):
                asked = self._exchange(known.answer.url, Path(os.devnull), at, "text/html")
                head = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
                asked = replace(asked, status=304, body=None, response_head=head)
                of = known.answer
                original = Original(of.url, of.captured_at, of.record, of.payload_digest)
                (capture,) = records.write_exchange(asked, original)
                fact = {"watch_id": known.watch_id, "target": of.url, "at": at, "status": 304}
                fact |= {"how": "not_modified", "of": known.log_index, "capture": capture}
                polled.append(msgspec.to_builtins(fact))
        times = {"started_at": msgspec.to_builtins(at), "ended_at": msgspec.to_builtins(at)}
        body = {"software": SOFTWARE, **times, "polled": polled}
        return Draft("poll", body, at, warc, path)

    def _small(self, number: int, at: datetime) -> Draft:
        """Return an event without an archive file."""
        if number % LOOKS_A_DECISION == 0:
            return self._review(at)
        watch = self._watches[next(self._turns) % WATCHES]
        failure = Failure(FailureKind.TIMEOUT, "No answer within 60 seconds.")
        return failure_draft(watch, at, failure, lambda: at)

    def _review(self, at: datetime) -> Draft:
        known = self._chance.choice(self._visited)
        quote = f"Our camera number {self._chance.randrange(10**9)} infers ethnicity."
        body = review_body([_finding(known, quote)], "confirmed", "A reviewer", "")
        return Draft("review", body, at)


def _watch(number: int) -> Watch:
    target = f"https://vendor-{number}.example/products/{number}"
    return make_watch(target, kind=None, every="1d", actor=None, now=BEGIN)


def _head(of: Exchange, kind: str, more: str = "") -> bytes:
    size = of.body.stat().st_size if of.body else 0
    fields = f'Content-Type: {kind}\r\nETag: "1"\r\n{more}Content-Length: {size}\r\n'
    return f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode()


def _finding(known: _Visited, quote: str) -> Finding:
    claim = Claim(
        topic="ethnicity",
        trait="ethnicity",
        label="offers",
        score=0.94,
        start=120,
        end=120 + len(quote),
        passage_start=120,
        passage_end=120 + len(quote),
        reasons=("names a trait as an output", "the page's owner speaks"),
        engine="claims 0.1.0, ethnicity 1",
    )
    return Finding(
        id=hashlib.sha256(quote.encode()).hexdigest()[:12],
        claim=claim,
        quote=quote,
        prefix="",
        suffix="",
        passage=quote,
        url=known.answer.url,
        title="A product",
        lang="en",
        actor=None,
        capture=known.answer,
        source=Source(BlockKind.PARAGRAPH, "Products", 12, 12, 300, 300 + len(quote), "utf-8"),
        log_index=known.log_index,
        watch_id=known.watch_id,
    )
