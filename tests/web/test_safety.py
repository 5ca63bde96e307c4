"""The desk under attack: by pages of other sites, by strangers, by those who send odd bytes."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from sousveil.web import server
from sousveil.web.safety.access import ALONE
from sousveil.web.safety.guard import MAX_BODY_BYTES
from sousveil.web.safety.headers import POLICY
from tests.sites import Page, serve
from tests.web.desks import CSRF, Client, Served, served
from tests.web.raw import ask, drip


def get(host: str, target: bytes, *headers: bytes, name: bytes | None = None) -> bytes:
    """Ask for a target as it is written here."""
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: " + (name or host.encode()), *headers]
    return ask(host, b"\r\n".join([*lines, b"Connection: close", b"", b""]))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


# ------------------------------------------------------------ who comes in


@pytest.mark.parametrize("path", ["/", "/review", "/nowhere", "/api/openapi.json", "/seen"])
def test_strangers_see_nothing(desk: Served, path: str) -> None:
    answer = Client(desk.host).get(path)
    assert answer.status == 401
    assert "Gazelight" not in answer.text


@pytest.mark.parametrize(
    "target",
    [
        b"/enter%23/../seen",
        b"/enter%3f",
        b"/login%00",
        b"//static/",
        b"/Static/",
        b"/static",
        b"/%2fenter",
    ],
)
def test_nothing_beside_the_way_in_is_taken_for_it(desk: Served, target: bytes) -> None:
    assert status(get(desk.host, target)) == 401


def test_a_link_lets_one_browser_in_once(desk: Served) -> None:
    link = desk.link().removeprefix(desk.url)
    first, second = Client(desk.host), Client(desk.host)
    assert first.get(link).status == 303
    assert first.get("/").status == 200
    refused = second.get(link)
    assert refused.status == 403
    assert "has been used" in refused.text
    assert second.get("/").status == 401


@pytest.mark.parametrize("link", ["", "x", "é", "a" * 5_000, "%00", "../../etc/passwd"])
def test_what_is_no_link_lets_nobody_in(desk: Served, link: str) -> None:
    desk.link()  # one is open, and guessing does not use it up
    client = Client(desk.host)
    assert (
        client.get(f"/enter?link={link.encode().hex() if not link.isascii() else link}").status
        == 403
    )
    assert client.cookies == {}


def test_a_session_is_new_whatever_cookie_was_brought(desk: Served) -> None:
    """Nobody can lay a session of their own under somebody else's (fixation)."""
    planted = {desk.access.cookie: "planted"}
    client = Client(desk.host, dict(planted))
    client.get(desk.link().removeprefix(desk.url))
    assert client.cookies[desk.access.cookie] != "planted"
    assert Client(desk.host, planted).get("/").status == 401


def test_coming_in_again_ends_the_session_before(desk: Served) -> None:
    client = Client(desk.host)
    client.get(desk.link().removeprefix(desk.url))
    before = dict(client.cookies)
    client.get(desk.link().removeprefix(desk.url))
    assert Client(desk.host, before).get("/").status == 401


def test_the_cookie_is_for_no_script_and_no_other_site(desk: Served) -> None:
    answer = Client(desk.host).get(desk.link().removeprefix(desk.url))
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert cookie["domain"] == ""


def test_who_leaves_is_out(desk: Served) -> None:
    client = desk.client()
    kept = dict(client.cookies)
    assert client.post("/leave").status == 303
    assert Client(desk.host, kept).get("/").status == 401


def test_a_session_ends_when_it_is_not_used(desk: Served) -> None:
    client = desk.client()
    now = desk.clock()
    desk.clock.at = now + ALONE.idle - timedelta(seconds=1)
    assert client.get("/").status == 200
    desk.clock.at += ALONE.idle + timedelta(seconds=1)
    assert client.get("/").status == 401


def test_a_session_ends_at_last_however_it_is_used(desk: Served) -> None:
    client = desk.client()
    begun = desk.clock()
    pause = ALONE.idle - timedelta(minutes=1)
    for step in range(1, int(ALONE.longest / pause)):
        desk.clock.at = begun + step * pause
        assert client.get("/").status == 200
    desk.clock.at = begun + ALONE.longest + timedelta(seconds=1)
    assert client.get("/").status == 401


# ------------------------------------------------------------ what other sites do


@pytest.mark.parametrize(
    "name",
    [
        b"evil.example",
        b"evil.example:80",
        b"localhost",
        b"127.0.0.1",
        b"127.0.0.1:1",
        b"",
        b"[::1]",
    ],
)
def test_a_foreign_name_for_this_computer_is_refused(desk: Served, name: bytes) -> None:
    """DNS rebinding: the browser believes that it asks evil.example."""
    cookie = next(iter(desk.client().cookies.items()))
    answer = get(desk.host, b"/", f"Cookie: {cookie[0]}={cookie[1]}".encode(), name=name or b" ")
    assert status(answer) in {400, 421}
    assert b"Gazelight" not in answer


def test_two_hosts_are_refused(desk: Served) -> None:
    answer = get(desk.host, b"/", b"Host: evil.example")
    assert status(answer) == 400


def test_an_absolute_target_does_not_stand_in_for_the_host(desk: Served) -> None:
    answer = get(desk.host, f"http://{desk.host}/".encode(), name=b"evil.example")
    assert status(answer) in {400, 404, 421}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
        {"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "same-origin", "origin": "https://evil.example"},
        {"sec_fetch_site": "none", "origin": "null"},
        {"sec_fetch_site": "", "origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(
    desk: Served, headers: dict[str, str]
) -> None:
    client = desk.client()
    token = CSRF.search(client.get("/").text)
    assert token is not None
    answer = client.send_form("/leave", {"csrf": token[1]}, **headers)
    assert answer.status == 403
    assert client.get("/").status == 200


def test_a_form_without_origin_is_refused(desk: Served) -> None:
    """No browser sends one."""
    client = desk.client()
    token = CSRF.search(client.get("/").text)
    assert token is not None
    body = f"csrf={token[1]}".encode()
    plain = {"content_type": "application/x-www-form-urlencoded"}
    assert client.send("POST", "/leave", body, plain).status == 403


def test_a_form_without_its_token_or_with_anothers_is_refused(desk: Served) -> None:
    client, other = desk.client(), desk.client(name="Ben")
    token = CSRF.search(other.get("/").text)
    assert token is not None
    for fields in ({}, {"csrf": ""}, {"csrf": token[1]}, {"csrf": "é"}):
        assert client.send_form("/leave", fields).status == 403
    assert client.get("/").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_only_reading_and_forms_are_known(desk: Served, method: str) -> None:
    ours = {"sec_fetch_site": "same-origin"}
    assert desk.client().send(method, "/", b"", ours).status == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
)
def test_a_page_of_another_site_can_embed_nothing(desk: Served, headers: dict[str, str]) -> None:
    client = desk.client()
    for path in ("/", "/static/js/keys.js"):
        assert client.get(path, **headers).status == 403


def test_whoever_follows_a_link_from_elsewhere_is_led_on(browser: Browser, desk: Served) -> None:
    """With the link no session comes (SameSite=Strict); with our own page's next step it does."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(desk.link())
    page.wait_for_url(desk.url + "/")
    with serve() as site:
        site.pages["/"] = Page(f"<a href='{desk.url}/?x=1&y=%22'>The desk</a>".encode())
        page.goto(site.url + "/")
        page.click("a")
        page.wait_for_url("**/?x=1&y=%22")
        assert page.locator("h1").inner_text() == "Today"
    context.close()


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%0d%0aX:y", "/;url=//e"])
def test_nobody_is_led_elsewhere(desk: Served, path: str) -> None:
    from_elsewhere = [b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Mode: navigate"]
    answer = get(desk.host, path.encode(), *from_elsewhere, b"Sec-Fetch-Dest: document")
    leads = re.findall(rb'content="0; url=([^"]*)"', answer)
    assert leads == [f"{desk.url}{path}".encode()]


# ------------------------------------------------------------ odd bytes


@pytest.mark.parametrize(
    "target",
    [
        b"/static/../desk.py",
        b"/static/..%2fdesk.py",
        b"/static/%2e%2e/%2e%2e/errors.py",
        b"/static/..%5c..%5cerrors.py",
        b"/static//etc/passwd",
        b"/static/%2fetc%2fpasswd",
        b"/static/....//desk.py",
        b"/static/js/../../desk.py",
        b"/static/%00",
        b"/static/desk.css%00.png",
        b"/static/" + b"a" * 5_000,
        b"/static/",
        b"/static/js",
    ],
)
def test_our_own_files_alone_are_served(desk: Served, target: bytes) -> None:
    answer = get(desk.host, target)
    assert status(answer) == 404
    assert b"import" not in answer
    assert b"root:" not in answer


def test_a_link_in_the_folder_leads_nowhere(
    small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "own.css").write_text("p { color: red }")
    (tmp_path / "static" / "lure.css").symlink_to("/etc/passwd")
    monkeypatch.setattr("sousveil.web.app._STATIC", tmp_path / "static")
    with served(small_case) as desk:
        assert status(get(desk.host, b"/static/own.css")) == 200
        assert status(get(desk.host, b"/static/lure.css")) == 404


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nX-Odd: 1", "%0d%0aX-Odd:%201"])
def test_no_header_is_smuggled_into_an_answer(desk: Served, value: str) -> None:
    client = desk.client()
    for path in ("/seen", "/leave"):
        answer = client.post(path, newest=value)
        assert "x-odd" not in answer.headers
        assert "x=y" not in answer.headers.get("set-cookie", "")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(desk: Served) -> None:
    client = desk.client()
    cookie = next(iter(client.cookies.items()))
    head = [
        b"POST /seen HTTP/1.1",
        b"Host: " + desk.host.encode(),
        f"Cookie: {cookie[0]}={cookie[1]}".encode(),
        b"Sec-Fetch-Site: same-origin",
        b"Connection: close",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Length: " + str(MAX_BODY_BYTES + 1).encode(),
        b"",
        b"csrf=x",
    ]
    assert status(ask(desk.host, b"\r\n".join(head))) == 413


def test_a_body_in_endless_pieces_is_refused(desk: Served) -> None:
    client = desk.client()
    cookie = next(iter(client.cookies.items()))
    head = [
        b"POST /seen HTTP/1.1",
        b"Host: " + desk.host.encode(),
        f"Cookie: {cookie[0]}={cookie[1]}".encode(),
        b"Sec-Fetch-Site: same-origin",
        b"Connection: close",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Transfer-Encoding: chunked",
        b"",
        b"",
    ]
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    answer = ask(desk.host, b"\r\n".join(head) + piece * (MAX_BODY_BYTES // 0x10000 + 2))
    assert status(answer) == 413


def test_strangers_send_no_bodies_at_all(desk: Served) -> None:
    answer = Client(desk.host).send_form("/seen", {"csrf": "x" * 100_000})
    assert answer.status == 401


def test_a_head_without_end_is_refused(desk: Served) -> None:
    flood = b"GET / HTTP/1.1\r\nHost: " + desk.host.encode() + b"\r\n"
    flood += b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(100))
    assert status(ask(desk.host, flood)) == 400


def test_who_sends_a_head_a_letter_at_a_time_is_hung_up_on(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.5)
    head = b"GET / HTTP/1.1\r\nHost: " + desk.host.encode() + b"\r\nX: " + b"a" * 200
    assert drip(desk.host, head, every=0.05, most=8) < 4


def test_who_says_nothing_is_hung_up_on(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    assert ask(desk.host, b"", seconds=8) == b""


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_as_such(desk: Served, request_: bytes) -> None:
    assert status(ask(desk.host, request_, seconds=3)) in {400, 501}
    assert desk.client().get("/").status == 200


# ------------------------------------------------------------ what every answer bears


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/desk.css", "/enter?link=x"])
def test_every_answer_says_what_a_browser_may_do_with_it(desk: Served, path: str) -> None:
    for client in (desk.client(), Client(desk.host)):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        wanted = "no-cache" if path.startswith("/static/") else "no-store"
        assert headers["cache-control"] == wanted
        assert "server" not in headers


def test_what_nobody_foresaw_is_told_without_a_trace(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret of the machine")

    monkeypatch.setattr("sousveil.web.pages.today.notices_since", broken)
    answer = desk.client().get("/")
    assert answer.status == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"


def test_a_case_that_cannot_be_read_is_told_calmly(desk: Served) -> None:
    (desk.case.root / "case.toml").write_text("title = ")
    answer = desk.client().get("/")
    assert answer.status == 500
    assert "not valid TOML" in answer.text
