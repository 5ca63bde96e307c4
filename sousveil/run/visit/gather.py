"""Gathering: what one look at an address brings, before any of it is written down.

A page is asked for on the wire, and then shown in a browser where it is one and there is one. All
that came lies in files in the caller's folder. Runs in a thread of its own, beside others: it
touches neither the log nor the index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.capture.browser import Rendered
from sousveil.capture.http.fetch import WireSettings, fetch
from sousveil.capture.http.head import media_type, parse_head
from sousveil.model import Exchange, Watch
from sousveil.run.visit.means import Means, Unshown

# What a browser is needed for: documents that scripts may change. XHTML and HTML.
SHOWN_TYPES = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a look at an address brought."""

    url: str  # as it was asked for
    started_at: datetime
    exchanges: Sequence[Exchange]  # on the wire, redirects in order
    shown: Rendered | Unshown
    exit: str  # name of the exit it went by; "" for none


def gather(
    means: Means, watch: Watch, url: str, folder: Path, begun: Exchange | None = None
) -> Gathered:
    """Look at `url`, as `watch` wants it; files go into `folder`, which exists.

    `begun` is the first exchange of an address that was asked already, as a poll.

    Raises TargetError when `url` is no http or https address, CaseError for an exit that is not
    there, OSError for a full disk and InterruptedError when the run is called off.
    """
    exit_ = means.exit_of(watch)
    started_at = begun.started_at if begun else means.clock()
    exchanges = fetch(
        url,
        settings=WireSettings(user_agent=means.settings.user_agent),
        allowed=means.settings.allow_hosts,
        folder=folder,
        clock=means.clock,
        stop=means.stop,
        exit_=exit_,
        begun=begun,
    )
    shown: Rendered | Unshown = Unshown("")
    if is_page(exchanges[-1]):
        shown = means.show(url, watch, folder)
    return Gathered(url, started_at, exchanges, shown, means.exit_name(watch))


def is_page(last: Exchange) -> bool:
    """Tell whether a browser can show more than the wire: any answer in HTML, errors included.

    Not one whose server's certificate did not hold: a browser shows its own warning there.
    """
    if last.status is None or (last.tls is not None and not last.tls.verified):
        return False
    return media_type(parse_head(last.response_head).get("Content-Type")) in SHOWN_TYPES
