"""Means: what visits go out with, shared by all that are under way.

The guard proxy and the browser are started when the first page wants them, and end with the run.
A browser that breaks is started anew; what it was showing is lost, told, and nothing else. Threads
may use all of it at once.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from sousveil.capture.browser import Browser, BrowserSettings, Rendered, find_browser
from sousveil.capture.guard.exits import DIRECT, Exit
from sousveil.capture.guard.proxy import Connection, GuardProxy
from sousveil.errors import BrowserError, CaseError
from sousveil.model import Failure, FailureKind, Watch
from sousveil.settings import Settings


@dataclass(frozen=True, slots=True)
class Unshown:
    """Why no browser showed a page, in words."""

    reason: str


class Means:
    """Browser, guard proxy and exits of one run; a context manager."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        stop: threading.Event | None = None,
    ) -> None:
        """Make ready; nothing is started yet. Once `stop` is set, what is under way ends soon."""
        self.settings, self.clock = settings, clock
        self.stop = stop or threading.Event()
        self._starting = threading.Lock()
        self._open = ExitStack()
        self._proxy: GuardProxy | None = None
        self._browser: Browser | None = None
        self._without = ""  # why there is no browser

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is under way, and the browser; may be called twice."""
        self.stop.set()
        self.rest()

    def rest(self) -> None:
        """End the browser and the proxy until a page wants them again; nothing is under way."""
        self._open.close()
        self._proxy = self._browser = None
        self._without = ""

    def exit_name(self, watch: Watch) -> str:
        """Return the name of the exit that a watch goes by; "" for none."""
        name = watch.exit or self.settings.exit
        return "" if name == DIRECT else name

    def exit_of(self, watch: Watch) -> Exit | None:
        """Return the exit that a watch goes by; raises CaseError when the case knows none such."""
        name = self.exit_name(watch)
        if not name:
            return None
        if name not in self.settings.exits:
            known = ", ".join(sorted(self.settings.exits)) or "none"
            raise CaseError(
                f"{watch.target}: no exit named '{name}' in case.toml (known: {known}). Add it"
                " under [exits]; nobody was asked."
            )
        return self.settings.exits[name]

    def can_show(self, watch: Watch) -> bool:
        """Tell whether pages of a watch are to be shown, and there is a browser for it."""
        if not (self.settings.browser and watch.browser):
            return False
        try:
            find_browser()
        except BrowserError:
            return False
        return True

    def show(self, url: str, watch: Watch, folder: Path) -> Rendered | Unshown:
        """Show `url` in a browser and return what it gave, with its files in `folder`."""
        if not (self.settings.browser and watch.browser):
            return Unshown("")
        try:
            browser, proxy = self._ready()
            with proxy.lane(self.exit_of(watch)) as lane:
                shown = browser.capture(
                    url,
                    proxy=lane.url,
                    folder=folder,
                    settings=BrowserSettings(total_seconds=self.settings.page_seconds),
                    clock=self.clock,
                    addresses=lambda: {
                        made.host: made.ip_address
                        for made in lane.connections()
                        if made.ip_address is not None
                    },
                )
                return _told_by_the_lane(shown, lane.connections())
        except BrowserError as error:
            return Unshown(str(error))

    def _ready(self) -> tuple[Browser, GuardProxy]:
        """Return the running browser and proxy, started where they are not."""
        with self._starting:
            if self._without:
                raise BrowserError(self._without)
            if self._proxy is None:
                self._proxy = self._open.enter_context(
                    GuardProxy(self.settings.allow_hosts, clock=self.clock)
                )
            if self._browser is None:
                try:
                    self._browser = self._open.enter_context(Browser(find_browser()))
                except BrowserError as error:
                    self._without = str(error)
                    raise
            return self._browser, self._proxy


def _told_by_the_lane(shown: Rendered, connections: Sequence[Connection]) -> Rendered:
    """Return `shown` with the reasons of the guard and the exit, which a browser does not know."""
    reasons = {made.host: made.failure for made in connections if made.failure is not None}

    def told(failure: Failure | None, url: str) -> Failure | None:
        if failure is None or failure.kind is not FailureKind.CONNECT:
            return failure
        return reasons.get(urlsplit(url).hostname or "", failure)

    return replace(
        shown,
        exchanges=tuple(
            replace(one, failure=told(one.failure, one.url)) for one in shown.exchanges
        ),
        failure=told(shown.failure, shown.final_url or shown.url),
    )
