"""Nothing that a person publishes tells of private people, unless a named editor said so."""

import re
import zipfile
from pathlib import Path

import pytest

from sousveil.case import open_case
from sousveil.ledger import read_events
from tests.commands import Ran, sousveil
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, case_for, serve

CLAIM = "哈尔登门禁相机能够识别人员的民族属性，支持维族识别并自动报警"
CONTACT = "联系人：张三，电话：13812345678，邮箱：zhang.san@halden.example。"
ENGLISH = "The Halden gate camera tells the ethnicity of every visitor, and raises an alarm."
PRIVATE = ("张三", "13812345678", "zhang.san@halden.example")
PUBLISH = ("--publish", "--by", "E. Publisher")
SAID = ("--by", "E. Editor", "--note", "a private person")


class Desk:
    """A case with a notice that names a contact person, and a finding on a page of a PDF."""

    def __init__(self, folder: Path) -> None:
        self.root, self.out = folder / "case", folder / "out"
        with serve() as site:
            case_for(self.root, site)
            notice = f"<html lang=zh><title>公告 张三</title><p>{CLAIM}，{CONTACT}</p></html>"
            site.pages["/notice"] = Page(notice.encode())
            sheet = make_pdf([[Text(ENGLISH, 40, 700)]])
            site.pages["/sheet.pdf"] = Page(sheet, "application/pdf")
            for path in site.pages:
                self.run("add", site.url + path, "--actor", "Halden Vision")
            self.run("visit")
        found = self.run("findings", "--json").json()
        self.notice, self.sheet = (
            next(one["id"] for one in found if one["capture"]["url"].endswith(end))
            for end in ("/notice", ".pdf")
        )
        for one in found:
            self.run("review", one["id"], "confirm", "--by", "A. Reader")

    def run(self, *words: str) -> Ran:
        ran = sousveil(*words, "--case", str(self.root))
        assert ran.status == 0, ran.err
        return ran

    def dossier(self, text: str, *more: str) -> Ran:
        (self.root / "dossier.md").write_text(text, encoding="utf-8")
        return sousveil("dossier", "-o", str(self.out), *more, "--case", str(self.root))

    def pages(self) -> dict[str, str]:
        files = (path for path in self.out.rglob("*") if path.suffix in {".html", ".json"})
        return {path.relative_to(self.out).as_posix(): path.read_text("utf-8") for path in files}

    @property
    def text(self) -> str:
        return f"# Gate\n\nIt alarms [@f:{self.notice}].\n\n![gate](f:{self.sheet})\n"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Path]:
    """Return a desk for all tests, and where its keys are."""
    config = tmp_path_factory.mktemp("config")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(config))
        return Desk(tmp_path_factory.mktemp("withheld")), config


@pytest.fixture
def made(once: tuple[Desk, Path], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(once[1]))
    return once[0]


def test_no_page_holds_a_contact_and_the_archive_keeps_all(made: Desk) -> None:
    ran = made.dossier(made.text)
    assert ran.status == 0, ran.out + ran.err
    pages = made.pages()
    for name, page in pages.items():
        for word in PRIVATE:
            assert word not in page, name
    assert "[withheld: phone number]" in pages[f"findings/{made.notice}.html"]
    assert "[withheld: name of a contact person]" in pages["findings.json"]
    assert "e-mail address: 1" in ran.err
    assert f"nobody looked at, of findings {made.sheet}" in ran.err
    found = {one["id"]: one for one in made.run("findings", "--json").json()}
    assert "13812345678" in found[made.notice]["passage"]


def test_a_text_with_a_contact_is_refused_with_its_line(made: Desk) -> None:
    text = f"# Gate\n\nIt alarms, says zhang.san@halden.example [@f:{made.notice}].\n"
    ran = made.dossier(text)
    assert ran.status == 2
    assert "line 3: 'It alarms, says zhang.san@halden.example" in ran.out
    assert "holds what is withheld (e-mail address)" in ran.out
    quote = f"“联系人：[withheld: name of a contact person]，电话” [@f:{made.notice}]."
    assert made.dossier(f"# Gate\n\nIt says {quote}\n").status == 0


def test_the_check_writes_nothing(made: Desk) -> None:
    (made.root / "dossier.md").write_text(made.text, encoding="utf-8")
    before = sorted(path.name for path in made.root.rglob("events*/*"))
    ran = sousveil("dossier", "--check", "--json", "--case", str(made.root))
    assert ran.status == 0, ran.err
    (told,) = ran.json()
    assert told["pictures_nobody_looked_at"] == [made.sheet]
    assert told["withheld"] == {
        "e-mail address": 1, "name of a contact person": 1, "phone number": 1
    }  # fmt: skip
    assert sorted(path.name for path in made.root.rglob("events*/*")) == before
    neither = sousveil("dossier", "--case", str(made.root))
    both = made.dossier(made.text, "--check")
    assert ("Give one." in neither.err, "Give one." in both.err) == (True, True)


def test_an_editor_shows_and_withholds_words(made: Desk) -> None:
    made.run("withhold", "show", "13812345678", *SAID, "--in", made.notice)
    made.run("withhold", "words", "哈尔登", *SAID)
    assert made.dossier(made.text).status == 0
    page = made.pages()[f"findings/{made.notice}.html"]
    assert "13812345678" in page
    assert "[withheld: passage]门禁" in page
    listed = {one["words"]: one for one in made.run("withhold", "--json").json()}
    assert listed["13812345678"]["finding"] == made.notice
    assert (listed["哈尔登"]["shown_as"], listed["哈尔登"]["by"]) == ("withheld", "E. Editor")
    made.run("withhold", "remove", "13812345678", *SAID, "--in", made.notice)
    made.run("withhold", "remove", "哈尔登", *SAID)
    assert made.run("withhold").out.strip() == "0 marks."
    assert made.dossier(made.text).status == 0
    assert "13812345678" not in made.pages()[f"findings/{made.notice}.html"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("words", "李"), "too short to mark"),
        (("words", "李四", "--in", "NOTICE"), "does not stand in finding"),
        (("remove", "李四"), "not marked everywhere"),
        (("picture", "NOTICE"), "has no picture to mark"),
        (("picture", "SHEET", "--box", "1,2,3"), "no box. Write LEFT,TOP,RIGHT,BOTTOM"),
        (("picture", "SHEET", "--box", "0,0,9,99999"), "does not lie on the picture"),
    ],
)
def test_a_mark_that_would_withhold_nothing_is_refused(
    made: Desk, words: tuple[str, ...], problem: str
) -> None:
    known = {"NOTICE": made.notice, "SHEET": made.sheet}
    told = [known.get(word, word) for word in words]
    ran = sousveil("withhold", *told, *SAID, "--case", str(made.root))
    assert (ran.status, problem in ran.err) == (2, True), ran.err
    blank = sousveil("withhold", "words", "门禁", "--by", "E", "--note", " ", "--case", made.root)
    assert "no reason" in blank.err


def test_an_edition_goes_out_once_what_remains_was_agreed_to(tmp_path: Path) -> None:
    made = Desk(tmp_path)
    refused = made.dossier(made.text, *PUBLISH)
    assert refused.status == 2
    assert "--allow pictures" in refused.err
    assert not made.out.exists()
    made.run("withhold", "picture", made.sheet, *SAID, "--box", "0,0,1200,60")
    bundled = made.dossier(made.text, *PUBLISH, "--bundle")
    assert (bundled.status, "--allow contacts" in bundled.err) == (2, True)
    assert "e-mail address: 1" in bundled.err.partition("in the records")[2]
    alone = sousveil("bundle", made.notice, "-o", tmp_path / "b.wacz", "--case", made.root)
    assert "its records: holds at least e-mail address: 1" in alone.out
    assert not made.out.exists()
    ran = made.dossier(made.text, *PUBLISH, "--bundle", "--allow", "contacts")
    assert ran.status == 0, ran.err
    (event,) = (one for one in read_events(open_case(made.root)) if one.type == "published")
    assert event.body["withheld"]["phone number"] == 1
    assert event.body["agreed"].keys() == {"contacts"}
    page = made.pages()[f"findings/{made.sheet}.html"]
    assert "The whole picture is left out, for parts of it are painted over" in page
    assert not list(made.out.glob("pictures/*-1.png"))
    with zipfile.ZipFile(made.out / "evidence.wacz") as package:
        told = b"".join(package.read(name) for name in package.namelist() if ".warc" not in name)
    assert b"E. Editor" not in told
    assert made.run("verify").out.startswith("Whole")
    # What was published, and should not have been, is not printed again among the corrections.
    made.run("withhold", "words", "It alarms", *SAID)
    later = made.text.replace("It alarms", "It raises alarms")
    assert made.dossier(later, *PUBLISH, "--correction", "Somebody was named.").status == 0
    errata = made.pages()["errata.html"]
    assert re.search(r"<del[^>]*>\[withheld: passage\]\.</del>", errata)
    assert "It alarms" not in errata
