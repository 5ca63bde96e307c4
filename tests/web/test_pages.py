"""Every page there is, in a real browser: nothing captured comes alive, and everybody can use it.

The pages are taken from the application's routes, so a new one joins by itself.
"""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from tests.web.addresses import FILES, PATHS, addresses, what_is_at
from tests.web.desks import Served
from tests.web.hostile import IMAGE

LOOKS = [
    pytest.param(1280, "light"),
    pytest.param(390, "dark"),
    pytest.param(1280, "dark", marks=pytest.mark.slow),
    pytest.param(390, "light", marks=pytest.mark.slow),
]
BAD = frozenset({"serious", "critical"})

# Notes in the window whatever our policy had to stop: there is to be nothing.
WATCHES_POLICY = """
window.stopped = [];
addEventListener("securitypolicyviolation", (stop) => stopped.push(stop.violatedDirective));
"""

# What our scripts do with a part of a page.
PUTS_IN = """
async (address) => {
  const part = await (await fetch(address)).text();
  const isRow = part.trimStart().startsWith("<li");
  document.querySelector("main").innerHTML = isRow ? `<ul>${part}</ul>` : part;
}
"""


@pytest.fixture(scope="module")
def page(browser: Browser, hostile_desk: Served) -> Iterator[Page]:
    """A browser's page, for somebody who came in to the hostile case."""
    context = browser.new_context(viewport={"width": 1280, "height": 844}, reduced_motion="reduce")
    context.add_init_script(WATCHES_POLICY)
    tab = context.new_page()
    tab.goto(hostile_desk.link())
    tab.wait_for_url(hostile_desk.url + "/")
    yield tab
    context.close()


def shown(page: Page, desk: Served, path: str) -> Iterator[str]:
    """Load each page of a route in turn, and yield its address."""
    client = desk.client()
    for address in addresses(desk, path):
        what = what_is_at(client, path, address)
        if what == "file":
            continue
        page.goto(desk.url + (address if what == "page" else "/"))
        if what == "part":
            page.evaluate(PUTS_IN, address)
        yield address


def test_the_walk_would_notice_what_comes_alive(page: Page, hostile_desk: Served) -> None:
    """Markup that a page let live is stopped by our policy, and that is seen."""
    page.goto(hostile_desk.url + "/")
    assert "<script>pwned=1,alert(1)</script>" in page.inner_text("main")
    page.evaluate("(markup) => { document.querySelector('main').innerHTML = markup }", IMAGE)
    page.wait_for_function("window.stopped.length > 0")
    assert page.evaluate("globalThis.pwned") is None


@pytest.mark.parametrize("path", PATHS)
def test_nothing_captured_comes_alive(page: Page, hostile_desk: Served, path: str) -> None:
    asked, said = list[str](), list[str]()

    def dialog_opened(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    def console_said(message: ConsoleMessage) -> None:
        said.append(message.text)

    def request_went(request: Request) -> None:
        asked.append(request.url)

    listeners: dict[Any, Any] = {
        "console": console_said, "dialog": dialog_opened, "request": request_went,
    }  # fmt: skip
    for event, listener in listeners.items():
        page.on(event, listener)
    for address in shown(page, hostile_desk, path):
        assert page.evaluate("globalThis.pwned") is None, address
        assert page.evaluate("window.stopped") == [], address
        assert page.locator("[onload], [onerror], [href*='foreign.example']").count() == 0, address
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert said == []
    assert [url for url in asked if not url.startswith(hostile_desk.url + "/")] == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_it(
    page: Page, hostile_desk: Served, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    address = next(shown(page, hostile_desk, path), None)
    if address is None:
        return  # a file that is downloaded
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    told = [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in BAD
        for node in one["nodes"]
    ]
    assert told == [], address


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_wider_than_a_phone(page: Page, hostile_desk: Served, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for address in shown(page, hostile_desk, path):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


@pytest.mark.parametrize("path", FILES)
def test_no_file_is_taken_for_a_page(hostile_desk: Served, path: str) -> None:
    """A browser that is led to one shows its text, or keeps it, and runs nothing in it."""
    client = hostile_desk.client()
    for address in addresses(hostile_desk, path):
        answer = client.get(address)
        kind = answer.headers["content-type"].partition(";")[0]
        assert answer.status == 200, address
        assert kind in {"application/json", "application/x-ndjson", "text/csv"}, address
        assert answer.headers["x-content-type-options"] == "nosniff"
        if kind == "text/csv":
            assert answer.headers["content-disposition"].startswith("attachment"), address
