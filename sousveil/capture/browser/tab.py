"""A tab in a browser context of its own: what opens in it, what it asks for, what it may not do.

A browser context shares nothing with others: no cookie, cache, service worker or permission. It
ends with the capture, and all that was open in it. Dialogs are dismissed, new windows closed, and
downloads refused; each is noted.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sousveil.capture.browser.bodies import Bodies
from sousveil.capture.browser.cdp import Connection
from sousveil.capture.browser.network import Network
from sousveil.capture.browser.page import Frame, Page
from sousveil.capture.browser.settings import BrowserSettings
from sousveil.errors import BrowserError
from sousveil.model import Json

# Request bodies are told up to this size.
MAX_POST_BYTES = 8 * 2**20
# A page can make as many dialogs as it likes.
MAX_NOTES = 50
MAX_NOTED_URL = 500

AUTO_ATTACH: Json = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
_FRAMES = frozenset({"page", "iframe"})
# A page that was left for a download stops loading without having loaded.
_LOADED = frozenset({"Page.loadEventFired", "Page.frameStoppedLoading"})
_WORKERS = frozenset({"worker", "shared_worker", "service_worker"})


class Tab:
    """A capture under way; `attach` is told of everything that opens in its context."""

    def __init__(
        self,
        connection: Connection,
        folder: Path,
        settings: BrowserSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self.connection, self.folder, self.settings = connection, folder, settings
        self.network = Network(clock, Bodies(connection, folder, settings))
        self.page: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self.loaded = asyncio.Event()
        self.crashed = asyncio.Event()
        self.notes: list[str] = []
        self._frames: dict[str, Frame] = {}  # by session
        self._targets: set[str] = set()
        self._sessions: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self, parent: str, p: Json) -> None:
        """Take in something that opened: page, frame, worker. It waits until it is set up.

        All commands go out at once: a service worker answers none of them before the last.
        """
        session, target = p["sessionId"], p["targetInfo"]
        kind, send = target["type"], self.connection.send
        is_popup = kind == "page" and self.page.done()
        if is_popup:
            self.note(f"a new window was closed: {target['url'] or 'without address'}")
            send("Target.closeTarget", targetId=target["targetId"])
            return
        if kind in _FRAMES | _WORKERS and target["targetId"] not in self._targets:
            self._targets.add(target["targetId"])  # service workers are told of twice
            self._sessions.append(session)
            self.connection.listen(session, self._hear)
            self._set_up(session, kind)
            if kind in _FRAMES:
                self._frames[session] = Frame(session, target["targetId"], parent)
        send("Runtime.runIfWaitingForDebugger", session)
        if kind == "page":
            self.page.set_result(Page(self.connection, self._frames[session], self.settings))

    def note(self, words: str) -> None:
        """Note what was not taken."""
        if len(self.notes) < MAX_NOTES and words not in self.notes:
            self.notes.append(words)

    def download(self, p: Json) -> None:
        """Note a file that was offered; the context refuses it."""
        if any(frame.id == p["frameId"] for frame in self._frames.values()):
            self.note(f"a file was offered and not saved: {p['url'][:MAX_NOTED_URL]}")

    def close(self) -> None:
        """Hear nothing more."""
        for task in self._tasks:
            task.cancel()
        for session in self._sessions:
            self.connection.forget(session)

    def frames(self) -> list[Frame]:
        """Return the frames that have a process of their own, outer before inner."""
        return [frame for frame in self._frames.values() if frame.parent]

    def _set_up(self, session: str, kind: str) -> None:
        def send(method: str, **parameters: object) -> None:
            self.connection.send(method, session, **parameters)

        send(
            "Network.enable",
            maxPostDataSize=MAX_POST_BYTES,
        )
        send("Fetch.enable", patterns=[{"requestStage": "Response"}])
        send("Target.setAutoAttach", **AUTO_ATTACH)
        if self.settings.user_agent:
            send("Network.setUserAgentOverride", userAgent=self.settings.user_agent)
        if kind in _FRAMES:
            send("Page.enable")
        if kind == "page":
            send("Inspector.enable")

    def _hear(self, session: str, event: str, p: Json) -> None:
        if event.startswith("Network."):
            self.network.hear(event, p, time.monotonic())
        elif event == "Fetch.requestPaused":
            self._pause(session, p)
        elif event == "Target.attachedToTarget":
            self.attach(session, p)
        elif event == "Target.detachedFromTarget":
            self._frames.pop(p["sessionId"], None)
        elif event in _LOADED and self._is_page(session, p):
            self.loaded.set()
        elif event == "Page.javascriptDialogOpening":
            self._dismiss(session, p)
        elif event == "Inspector.targetCrashed":
            self.crashed.set()

    def _is_page(self, session: str, p: Json) -> bool:
        """Tell whether an event is the page's own, and not of the blank one it began as."""
        frame = self._frames.get(session)
        is_own = frame is not None and p.get("frameId", frame.id) == frame.id and not frame.parent
        return is_own and bool(self.network.order)

    def _dismiss(self, session: str, p: Json) -> None:
        # To stay on the page when it asks whether to leave would trap us there.
        is_leaving = p["type"] == "beforeunload"
        self.connection.send("Page.handleJavaScriptDialog", session, accept=is_leaving)
        self.note(f"a dialog was dismissed: {p['message'][:200] or p['type']}")

    def _pause(self, session: str, p: Json) -> None:
        if len(self.network.order) > self.settings.max_requests:
            self.note(f"more than {self.settings.max_requests} requests; further ones were refused")
            self.connection.send(
                "Fetch.failRequest",
                session,
                requestId=p["requestId"],
                errorReason="BlockedByClient",
            )
            return
        self.network.posted(p.get("networkId", ""), p["request"])
        task = asyncio.get_running_loop().create_task(self._take(session, p))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, session: str, p: Json) -> None:
        try:
            await self.network.bodies.take(session, p, is_frame=session in self._frames)
        except BrowserError:
            # The request is gone with its page, or can no longer be asked about: let it go on.
            self.connection.send("Fetch.continueRequest", session, requestId=p["requestId"])
