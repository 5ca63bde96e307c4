"""Histories of repositories, sites and feeds: each event of the log gone through once, in order.

The thin edge around `changes/histories/`: reads from the archive what two looks saw, has it
compared, and puts what happened into the index with what the next look is compared with. Nothing is
read again where the log shows that nothing changed. Reading that fails (`verify` names the damage)
compares nothing, and what was seen before stays what the next look is compared with.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from sousveil.capture.git.objects import commits_named
from sousveil.capture.robots import Robots, read_robots, robots_url
from sousveil.case import Case, Taken
from sousveil.changes.histories.feeds import feeds_between
from sousveil.changes.histories.gone import turned
from sousveil.changes.histories.links import Linked, links_between
from sousveil.changes.histories.maps import Shrunk, SiteMap, maps_between
from sousveil.changes.histories.refs import MAX_EACH, Refs, refs_between
from sousveil.changes.histories.rules import is_ruling, rules_between
from sousveil.errors import ArchiveError, RepositoryError
from sousveil.extract.feeds import Feed, read_feed
from sousveil.extract.links import MAX_SITEMAP_LINKS, ends_as_sitemap, sitemap_links
from sousveil.index.histories import (
    addresses_on,
    looks_at_repository,
    next_unheard,
    put_history,
    remembered,
    visits_of_crawl,
)
from sousveil.index.query import event_body
from sousveil.index.store import Index
from sousveil.model import Capture, Event, Happening, Json, Turn
from sousveil.run.read.guides import Answer, last_capture, read_answer
from sousveil.run.read.repositories import commits_below, ensure_mirror
from sousveil.watch.scope import page_address

_ID_DIGITS = 12

# Statuses after which robots.txt is known to have no rules; a wall has rules that we do not see.
_NO_RULES = frozenset({404, 410})
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the next look is compared with, by pointing to what the last one kept."""

    log_index: int  # entry of the log that tells of the look
    at: datetime
    capture: Capture | None = None


@dataclass(frozen=True, slots=True)
class _Maps:
    """The same, of all site maps of a site."""

    captures: Mapping[str, Capture]  # by the map's address
    at: datetime
    shrunk: Shrunk | None = None


@dataclass(frozen=True, slots=True)
class _Leaders:
    """Which page led to each page of a site when that was last seen."""

    led_by: Mapping[str, str]
    at: datetime


@dataclass(slots=True)
class _Heard:
    """What one event tells."""

    remembered: dict[str, object] = field(default_factory=dict)  # by subject
    turns: list[tuple[Turn, datetime]] = field(default_factory=list)  # with the look before


def read_histories(case: Case, index: Index, turn: Taken = nullcontext) -> list[Happening]:
    """Go through the events that are new, and return what they tell; a turn for each."""
    happened: list[Happening] = []
    is_over = False
    while not is_over:
        with turn():
            event = next_unheard(index)
            if event is not None:
                happened += _hear(case, index, event)
            else:  # no other event is looked at twice
                put_history(index, index.next_event(), "", {}, [])
                is_over = True
    return happened


def _hear(case: Case, index: Index, event: Event) -> list[Happening]:
    heard = _heard(case, index, event)
    watch_id = event.body["watch_id"]
    told = [
        Happening(_id(event, turn), watch_id, turn, since, _at(event), event.index)
        for turn, since in heard.turns
    ]
    put_history(index, event.index + 1, watch_id, heard.remembered, told)
    return told


def _heard(case: Case, index: Index, event: Event) -> _Heard:
    try:
        if event.type == "crawl":
            return _crawl(case, index, event)
        if event.body["kind"] == "repository":
            return _repository(case, index, event)
        match event.body["role"]:
            case "robots":
                return _rules(case, index, event)
            case "feed":
                return _feed(case, index, event)
    except (ArchiveError, RepositoryError):
        # What cannot be read compares nothing: `verify` names a damaged record, and analysis notes
        # a repository that cannot be unpacked.
        return _Heard()
    return _Heard()  # of a site map: heard when its crawl is over


def _id(event: Event, turn: Turn) -> str:
    told = f"{event.index}\n{turn.kind}\n{turn.subject}\n{turn.before}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_DIGITS]


def _at(event: Event) -> datetime:
    return msgspec.convert(event.body["started_at"], datetime)


# ---------------------------------------------------------------- repositories


def _repository(case: Case, index: Index, event: Event) -> _Heard:
    heard, watch_id = _Heard(), event.body["watch_id"]
    looks = looks_at_repository(index, watch_id, event.index)
    answered = [one.at for one in looks[:-1] if one.came.is_page]
    if answered and (turn := turned(event.body["target"], looks)) is not None:
        heard.turns.append((turn, answered[-1]))
    if "repository" not in event.body:
        return heard
    before = remembered(index, watch_id, "refs", _Before)
    heard.remembered["refs"] = _Before(event.index, _at(event))
    if before is None:
        return heard
    was, now = event_body(index, before.log_index)["repository"], event.body["repository"]
    if now["missing_objects"] > was["missing_objects"]:
        # A copy that lost objects names no branch whose commit is among them: nobody deleted it.
        now = now | {"refs": was["refs"] | now["refs"]}
    if was["refs"] == now["refs"]:
        return heard
    mirror = ensure_mirror(case, index, watch_id)
    old, new = _refs(mirror, was), _refs(mirror, now)
    turns = refs_between(old, new, _dropped(mirror, old, new))
    heard.turns += [(turn, before.at) for turn in turns]
    return heard


def _refs(mirror: Path, facts: Json) -> Refs:
    refs: Mapping[str, str] = facts["refs"]
    tags = sorted({refs[name] for name in refs if name.startswith("refs/tags/")})
    return Refs(refs, commits_named(mirror, tags))


def _dropped(mirror: Path, before: Refs, after: Refs) -> dict[str, tuple[str, ...]]:
    """Return, for each tip that nothing reaches any more, the commits that went with it.

    Those of the first `MAX_EACH` tips: of more, each is told alone.
    """
    tips = sorted(set(after.named.values()))
    gone = set(commits_below(mirror, sorted(set(before.named.values())), tips))
    if not gone:
        return {}
    wanted = sorted({before.commit_of(name) for name in before.named} & gone)
    dropped: dict[str, tuple[str, ...]] = {tip: (tip,) for tip in wanted[MAX_EACH:]}
    for tip in wanted[:MAX_EACH]:
        dropped[tip] = tuple(commits_below(mirror, [tip], tips))
    return dropped


# ---------------------------------------------------------------- robots.txt and feeds


def _rules(case: Case, index: Index, event: Event) -> _Heard:
    address, watch_id = event.body["target"], event.body["watch_id"]
    subject = f"robots {address}"
    capture = last_capture(event.body)
    before = remembered(index, watch_id, subject, _Before)
    after = _robots(case, capture)
    if after is None or not is_ruling(after):
        return _Heard()
    heard = _Heard({subject: _Before(event.index, _at(event), capture)})
    was = _robots(case, before.capture) if before is not None else None
    if before is None or was is None:
        return heard
    origin = address.removesuffix("robots.txt")
    pages = [url for url in addresses_on(index, origin, event.index) if robots_url(url) == address]
    if (turn := rules_between(address, was, after, pages)) is not None:
        heard.turns.append((turn, before.at))
    return heard


def _robots(case: Case, capture: Capture | None) -> Robots | None:
    """Return the rules that an answer gives; None when it does not tell them."""
    answer = read_answer(case, capture, whatever_status=True)
    if answer is None or answer.status is None:
        return None
    if answer.status not in _SUCCESS and answer.status not in _NO_RULES:
        return None
    return read_robots(answer.status, answer.body) if answer.is_whole else None


def _feed(case: Case, index: Index, event: Event) -> _Heard:
    address, watch_id = event.body["target"], event.body["watch_id"]
    subject = f"feed {address}"
    capture = last_capture(event.body)
    feed = _read_feed(case, capture)
    if feed is None:
        return _Heard()
    heard = _Heard({subject: _Before(event.index, _at(event), capture)})
    before = remembered(index, watch_id, subject, _Before)
    if before is None or _is_same(before.capture, capture):
        return heard
    was = _read_feed(case, before.capture)
    if was is not None:
        heard.turns += [(turn, before.at) for turn in feeds_between(was, feed)]
    return heard


def _read_feed(case: Case, capture: Capture | None) -> Feed | None:
    """Return a feed that is whole; None for what is none, or was cut."""
    answer = read_answer(case, capture)
    if answer is None or not answer.is_whole:
        return None
    feed = read_feed(answer.text())
    return feed if feed.is_whole and feed.entries else None


def _is_same(one: Capture | None, other: Capture | None) -> bool:
    digest = one.payload_digest if one else ""
    return bool(digest) and other is not None and other.payload_digest == digest


# ---------------------------------------------------------------- site maps and links


def _crawl(case: Case, index: Index, event: Event) -> _Heard:
    """Compare what a crawl saw as a whole, now that it is over."""
    heard = _Heard()
    looks = list(visits_of_crawl(index, event))
    _compare_maps(case, index, event, [one for one in looks if one["role"] == "sitemap"], heard)
    if "led_by" in event.body:
        pages = [one for one in looks if one["role"] not in {"sitemap", "robots"}]
        _compare_links(index, event, pages, heard)
    return heard


def _compare_links(index: Index, event: Event, pages: Sequence[Json], heard: _Heard) -> None:
    watch_id, at = event.body["watch_id"], _at(event)
    answered = {one["target"]: _status(one) for one in pages}
    linked = Linked(event.body["target"], event.body["led_by"], answered)
    before = remembered(index, watch_id, "links", _Leaders)
    turn, kept = links_between(before.led_by if before else {}, linked)
    heard.remembered["links"] = _Leaders(kept, at)
    if turn is not None and before is not None:
        heard.turns.append((turn, before.at))


def _status(look: Json) -> int | None:
    return look["probes"][-1]["status"] if look["probes"] else None


def _compare_maps(
    case: Case, index: Index, event: Event, looks: Sequence[Json], heard: _Heard
) -> None:
    captures = {one["target"]: last_capture(one) for one in looks}
    kept = {address: one for address, one in captures.items() if one is not None}
    before = remembered(index, event.body["watch_id"], "maps", _Maps)
    at = _at(event)
    if before is not None and _are_same(before.captures, kept):
        heard.remembered["maps"] = _Maps(before.captures, at)
        return
    after = _site_map(case, captures)
    if before is None:
        if not after.flaw and after.pages:
            heard.remembered["maps"] = _Maps(kept, at)
        return
    was = _site_map(case, before.captures)
    compared = maps_between(was, after, at=at, shrunk=before.shrunk)
    heard.turns += [(turn, before.at) for turn in compared.turns]
    heard.remembered["maps"] = (
        _Maps(kept, at)
        if compared.is_believed
        else _Maps(before.captures, before.at, compared.shrunk)
    )


def _are_same(before: Mapping[str, Capture], after: Mapping[str, Capture]) -> bool:
    return before.keys() == after.keys() and all(
        _is_same(one, after[address]) for address, one in before.items()
    )


def _site_map(case: Case, captures: Mapping[str, Capture | None]) -> SiteMap:
    """Return what all site maps of a crawl name together."""
    pages: set[str] = set()
    flaws = [] if captures else ["no site map was looked at"]
    for address, capture in captures.items():
        answer = read_answer(case, capture)
        flaws += _flaws(address, answer)
        if answer is None:
            continue
        entries, maps = sitemap_links(answer.text())
        named = (page_address(answer.url, entry.href) for entry in entries)
        pages |= {page for page in named if page is not None}
        unread = {page_address(answer.url, one) for one in maps} - captures.keys()
        flaws += [f"{address}: names maps that were not looked at"] if unread else []
    return SiteMap(next(iter(captures), ""), frozenset(pages), "; ".join(flaws))


def _flaws(address: str, answer: Answer | None) -> Iterator[str]:
    if answer is None:
        yield f"{address}: could not be had"
    elif not answer.is_whole:
        yield f"{address}: was cut short"
    elif not ends_as_sitemap(text := answer.text()):
        yield f"{address}: does not end as a site map ends"
    elif len(sitemap_links(text)[0]) >= MAX_SITEMAP_LINKS:
        yield f"{address}: names more pages than are read"
