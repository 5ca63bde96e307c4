"""A desk that is served, a case that it shows, and people who use it: by hand or in Chromium.

    with served(case.root) as desk:
        client = desk.client()                 # somebody who came in by a link
        client.get("/").status                 # an Answer
        client.post("/review/…", decision="c") # with the form's token

In a test of a page take the fixture `desk` (conftest.py), which serves `small_case`, and `page_at`
for a real browser.
"""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from sousveil.case import Case, open_case
from sousveil.web.app import make_app
from sousveil.web.desk import Desk
from sousveil.web.safety import Role, User
from sousveil.web.safety.access import Access
from sousveil.web.safety.team import Team
from sousveil.web.server import make_server
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

OFFER = (
    "<!doctype html><html lang=en><title>Gazelight API</title><h1>Attributes</h1>"
    "<p>The attribute service returns the ethnicity of each face, with a confidence.</p>"
    "<p>Prices are told on request.</p></html>"
)
CHINESE = (
    "<!doctype html><html lang=zh><title>灯影科技</title><h1>人脸属性</h1>"
    "<p>支持民族识别，可识别维吾尔族人脸。</p></html>"
)
PLAIN = (
    "<!doctype html><html lang=en><title>About us</title><p>We make lamps and lenses.</p></html>"
)
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk answered."""

    status: int
    headers: dict[str, str]  # by name in small letters; the last of equals
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(slots=True)
class Client:
    """A browser that keeps cookies and does nothing by itself."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page; `sec_fetch_site="cross-site"` is a header."""
        return self.send("GET", path, b"", headers)

    def post(self, path: str, /, *, on: str = "/", **fields: str) -> Answer:
        """Send a form, as the page at `on` would."""
        found = CSRF.search(self.get(on).text)
        token = {"csrf": found[1]} if found else {}
        return self.send_form(path, token | fields)

    def send_form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form with these fields alone."""
        given = {
            "content_type": "application/x-www-form-urlencoded",
            "sec_fetch_site": "same-origin",
            "origin": "null",
        }
        return self.send("POST", path, urlencode(fields).encode(), given | headers)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a request as it is, but for cookies and Host."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, path, body or None, named)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, rest = cookie.partition("=")
                self.cookies[name] = rest.partition(";")[0]
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()


@dataclass(slots=True)
class Clock:
    """The time at the desk, which a test may move."""

    at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Served:
    """A desk that is up."""

    host: str
    desk: Desk
    access: Access
    clock: Clock

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def case(self) -> Case:
        return self.desk.case()

    def link(self) -> str:
        """Return a link that lets a browser in, once."""
        return f"{self.url}/enter?link={self.access.new_link()}"

    def client(self, role: Role = "editor", name: str = "Ada") -> Client:
        """Return somebody who is in."""
        session = self.access.sessions.begin(User(name, role), self.clock())
        return Client(self.host, {self.access.cookie: session})


@contextmanager
def served(root: Path, *, team: Team | None = None) -> Iterator[Served]:
    """Serve the desk of a case until the block ends, for a team or for Ada alone."""
    clock = Clock()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        access = Access([host], operator=None if team else User("Ada", "editor"), team=team)
        desk = Desk(root, clock, access)
        server = make_server(make_app(desk))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield Served(host, desk, access, clock)
        finally:
            server.should_exit = True
            thread.join(10)
            desk.close()


def make_small_case(root: Path) -> Case:
    """Make a case of three pages, two of which claim something; one claim is gone since."""
    with serve() as site:
        case_for(root, site)
        pages = {"/api": OFFER, "/zh": CHINESE, "/about": PLAIN}
        site.pages.update({path: Page(text.encode()) for path, text in pages.items()})
        addresses = [site.url + path for path in pages]
        assert sousveil("add", "--case", root, "--actor", "Gazelight", *addresses).status == 0
        assert sousveil("visit", "--case", root).status == 0
        site.pages["/api"] = Page(OFFER.replace("the ethnicity of", "a box around").encode())
        assert sousveil("visit", "--case", root, "--all").status == 0
    return open_case(root)
