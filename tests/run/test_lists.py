"""Official lists in a case: taken in whole, logged, verified, and told with findings."""

import json
from pathlib import Path

import pytest

from sousveil.case import Case, open_case
from sousveil.ledger import create_case, read_events
from tests.commands import Ran, sousveil
from tests.conftest import NOW
from tests.dossier.markup import read_page
from tests.sites import Page, case_for, serve

CSV = "Name,Start date\nHalcyon Vision Co. Ltd,2021-06-03\n"
SENTENCE = "recognises the ethnicity of each visitor (Uyghur / non-Uyghur)"
PAGE = f"<html><title>Gates</title><body><p>Halcyon Vision {SENTENCE}.</p></body></html>"
ACTORS = """
[[actor]]
name = "Halcyon Vision"
common = ["Halcyon"]
[[actor]]
name = "Example Daily"
reports = true
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return create_case(tmp_path / "case", title="Test", operator="", now=NOW)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def take_in(case: Case, path: Path, name: str = "List A", *options: str) -> Ran:
    return sousveil("actors", "import", path, "--list", name, *options, "--case", case.root)


def test_a_list_is_kept_whole_logged_and_verified(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CSV)
    ran = take_in(case, path, "List A", "--source", "https://list.example/", "--json")
    (added,) = ran.json()
    assert (ran.status, added["rows"], added["is_new"]) == (0, 1, True)
    assert (case.root / added["path"]).read_bytes() == path.read_bytes()
    event = list(read_events(case))[-1]
    assert event.type == "list.added"
    assert (event.body["name"], event.body["sha256"]) == ("List A", added["sha256"])
    assert sousveil("verify", "--case", case.root).status == 0
    shown = sousveil("actors", "show", "halcyon vision", "--case", case.root)
    assert "listed: List A, as “Halcyon Vision Co. Ltd”, since 2021-06-03" in shown.out


def test_the_same_list_is_taken_in_once_and_a_newer_one_takes_its_place(
    case: Case, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", CSV)
    take_in(case, path)
    size = len(list(read_events(case)))
    assert "already in this case" in take_in(case, path).out
    assert len(list(read_events(case))) == size
    take_in(case, write(path, CSV.replace("Halcyon Vision", "Grey Heron Optics")))
    assert sousveil("actors", "show", "Halcyon Vision", "--case", case.root).status == 2
    assert sousveil("actors", "show", "Grey Heron Optics", "--case", case.root).status == 0
    assert len(list((case.root / "lists").iterdir())) == 2
    assert sousveil("verify", "--case", case.root).status == 0


def test_a_file_that_names_nobody_is_told_to_be_one(case: Case, tmp_path: Path) -> None:
    ran = take_in(case, write(tmp_path / "a.csv", "number,date\n17,2021-06-03\n"))
    assert "0 names" in ran.out
    assert "marks nobody" in ran.err


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(b"Name\nX\n"), "was changed"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.with_name("b.csv").write_bytes(b"Name\nX\n"), "is not in the log"),
    ],
)
def test_a_list_that_is_not_what_was_logged_is_a_fault(
    case: Case, tmp_path: Path, damage: object, said: str
) -> None:
    take_in(case, write(tmp_path / "a.csv", CSV))
    (path,) = (case.root / "lists").iterdir()
    assert callable(damage)
    damage(path)
    (case.root / "index.sqlite").unlink()  # what is wrong is told without it
    ran = sousveil("verify", "--case", case.root)
    assert ran.status == 1
    assert said in ran.out


def test_a_link_does_not_lead_the_copy_out_of_the_case(case: Case, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (case.root / "lists").symlink_to(tmp_path / "elsewhere")
    ran = take_in(case, write(tmp_path / "a.csv", CSV))
    assert (ran.status, "leads out of the case" in ran.err) == (2, True)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--list", ""], "is no name"),
        (["--list", "a\nb"], "is no name"),
        (["--list", "x" * 101], "is no name"),
        (["--list", "A", "--source", "list.example"], "is no web address"),
        (["--list", "A\x1b[1m"], "holds what is no text"),
    ],
)
def test_a_list_without_a_proper_name_is_refused(
    case: Case, tmp_path: Path, options: list[str], said: str
) -> None:
    path = write(tmp_path / "a.csv", CSV)
    ran = sousveil("actors", "import", path, *options, "--case", case.root)
    assert (ran.status, said in ran.err) == (2, True), ran.err
    assert not (case.root / "lists").exists()


# ---------------------------------------------------------------- with findings


def test_findings_are_told_anew_when_names_lists_or_the_watch_change(tmp_path: Path) -> None:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        site.pages["/"] = Page(PAGE.encode())
        at = ("--case", case.root)
        assert sousveil("add", *at, f"{site.url}/").status == 0
        assert sousveil("visit", *at).status == 0

        def told() -> tuple[object, object, object]:
            (one,) = sousveil("findings", *at, "--json").json()
            told = one["attribution"]
            return one["actor"], told.get("publisher"), told["speaker"]

        assert told() == (None, None, "unknown")
        write(case.root / "actors.toml", ACTORS)
        assert told() == ("Halcyon Vision", None, "unknown")
        sousveil("add", *at, f"{site.url}/", "--actor", "Example Daily")
        assert told() == ("Halcyon Vision", "Example Daily", "third party")
        sousveil("add", *at, f"{site.url}/", "--actor", "Halcyon Vision")
        assert told() == ("Halcyon Vision", "Halcyon Vision", "actor")
        take_in(case, write(tmp_path / "a.csv", CSV))
        (one,) = sousveil("findings", *at, "--json").json()
        assert one["attribution"]["listings"] == [
            {"list": "List A", "name": "Halcyon Vision Co. Ltd", "since": "2021-06-03"}
        ]
        assert sousveil("verify", *at).status == 0

        for part in ("halcyon", "DAILY"):
            sousveil("add", *at, f"{site.url}/", "--actor", "Example Daily")
            assert len(sousveil("findings", *at, "--json", "--actor", part).json()) == 1
        assert sousveil("findings", *at, "--json", "--actor", "brightwater").json() == []
        shown = sousveil("show", one["id"], *at).out
        assert "Who: Halcyon Vision, published by Example Daily; a third party speaks" in shown
        assert "names “Halcyon Vision”" in shown
        assert "listed: List A, as “Halcyon Vision Co. Ltd”, since 2021-06-03" in shown

        out = tmp_path / "dossier"
        assert sousveil("dossier", *at, "-o", out).status == 0
        page = read_page((out / "index.html").read_bytes()).text
        assert "On official lists: List A, as “Halcyon Vision Co. Ltd”, since 2021-06-03" in page
        assert "a third party speaks; published by Example Daily" in page
        kept = json.loads((out / "findings.json").read_text(encoding="utf-8"))
        assert kept[0]["attribution"]["speaker"] == "third party"

        write(case.root / "actors.toml", "[[actor]]")
        ran = sousveil("findings", *at)
        assert (ran.status, "actors.toml: actor 1: name must be" in ran.err) == (2, True)
        assert open_case(case.root) == case


def test_a_file_that_is_read_without_a_case_is_told_by_the_names_we_bring(tmp_path: Path) -> None:
    page = write(tmp_path / "page.html", PAGE)
    (one,) = sousveil("read", page, "--json").json()
    assert one["actor"] is None
    assert one["attribution"] == {"speaker": "unknown"}
