"""Pages that misbehave, browsers that die, several at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from sousveil.capture.browser import Browser, BrowserSettings, process
from sousveil.errors import BrowserError
from sousveil.model import FailureKind
from tests.capture.browser.conftest import Show, clock
from tests.capture.browser.nasty import Handler, Site

ROOT = Path(__file__).parents[3]


def page(site: Site, path: str, html: str) -> None:
    site.pages[path] = lambda handler: handler.send(200, "text/html", html.encode())


def browser_processes(folder: str) -> list[int]:
    """Return the processes whose command line names a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if folder in (entry / "cmdline").read_bytes().decode(errors="replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def until_gone(folder: Path, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not folder.exists() and not browser_processes(str(folder)):
            return True
        time.sleep(0.1)
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")


def test_boxes_of_the_snapshot_lie_on_the_picture(show: Show, site: Site) -> None:
    page(
        site,
        "/boxes",
        "<style>body{margin:0}</style><div style='height:100vh'>first screen</div>"
        "<div style='position:fixed;top:0;width:9px;height:9px;background:#0f0'></div>"
        "<div style='margin-left:40px;width:300px;height:50px;background:#f00'></div>"
        "<div style='height:6000px'></div>"
        "<div style='margin-left:60px;width:70px;height:20px;background:#00f'></div>",
    )
    seen = show("/boxes")
    assert (seen.width, seen.height) == (1366, 900 + 50 + 6000 + 20)
    assert [(s.top, s.height) for s in seen.slices] == [(0, 4000), (4000, 2970)]
    assert painted(seen.slices[0].png, (255, 0, 0)) == (40, 900, 340, 950)
    assert painted(seen.slices[0].png, (0, 255, 0)) == (0, 0, 9, 9)
    assert painted(seen.slices[1].png, (0, 0, 255)) == (60, 2950, 130, 2970)


def test_a_frame_of_another_site_lies_on_the_picture_where_the_snapshot_says(
    show: Show, site: Site
) -> None:
    far = site.url("/inside", "127.0.0.1")
    page(
        site,
        "/far",
        "<style>body{margin:0}iframe{border:5px solid;margin-left:77px}</style>"
        "<div style='position:fixed;top:0;width:9px;height:9px;background:#0f0'></div>"
        f"<div style='height:3900px'></div><iframe src='{far}' height=200></iframe>",
    )
    page(
        site,
        "/inside",
        "<style>body{margin:0}</style>"
        "<div style='margin:60px 20px;width:50px;height:70px;background:#f0f'></div>",
    )
    seen = show("/far")
    assert seen.snapshot is not None
    _, frame = json.loads(seen.snapshot.read_bytes())["frames"]
    assert (frame["url"], frame["left"], frame["top"]) == (far, 82, 3905)
    assert seen.notes == ("frames of other sites were pictured apart and put in their places",)
    at = (82 + 20, 3905 + 60)  # over the border of two slices
    assert painted(seen.slices[0].png, (255, 0, 255)) == (at[0], at[1], at[0] + 50, 4000)
    assert painted(seen.slices[1].png, (255, 0, 255)) == (at[0], 0, at[0] + 50, at[1] + 70 - 4000)
    assert painted(seen.slices[0].png, (0, 255, 0)) == (0, 0, 9, 9)


def painted(png: Path, colour: tuple[int, int, int]) -> tuple[int, int, int, int] | None:
    """Return the box of the pixels that have a colour."""
    with Image.open(png) as picture:
        bands = picture.convert("RGB").split()
    masks = [
        band.point([255 * (level == wanted) for level in range(256)])
        for band, wanted in zip(bands, colour, strict=True)
    ]
    both = Image.composite(masks[0], Image.new("L", masks[0].size), masks[1])
    return Image.composite(both, Image.new("L", both.size), masks[2]).getbbox()


def test_a_page_that_never_rests_is_cut_off(show: Show, site: Site) -> None:
    page(site, "/busy", "<p>busy</p><script>setInterval(()=>fetch('/xhr?'+Math.random()),50)"
         "</script>")  # fmt: skip
    begun = time.monotonic()
    seen = show("/busy", total_seconds=3.0)
    assert time.monotonic() - begun < 7
    assert seen.settled == "time"
    assert seen.snapshot is not None
    assert seen.slices


def test_a_page_that_computes_for_ever_is_an_outcome(show: Show, site: Site) -> None:
    page(site, "/loop", "<p>hello</p><script>setTimeout(()=>{for(;;);},200)</script>")
    begun = time.monotonic()
    seen = show("/loop", total_seconds=1.0)
    assert time.monotonic() - begun < 12
    assert (seen.settled, seen.snapshot) == ("time", None)
    assert seen.notes == ("the page did not answer; it was not seen, or not all of it",)
    assert seen.exchanges[0].status == 200
    assert show("/arrived").settled == "quiet"


def test_a_document_without_end_is_shown_as_far_as_it_came(show: Show, site: Site) -> None:
    def endless(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>begin")
        while True:
            handler.wfile.write(b"<p>more")
            time.sleep(0.05)

    site.pages["/endless"] = endless
    seen = show("/endless", total_seconds=6.0)
    assert seen.exchanges[0].truncated == "time"
    assert seen.exchanges[0].body is not None
    assert seen.exchanges[0].body.read_bytes().startswith(b"<p>begin<p>more")
    assert seen.slices


def test_a_page_that_grows_when_scrolled_is_cut_below(show: Show, site: Site) -> None:
    page(
        site,
        "/grow",
        "<body style='height:5000px'><script>onscroll=()=>{const d=document.createElement('div');"
        "d.style.height='3000px';document.body.append(d);document.body.style.height=''}</script>",
    )
    seen = show("/grow", max_page_pixels=8000)
    assert "the page goes on below 8000 pixels" in seen.notes
    assert sum(part.height for part in seen.slices) == 8000


def test_dialogs_windows_and_downloads_are_refused_and_told(show: Show, site: Site) -> None:
    page(
        site,
        "/mean",
        "<p>mean</p><script>alert('first'); confirm('second'); open('/same-frame');"
        "onbeforeunload = event => event.preventDefault();"
        "setTimeout(() => { location = '/file' }, 100)</script>",
    )
    site.pages["/file"] = lambda handler: handler.send(
        200, "application/zip", b"PK", "Content-Disposition: attachment; filename=x.zip"
    )
    seen = show("/mean")
    assert seen.settled == "quiet"
    assert "a dialog was dismissed: first" in seen.notes
    assert "a dialog was dismissed: second" in seen.notes
    assert f"a file was offered and not saved: {site.url('/file')}" in seen.notes
    assert seen.final_url == site.url("/mean")
    assert seen.exchanges[seen.main or 0].url == site.url("/mean")


def test_a_page_that_leads_on_is_followed(show: Show, site: Site) -> None:
    page(site, "/on", "<script>location = '/hop1'</script>")
    seen = show("/on")
    assert seen.final_url == site.url("/arrived")
    assert seen.main is not None
    assert seen.exchanges[seen.main].url == site.url("/arrived")


@pytest.mark.parametrize("status", [403, 404, 429, 500])
def test_an_error_page_is_captured_like_any_other(show: Show, status: int) -> None:
    seen = show(f"/status/{status}")
    assert seen.exchanges[0].status == status
    assert (seen.failure, seen.settled) == (None, "quiet")
    assert seen.snapshot is not None
    assert "an error page" in seen.snapshot.read_text()


def test_what_cannot_be_reached_is_an_outcome(browser: Browser, site: Site, tmp_path: Path) -> None:
    seen = browser.capture(
        "http://nobody.test:8999/",
        proxy=site.proxy,
        folder=tmp_path,
        settings=BrowserSettings(),
        clock=clock,
    )
    assert seen.failure is not None
    assert seen.failure.kind is FailureKind.CONNECT
    assert (seen.settled, seen.snapshot, seen.slices) == (None, None, ())


def test_captures_share_nothing(show: Show, site: Site) -> None:
    page(
        site,
        "/keeps",
        "<script>document.cookie='kept=1; max-age=9999'; localStorage.kept=1;"
        "navigator.serviceWorker.register('/service.js').then(() =>"
        " navigator.serviceWorker.ready).then(() => fetch('/answered'))</script>",
    )
    show("/keeps")
    seen = show("/answered")
    assert seen.exchanges[0].status == 404  # the server's answer, not the service worker's
    assert b"kept" not in seen.exchanges[0].request_head


def test_several_threads_capture_at_once(browser: Browser, site: Site, tmp_path: Path) -> None:
    for number in range(6):
        page(site, f"/tab{number}", f"<title>tab {number}</title><img src='/tab{number}.png'>")

    def one(number: int) -> list[str]:
        seen = browser.capture(
            site.url(f"/tab{number}"),
            proxy=site.proxy,
            folder=tmp_path,
            settings=BrowserSettings(),
            clock=clock,
        )
        assert seen.snapshot is not None
        assert f"tab {number}" in seen.snapshot.read_text()
        return [exchange.url for exchange in seen.exchanges]

    with ThreadPoolExecutor(3) as threads:
        for number, urls in enumerate(threads.map(one, range(6))):
            wanted = [site.url(f"/tab{number}"), site.url(f"/tab{number}.png")]
            assert [url for url in urls if "favicon" not in url] == wanted


@needs_proc
def test_a_killed_browser_is_an_error_and_the_next_capture_starts_anew(
    program: Path, site: Site, tmp_path: Path
) -> None:
    def capture(path: str) -> str:
        return browser.capture(
            site.url(path),
            proxy=site.proxy,
            folder=tmp_path,
            settings=BrowserSettings(total_seconds=10),
            clock=clock,
        ).final_url

    page(site, "/long", "<script>setInterval(()=>fetch('/xhr'),50)</script>")
    with Browser(program) as browser, ThreadPoolExecutor(1) as thread:
        assert browser._running is not None
        first = browser._running.process
        under_way = thread.submit(capture, "/long")
        time.sleep(1)
        os.killpg(first.pid, signal.SIGKILL)
        with pytest.raises(BrowserError, match="The browser ended"):
            under_way.result(timeout=15)
        assert capture("/arrived") == site.url("/arrived")
        assert not first.folder.exists()
        second = browser._running.process
    assert until_gone(second.folder)


@needs_proc
def test_a_tab_that_crashes_is_an_outcome(browser: Browser, show: Show, site: Site) -> None:
    page(site, "/crashes", "<script>setInterval(()=>fetch('/xhr'),50)</script>")
    assert browser._running is not None
    with ThreadPoolExecutor(1) as thread:
        under_way = thread.submit(show, "/crashes")
        time.sleep(1.5)
        for pid in browser_processes(str(browser._running.process.folder)):
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        seen = under_way.result(timeout=20)
    assert "the page's process crashed; it was not seen" in seen.notes
    assert (seen.settled, seen.snapshot) == (None, None)
    assert seen.exchanges[0].status == 200


@needs_proc
def test_when_we_are_killed_the_browser_leaves_and_its_folder_with_it(program: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from sousveil.capture.browser import Browser\n"
        "with Browser(Path(sys.argv[1])) as browser:\n"
        "    print(browser._running.process.folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(program)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as us:  # fmt: skip
        assert us.stdout is not None
        folder = Path(us.stdout.readline().strip())
        assert folder.is_dir()
        assert browser_processes(str(folder))
        us.kill()
    assert until_gone(folder)


def test_a_program_that_is_no_browser_is_named() -> None:
    with pytest.raises(BrowserError, match="/bin/true: the browser could not be started"):
        Browser(Path("/bin/true")).__enter__()


@pytest.fixture
def watched_start(program: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser whose own context, too, has our proxy as its only way out."""
    nowhere = "--proxy-server=socks5://127.0.0.1:9"
    assert nowhere in process._FLAGS
    flags = [flag if flag != nowhere else f"--proxy-server={site.proxy}" for flag in process._FLAGS]
    monkeypatch.setattr(process, "_FLAGS", flags)
    with Browser(program) as running:
        yield running


def test_the_browser_says_nothing_of_its_own_accord(
    watched_start: Browser, site: Site, tmp_path: Path
) -> None:
    before = len(site.connected())
    time.sleep(4)  # it phones home within two seconds when it does
    assert site.connected()[before:] == []
    watched_start.capture(
        site.url("/arrived"),
        proxy=site.proxy,
        folder=tmp_path,
        settings=BrowserSettings(),
        clock=clock,
    )
    assert set(site.connected()[before:]) == {"localhost"}


@pytest.mark.slow
@needs_proc
def test_a_body_of_200_mb_takes_little_memory(show: Show, site: Site) -> None:
    def large(handler: Handler) -> None:
        size = 200 * 2**20
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(200):
            handler.wfile.write(bytes(2**20))

    def peak() -> int:
        text = Path("/proc/self/status").read_text()
        return int(text.partition("VmHWM:")[2].split()[0])

    site.pages["/large"] = large
    page(site, "/loads", "<script>fetch('/large').then(async r => { const from ="
         " r.body.getReader(); while (!(await from.read()).done); })</script>")  # fmt: skip
    before = peak()
    seen = show("/loads", total_seconds=60.0)
    body = seen.exchanges[1].body
    assert body is not None
    assert body.stat().st_size == 128 * 2**20
    assert seen.exchanges[1].truncated == "length"
    assert peak() - before < 100 * 2**10  # KiB
