"""A Chromium that shows one page after another and tells what it requested and complained about.

Speaks the DevTools protocol over a pipe (--remote-debugging-pipe: file descriptors 3 and 4,
messages end with a zero byte), so that no port is opened and no library is needed.
"""

import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 60  # a cold start on a busy machine
COMPLAINTS = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}


@dataclass
class Chromium:
    """An open browser; messages wait in `buffer`."""

    read_fd: int
    write_fd: int
    session: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    buffer: bytes = b""
    last_id: int = 0

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command to the open page (or the browser) and return its result."""
        self.last_id += 1
        message: dict[str, Any] = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_fd, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != self.last_id:
            self.events.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_fd], [], [], deadline - time.monotonic())
            chunk = os.read(self.read_fd, 2**16) if ready else b""
            assert chunk, "chromium gave no answer"
            self.buffer += chunk
        raw, _, self.buffer = self.buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        return message

    def show(self, url: str, width: int) -> tuple[list[str], list[str]]:
        """Load `url` at `width` pixels; return the addresses requested and the complaints."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())
        self.call("Runtime.evaluate", expression="document.body.offsetHeight")  # flushes events
        requested = [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]
        complaints = [json.dumps(e["params"]) for e in self.events if e["method"] in COMPLAINTS]
        return requested, complaints

    def evaluate(self, expression: str) -> object:
        """Return what a JavaScript expression gives in the open page; None for nothing."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        value: object = answer["result"].get("value")
        return value


@contextmanager
def open_chromium(program: str, profile: Path, flags: Sequence[str] = ()) -> Iterator[Chromium]:
    """Start Chromium with one blank page, and end it afterwards."""
    commands_out, commands_in = _high_pipe()
    answers_out, answers_in = _high_pipe()
    browser = subprocess.Popen(
        [
            *("bash", "-c", f'exec "$@" 3<&{commands_out} 4>&{answers_in}', "bash"),
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
            *(f"--user-data-dir={profile}", "--disable-background-networking"),
            *flags,
            "about:blank",
        ],
        pass_fds=(commands_out, answers_in),
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_out)
    os.close(answers_in)
    chromium = Chromium(answers_out, commands_in)
    try:
        target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        attached = chromium.call("Target.attachToTarget", targetId=target, flatten=True)
        chromium.session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            chromium.call(f"{domain}.enable")
        yield chromium
    finally:
        os.close(commands_in)  # Chromium leaves when its pipe closes
        os.close(answers_out)
        browser.wait(ANSWER_SECONDS)


def _high_pipe() -> tuple[int, int]:
    """Return a pipe whose descriptors cannot be mistaken for 3 and 4."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
