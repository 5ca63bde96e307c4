"""Firefox, driven over WebDriver BiDi: as much of the protocol as a journey needs.

    with firefox(program, folder) as tab:
        tab.goes("http://127.0.0.1:8734/…")
        tab.types("g", "r")
        tab.waits("document.querySelector('h1').textContent === 'Review'")

Playwright drives a Firefox of its own make alone; this is the one that people have. WebDriver BiDi
(W3C), "session", "browsingContext", "script", "input", "log", "network"; the WebSocket below it is
a client's half of RFC 6455, for one peer on this computer that we started.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

from sousveil.model import Json

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
MAX_FRAME_BYTES = 2**26
START_SECONDS = 60.0
WAIT_SECONDS = 30.0
_PORT_FILE = "WebDriverBiDiServer.json"
_KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}

# Nothing of Firefox's own may go out: no updates, no telemetry, no captive-portal probe. What
# asks nonetheless ends at a proxy that is not there; the desk alone is asked directly.
_PREFERENCES = """
user_pref("app.update.disabledForTesting", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.proxy.no_proxies_on", "127.0.0.1");
user_pref("remote.active-protocols", 1);
"""


_DARK = 'user_pref("ui.systemUsesDarkTheme", 1);\n'

# What axe-core finds that keeps people out, as JSON; a page of which nothing holds was not judged.
_GRAVE = """axe.run(document, {resultTypes: ["violations"]}).then((told) => JSON.stringify(
    told.passes.length === 0 ? ["nothing was judged"] :
    told.violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => [one.id, one.nodes[0].html])))"""


def find_firefox() -> Path | None:
    """Return the Firefox of this computer, if there is one."""
    found = shutil.which("firefox") or shutil.which("firefox-esr")
    return Path(found) if found else None


class Socket:
    """A WebSocket to a program on this computer (RFC 6455, sections 4.1 and 5)."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        status = self._stream.readline()
        assert b" 101 " in status, status
        while self._stream.readline().strip():
            """The rest of the head."""

    def send(self, text: str) -> None:
        """Send a message, masked as a client must."""
        self._frame(TEXT, text.encode())

    def receive(self) -> str:
        """Return the next message."""
        whole = b""
        while True:
            first, second = self._stream.read(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._stream.read(2 if size == 126 else 8))
            assert size <= MAX_FRAME_BYTES
            data = self._stream.read(size)
            kind = first & 15
            if kind == PING:
                self._frame(PONG, data)
                continue
            assert kind != CLOSE, "Firefox hung up"
            whole += data
            if first & 128:
                return whole.decode()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()

    def _frame(self, kind: int, data: bytes) -> None:
        size = len(data)
        told = (
            bytes([128 | size])
            if size < 126
            else bytes([128 | 126]) + size.to_bytes(2)
            if size < 2**16
            else bytes([128 | 127]) + size.to_bytes(8)
        )
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._socket.sendall(bytes([128 | kind]) + told + mask + masked)


@dataclass
class Tab:
    """A tab of Firefox, at which somebody sits."""

    line: Socket
    context: str = ""
    asked: list[str] = field(default_factory=list)  # addresses
    errors: list[str] = field(default_factory=list)
    _last: int = 0

    def command(self, method: str, **parameters: object) -> Json:
        """Send a command and return its result; what happens meanwhile is kept."""
        self._last += 1
        sent = {"id": self._last, "method": method, "params": parameters}
        self.line.send(json.dumps(sent))
        while True:
            told = json.loads(self.line.receive())
            if told.get("id") == self._last:
                assert told["type"] == "success", f"{method}: {told}"
                result: Json = told["result"]
                return result
            self._keep(told)

    def goes(self, address: str) -> None:
        """Open an address, and wait until it is there."""
        self.command("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def types(self, *keys: str) -> None:
        """Press keys, one after the other, once the page's scripts are there to hear them."""
        self.waits("document.readyState === 'complete'")
        actions = []
        for key in keys:
            value = _KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        given = [{"type": "key", "id": "keys", "actions": actions}]
        self.command("input.performActions", context=self.context, actions=given)

    def writes(self, text: str) -> None:
        """Write where the cursor is."""
        self.types(*text)

    def evaluate(self, expression: str) -> object:
        """Return what JavaScript makes of an expression, by way of JSON."""
        told = self.command(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return json.loads(told["result"].get("value", "null"))

    def waits(self, expression: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + WAIT_SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < until, f"{expression}: not so on {self.told()}"
            time.sleep(0.05)

    def sees(self, words: str) -> None:
        """Wait until the page tells something."""
        self.waits(f"document.querySelector('main')?.innerText.includes({json.dumps(words)})")

    def presses(self, selector: str) -> None:
        """Click the middle of what a selector finds first, once the page lies still."""
        self.waits("document.readyState === 'complete'")
        found = self.command(
            "browsingContext.locateNodes",
            context=self.context,
            locator={"type": "css", "value": selector},
            maxNodeCount=1,
        )["nodes"]
        assert found, f"{selector}: nothing on {self.told()}"
        node = {"type": "element", "element": {"sharedId": found[0]["sharedId"]}}
        self.evaluate(
            f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})"
        )
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": node},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        given = [{"type": "pointer", "id": "mouse", "actions": actions}]
        self.command("input.performActions", context=self.context, actions=given)

    def looks_round(self, width: int) -> None:
        """Judge the page: nothing wider than the screen, and no grave fault that axe-core finds."""
        where = self.told()
        assert self.evaluate(f"document.documentElement.scrollWidth <= {width}"), where
        target = {"context": self.context}
        self.command("script.evaluate", expression=AXE_SCRIPT, target=target, awaitPromise=False)
        told = self.command("script.evaluate", expression=_GRAVE, target=target, awaitPromise=True)
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        assert json.loads(told["result"]["value"]) == [], where

    def told(self) -> str:
        """Return the address and the beginning of the text of the page that is shown."""
        return str(self.evaluate("location.href + ' ' + document.body.innerText.slice(0, 600)"))

    def _keep(self, told: Json) -> None:
        parameters = told.get("params", {})
        if told.get("method") == "log.entryAdded" and parameters["level"] in {"error", "warn"}:
            self.errors.append(str(parameters["text"]))
        if told.get("method") == "network.beforeRequestSent":
            url = parameters["request"]["url"]
            if not url.startswith("data:"):  # Firefox's own pages hold a font so
                self.asked.append(url)


@contextmanager
def firefox(
    program: Path, folder: Path, *, width: int, height: int, is_dark: bool = False
) -> Iterator[Tab]:
    """Run Firefox with a profile of its own in `folder`, and give a tab of that size."""
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(_PREFERENCES + (_DARK if is_dark else ""))
    command = [str(program), "--headless", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(
        [*command, "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
    ) as process:
        try:
            line = Socket(_port(profile / _PORT_FILE, process), "/session")
            tab = Tab(line)
            tab.command("session.new", capabilities={})
            tab.command("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
            (found,) = tab.command("browsingContext.getTree")["contexts"]
            tab.context = found["context"]
            size = {"width": width, "height": height}
            tab.command("browsingContext.setViewport", context=tab.context, viewport=size)
            yield tab
            line.close()
        finally:
            process.terminate()


def _port(path: Path, process: "subprocess.Popen[bytes]") -> int:
    """Wait until Firefox tells the port at which it listens."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if path.exists() and (text := path.read_text()).strip():
            return int(json.loads(text)["ws_port"])
        time.sleep(0.1)
    raise AssertionError("Firefox did not begin to listen")
