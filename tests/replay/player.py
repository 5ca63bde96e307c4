"""The built package, served as its users serve it, and a browser that tells on every connection."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.dossier.chromium import Chromium, open_chromium

REPLAY = Path(__file__).parents[2] / "replay"
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
WAIT_SECONDS = 40  # a service worker's cold start on a busy machine
POLL_SECONDS = 0.1
_CHATTY = (
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "MediaRouter",
    "AutofillServerCommunication",
)
# With these Chromium asks nothing of anybody by itself.
SILENT = (
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    f"--disable-features={','.join(_CHATTY)}",
    "--gaia-url=http://127.0.0.1:9",
    "--google-base-url=http://127.0.0.1:9",
    "--component-updater=url-source=http://127.0.0.1:9",
)


def quiet(done: int, total: int, note: str) -> None:
    """Show nothing."""


def build(folder: Path) -> Path:
    """Build the package and unpack its wheel in `folder`; skip the test where npm cannot be had."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("no uv beside Python to build sousveil-replay with")
    done = subprocess.run(
        [uv, "build", "--wheel", "-o", folder / "dist", REPLAY],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    why = next((line for line in done.stderr.splitlines() if "sousveil-replay: npm" in line), "")
    if why:
        pytest.skip(why.strip())
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        package.extractall(folder / "installed")
    return folder / "installed"


@dataclass(frozen=True, slots=True)
class Served:
    """A running `sousveil-replay`."""

    bar: str  # origins
    stage: str
    address: str  # as printed

    def page(self, origin: str, **wanted: str) -> str:
        return f"{origin}/?{urlencode(wanted)}"


@contextmanager
def served(installed: Path, wacz: Path, *options: str) -> Iterator[Served]:
    """Run the command on a file until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "sousveil_replay", str(wacz), *options],
        env=os.environ | {"PYTHONPATH": str(installed)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            bar = address.partition("/?")[0].rstrip("/")
            yield Served(bar, bar.replace("//", "//replay.", 1), address)
        finally:
            process.terminate()


@dataclass(slots=True)
class Ear:
    """A port that answers nobody and notes who knocks."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def ear(port: int = 0, kind: socket.SocketKind = socket.SOCK_STREAM) -> Iterator[Ear]:
    """Listen on a loopback port until the block ends."""
    with socket.socket(socket.AF_INET, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            server.listen()
        server.settimeout(0.2)
        listening = Ear(server.getsockname()[1])
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    if kind is socket.SOCK_DGRAM:
                        listening.heard.append(server.recv(2**11))
                        continue
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller, suppress(TimeoutError):
                    listening.heard.append(b"")  # a connection is a leak, whatever it says
                    caller.settimeout(2)
                    listening.heard[-1] = caller.recv(2**11)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield listening
        finally:
            done.set()
            thread.join(5)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A browser whose only way out is a proxy that leads nowhere."""

    chromium: Chromium
    way_out: Ear

    def open(self, url: str, width: int = 1200) -> None:
        self.chromium.show(url, width)

    def until(self, expression: str) -> object:
        """Return what an expression gives in the top page once it is true; fail when it never is.

        An expression may call `page()`, the document of the archived page on the stage.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if value := self.chromium.evaluate(PAGE + expression):
                return value
            time.sleep(POLL_SECONDS)
        shown = self.chromium.evaluate(PAGE + "page()?.documentElement?.outerHTML")
        pytest.fail(f"never true: {expression}\n{shown}\n{self.complaints()}")

    def within(self, origin: str, script: str) -> object:
        """Return what a script resolves to in the frame of another origin on the open page."""
        chromium, page = self.chromium, self.chromium.session
        targets = chromium.call("Target.getTargets")["targetInfos"]
        frame = next(each for each in targets if each["url"].startswith(origin + "/?"))
        attached = chromium.call("Target.attachToTarget", targetId=frame["targetId"], flatten=True)
        chromium.session = attached["sessionId"]
        try:
            answer = chromium.call(
                "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
            )
        finally:
            chromium.session = page
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """Return the errors that the open page's console tells."""
        entries = [event["params"]["entry"] for event in self._events("Log.entryAdded")]
        errors = [f"{e['text']} {e.get('url', '')}" for e in entries if e["level"] == "error"]
        return errors + [json.dumps(e["params"]) for e in self._events("Runtime.exceptionThrown")]

    def _events(self, method: str) -> list[dict[str, dict[str, dict[str, str]]]]:
        return [event for event in self.chromium.events if event.get("method") == method]


PAGE = """\
function frame(root) {
  const found = root.querySelector("iframe[name='___wb_replay_top_frame']")
  if (found) return found.contentDocument
  for (const each of root.querySelectorAll("*")) {
    const inner = each.shadowRoot ?? (each.localName === "iframe" && each.contentDocument)
    const below = inner && frame(inner)
    if (below) return below
  }
  return null
}
function page() { return frame(document) }
"""


@contextmanager
def viewer(program: str, profile: Path) -> Iterator[Viewer]:
    """Open a browser that can reach this computer only."""
    with (
        ear() as way_out,
        open_chromium(
            program, profile, (*SILENT, f"--proxy-server=http://127.0.0.1:{way_out.port}")
        ) as chromium,
    ):
        yield Viewer(chromium, way_out)
