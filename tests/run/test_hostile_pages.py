"""Pages that mean harm, in a real browser: each visit ends in time, and the next one works."""

import functools
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.capture.browser.showing import OPEN_SECONDS, TAKE_SECONDS
from sousveil.capture.http.fetch import WireSettings
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import read_events
from sousveil.run.visit import gather
from tests.commands import sousveil
from tests.run.hostile import Answer, answered, serving

CLAIM = "<p>The camera detects the ethnicity of people.</p>"
PAGE_SECONDS = 4.0
# Opening and closing the tab, the picture, and the machine's other work.
LONGEST_SECONDS = PAGE_SECONDS + TAKE_SECONDS + 2 * OPEN_SECONDS


def script(code: str) -> bytes:
    return answered(f"<!doctype html>{CLAIM}<script>{code}</script>".encode())


def drip(kind: bytes, piece: bytes) -> Answer:
    def send(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + kind + b"\r\n\r\n"
        connection.sendall(head + CLAIM.encode())
        while True:
            connection.sendall(piece)
            time.sleep(0.01)

    return send


# By name: what a page does once it is open.
QUICK: dict[str, Answer] = {
    "alerts": script("while (true) { alert(1); confirm(2); prompt(3) }"),
    "history": script("setInterval(() => { for (let n = 0; n < 500; n++)"
                      " history.pushState(n, '', '/history?' + Math.random()) }, 1)"),
    "loop": script("while (true) {}"),
    "file": script("location = 'file:///etc/passwd'; open('file:///etc/passwd')"),
    "downloads": script("setInterval(() => { const a = document.createElement('a');"
                        " a.href = '/endless'; a.download = Math.random(); a.click() }, 10)"),
}  # fmt: skip

SLOW: dict[str, Answer] = {
    "windows": script("setInterval(() => { for (let n = 0; n < 50; n++) open('/calm') }, 1)"),
    "events": script("for (let n = 0; n < 9; n++) new EventSource('/endless-events?' + n)"),
    "fetch": script("setInterval(() => fetch('/endless?' + Math.random()), 1)"),
    "chrome": script("location = 'chrome://crash'; location = 'chrome://settings'"),
    "source": script("location = 'view-source:' + location"),
    "print": script("while (true) print()"),
    "unload": script("onbeforeunload = event => { event.preventDefault(); return 'stay' };"
                     " onpagehide = () => { while (true) {} }; location = '/calm'"),
    "refresh": answered(f"<meta http-equiv=refresh content='0'>{CLAIM}".encode()),
    "write": script("while (true) { document.write('<p>more ' + Math.random()) }"),
    "write-again": script("setInterval(() => { document.open(); document.write("
                          "'<p>anew' + Math.random()); document.close() }, 1)"),
    "scroll": script("const more = () => { for (let n = 0; n < 200; n++)"
                     " document.body.append(Object.assign(document.createElement('p'),"
                     " {textContent: 'more'})) }; onscroll = more; setInterval(more, 5)"),
    "frames": script("for (let n = 0; n < 10000; n++) document.body.append("
                     "Object.assign(document.createElement('iframe'), {src: '/calm?' + n}))"),
    "nested": answered(f"{CLAIM}<iframe src='?'></iframe><iframe src='?b'></iframe>".encode()),
    "memory": script("const all = []; while (true) { const one = new Uint8Array(1 << 26);"
                     " one.fill(7); all.push(one) }"),
    "strings": script("let s = 'x'; while (true) { s += s; document.title = s }"),
    "tall": answered(f"{CLAIM}<div style='height:100000px;background:linear-gradient(red,blue)'>"
                     .encode()),
    "wide": answered(f"{CLAIM}<div style='width:1000000px;height:9px;background:red'>".encode()),
    "vast": answered(f"{CLAIM}<div style='width:33000000px;height:33000000px'>".encode()),
    "canvas": script("setInterval(() => { const c = document.createElement('canvas');"
                     " c.width = c.height = 30000; c.getContext('2d').fillRect(0, 0, 9, 9);"
                     " document.body.append(c) }, 1)"),
    "workers": script("for (let n = 0; n < 500; n++) new Worker(URL.createObjectURL("
                      "new Blob(['while (true) {}'])))"),
    "service": script("navigator.serviceWorker.register('/rewriter.js').then(() =>"
                      " setTimeout(() => location.reload(), 300))"),
    "endless-page": drip(b"text/html", b"<p>and more</p>" * 50),
    "mutations": script("new MutationObserver(() => document.body.append('x')).observe("
                        "document.body, {childList: true}); document.body.append('x')"),
    "deep": script("let e = document.body; for (let n = 0; n < 100000; n++)"
                   " e = e.appendChild(document.createElement('div'))"),
    "liar": script("window.scrollTo = undefined; Object.defineProperty(document, 'title',"
                   " {get() { while (true) {} }}); Object.defineProperty(window, 'scrollY',"
                   " {get() { while (true) {} }})"),
    "location": script("setInterval(() => { location = '?' + Math.random() }, 1)"),
    "sockets": script("setInterval(() => new WebSocket('ws://' + location.host + '/s'), 1)"),
    "fullscreen": script("onclick = document.documentElement.requestFullscreen;"
                         " navigator.geolocation.getCurrentPosition(() => 0);"
                         " Notification.requestPermission(); navigator.mediaDevices &&"
                         " navigator.mediaDevices.getUserMedia({video: true})"),
}  # fmt: skip

AROUND: dict[str, Answer] = {
    "calm": answered(f"<!doctype html><title>Calm</title>{CLAIM}".encode()),
    "endless": drip(b"application/octet-stream", b"x" * 9000),
    "rewriter.js": answered(
        b"onfetch = e => e.respondWith(new Response('<p>rewritten</p><script>while (true) {}"
        b"</script>', {headers: {'Content-Type': 'text/html'}})); onactivate = e =>"
        b" e.waitUntil(clients.claim())",
        200,
        "text/javascript",
    ),
}


def children() -> set[tuple[str, str]]:
    """Return our children and zombies of ours, by process id and name."""
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            told = (entry / "stat").read_text()
            if told.rpartition(")")[2].split()[1] == str(os.getpid()):
                found.add((entry.name, told.partition("(")[2].rpartition(")")[0]))
    return found


def profiles() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("sousveil-browser-*")}


def visit_all(case: Case, pages: dict[str, Answer], folder: Path) -> None:
    before = children(), profiles()
    by_path = {f"/{name}": answer for name, answer in (pages | AROUND).items()}
    names = [*pages, "calm"]
    with serving(by_path) as host:
        settings = replace(
            case.settings,
            allow_hosts=frozenset({host}),
            delay_seconds=0.0,
            page_seconds=PAGE_SECONDS,
        )
        save_settings(case, settings)
        sousveil("add", *[f"http://{host}/{name}" for name in names], "--case", case.root)
        began = time.monotonic()
        ran = sousveil("visit", "--json", "--case", case.root)
        took = time.monotonic() - began
        assert ran.status == 0, ran.err
        again = sousveil("visit", f"http://{host}/calm", "--json", "--case", case.root)
    assert again.status == 0, again.err
    told = {
        event.body["target"].rpartition("/")[2]: event.body
        for event in read_events(open_case(case.root))
        if event.type == "visit"
    }
    assert set(told) == set(names)
    for body in told.values():
        assert body["rendering"], body.get("unshown")
    assert told["calm"]["rendering"]["settled"] == "quiet"
    assert told["calm"]["rendering"]["failure"] is None
    assert took < len(names) / settings.tabs * LONGEST_SECONDS
    assert children() - before[0] == set()
    assert profiles() - before[1] == set()
    assert sousveil("verify", case.root).status == 0
    assert sousveil("findings", "--case", case.root).status == 0
    assert sousveil("dossier", "-o", folder / "dossier", "--case", case.root).status == 0


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what never ends on the wire end soon; keep the browsers of other tests out of sight.

    The folder's name is short, for Chromium puts a socket there (unix(7): 108 bytes).
    """
    short = functools.partial(WireSettings, total_seconds=PAGE_SECONDS)
    monkeypatch.setattr(gather, "WireSettings", short)
    with tempfile.TemporaryDirectory(prefix="hp-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.mark.usefixtures("with_browser")
def test_pages_that_keep_the_browser_busy_end_as_outcomes(case: Case, tmp_path: Path) -> None:
    visit_all(case, QUICK, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("with_browser")
def test_pages_that_exhaust_the_browser_end_as_outcomes(case: Case, tmp_path: Path) -> None:
    visit_all(case, SLOW, tmp_path)
