"""The frontier of a crawl: which address is asked for next, and why others are not.

Takes addresses as they are met (`scope.page_address`) and gives them back one by one, the nearest
to the target first. Pure: told the same things in the same order it says the same, which is how a
crawl that was killed goes on. What is left out is counted by reason, each address once.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from sousveil.model import Bounds
from sousveil.watch.scope import Scope, Traps, is_document, outside

Role = Literal["robots", "sitemap", "feed", "page", "document"]
"""What an address is asked for as."""

GUIDES = frozenset({"robots", "sitemap"})
"""Roles of what tells us where to go: kept, but nothing that a site says to its readers."""

# Addresses remembered in one crawl, asked for or not; those met beyond are counted, no more.
MAX_MET = 50_000
# Addresses named for each reason in the crawl's event, so that a reader sees what is meant.
MAX_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One address to be asked for."""

    url: str
    role: Role
    via: str | None  # the address that led here; None for the target and for known pages
    depth: int  # links from the target


class Frontier:
    """What a crawl has met and what it has taken.

    `known` are addresses of earlier crawls, those seen longest ago first: each is looked at again
    even if nothing links to it any more, for a page that vanishes quietly takes its links along.
    They get half of the crawl's pages at most, so that new pages are found, too.
    """

    def __init__(self, target: str, bounds: Bounds, known: Iterable[str]) -> None:
        self.left_out: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.taken = 0
        self._bounds = bounds
        self._scope, self._traps = Scope(target, bounds.scope), Traps()
        self._met, self._taken = {target}, set[str]()
        self._linked = deque([Step(target, "page", None, 0)])
        self._known = deque(url for url in known if url != target)

    def meet(self, url: str, *, via: str, depth: int, role: Role = "page") -> None:
        """Take in a link; `depth` is that of the address it leads to."""
        if url in self._met:
            return
        if len(self._met) >= MAX_MET:
            self.left_out["beyond"] += 1
            return
        self._met.add(url)
        reason: str | None = outside(url, self._scope, documents=self._bounds.documents)
        is_file = is_document(url)
        if reason is None and depth > self._bounds.depth + is_file:
            reason = "depth"
        if reason is None and not self._traps.take(url):
            reason = "trap"
        if reason is not None:
            self.leave_out(url, reason)
        else:
            self._linked.append(Step(url, "document" if is_file else role, via, depth))

    def leave_out(self, url: str, reason: str) -> None:
        """Count an address that is not asked for."""
        self.left_out[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(url)

    def took(self, url: str) -> None:
        """Note that an address was asked for in this crawl."""
        self._met.add(url)
        if url not in self._taken:
            self._taken.add(url)
            self.taken += 1

    def pass_over(self, url: str) -> None:
        """Note that an address is not asked for in this crawl, though `next` gave it."""
        self._taken.add(url)

    def next(self, allows: Callable[[str], bool]) -> Step | None:
        """Return what to ask for next; None when nothing is left, or no more may be asked.

        `allows` tells whether robots.txt lets an address be asked for.
        """
        while self.taken < self._bounds.pages and (step := self._pop()) is not None:
            if step.url in self._taken:
                continue
            if allows(step.url):
                return step
            self.leave_out(step.url, "robots")
        for step in self._linked:
            if step.url not in self._taken:
                self.leave_out(step.url, "pages")
        self._linked.clear()
        return None

    def _pop(self) -> Step | None:
        while self._known and self._known[0] in self._taken:
            self._known.popleft()
        left = self._bounds.pages - self.taken
        reserved = min(len(self._known), self._bounds.pages // 2)
        if self._linked and (left > reserved or not self._known):
            return self._linked.popleft()
        if not self._known:
            return None
        url = self._known.popleft()
        self._met.add(url)
        # A leaf: what it links to would be found from the target, if it belonged there still.
        role: Role = "document" if is_document(url) else "page"
        return Step(url, role, None, self._bounds.depth)
