"""Crawls: a visit to a site or a feed is many looks, each of them logged before the next is chosen.

What is asked for next follows from what the log and the archive hold (`watch/frontier.py`), so a
crawl that was killed goes on where it stopped: its looks are told to a fresh frontier in the order
of the log, and the links of their pages are read again. Nothing else is kept of it. robots.txt
(RFC 9309) and site maps are asked for like pages and are evidence like them; a `crawl` event closes
the crawl and says what was left out, and why.
"""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from sousveil.capture.robots import Robots, read_robots, robots_url
from sousveil.case import Case
from sousveil.extract.links import (
    Link,
    feed_entries,
    html_links,
    is_feed,
    sitemap_links,
)
from sousveil.ledger import Writer, read_events
from sousveil.model import Bounds, Event, Json, Watch, WatchKind
from sousveil.run.read.guides import Answer, last_capture, read_answer
from sousveil.watch.frontier import GUIDES, MAX_MET, Frontier, Role, Step
from sousveil.watch.scope import is_document, page_address, same_host
from sousveil.watch.targets import DEFAULT_BOUNDS

Look = Callable[[Watch, str, Json], Event]
"""(watch, address, facts for the event's body) -> the event that is in the log for it.

The facts name the address, so that a look that fails is told of the right one.
"""

Wait = Callable[[str, float], bool]
"""(address, seconds its host asks for between requests) -> whether it may be asked for now."""

# A crawl that stopped longer ago begins anew: what it saw first would be another day's site.
RESUME_WITHIN = timedelta(hours=24)
# Site maps read in one crawl; an index may name 50,000.
MAX_SITEMAPS = 20
# Of a page watch: documents asked for at one visit.
MAX_DOCUMENTS = 20
# A document that a page links to is looked at this often: it changes less than its page.
DOCUMENT_REST = timedelta(days=7)

# Events that tell of what was seen, or of what is watched by itself.
_TELLING = frozenset({"watch.added", "visit", "crawl"})

_HTML = frozenset({"text/html", "application/xhtml+xml", ""})
_XML = ("application/xml", "text/xml", "+xml")


@dataclass(slots=True)
class Past:
    """What the log tells of a watch that leads from page to page."""

    seen_at: dict[str, datetime] = field(default_factory=dict)  # last look, by address
    role: dict[str, Role] = field(default_factory=dict)  # by address
    crawl: str = ""  # the newest crawl that no event closes; "" for none
    events: list[Event] = field(default_factory=list)  # of that crawl
    targets: set[str] = field(default_factory=set)  # of all watches of the case

    def take(self, event: Event) -> None:
        """Take in an event of the watch."""
        if event.type == "crawl":
            self.crawl, self.events = "", []
            return
        url = event.body["target"]
        self.seen_at[url] = msgspec.convert(event.body["started_at"], datetime)
        self.role[url] = event.body.get("role", "page")
        if crawl := event.body.get("crawl"):
            if crawl != self.crawl:
                self.crawl, self.events = crawl, []
            self.events.append(event)

    def forget_stale(self, now: datetime) -> None:
        """Give up a crawl that stopped too long ago."""
        if self.events and now - self.events[0].time > RESUME_WITHIN:
            self.crawl, self.events = "", []


def read_past(case: Case, watches: Iterable[Watch]) -> dict[str, Past]:
    """Return what the log tells of each of `watches` that is no repository, by watch id."""
    targets: set[str] = set()
    past = {
        watch.id: Past(targets=targets)
        for watch in watches
        if watch.kind is not WatchKind.REPOSITORY
    }
    for event in read_events(case, wanted=lambda _, kind: kind in _TELLING) if past else ():
        if event.type == "watch.added":
            targets.add(event.body["watch"]["target"])
        known = past.get(event.body.get("watch_id", ""))
        if known is not None:
            known.take(event)
    return past


def crawl(
    writer: Writer,
    watch: Watch,
    past: Past,
    *,
    look: Look,
    wait: Wait,
    clock: Callable[[], datetime],
) -> Iterator[Event]:
    """Visit a site or a feed, yielding each event once it is in the log.

    `look` asks for one address, keeps and logs it. Where `wait` says that the host wants to rest
    longer than may be waited for, the crawl stops and goes on at the next visit.
    """
    past.forget_stale(clock())
    under_way = _Crawl(writer.case, watch, past, clock())
    for event in past.events:
        under_way.learn(event)
    while (step := under_way.next()) is not None:
        if not wait(step.url, under_way.delay_seconds(step.url)):
            return
        # What guides us is for no reader: a browser would only ask the site again.
        is_guide = step.role in GUIDES
        looked = replace(watch, browser=False) if is_guide else watch
        event = look(looked, step.url, under_way.facts(step))
        under_way.learn(event)
        yield event
    yield writer.commit("crawl", under_way.summary(clock()), now=clock())


def linked_documents(
    case: Case, watch: Watch, past: Past, visited: Event, *, look: Look, wait: Wait
) -> Iterator[Event]:
    """Look at the documents that a watched page links to, yielding each event once it is logged.

    `visited` is the page's own visit. Documents on its host are taken, those that the page linked
    before among them, each once in `DOCUMENT_REST`, those never seen first; documents that are
    watched by themselves are not.
    """
    linked = [
        url
        for url, _ in page_links(case, visited)
        if is_document(url) and same_host(url, watch.target)
    ]
    known = [url for url, role in past.role.items() if role == "document"]
    fresh_since = visited.time - DOCUMENT_REST
    waiting = [
        url
        for url in dict.fromkeys([*linked, *known])
        if url not in past.targets and past.seen_at.get(url, fresh_since) <= fresh_since
    ]
    waiting.sort(key=lambda url: (url in past.seen_at, past.seen_at.get(url, fresh_since)))
    for url in waiting[:MAX_DOCUMENTS]:
        if not wait(url, 0.0):
            return
        facts = {"target": url, "role": "document", "via": watch.target, "depth": 1}
        yield look(watch, url, facts)


class _Crawl:
    """One crawl under way: everything in it follows from the events it was told of."""

    def __init__(self, case: Case, watch: Watch, past: Past, now: datetime) -> None:
        self._case, self._watch, self._past = case, watch, past
        self._bounds = _bounds(watch)
        self._id = past.crawl or secrets.token_hex(6)
        self._started_at = past.events[0].time if past.events else now
        self._asked_before = {event.body["target"] for event in past.events}  # in this crawl
        self._frontier = Frontier(watch.target, self._bounds, self._known())
        self._robots: dict[str, Robots] = {}
        self._maps: deque[Step] = deque()
        self._maps_met: set[str] = set()
        self._held: Step | None = None  # waits for the robots.txt of its host
        self._looked_at: set[str] = set()
        self._led_by: dict[str, str] = {}  # page -> the first page that links to it

    def _known(self) -> list[str]:
        """Return the pages of earlier crawls, those seen longest ago first."""
        if self._watch.kind is WatchKind.FEED:
            return []  # an entry that leaves the feed is no page that was taken away
        seen_at, role = self._past.seen_at, self._past.role
        pages = (url for url in seen_at if role[url] in {"page", "document", "feed"})
        return sorted(set(pages) - self._asked_before, key=lambda url: (seen_at[url], url))

    def next(self) -> Step | None:
        """Return what to look at next; None when the crawl is over."""
        step = self._held or self._next_map() or self._frontier.next(self._may_ask)
        self._held = None
        if step is None:
            return None
        rules = robots_url(step.url)
        if rules not in self._robots:
            self._held = step
            return Step(rules, "robots", step.url, step.depth)
        if not self._may_ask(step.url):  # its rules were not known when it was chosen
            self._frontier.leave_out(step.url, "robots")
            self._frontier.pass_over(step.url)
            return self.next()
        is_target = step.url == self._watch.target
        if is_target and self._watch.kind is WatchKind.FEED:
            return replace(step, role="feed")
        return step

    def _next_map(self) -> Step | None:
        return self._maps.popleft() if self._maps and self._frontier.taken else None

    def _may_ask(self, url: str) -> bool:
        rules = self._robots.get(robots_url(url))
        return rules is None or self._bounds.robots == "ignore" or rules.allows(url)

    def delay_seconds(self, url: str) -> float:
        """Return how long the host of `url` wants to be left alone between two requests."""
        rules = self._robots.get(robots_url(url))
        return rules.delay_seconds if rules else 0.0

    def facts(self, step: Step) -> Json:
        """Return what the event of a look says of the crawl."""
        facts = {"target": step.url, "role": step.role, "via": step.via, "depth": step.depth}
        return facts | {"crawl": self._id}

    def learn(self, event: Event) -> None:
        """Take in a look of this crawl: that it was made, and where its answer leads."""
        url, role, depth = (event.body[name] for name in ("target", "role", "depth"))
        if role == "robots":
            self._learn_rules(url, event)
            return
        if role == "sitemap":
            self._maps_met.add(url)
            self._learn_map(url, event)
            return
        self._frontier.took(url)
        self._looked_at.add(url)
        answer = _answer(self._case, event)
        if answer is None:
            return
        if role == "feed" or _is_feed(answer):
            self._learn_feed(answer, depth)
        elif self._watch.kind is WatchKind.SITE:
            for address, link in page_links(self._case, event):
                self._follow(address, link, url, depth)

    def _follow(self, address: str, link: Link, via: str, depth: int) -> None:
        if address != via and len(self._led_by) < MAX_MET:
            self._led_by.setdefault(address, via)
        if link.kind == "sitemap":
            self._add_map(address, via)
        else:
            role: Role = "feed" if link.kind == "feed" else "page"
            self._frontier.meet(address, via=via, depth=depth + 1, role=role)

    def _learn_rules(self, url: str, event: Event) -> None:
        answer = _answer(self._case, event, whatever_status=True)
        status = event.body["probes"][-1]["status"] if event.body["probes"] else None
        self._robots[url] = read_robots(status, answer.body if answer else b"")
        if self._watch.kind is WatchKind.FEED or url != robots_url(self._watch.target):
            return
        for named in self._robots[url].sitemaps or ("/sitemap.xml",):
            if (address := page_address(url, named)) is not None:
                self._add_map(address, url)

    def _add_map(self, url: str, via: str) -> None:
        is_new = url not in self._maps_met and len(self._maps_met) < MAX_SITEMAPS
        if is_new and same_host(url, self._watch.target):
            self._maps_met.add(url)
            if url not in self._asked_before:
                self._maps.append(Step(url, "sitemap", via, 0))

    def _learn_map(self, url: str, event: Event) -> None:
        answer = _answer(self._case, event)
        if answer is None:
            return
        pages, maps = sitemap_links(answer.text())
        for named in maps:
            if (address := page_address(url, named)) is not None:
                self._add_map(address, url)
        for page in pages:
            if (address := page_address(url, page.href)) is not None:
                self._frontier.meet(address, via=url, depth=1)

    def _learn_feed(self, answer: Answer, depth: int) -> None:
        for entry in feed_entries(answer.text()):
            address = page_address(answer.url, entry.href)
            if address is None:
                continue
            seen_at = self._past.seen_at.get(address)
            is_known = seen_at is not None and (entry.at is None or entry.at <= seen_at)
            is_ours = address in self._asked_before
            if self._watch.kind is WatchKind.FEED and is_known and not is_ours:
                self._frontier.leave_out(address, "seen")
            else:
                self._frontier.meet(address, via=answer.url, depth=depth + 1)

    def summary(self, ended_at: datetime) -> Json:
        """Return the body of the event that closes the crawl."""
        body: Json = msgspec.to_builtins(
            {
                "watch_id": self._watch.id,
                "target": self._watch.target,
                "crawl": self._id,
                "started_at": self._started_at,
                "ended_at": ended_at,
                "bounds": self._bounds,
                "asked": self._frontier.taken,
                "led_by": {url: by for url, by in self._led_by.items() if url in self._looked_at},
                "left_out": dict(self._frontier.left_out),
                "examples": self._frontier.examples,
                "robots": {url: rules.reason for url, rules in self._robots.items()},
            }
        )
        return body


def _bounds(watch: Watch) -> Bounds:
    bounds = watch.bounds or DEFAULT_BOUNDS
    if watch.kind is WatchKind.FEED:
        # Entries seldom lie in the feed's own folder, and what they link to is not theirs.
        within = "host" if bounds.scope == "folder" else bounds.scope
        return replace(bounds, depth=1, scope=within)
    return bounds


def _answer(case: Case, event: Event, *, whatever_status: bool = False) -> Answer | None:
    """Return what a look was given in the end; None unless it is a success."""
    return read_answer(case, last_capture(event.body), whatever_status=whatever_status)


def page_links(case: Case, event: Event) -> Iterator[tuple[str, Link]]:
    """Yield where a page leads, as addresses to ask for; nothing for what is no HTML."""
    answer = _answer(case, event)
    if answer is None or answer.payload.media_type not in _HTML:
        return
    found = html_links(answer.text())
    base = page_address(answer.url, found.base) or answer.url
    for link in found.links:
        if (address := page_address(base, link.href)) is not None:
            yield address, link


def _is_feed(answer: Answer) -> bool:
    return answer.payload.media_type.endswith(_XML) and is_feed(answer.text())
