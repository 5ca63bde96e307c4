"""Robots: what a site's robots.txt asks of us.

Takes the answer to a request for robots.txt and gives `Robots`, which says of each address whether
it may be asked for, and why. Follows RFC 9309: section 2.3.1 for what an answer means, 2.2 for its
rules (by protego). Does no I/O; the answer itself is kept as evidence like any other.
"""

from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from protego import Protego

# RFC 9309 section 2.5 asks for 500 kibibytes at least; what stands beyond is not read.
MAX_BYTES = 500 * 2**10
# Sites list one or a few; an index names the others.
MAX_SITEMAPS = 20
# A longer delay would stop the crawl altogether: 200 pages take an hour and a half with this one.
MAX_DELAY_SECONDS = 30.0

_PRODUCT = "sousveil"  # our product token (RFC 9309 section 2.2.1), as in the User-Agent we send


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host, as they bind us."""

    reason: str  # where they come from, in words
    rules: Protego | None = None
    allows_rest: bool = True  # what counts where there are no rules

    def allows(self, url: str) -> bool:
        """Tell whether `url`, on this host, may be asked for."""
        return self.rules.can_fetch(url, _PRODUCT) if self.rules else self.allows_rest

    @property
    def delay_seconds(self) -> float:
        """Seconds between two requests that the host asks for, within our bound; 0 for none."""
        asked = self.rules.crawl_delay(_PRODUCT) if self.rules else None
        return min(max(asked or 0.0, 0.0), MAX_DELAY_SECONDS)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """Addresses of site maps that it names, as written."""
        return tuple(islice(self.rules.sitemaps, MAX_SITEMAPS)) if self.rules else ()


def robots_url(url: str) -> str:
    """Return where the rules for `url` stand (RFC 9309, section 2.3)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def read_robots(status: int | None, body: bytes) -> Robots:
    """Return the rules that an answer gives; `status` is None when there was none.

    A success gives its rules. An answer that says there is no such file, or that sends elsewhere
    without end, allows everything; a server that fails, or is not there, allows nothing for now.
    """
    if status is None:
        return Robots("robots.txt could not be had: nothing is asked for now", allows_rest=False)
    told = f"robots.txt answered HTTP {status}"
    match status // 100:
        case 2:
            text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
            return Robots(f"{told}: its rules", Protego.parse(text))
        case 3 | 4:
            return Robots(f"{told}: everything may be asked")
        case _:
            return Robots(f"{told}: nothing is asked for now", allows_rest=False)
