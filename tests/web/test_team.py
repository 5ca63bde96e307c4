"""A team comes in by name and password: who guesses learns nothing, and waits."""

import io
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import typer
from argon2 import PasswordHasher
from playwright.sync_api import Browser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sousveil.case import open_case
from sousveil.ledger import read_events
from sousveil.web import app
from sousveil.web.safety import Role, needs
from sousveil.web.safety.team import Team
from sousveil.web.safety.throttle import FREE_OF_ADDRESS, FREE_OF_NAME, LONGEST_WAIT
from sousveil.web.safety.users import read_users, users_file
from tests.commands import Ran, sousveil
from tests.journeys.visitor import DESKTOP, PHONE, visiting
from tests.web.desks import CSRF, Answer, Client, Served, served

PASSWORD = "seven lamps in the rain"
WRONG = "hunter2"

Users = Callable[..., Ran]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passwords cost next to nothing."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("sousveil.web.safety.users._HASHER", cheap)
    nobodys = cheap.hash("nobody")
    monkeypatch.setattr("sousveil.web.safety.users._nobodys", lambda: nobodys)


@pytest.fixture
def users(small_case: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    """Run `sousveil users …`, with a password on standard input."""

    def run(*arguments: str, password: str = PASSWORD) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
        return sousveil("users", *arguments, "--case", small_case)

    return run


@pytest.fixture
def file(small_case: Path) -> Path:
    return users_file(open_case(small_case).settings.origin)


@pytest.fixture
def team(small_case: Path, users: Users, file: Path) -> Iterator[Served]:
    """A desk for Ada, an editor, and Ben, a reader."""
    assert users("add", "Ada Okoro", "--role", "editor").status == 0
    assert users("add", "Ben", "--role", "reader").status == 0
    with served(small_case, team=Team(file)) as up:
        yield up


def come_in(
    client: Client, name: str, password: str = PASSWORD, code: str = "", to: str = "/"
) -> Answer:
    """Fill in the form by which people come in, and send it."""
    token = CSRF.search(client.get("/login").text)
    assert token is not None
    fields = {"csrf": token[1], "name": name, "password": password, "code": code, "to": to}
    return client.send_form("/login", fields)


def is_out(client: Client) -> bool:
    """Whether the desk sends somebody to the form by which people come in."""
    return client.get("/").headers.get("location", "").startswith("/login")


# ------------------------------------------------------------ coming in


def test_who_has_name_and_password_comes_in_and_gets_where_they_were_going(team: Served) -> None:
    client = Client(team.host)
    asked = client.get("/?x=1", sec_fetch_mode="navigate", sec_fetch_dest="document")
    assert (asked.status, asked.headers["location"]) == (303, "/login?to=%2F%3Fx%3D1")
    answer = come_in(client, "ada  OKORO", to="/?x=1")
    assert (answer.status, answer.headers["location"]) == (303, "/?x=1")
    assert "<bdi>Ada Okoro</bdi>, editor" in client.get("/").text


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/\t/evil"]
)
def test_nobody_is_led_elsewhere_after_coming_in(team: Served, to: str) -> None:
    assert come_in(Client(team.host), "Ben", to=to).headers["location"] == "/"


def test_links_let_nobody_into_a_teams_desk(team: Served) -> None:
    assert Client(team.host).get(team.link().removeprefix(team.url)).status == 403


def test_a_session_is_new_at_each_coming_in(team: Served) -> None:
    client = Client(team.host, {team.access.cookie: "planted"})
    come_in(client, "Ben")
    first = client.cookies[team.access.cookie]
    assert first != "planted"
    client.post("/leave")
    come_in(client, "Ben")
    assert client.cookies[team.access.cookie] != first


def test_the_form_of_another_browser_lets_nobody_in(team: Served) -> None:
    """Nobody is made to come in as somebody else by a form that another site sends."""
    token = CSRF.search(Client(team.host).get("/login").text)
    assert token is not None
    fields = {"csrf": token[1], "name": "Ben", "password": PASSWORD, "code": "", "to": "/"}
    assert Client(team.host).send_form("/login", fields).status == 403


# ------------------------------------------------------------ guessing


def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(team: Served) -> None:
    told = {
        CSRF.sub("", come_in(Client(team.host), name, password=WRONG).text)
        for name in ("Ben", "Nobody", "Ada Okoro")
    }
    assert len(told) == 1


def test_a_wrong_name_takes_as_long_as_a_wrong_password(
    users: Users, file: Path, team: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both cost the check of one hash, which is nearly all the time there is."""
    real = PasswordHasher()
    monkeypatch.setattr("sousveil.web.safety.users._HASHER", real)
    nobodys = real.hash("nobody")
    monkeypatch.setattr("sousveil.web.safety.users._nobodys", lambda: nobodys)
    users("change", "Ben", "--password")
    book = Team(file)

    def seconds(name: str) -> float:
        begun = time.thread_time()
        book.let_in(name, "wrong", "", "192.0.2.1", team.clock())
        return time.thread_time() - begun

    times = {name: statistics.median(seconds(name) for _ in range(3)) for name in ("Ben", "Nobody")}
    assert 0.5 < times["Ben"] / times["Nobody"] < 2
    assert times["Nobody"] > 0.005


def test_who_guesses_waits_ever_longer_whatever_the_name(team: Served) -> None:
    for name in ("Ben", "Nobody"):
        client = Client(team.host)
        for _ in range(FREE_OF_NAME):
            last = come_in(client, name, password=WRONG)
        assert "Too many tries. Wait 2 seconds." in come_in(client, name).text, last.text
        team.clock.at = team.clock() + timedelta(seconds=3)
        come_in(client, name, password=WRONG)
        assert "Wait 4 seconds" in come_in(client, name).text
        team.clock.at = team.clock() + LONGEST_WAIT
    assert come_in(Client(team.host), "Ben").status == 303


def test_an_address_may_fail_more_often_than_a_name(team: Served) -> None:
    """A whole office may have one address."""
    client = Client(team.host)
    for number in range(FREE_OF_ADDRESS):
        assert come_in(client, f"Nobody {number}", password=WRONG).status == 403
    assert come_in(client, "Ben").status == 429


def test_who_comes_in_at_last_waits_no_more(team: Served) -> None:
    client = Client(team.host)
    for _ in range(FREE_OF_NAME - 1):
        come_in(client, "Ben", password=WRONG)
    assert come_in(client, "Ben").status == 303
    client.post("/leave")
    assert come_in(client, "Ben", password=WRONG).status == 403
    assert come_in(client, "Ben").status == 303


def test_no_password_and_no_name_that_is_nobodys_is_told_to_the_terminal(
    team: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    come_in(Client(team.host), f"{WRONG} as a name", password=WRONG)
    come_in(Client(team.host), "Ben")
    assert WRONG not in caplog.text
    assert "Ben came in" in caplog.text


# ------------------------------------------------------------ the second factor


def test_a_code_of_the_second_factor_works_once(small_case: Path, users: Users, file: Path) -> None:
    shown = users("add", "Cem", "--second-factor").out
    secret = shown.partition("secret=")[2][:32]
    with served(small_case, team=Team(file)) as desk:
        code = pyotp.TOTP(secret).at(desk.clock())
        assert come_in(Client(desk.host), "Cem").status == 403
        assert come_in(Client(desk.host), "Cem", code="000000").status == 403
        assert come_in(Client(desk.host), "Cem", code=code).status == 303
        assert come_in(Client(desk.host), "Cem", code=code).status == 403
        desk.clock.at = desk.clock() + timedelta(seconds=30)
        next_code = pyotp.TOTP(secret).at(desk.clock())
        assert come_in(Client(desk.host), "Cem", code=next_code).status == 303
        earlier = pyotp.TOTP(secret).at(desk.clock() - timedelta(seconds=30))
        assert come_in(Client(desk.host), "Cem", code=earlier).status == 403


def test_a_used_code_stays_used_when_the_desk_is_started_again(
    small_case: Path, users: Users, file: Path
) -> None:
    secret = users("add", "Cem", "--second-factor").out.partition("secret=")[2][:32]
    with served(small_case, team=Team(file)) as desk:
        code = pyotp.TOTP(secret).at(desk.clock())
        assert come_in(Client(desk.host), "Cem", code=code).status == 303
    with served(small_case, team=Team(file)) as desk:
        assert come_in(Client(desk.host), "Cem", code=code).status == 403


# ------------------------------------------------------------ who may do what


@pytest.mark.parametrize(("role", "allowed"), [("reader", 403), ("reviewer", 200), ("editor", 200)])
def test_a_handler_is_for_its_role_and_those_above(
    small_case: Path, monkeypatch: pytest.MonkeyPatch, role: Role, allowed: int
) -> None:
    @needs("reviewer")
    def decide(_: Request) -> Response:
        return PlainTextResponse("decided")

    monkeypatch.setattr(app, "PAGES", (*app.PAGES, (Route("/decide", decide),)))
    with served(small_case) as desk:
        assert desk.client(role).get("/decide").status == allowed


def test_who_is_removed_is_out_at_their_next_request(team: Served, users: Users) -> None:
    client = Client(team.host)
    come_in(client, "Ben")
    assert client.get("/").status == 200
    assert users("remove", "ben").status == 0
    assert is_out(client)


@pytest.mark.parametrize("change", [("--role", "reviewer"), ("--password",)])
def test_a_new_role_or_password_ends_what_was_open(
    team: Served, users: Users, change: tuple[str, ...]
) -> None:
    client = Client(team.host)
    come_in(client, "Ben")
    new = "a lamp that nobody lit"
    assert users("change", "Ben", *change, password=new).status == 0
    assert is_out(client)
    assert (
        come_in(client, "Ben", password=new if change == ("--password",) else PASSWORD).status
        == 303
    )


# ------------------------------------------------------------ the users


def test_the_log_tells_who_may_decide_and_no_secret(
    small_case: Path, users: Users, file: Path
) -> None:
    users("add", "Ada")
    users("change", "Ada", "--role", "editor")
    users("remove", "Ada")
    told = [event.body for event in read_events(open_case(small_case)) if event.type == "desk.user"]
    assert [(one["what"], one["name"], one["role"]) for one in told] == [
        ("added", "Ada", "reviewer"), ("changed", "Ada", "editor"), ("removed", "Ada", "editor"),
    ]  # fmt: skip
    assert PASSWORD not in str(told)
    assert "argon2" not in str(told)
    assert read_users(file) == {}


def test_a_password_is_kept_as_argon2id_and_for_its_owner_alone(users: Users, file: Path) -> None:
    users("add", "Ada")
    assert file.stat().st_mode & 0o077 == 0
    assert b"$argon2id$v=19$" in file.read_bytes()
    assert PASSWORD.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "password", "problem"),
    [
        (("add", "Ada"), "short", "15 to 256 characters"),
        (("add", " "), PASSWORD, "1 to 80 characters"),
        (("add", "a\x1bb"), PASSWORD, "1 to 80 characters"),
        (("add", "a" * 81), PASSWORD, "1 to 80 characters"),
        (("remove", "Eve"), PASSWORD, "not a user"),
    ],
)
def test_what_is_no_user_is_refused(
    users: Users, file: Path, arguments: tuple[str, ...], password: str, problem: str
) -> None:
    ran = users(*arguments, password=password)
    assert ran.status == 2
    assert problem in ran.err
    assert read_users(file) == {}


class Terminal(io.StringIO):
    """Somebody who is at the terminal."""

    def isatty(self) -> bool:
        return True


def test_who_leaves_the_question_for_a_password_is_no_user(
    small_case: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left(*_: object, **__: object) -> None:
        raise typer.Abort

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", left)
    ran = sousveil("users", "add", "Ada", "--case", small_case)
    assert ran.status == 130
    assert "stopped" in ran.err
    assert read_users(file) == {}


def test_the_same_name_is_not_added_twice(users: Users) -> None:
    users("add", "Ada")
    assert "there already" in users("add", "ADA ").err


def test_a_damaged_file_of_users_lets_nobody_in(team: Served, file: Path) -> None:
    client = Client(team.host)
    come_in(client, "Ben")
    file.write_text("[]}")
    assert client.get("/").status == 500
    assert come_in(Client(team.host), "Ben").status == 500


def test_somebody_takes_another_password_and_what_else_they_have_open_is_over(
    team: Served,
) -> None:
    here, there = Client(team.host), Client(team.host)
    for client in (here, there):
        assert come_in(client, "Ben").status == 303
    new = "nine nets in the snow"
    wrong = here.post("/password", on="/password", password=WRONG, new=new, again=new, code="")
    assert wrong.status == 403
    assert "is not right" in wrong.text
    other = here.post("/password", on="/password", password=PASSWORD, new=new, again=WRONG, code="")
    assert "are not the same" in other.text
    short = here.post("/password", on="/password", password=PASSWORD, new="a", again="a", code="")
    assert "a password has 15 to" in short.text.lower()
    team.clock.at = team.clock() + timedelta(seconds=1)
    done = here.post("/password", on="/password", password=PASSWORD, new=new, again=new, code="")
    assert (done.status, done.headers["location"]) == (303, "/password?changed=yes")
    assert "You have another password now." in here.get("/password?changed=yes").text
    assert there.get("/findings").status != 200
    assert come_in(Client(team.host), "Ben").status == 403
    assert come_in(Client(team.host), "Ben", new).status == 303


def test_everybody_can_use_the_pages_of_passwords(team: Served, browser: Browser) -> None:
    for screen in (DESKTOP, PHONE):
        with visiting(browser, team.url, screen) as ben:
            ben.goes("/")
            ben.looks_round()
            ben.page.get_by_label("Name").fill("Ben")
            ben.page.get_by_label("Password").fill(PASSWORD)
            ben.opens(ben.button("Come in"))
            ben.looks_round()
            ben.opens(ben.link("Password"))
            ben.looks_round()


def test_who_guesses_the_present_password_of_somebody_who_is_in_waits(team: Served) -> None:
    client = Client(team.host)
    assert come_in(client, "Ben").status == 303
    for _ in range(FREE_OF_NAME):
        client.post("/password", on="/password", password=WRONG, new=PASSWORD, again=PASSWORD)
    late = client.post("/password", on="/password", password=WRONG, new=PASSWORD, again=PASSWORD)
    assert late.status == 429
    assert "Too many tries" in late.text


def test_at_a_desk_of_one_there_is_no_password_to_change(desk: Served) -> None:
    client = desk.client()
    assert client.get("/password").status == 404
    assert client.post("/password", on="/", new="").status == 404
    assert "/password" not in client.get("/").text
