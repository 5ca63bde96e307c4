"""A running browser, to be used from any thread.

The browser is driven from one asyncio loop in a thread of its own; `capture` waits there for its
result. When the browser ends or breaks, captures under way raise BrowserError and the next one
starts it anew.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sousveil.capture.browser import process
from sousveil.capture.browser.cdp import Connection
from sousveil.capture.browser.settings import BrowserSettings, Rendered
from sousveil.capture.browser.showing import capture
from sousveil.capture.browser.tab import AUTO_ATTACH, Tab
from sousveil.errors import BrowserError
from sousveil.model import Json

# A cold start on a busy machine.
START_SECONDS = 60.0

T = TypeVar("T")

# The browser itself, and tabs as seen by its window, are of no interest; the page within is.
_FILTER: list[Json] = [
    {"type": "browser", "exclude": True},
    {"type": "tab", "exclude": True},
    {},
]


class Browser:
    """One Chromium; a context manager. `version` holds inside the `with` block."""

    def __init__(self, program: Path) -> None:
        """Prepare to start `program` (`find_browser`)."""
        self.program = program
        self.version = ""  # "Chrome/140.0.7339.80"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._running: _Running | None = None
        self._starting = asyncio.Lock()

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._call(self._ready())
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def capture(
        self,
        url: str,
        *,
        proxy: str,
        folder: Path,
        settings: BrowserSettings,
        clock: Callable[[], datetime],
        addresses: Callable[[], Mapping[str, str]] | None = None,
    ) -> Rendered:
        """Show `url` in a tab of its own and return what was seen; files go into `folder`.

        The tab reaches the network through `proxy` ("socks5://127.0.0.1:PORT") and no other way.
        `clock` gives the time in UTC; `addresses` tells, in the end, to which IP address the proxy
        connected for a host. Takes `total_seconds` and some seconds more at most. Raises
        BrowserError when the browser is gone or hangs, OSError when a file cannot be written.
        """

        async def show() -> Rendered:
            running = await self._ready()
            try:
                return await capture(
                    running.connection,
                    running.tabs,
                    url,
                    browser=self.version,
                    proxy=proxy,
                    folder=folder,
                    settings=settings,
                    clock=clock,
                    addresses=addresses,
                )
            except TimeoutError as error:
                running.connection.close()  # what does not open a tab will not open the next
                raise BrowserError(
                    f"{url}: the browser does not answer. It is started anew for the next page."
                ) from error

        return self._call(show())

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def _ready(self) -> "_Running":
        """Return the running browser, started where there is none."""
        async with self._starting:
            if self._running and not self._running.connection.ended.done():
                return self._running
            await self._end()
            try:
                self._running = await _Running.start(self.program)
                async with asyncio.timeout(START_SECONDS):
                    self.version = await self._running.begin()
            except (OSError, TimeoutError, BrowserError) as error:
                await self._end()
                raise BrowserError(
                    f"{self.program}: the browser could not be started ({error or 'no answer'}). "
                    "Start it by hand to see what it says."
                ) from error
            return self._running

    async def _end(self) -> None:
        if self._running:
            running, self._running = self._running, None
            running.connection.close()
            await asyncio.to_thread(process.end, running.process)

    def _leave(self) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Running:
    """A browser's process, the connection to it, and its open tabs by browser context."""

    def __init__(self, running: process.Process, connection: Connection) -> None:
        self.process, self.connection = running, connection
        self.tabs: dict[str, Tab] = {}

    @classmethod
    async def start(cls, program: Path) -> "_Running":
        running = process.start(program)
        return cls(running, await Connection.open(running.commands, running.answers))

    async def begin(self) -> str:
        """Have everything that opens told to its tab; return the browser's name and version."""
        self.connection.listen("", self._hear)
        version = await self.connection.send("Browser.getVersion")
        await self.connection.send("Target.setAutoAttach", filter=_FILTER, **AUTO_ATTACH)
        return str(version["product"])

    def _hear(self, _: str, event: str, p: Json) -> None:
        if event == "Target.attachedToTarget":
            tab = self.tabs.get(p["targetInfo"].get("browserContextId", ""))
            if tab:
                tab.attach("", p)
            else:
                self.connection.send("Runtime.runIfWaitingForDebugger", p["sessionId"])
        elif event == "Browser.downloadWillBegin":
            for tab in self.tabs.values():
                tab.download(p)
