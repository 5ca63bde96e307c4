"""Trying: addresses asked once, to see what answers before they are watched.

Takes addresses and gives, for each, where its redirects lead, what answered, what robots.txt asks
of crawlers, and whether claims stand in it. By the wire, through the guard and the exit of every
visit, and as gently; nothing runs its scripts. Nothing is kept: what came lies in a folder of its
own outside the case, and is gone when the next one is asked for: this is no evidence.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep as time_sleep

from sousveil.capture.http.fetch import WireSettings, fetch, request_url
from sousveil.capture.http.head import charset, media_type, parse_head
from sousveil.capture.robots import MAX_BYTES as MAX_ROBOTS_BYTES
from sousveil.capture.robots import Robots, read_robots, robots_url
from sousveil.changes.answer import judge_address
from sousveil.changes.looks import Probe
from sousveil.claims import Engine
from sousveil.errors import InputError
from sousveil.model import Capture, Exchange, Finding, RecordRef, Verdict, Watch, WatchKind
from sousveil.run.read.findings import Place
from sousveil.run.read.looks import carries_content
from sousveil.run.read.payloads import Payload, read_payload
from sousveil.run.visit.entity import content_of
from sousveil.run.visit.means import Means
from sousveil.settings import Settings
from sousveil.watch.politeness import Politeness

# Somebody waits for the answer; a case of a thousand targets is visited, not tried.
MAX_TRIED = 20
# A visit takes more, and waits longer: this only has to show what answers.
MAX_BODY_BYTES = 16 * 2**20
TOTAL_SECONDS = 60.0
SHOWN = 3  # quotes of each: the surest


@dataclass(frozen=True, slots=True)
class Said:
    """A claim in what answered."""

    label: str
    trait: str
    quote: str
    score: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Tried:
    """What an address answered."""

    address: str
    hops: tuple[str, ...]  # addresses that redirects led to, in order
    status: int | None
    outcome: str  # in words
    is_there: bool  # whether it answered with a page or a document, not only an error
    media_type: str = ""
    size_bytes: int = 0  # of the content, all codings undone
    robots: str = ""  # what robots.txt asks of crawlers, in words
    title: str = ""
    claims: int = 0
    said: tuple[Said, ...] = ()
    note: str = ""  # why there is no text, or not all of it


@dataclass(frozen=True, slots=True)
class _Asking:
    """What addresses are asked with."""

    means: Means
    politeness: Politeness
    sleep: Callable[[float], None]
    rules: dict[str, Robots]  # by the address of a robots.txt

    def ask(self, url: str, watch: Watch, folder: Path) -> list[Exchange]:
        """Ask for an address in its turn, and return what came."""
        seconds = self.politeness.seconds_left(url)
        if not self.politeness.is_worth_waiting(seconds):
            raise InputError(f"{url}: its host asks to be left alone. Try it again later.")
        if seconds > 0:
            self.sleep(seconds)
        settings = self.means.settings
        exchanges = fetch(
            url,
            settings=WireSettings(
                settings.user_agent, max_body_bytes=MAX_BODY_BYTES, total_seconds=TOTAL_SECONDS
            ),
            allowed=settings.allow_hosts,
            folder=folder,
            clock=self.means.clock,
            stop=self.means.stop,
            exit_=self.means.exit_of(watch),
        )
        head = parse_head(exchanges[-1].response_head)
        self.politeness.asked(url, head.get("Retry-After"))
        return exchanges

    def robots(self, url: str, watch: Watch, folder: Path) -> Robots:
        """Return the rules of the host of `url`, which is asked for them once."""
        address = robots_url(request_url(url))
        if address not in self.rules:
            last = self.ask(address, watch, folder)[-1]
            self.rules[address] = read_robots(last.status, content_of(last, MAX_ROBOTS_BYTES))
        return self.rules[address]


def try_watches(
    settings: Settings,
    watches: Sequence[Watch],
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time_sleep,
) -> Iterator[Tried]:
    """Yield what each watch, which need not be one of the case, answers when it is asked once.

    Raises InputError for more than `MAX_TRIED`, CaseError for an exit that is not there, OSError
    for a full disk.
    """
    if len(watches) > MAX_TRIED:
        raise InputError(f"{len(watches)} addresses. Try {MAX_TRIED} at a time.")
    politeness = Politeness(settings.delay_seconds, clock=clock, exempt=settings.allow_hosts)
    with Means(settings, clock) as means:
        asking = _Asking(means, politeness, sleep, {})
        for watch in watches:
            with TemporaryDirectory(prefix="sousveil-") as folder:
                yield _try(asking, watch, engine, Path(folder))


def _try(asking: _Asking, watch: Watch, engine: Engine, folder: Path) -> Tried:
    if watch.kind is WatchKind.REPOSITORY:
        said = "a repository: it is not asked for until its first visit, which clones it"
        return Tried(watch.target, (), None, said, is_there=False)
    try:
        robots = _asked_of_crawlers(asking.robots(watch.target, watch, folder), watch)
        exchanges = asking.ask(watch.target, watch, folder)
    except InputError as error:
        return Tried(watch.target, (), None, str(error), is_there=False)
    last = exchanges[-1]
    probes = [Probe(one.url, one.status, one.failure) for one in exchanges]
    is_verified = all(one.tls is None or one.tls.verified for one in exchanges)
    verdict, _, outcome = judge_address(probes, is_verified=is_verified)
    tried = Tried(
        watch.target,
        tuple(dict.fromkeys(one.url for one in exchanges[1:] if one.url != exchanges[0].url)),
        last.status,
        outcome,
        is_there=verdict in {Verdict.PRESENT, Verdict.MOVED},
        robots=robots if last.status is not None else "",
    )
    return _read(tried, last, engine) if last.status is not None else tried


def _asked_of_crawlers(rules: Robots, watch: Watch) -> str:
    """Return what robots.txt asks, in words; a page is visited at a person's wish all the same."""
    if rules.rules is None:
        return rules.reason
    return "allows it" if rules.allows(request_url(watch.target)) else "asks crawlers to stay away"


def _read(tried: Tried, last: Exchange, engine: Engine) -> Tried:
    """Add what the last answer carried, and what it claims."""
    head = parse_head(last.response_head)
    told = head.get("Content-Type")
    kind = media_type(told)
    content = content_of(last, MAX_BODY_BYTES + 1)
    tried = replace(tried, media_type=kind, size_bytes=len(content))
    capture = Capture(last.url, last.started_at, last.status, kind, RecordRef("", 0, 0, "", ""))
    if not content or not carries_content(capture):
        return tried
    place = Place(last.url, capture, 0, None)
    found = read_payload(Payload(content, kind, charset(told) or None, last.url), engine, place)
    surest = sorted(found.findings, key=lambda one: -one.claim.score)
    return replace(
        tried,
        title=found.document.title if found.document else "",
        claims=len(found.findings),
        said=tuple(_said(one) for one in islice(surest, SHOWN)),
        note=(found.note or "").replace("; the capture itself is kept", ""),
    )


def _said(finding: Finding) -> Said:
    claim = finding.claim
    return Said(claim.label, claim.trait, finding.quote, claim.score)
