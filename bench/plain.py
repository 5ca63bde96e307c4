"""Chromium that shows pages and keeps nothing: the limit that a capture is measured against.

The same browser, flags, scrolling and quiet time as sousveil's capture, and a new context for each
page as there; but no answer is held, no body taken, no layout, no picture.
"""

import asyncio
import time
from collections.abc import Sequence

from sousveil.capture.browser import BrowserSettings, find_browser, process
from sousveil.capture.browser.cdp import Connection
from sousveil.capture.browser.page import Frame, Page
from sousveil.model import Json

PAGE_SECONDS = 60.0
POLL_SECONDS = 0.05  # as the capture's own
DIRECT = "direct://"
_OVER = frozenset({"Network.loadingFinished", "Network.loadingFailed"})


class _Traffic:
    """What is known of a page's requests."""

    def __init__(self) -> None:
        self.loaded = asyncio.Event()
        self.asked: set[str] = set()
        self.open: set[str] = set()
        self.last_change = time.monotonic()

    def hear(self, _: str, event: str, p: Json) -> None:
        """Take an event of the page's session."""
        if event == "Page.loadEventFired" and self.asked:
            self.loaded.set()
        elif event == "Network.requestWillBeSent" and p["request"]["url"].startswith("http"):
            self.asked.add(p["request"]["url"])
            self.open.add(p["requestId"])
        elif event in _OVER:
            self.open.discard(p["requestId"])
        if event.startswith("Network."):
            self.last_change = time.monotonic()

    async def rest(self, quiet_seconds: float) -> None:
        """Wait until nothing is open and nothing has happened for `quiet_seconds`."""
        while True:
            if not self.open and time.monotonic() - self.last_change >= quiet_seconds:
                return
            await asyncio.sleep(POLL_SECONDS)


def show_all(urls: Sequence[str], *, proxy: str = DIRECT) -> tuple[list[float], int]:
    """Show each page in turn; return the seconds each took, and how many URLs were asked for.

    `proxy` is where the pages come from. Raises TimeoutError for a page that never rests.
    """
    return asyncio.run(_show_all(urls, proxy))


async def _show_all(urls: Sequence[str], proxy: str) -> tuple[list[float], int]:
    running = process.start(find_browser())
    connection = await Connection.open(running.commands, running.answers)
    times, asked = [], 0
    try:
        for url in urls:
            begun = time.monotonic()
            async with asyncio.timeout(PAGE_SECONDS):
                asked += await _show(connection, url, proxy)
            times.append(time.monotonic() - begun)
    finally:
        connection.close()
        await asyncio.to_thread(process.end, running)
    return times, asked


async def _show(connection: Connection, url: str, proxy: str) -> int:
    send, settings, traffic = connection.send, BrowserSettings(), _Traffic()
    made = await send(
        "Target.createBrowserContext", proxyServer=proxy, proxyBypassList="<-loopback>"
    )
    context = made["browserContextId"]
    target = (await send("Target.createTarget", url="about:blank", browserContextId=context))[
        "targetId"
    ]
    session = (await send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
    connection.listen(session, traffic.hear)
    for method in ("Network.enable", "Page.enable"):
        await send(method, session)
    page = Page(connection, Frame(session, target, ""), settings)
    await page.open()
    await send("Page.navigate", session, url=url)
    await traffic.loaded.wait()
    await traffic.rest(settings.quiet_seconds)
    await page.scroll_through()
    await page.scroll_back()
    await traffic.rest(settings.quiet_seconds)
    connection.forget(session)
    await send("Target.disposeBrowserContext", browserContextId=context)
    return len(traffic.asked)
