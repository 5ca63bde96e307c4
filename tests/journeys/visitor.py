"""Somebody at the desk in a real browser: by mouse or by finger, and with the network cut.

    with visiting(chromium, desk.url, PHONE) as ada:
        ada.comes_in(desk.link())
        ada.presses(ada.link("Targets"))
        ada.looks_round()

Wherever they go, the same must hold: nothing but the desk is asked for anything, no console error,
nothing wider than a phone, no serious fault that axe-core finds, in the light and in the dark.
`looks_round` judges the page that is shown; a journey that left a page unjudged fails at its end.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Frame, Locator, Page, Route, expect

# Somebody waits for a visit or a bundle; this machine may have other work to do.
PATIENCE_MILLISECONDS = 30_000
PASSED_THROUGH = frozenset({"/enter"})  # it leads on by itself
MOST_TABS = 80  # to any place of a page


@dataclass(frozen=True, slots=True)
class Screen:
    """What somebody sits before."""

    name: str
    width: int
    height: int
    is_touched: bool


DESKTOP = Screen("desktop", 1280, 800, is_touched=False)
PHONE = Screen("phone", 390, 844, is_touched=True)


@dataclass  # without slots: Playwright keeps a mark of its own on whose method it calls
class Visitor:
    """Somebody at the desk."""

    page: Page
    url: str  # of the desk
    screen: Screen
    elsewhere: list[str] = field(default_factory=list)  # what was asked of others
    errors: list[str] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)  # paths
    judged: set[str] = field(default_factory=set)

    def comes_in(self, link: str) -> None:
        """Follow the link that works once."""
        self.page.goto(link)
        self.page.wait_for_url(self.url + "/")

    def goes(self, path: str) -> None:
        """Open a page by its address, as by a bookmark."""
        self.page.goto(self.url + path)

    def presses(self, what: Locator) -> None:
        """Click, or tap."""
        if self.screen.is_touched:
            what.tap()
        else:
            what.click()

    def opens(self, what: Locator) -> None:
        """Click or tap what leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.presses(what)

    def link(self, name: str | re.Pattern[str]) -> Locator:
        """Return the first link of that name."""
        return self.page.get_by_role("link", name=name, exact=True).first

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Return the first button of that name."""
        return self.page.get_by_role("button", name=name).first

    def types(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def tabs_to(self, what: Locator) -> None:
        """Go to a place of the page by the Tab key alone."""
        for _ in range(MOST_TABS):
            if what.evaluate("it => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{what}: not reached by {MOST_TABS} presses of Tab")

    def sees(self, words: str | re.Pattern[str]) -> None:
        """Wait until the page tells something."""
        expect(self.page.locator("main")).to_contain_text(words, timeout=PATIENCE_MILLISECONDS)

    def looks_round(self) -> None:
        """Judge the page as it is shown."""
        where = urlsplit(self.page.url).path
        self.page.wait_for_load_state()
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.screen.width, f"{where} is {width} wide"
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            found = Axe().run(self.page).response["violations"]
            grave = [
                (one["id"], one["nodes"][0]["html"])
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
            assert grave == [], f"{where}, {scheme}"
        self.judged.add(where)

    def keep_shown(self, frame: Frame) -> None:
        """Remember what page was shown."""
        if frame is self.page.main_frame and frame.url.startswith(self.url):
            self.shown.add(urlsplit(frame.url).path)

    def keep_told(self, message: ConsoleMessage) -> None:
        """Remember what the browser complains of."""
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def let_through(self, route: Route) -> None:
        """Let through what is the desk's; keep, and cut off, all else."""
        if route.request.url.startswith(self.url + "/"):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()


@contextmanager
def visiting(browser: Browser, url: str, screen: Screen) -> Iterator[Visitor]:
    """Sit before a screen until the block ends, then judge what happened on the way."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        has_touch=screen.is_touched,
        is_mobile=screen.is_touched,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    try:
        page = context.new_page()
        visitor = Visitor(page, url, screen)
        context.route("**/*", visitor.let_through)
        page.on("framenavigated", visitor.keep_shown)
        page.on("console", visitor.keep_told)
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        yield visitor
        assert visitor.elsewhere == []
        assert visitor.errors == []
        unjudged = visitor.shown - visitor.judged - PASSED_THROUGH
        assert not unjudged, f"never looked at: {unjudged}"
    finally:
        context.close()
