"""One capture: from an address to what was seen there, in a tab of its own.

Whatever a page does (dialogs, new windows, downloads, endless loops, crashes) ends within
`total_seconds` and `TAKE_SECONDS`; what was not had is noted.
"""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from sousveil.capture.browser.cdp import CommandError, Connection
from sousveil.capture.browser.hops import origin
from sousveil.capture.browser.page import Page, Size
from sousveil.capture.browser.picture import slices
from sousveil.capture.browser.settings import BrowserSettings, Rendered, Screenshot
from sousveil.capture.browser.tab import Tab
from sousveil.errors import BrowserError
from sousveil.model import Exchange, Failure, FailureKind

# Snapshot and pictures of the longest page take a few seconds, on a busy machine.
TAKE_SECONDS = 15.0
# A page that computes without end never answers.
RESPOND_SECONDS = 4.0
# Opening and closing a tab, on a busy machine.
OPEN_SECONDS = 20.0
# A request that is open for longer waits for news (long polling), not for the page.
PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.05


async def capture(
    connection: Connection,
    tabs: dict[str, Tab],
    url: str,
    *,
    browser: str,
    proxy: str,
    folder: Path,
    settings: BrowserSettings,
    clock: Callable[[], datetime],
    addresses: Callable[[], Mapping[str, str]] | None,
) -> Rendered:
    """Show `url` and return what was seen; `tabs` is where the browser looks for its tabs.

    Raises BrowserError when the browser is gone or does not answer, OSError when a file cannot be
    written.
    """
    started_at = clock()
    async with asyncio.timeout(OPEN_SECONDS):
        context: str = (
            await connection.send(
                "Target.createBrowserContext",
                proxyServer=proxy,
                proxyBypassList="<-loopback>",
                disposeOnDetach=True,
            )
        )["browserContextId"]
    tab = tabs[context] = Tab(connection, folder, settings, clock)
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            connection.send(
                "Browser.setDownloadBehavior",
                behavior="deny",
                browserContextId=context,
                eventsEnabled=True,
            )
            await connection.send(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            page = await tab.page
            await page.open()
        error, settled = await _show(tab, page, url)
        if error:
            tab.note(f"the browser showed nothing ({error})")
        view = await _View.take(tab, page, browser) if settled else _View()
        await _certificates(tab, page)
        exchanges, main = tab.network.exchanges(addresses() if addresses else {}, page.frame.id)
        tab.network.bodies.close()
    finally:
        tab.close()
        del tabs[context]
        await _dispose(connection, context)
    _note_what_is_missing(tab)
    return Rendered(
        url=url,
        final_url=view.url or url,
        started_at=started_at,
        ended_at=clock(),
        browser=browser,
        exchanges=exchanges,
        main=main,
        snapshot=view.snapshot,
        width=view.size.width,
        height=view.size.height,
        slices=tuple(view.slices),
        settled=settled,
        failure=_failure(exchanges, main, error),
        notes=tuple(tab.notes),
    )


async def _show(tab: Tab, page: Page, url: str) -> tuple[str, Literal["quiet", "time"] | None]:
    """Load `url`, scroll through, and wait until nothing happens any more.

    Return the browser's words for why the page was not had, or "", and how it came to rest.
    """
    loading = asyncio.ensure_future(_load(tab, page, url))
    crash = asyncio.ensure_future(tab.crashed.wait())
    try:
        ends: set[asyncio.Future[Any]] = {loading, crash, tab.connection.ended}
        seconds = tab.settings.total_seconds
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        crash.cancel()
        is_done = not loading.cancel()
    tab.connection.check()
    if tab.crashed.is_set():
        return "", None
    if not is_done:
        return "", "time"
    return (error, None) if (error := loading.result()) else ("", "quiet")


async def _load(tab: Tab, page: Page, url: str) -> str:
    """Load `url` and bring the page to rest; return why the browser would not, or ""."""
    answer = await tab.connection.send("Page.navigate", page.frame.session, url=url)
    if error := answer.get("errorText"):
        return str(error)
    await tab.loaded.wait()
    await _until_quiet(tab)
    await _scroll(tab, page)
    await _until_quiet(tab)
    return ""


async def _scroll(tab: Tab, page: Page) -> None:
    for attempt in range(3):
        try:
            if not await page.scroll_through():
                tab.note(f"the page goes on below {tab.settings.max_page_pixels} pixels")
            await page.scroll_back()
        except CommandError:
            # The page was left for another in the middle of it.
            await asyncio.sleep(POLL_SECONDS * (attempt + 1))
        else:
            return


async def _until_quiet(tab: Tab) -> None:
    network, quiet_seconds = tab.network, tab.settings.quiet_seconds
    while True:
        rest = time.monotonic() - network.last_change
        if rest >= quiet_seconds and not network.waiting(network.clock(), PATIENCE_SECONDS):
            return
        await asyncio.sleep(POLL_SECONDS)


class _View:
    """What was seen of a page."""

    def __init__(self) -> None:
        self.url = ""
        self.size = Size(0, 0)
        self.snapshot: Path | None = None
        self.slices: list[Screenshot] = []

    @classmethod
    async def take(cls, tab: Tab, page: Page, browser: str) -> "_View":
        """Take layout and picture of the page, with nothing between them that could move it."""
        view, stem = cls(), uuid4().hex
        try:
            async with asyncio.timeout(RESPOND_SECONDS):
                _, _, view.url = await page.title()
            async with asyncio.timeout(TAKE_SECONDS):
                extent = await page.extent()
                view.size = extent.size
                snapshot = await page.snapshot(tab.frames(), extent, browser)
                if isinstance(snapshot, str):
                    tab.note(snapshot)
                else:
                    view.snapshot = _written(tab.folder / f"{stem}.json", snapshot)
                async for piece in slices(page, extent, tab.frames()):
                    path = _written(tab.folder / f"{stem}-{piece.top}.png", piece.png)
                    size = piece.size
                    if piece.is_joined:
                        tab.note(
                            "frames of other sites were pictured apart and put in their places"
                        )
                    view.slices.append(Screenshot(piece.top, size.width, size.height, path))
        except TimeoutError:
            tab.note("the page did not answer; it was not seen, or not all of it")
        except CommandError as error:
            tab.note(f"the page could not be taken: {error}")
        return view


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


async def _certificates(tab: Tab, page: Page) -> None:
    """Ask for the certificates of each origin that was spoken to by TLS."""
    origins = {
        origin(hop.url)
        for _, hop in tab.network.order
        if hop.response and hop.response.get("securityDetails")
    }
    for place in sorted(origins):
        try:
            async with asyncio.timeout(1):
                answer = await tab.connection.send(
                    "Network.getCertificate", page.frame.session, origin=place
                )
        except (TimeoutError, CommandError):
            continue
        chain = tuple(base64.b64decode(one) for one in answer["tableNames"])
        tab.network.certificates[place] = chain


async def _dispose(connection: Connection, context: str) -> None:
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            await connection.send("Target.disposeBrowserContext", browserContextId=context)
    except (TimeoutError, BrowserError):
        return  # it ends with the browser


def _note_what_is_missing(tab: Tab) -> None:
    if tab.crashed.is_set():
        tab.note("the page's process crashed; it was not seen")
    for request_id, hop in tab.network.order:
        if count := tab.network.frames_heard.get(request_id):
            tab.note(f"{count} messages came by {hop.url}; they were not kept")
    cut = sum(body.cut is not None for body in tab.network.bodies.held.values())
    if cut:
        tab.note(f"{cut} bodies are cut: they were too long or without end")


def _failure(exchanges: tuple[Exchange, ...], main: int | None, error: str) -> Failure | None:
    if main is not None and exchanges[main].failure:
        return exchanges[main].failure
    if main is not None and exchanges[main].response_head:
        return None
    return Failure(
        FailureKind.PROTOCOL, f"the browser showed nothing ({error or 'no answer came'})"
    )
