"""A person's text is published with its evidence, or refused sentence by sentence."""

import hashlib
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw

from sousveil.case import open_case
from sousveil.ledger import read_events
from sousveil.model import Event
from tests.commands import Ran, sousveil
from tests.sites import Page, case_for, serve

ENGLISH = "The Halden gate camera tells the ethnicity of every visitor, and raises an alarm."
CHINESE = "哈尔登门禁相机能够识别人员的民族属性，支持维族识别并自动报警。"
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> \u202e[x](javascript:alert(3))"


class Desk:
    """A case with two confirmed findings, and what is written about it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.out = folder / "case", folder / "out"
        with serve() as site:
            case_for(self.root, site)
            for path, lang, words in (("/en", "en", ENGLISH), ("/zh", "zh", CHINESE)):
                page = f"<html lang={lang}><title>Gate</title><p>{words}</p></html>"
                site.pages[path] = Page(page.encode())
                self.run("add", site.url + path, "--actor", "Halden Vision")
            self.run("visit")
            self.run("inquiry", site.url + "/en", "--sent", "now", "--to", "Mr Press Officer")
        letter = self.run("inquiry", "list", "--json").json()[0]["id"]
        self.run("inquiry", "reply", letter, "--received", "now")
        found = {one["lang"]: one["id"] for one in self.run("findings", "--json").json()}
        self.english, self.chinese = found["en"], found["zh"]
        for one in found.values():
            self.run("review", one, "confirm", "--by", "A. Reader")

    def run(self, *words: str) -> Ran:
        ran = sousveil(*words, "--case", str(self.root))
        assert ran.status == 0, ran.err
        return ran

    def dossier(self, text: str, *more: str) -> Ran:
        (self.root / "dossier.md").write_text(text, encoding="utf-8")
        return sousveil("dossier", "-o", str(self.out), *more, "--case", str(self.root))

    def page(self, name: str = "index.html") -> str:
        return (self.out / name).read_text("utf-8")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Path]:
    """Return a desk for all tests, and where its keys are."""
    config = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(config))
        return Desk(tmp_path_factory.mktemp("written")), config


@pytest.fixture
def made(once: tuple[Desk, Path], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(once[1]))
    return once[0]


def test_each_citation_leads_to_its_evidence(made: Desk) -> None:
    text = f"# The gate\n\nIt “tells the ethnicity of every visitor” [@f:{made.english}].\n"
    assert made.dossier(text).status == 0
    page = made.page()
    links = re.findall(r'class="cite" href="([^"]+)"', page)
    assert links == [f"findings/{made.english}.html"]
    assert ENGLISH in made.page(links[0])
    assert "Draft, not published" in page
    for name in ("evidence.html", "print.html", "findings.json", *links):
        assert (made.out / name).is_file()
    assert set(re.findall(r'(?:src|href)="(https?:[^"]+)"', page)) == set()


def test_the_timeline_has_letters_and_replies_and_not_to_whom(made: Desk) -> None:
    assert made.dossier(f"It alarms [@f:{made.english}].\n\n{{timeline}}\n").status == 0
    for name in ("index.html", "print.html", "evidence.html"):
        assert "letter sent" in made.page(name)
        assert "reply came" in made.page(name)
    for path in made.out.rglob("*.*"):
        assert b"Press Officer" not in path.read_bytes()


def test_a_text_that_claims_too_much_is_refused_and_the_earlier_pages_stay(made: Desk) -> None:
    assert made.dossier(f"It alarms [@f:{made.english}].").status == 0
    before = made.page()
    ran = made.dossier(f"It is sold in Chad.\n\nIt “tells race” [@f:{made.english}].")
    assert ran.status == 2
    assert "line 1: 'It is sold in Chad.': states a fact and cites nothing" in ran.out
    assert "line 3: 'It “tells race”.': “tells race” stands in no passage" in ran.out
    assert "2 problems" in ran.err
    assert made.page() == before


def test_a_finding_must_be_confirmed_and_verify(made: Desk) -> None:
    made.run("review", made.english, "reject", "--by", "A. Reader")
    refused = made.dossier(f"It alarms [@f:{made.english}].")
    assert "which was rejected" in refused.out
    made.run("review", made.english, "confirm", "--by", "A. Reader")
    found = {one["id"]: one["capture"]["warc"] for one in made.run("findings", "--json").json()}
    warc = made.root / found[made.english]
    kept = warc.read_bytes()
    warc.write_bytes(kept[:-9] + b"x" + kept[-8:])
    refused = made.dossier(f"It alarms [@f:{made.english}].")
    other = made.dossier(f"It alarms [@f:{made.chinese}].")
    warc.write_bytes(kept)
    assert "whose evidence does not verify" in refused.out
    assert (refused.status, other.status) == (2, 1)
    assert "The evidence is not whole" in made.page()


def test_a_translation_is_shown_with_its_translator_or_not_at_all(made: Desk) -> None:
    text = f"It “supports the recognition of Uyghurs” [@f:{made.chinese}]."
    assert "nor in a translation" in made.dossier(text).out
    words = "It supports the recognition of Uyghurs and raises an alarm by itself."
    made.run("translate", made.chinese, words, "--lang", "en", "--by", "B. Rendering")
    refused = made.dossier(text)
    assert (refused.status, "--allow reviewers" in refused.err) == (2, True)
    assert made.dossier(text, "--allow", "reviewers").status == 0
    assert 'class="translator">translated by B. Rendering<' in made.page()
    assert CHINESE in made.page()


def test_editions_stand_in_the_log_and_tell_what_they_corrected(tmp_path: Path) -> None:
    made = Desk(tmp_path)
    publish = ("--publish", "--by", "E. Publisher")
    first = f"# Gate\n\nIt tells race [@f:{made.english}]."
    second = f"# Gate\n\nIt tells ethnicity [@f:{made.english}]."
    assert made.dossier(first, *publish).status == 0
    assert "edition 1" in made.page()
    assert not (made.out / "errata.html").exists()
    assert "says the same" in made.dossier(first, *publish).err
    assert made.dossier(second, *publish, "--correction", "It is not race.").status == 0
    page = made.page("errata.html")
    assert "It is not race." in page
    assert re.search(r"<del[^>]*>It tells race\.</del> <ins[^>]*>It tells ethnicity\.", page)
    events = [event for event in read_events(open_case(made.root)) if event.type == "published"]
    assert [event.body["edition"] for event in events] == [1, 2]
    assert [event.body["text"] for event in events] == [first, second]
    assert events[1].body["cites"] == [made.english]
    assert made.run("verify").out.startswith("Whole")


KILLED = """
import os, signal, sys

def deadly(function):
    def wrapped(one, *more):
        if sys.argv[1] in str(one):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(one, *more)
    return wrapped

setattr(os, sys.argv[2], deadly(getattr(os, sys.argv[2])))
from sousveil.cli import main
main(sys.argv[3:])
"""


@pytest.mark.parametrize(
    ("file", "call", "entries"),
    [
        (".tmp", "replace", 0),  # in the midst of the commit to the log
        (".sousveil-new", "rename", 1),  # before the pages get their place
    ],
)
def test_a_run_that_is_killed_leaves_no_page_of_an_edition_that_the_log_does_not_know(
    tmp_path: Path, file: str, call: str, entries: int
) -> None:
    made = Desk(tmp_path)
    text = f"# Gate\n\nIt tells ethnicity [@f:{made.english}]."
    (made.root / "dossier.md").write_text(text)
    words = ("dossier", "-o", str(made.out), "--publish", "--by", "E. Publisher")
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, file, call, *words, "--case", str(made.root)],
        capture_output=True,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert not made.out.exists()
    assert sousveil("verify", "--case", made.root).status == 0

    def logged() -> list[Event]:
        return [event for event in read_events(open_case(made.root)) if event.type == "published"]

    assert len(logged()) == entries
    again = made.run(*words)
    assert ("was logged when a run was cut off" in again.err) == (entries == 1)
    assert "edition 1" in made.page()
    (event,) = logged()
    listed = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(made.out)}\n"
        for path in sorted(path for path in made.out.rglob("*") if path.is_file())
    )
    assert event.body["pages"] == f"sha256:{hashlib.sha256(listed.encode()).hexdigest()}"
    assert made.dossier(f"{text} [@f:{made.english}]", "--publish", "--by", "E").status == 0
    assert len(logged()) == 2


def test_the_bundle_beside_it_verifies_and_names_nobody(made: Desk) -> None:
    text = f"It alarms [@f:{made.english}] in China [@f:{made.chinese}]."
    assert made.dossier(text, "--bundle").status == 0
    bundle = made.out / "evidence.wacz"
    told = sousveil("verify", str(bundle), "--json").json()[0]
    assert told["ok"]
    assert 'href="evidence.wacz"' in made.page()
    assert b"A. Reader" not in bundle.read_bytes()


def test_hostile_words_stay_words(made: Desk) -> None:
    text = f"# {HOSTILE}\n\n{HOSTILE} [@f:{made.english}]\n"
    ran = made.dossier(text)
    assert ran.status == 0, ran.out
    page = made.page()
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "\u202e" not in page


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--publish"], "say who publishes it"),
        (["--by", "E. Publisher"], "are for --publish"),
        (["--publish", "--by", "E", "--correction", "x"], "nothing was published yet"),
        (["--text", "nowhere.md"], "cannot be read"),
    ],
)
def test_what_is_asked_wrongly_is_refused(made: Desk, more: list[str], problem: str) -> None:
    ran = made.dossier(f"It alarms [@f:{made.english}].", *more)
    assert (ran.status, problem in ran.err) == (2, True), ran.err


def test_without_a_text_there_is_nothing_to_publish(made: Desk) -> None:
    (made.root / "dossier.md").unlink(missing_ok=True)
    ran = sousveil("dossier", "-o", str(made.out), "--pdf", "--case", str(made.root))
    assert (ran.status, "there is no text" in ran.err) == (2, True)
    assert sousveil("dossier", "-o", str(made.out), "--case", str(made.root)).status == 0
    assert "evidence.html" not in {path.name for path in made.out.iterdir()}


@pytest.mark.usefixtures("with_browser")
def test_the_pdf_has_its_words_its_fonts_and_links_within_itself(made: Desk) -> None:
    quoted = "支持维族识别并自动报警"
    text = f"# 门禁\n\nIt alarms [@f:{made.english}].\n\n> {quoted} [@f:{made.chinese}]\n"
    assert made.dossier(text, "--pdf").status == 0
    pdf = pypdfium2.PdfDocument(made.out / "dossier.pdf")
    words = "".join(page.get_textpage().get_text_range() for page in pdf)
    assert quoted in words
    assert ENGLISH[:40] in words
    first = pdf[0]
    assert [round(side / 72 * 25.4) for side in first.get_size()] == [210, 297]  # A4
    links = [
        raw.FPDFLink_GetLinkAtPoint(first, x, y) for x in range(0, 600, 4) for y in range(0, 840, 4)
    ]
    within = [one for one in links if one and raw.FPDFLink_GetDest(pdf, one)]
    assert within
    assert json.dumps(pdf.get_metadata_dict()).count(str(made.root)) == 0
