"""What a capture is asked for, and what it gives."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sousveil.model import Exchange, Failure

# The most common desktop screen that is not larger than others: no layout for telephones.
WIDTH, HEIGHT = 1366, 900
# Scripts that fetch one thing after another pause for less than that between two requests.
QUIET_SECONDS = 1.0
# A heavy page on a slow line is complete by then; one that never rests is cut off.
TOTAL_SECONDS = 45.0
# As on the wire: manuals and SDK archives reach tens of megabytes.
MAX_BODY_BYTES = 128 * 2**20
# All bodies of one page together.
MAX_TOTAL_BYTES = 512 * 2**20
# The heaviest news sites ask for some 600 things; a page that asks for more plays with us.
MAX_REQUESTS = 3000
# Thirty screens; what scrolls for ever is cut here.
MAX_PAGE_PIXELS = 30_000


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """How a page is shown, and how much is taken. `user_agent` "" leaves the browser its own."""

    width: int = WIDTH
    height: int = HEIGHT
    quiet_seconds: float = QUIET_SECONDS
    total_seconds: float = TOTAL_SECONDS
    max_body_bytes: int = MAX_BODY_BYTES
    max_total_bytes: int = MAX_TOTAL_BYTES
    max_requests: int = MAX_REQUESTS
    max_page_pixels: int = MAX_PAGE_PIXELS
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A slice of the page as it was seen; one pixel of the picture is one CSS pixel."""

    top: int  # pixels from the top of the page
    width: int
    height: int
    png: Path


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one capture gave. The files lie in the caller's folder and are the caller's to remove.

    A page that broke, hung or was never reached is a `Rendered` too, with what there is of it.
    """

    url: str  # as asked for
    final_url: str  # in the address bar, in the end
    started_at: datetime
    ended_at: datetime
    browser: str  # "Chrome/140.0.7339.80"
    exchanges: tuple[Exchange, ...]  # in the order in which they were asked for
    main: int | None  # which exchange brought the page itself
    snapshot: Path | None  # DOM and layout, `model.RENDERING_TYPE`
    width: int  # of the page, in CSS pixels
    height: int
    slices: tuple[Screenshot, ...]  # from the top
    settled: Literal["quiet", "time"] | None  # None: the page was not shown
    failure: Failure | None  # why the page itself was not had
    notes: tuple[str, ...]  # what was not taken, in words
