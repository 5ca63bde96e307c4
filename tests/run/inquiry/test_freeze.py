"""Before a letter goes, all that it may make vanish is seen and logged; afterwards it is told."""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.cli import casework, inquiring
from sousveil.index.inquiries import inquiries, logged_inquiries
from sousveil.ledger import read_events
from sousveil.run.indexing import open_index
from tests.commands import Ran, sousveil
from tests.sites import Page, Site, case_for, serve

CLAIM = "The camera recognises the ethnicity of each person, such as Uyghur or Han."
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("clock")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(inquiring, "now", made)
    monkeypatch.setattr(casework, "now", made)
    return made


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as made:
        yield made


def page(*parts: str) -> Page:
    body = "".join(f"<p>{part}</p>" for part in parts)
    filler = "<p>Our cameras are used by shops, schools and railways in many places.</p>"
    return Page(f"<title>Camera</title><h1>Camera</h1>{filler}{body}".encode())


def vendor(site: Site, root: Path) -> Case:
    """Watch the page and two others of one vendor, and one of somebody else's."""
    site.pages["/en/camera"] = page(
        CLAIM,
        '<a hreflang="zh" href="/zh/camera">中文</a>',
        '<a href="/files/manual.pdf">Manual</a>',
        '<a hreflang="de" href="https://elsewhere.example/de/camera">Deutsch</a>',
    )
    site.pages["/zh/camera"] = page("摄像机可识别每个人的民族，例如维吾尔族或汉族。")
    site.pages["/files/manual.pdf"] = Page(b"not really a manual", "application/pdf")
    site.pages["/en/news"] = page("We were at a fair.")
    case = case_for(root, site)
    sousveil("add", f"{site.url}/en/camera", f"{site.url}/en/news", "--case", case.root)
    return case


def inquire(case: Case, target: str, *more: object, sent: str = "in 2h") -> Ran:
    return sousveil(
        "inquiry", target, "--sent", sent, "--to", "press office", *more,
        "--case", case.root, "--json",
    )  # fmt: skip


def test_target_siblings_editions_and_documents_are_frozen_with_reasons(
    site: Site, tmp_path: Path
) -> None:
    case = vendor(site, tmp_path / "case")
    ran = inquire(case, f"{site.url}/en/camera")
    assert ran.status == 0, ran.err
    (told,) = ran.json()
    assert [one["target"].removeprefix(site.url) for one in told["frozen"]] == [
        "/en/camera",
        "/en/news",
        "/files/manual.pdf",
        "/zh/camera",
    ]
    why = {one["target"].removeprefix(site.url): one["reasons"] for one in told["frozen"]}
    assert why["/en/camera"] == ["the target"]
    assert why["/en/news"] == ["on the same host"]
    assert "the same in another language" in why["/zh/camera"]
    assert "a document that the page links to" in why["/files/manual.pdf"]
    assert told["sent_at"] == "2026-11-23T11:00:00Z"
    assert told["not_frozen"] == []
    # Whom a page merely names is not asked: only a person may say so.
    assert [one["url"] for one in told["left"]] == ["https://elsewhere.example/de/camera"]
    assert sousveil("verify", case.root).status == 0


def test_everything_frozen_stands_before_the_inquiry_in_the_log(site: Site, tmp_path: Path) -> None:
    case = vendor(site, tmp_path / "case")
    (told,) = inquire(case, f"{site.url}/en/camera").json()
    events = list(read_events(case))
    (event,) = (one for one in events if one.type == "inquiry")
    assert told["log_index"] == event.index
    assert event.body["head"]["size"] == event.index
    assert all(one["log_index"] < event.index for one in told["frozen"])
    visits = {one.index: one.body["target"] for one in events if one.type == "visit"}
    assert all(visits[one["log_index"]] == one["target"] for one in told["frozen"])


def test_the_index_and_the_log_tell_the_same_inquiries(
    site: Site, tmp_path: Path, clock: Clock
) -> None:
    case = vendor(site, tmp_path / "case")
    (told,) = inquire(case, f"{site.url}/en/camera").json()
    clock.move(days=3)
    assert sousveil("inquiry", "close", told["id"][:5], "--case", case.root).status == 0
    with open_index(case) as index:
        known = inquiries(index)
    assert known == logged_inquiries(read_events(case))
    assert [(one.id, one.closed_at, one.to) for one in known] == [
        (told["id"], START + timedelta(days=3), "press office")
    ]
    again = sousveil("inquiry", "close", told["id"], "--case", case.root)
    assert (again.status, "was closed 2026-11-26" in again.err) == (2, True)


def test_verify_finds_an_inquiry_that_only_the_index_tells_of(site: Site, tmp_path: Path) -> None:
    case = vendor(site, tmp_path / "case")
    inquire(case, f"{site.url}/en/camera")
    with sqlite3.connect(case.root / "index.sqlite") as db:
        db.execute("UPDATE event SET body = CAST(replace(body, 'press office', 'x') AS BLOB)")
    ran = sousveil("verify", case.root)
    assert (ran.status, "its inquiries are not those of the log" in ran.out) == (1, True), ran.out


def test_a_target_that_cannot_be_reached_is_told_before_the_letter_goes(
    site: Site, tmp_path: Path
) -> None:
    case = vendor(site, tmp_path / "case")
    site.pages["/en/camera"] = Page(b"go away", status=403)
    ran = inquire(case, f"{site.url}/en/camera")
    assert ran.status == 1
    (told,) = ran.json()
    (lacking,) = told["not_frozen"]
    assert lacking["target"] == f"{site.url}/en/camera"
    assert "HTTP 403" in lacking["why"]
    shown = sousveil(
        "inquiry", f"{site.url}/en/camera", "--sent", "in 1h", "--to", "them", "--case", case.root
    )
    assert shown.status == 1
    assert f"NOT FROZEN: {site.url}/en/camera" in shown.out
    assert "Do not send the letter yet" in shown.out


def test_what_was_left_out_is_not_visited_and_what_was_named_is(site: Site, tmp_path: Path) -> None:
    case = vendor(site, tmp_path / "case")
    with serve() as other:
        other.pages["/reseller"] = page("We sell cameras.")
        (told,) = inquire(
            case, f"{site.url}/en/camera", "--without", f"{site.url}/en/news",
            "--without", f"{site.url}/zh/camera", "--also", f"{other.url}/reseller",
        ).json()  # fmt: skip
    assert {one["target"]: one["reasons"] for one in told["frozen"]} == {
        f"{site.url}/en/camera": ["the target"],
        f"{site.url}/files/manual.pdf": ["a document that the page links to", "on the same host"],
        f"{other.url}/reseller": ["named with --also"],
    }
    # The reseller's address is private and not allowed: it was asked for, and could not be had.
    assert [one["target"] for one in told["not_frozen"]] == [f"{other.url}/reseller"]
    refused = inquire(case, f"{site.url}/en/camera", "--without", f"{site.url}/en/camera")
    assert (refused.status, "what the letter is about" in refused.err) == (2, True)


def test_the_actors_other_watches_are_frozen_wherever_they_are(
    site: Site, tmp_path: Path, repository: Path
) -> None:
    case = vendor(site, tmp_path / "case")
    sousveil("add", f"{site.url}/en/camera", "--actor", "Acme Co., Ltd.", "--case", case.root)
    sousveil("add", repository, "--actor", "ACME", "--case", case.root)
    (told,) = inquire(case, f"{site.url}/en/camera").json()
    why = {one["target"]: one["reasons"] for one in told["frozen"]}
    assert why[str(repository)] == ["of Acme Co., Ltd."]


def test_a_letters_digest_is_logged_and_its_text_only_when_asked(
    site: Site, tmp_path: Path
) -> None:
    case = vendor(site, tmp_path / "case")
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam, why does your camera do this?")
    digest = hashlib.sha256(letter.read_bytes()).hexdigest()
    (told,) = inquire(case, f"{site.url}/en/camera", "--letter", letter).json()
    assert told["letter_sha256"] == digest
    everything = b"".join(path.read_bytes() for path in case.root.rglob("*") if path.is_file())
    assert b"Dear Sir" not in everything
    inquire(case, f"{site.url}/en/camera", "--letter", letter, "--keep-letter")
    (_, kept) = (event for event in read_events(case) if event.type == "inquiry")
    assert kept.body["letter"] == {
        "sha256": digest,
        "bytes": 48,
        "text": "Dear Sir or Madam, why does your camera do this?",
    }
    without = inquire(case, f"{site.url}/en/camera", "--keep-letter")
    assert (without.status, "--letter FILE" in without.err) == (2, True)


def test_the_report_tells_what_went_in_what_order_and_what_stands(
    site: Site, tmp_path: Path, clock: Clock
) -> None:
    case = vendor(site, tmp_path / "case")
    (asked,) = inquire(case, f"{site.url}/en/camera", sent="now").json()
    clock.move(hours=2, minutes=14)
    site.pages["/en/camera"] = page("It is a camera.")
    sousveil("visit", "--all", "--case", case.root)
    clock.move(minutes=48)
    del site.pages["/en/camera"]
    sousveil("visit", "--all", "--case", case.root)
    clock.move(hours=1)
    reply = tmp_path / "reply.txt"
    reply.write_text("We removed it.")
    replied = sousveil(
        "inquiry", "reply", asked["id"], "--received", "2026-11-23 12:30", "--letter", reply,
        "--case", case.root,
    )  # fmt: skip
    assert replied.status == 0, replied.err
    (told,) = sousveil("inquiry", "report", "--case", case.root, "--json").json()
    happened = [(one["kind"], one["after_seconds"] / 60) for one in told["happenings"]]
    assert ("answered", 182.0) in happened
    assert happened[-1] == ("reply", 210.0)
    assert happened == sorted(happened, key=lambda one: one[1])
    sentences = [one["sentence"] for one in told["happenings"]]
    assert f"3 h 02 min after the letter {site.url}/en/camera answered: HTTP 404" in sentences
    digest = hashlib.sha256(b"We removed it.").hexdigest()
    assert sentences[-1] == f"3 h 30 min after the letter a reply came (SHA-256 {digest})"
    assert any(one["address"] == f"{site.url}/zh/camera" for one in told["stands"])
    about_camera = [*told["happenings"], *told["unclear"]]
    assert any("ethnicity" in one["sentence"] for one in about_camera)
    shown = sousveil("inquiry", "report", asked["id"], "--case", case.root)
    assert "Still stands" in shown.out
    listed = sousveil("inquiry", "list", "--case", case.root)
    assert "open, 1 reply, 4 targets" in listed.out


def test_what_nobody_looked_at_since_is_named(site: Site, tmp_path: Path, clock: Clock) -> None:
    case = vendor(site, tmp_path / "case")
    inquire(case, f"{site.url}/en/camera", sent="now")
    clock.move(hours=1)
    sousveil("visit", f"{site.url}/en/camera", "--case", case.root)
    (told,) = sousveil("inquiry", "report", "--case", case.root, "--json").json()
    assert told["unseen"] == [
        f"{site.url}/en/news", f"{site.url}/files/manual.pdf", f"{site.url}/zh/camera",
    ]  # fmt: skip
    assert told["happenings"] == []


def test_a_letter_that_went_before_the_freeze_is_told_so(site: Site, tmp_path: Path) -> None:
    case = vendor(site, tmp_path / "case")
    ran = sousveil(
        "inquiry", f"{site.url}/en/camera", "--sent", "2026-11-23T08:30Z", "--to", "them",
        "--case", case.root,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "30 min before this began" in ran.out
    assert "watched from now on" in ran.err


def test_a_letter_that_goes_now_may_go_when_all_is_frozen(site: Site, tmp_path: Path) -> None:
    case = vendor(site, tmp_path / "case")
    ran = sousveil(
        "inquiry", f"{site.url}/en/camera", "--sent", "now", "--to", "them", "--case", case.root
    )
    assert "The letter may go; its time is written down as 2026-11-23 09:00:00 UTC." in ran.out
    assert "before this began" not in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sent", "soon", "--to", "them"), "not a time"),
        (("--sent", "now", "--to", " "), "to whom"),
        (("--sent", "2036-01-01", "--to", "them"), "Check the year"),
    ],
)
def test_what_cannot_be_an_inquiry_is_refused_before_anybody_is_asked(
    options: tuple[str, ...], said: str, site: Site, tmp_path: Path
) -> None:
    case = vendor(site, tmp_path / "case")
    ran = sousveil("inquiry", f"{site.url}/en/camera", *options, "--case", case.root)
    assert (ran.status, said in ran.err) == (2, True), ran.err
    assert not [event for event in read_events(case) if event.type in {"inquiry", "visit"}]


def test_a_report_without_an_inquiry_says_so(case: Case) -> None:
    sousveil("reindex", "--case", case.root)
    assert "no inquiry is open" in sousveil("inquiry", "report", "--case", case.root).err
    ran = sousveil("inquiry", "report", "abc", "--case", case.root)
    assert (ran.status, "no such inquiry" in ran.err) == (2, True)
