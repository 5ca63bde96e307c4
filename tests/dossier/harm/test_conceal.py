"""What tells of private people is in no value that pages are made of, and evidence is untouched."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.harm.conceal import Concealer, counts
from sousveil.dossier.harm.marks import Marks, PictureMark, WordsMark
from sousveil.dossier.harm.remains import lines, remains
from sousveil.dossier.harm.sentences import private_problems
from sousveil.dossier.pages import render
from sousveil.dossier.text import quote_bounds
from sousveil.dossier.writing.parse import parse
from sousveil.model import Area, Commit, Finding, PictureFile, Shown
from tests.dossier.reports import finding, made_up_report

AT = datetime(2026, 11, 23, tzinfo=UTC)
PASSAGE = "它能识别民族属性。联系人：张三，电话：13812345678，邮箱：zhang.san@halden.example。"
URL = "https://halden.example/gate"


def marked(words: str, shown_as: Literal["withheld", "shown"], where: str = "") -> WordsMark:
    return WordsMark(words, shown_as, where, "E. Editor", AT, "why", 7)


def told(quote: str, passage: str = PASSAGE, **more: str) -> Finding:
    return finding(quote, passage, url=URL, lang="zh", **more)  # type: ignore[arg-type]


def strings(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if is_dataclass(value):
        return {text for one in fields(value) for text in strings(getattr(value, one.name))}
    if isinstance(value, dict):
        return {text for one in value.values() for text in strings(one)}
    if isinstance(value, (tuple, list)):
        return {text for one in value for text in strings(one)}
    return set()


PRIVATE = ("张三", "13812345678", "zhang.san", "halden.example。")


def test_no_part_of_a_finding_tells_of_its_contact_person() -> None:
    one = told("识别民族属性", title="张三的页面")
    commit = Commit("a" * 40, AT, AT, "fix\n\nSigned-off-by: 张三 <zhang.san@halden.example>\n")
    source = replace(one.source, commit=commit, left=commit, context="联系 张三", reworded=PASSAGE)
    hidden = Concealer(Marks()).finding(replace(one, source=source, caveats=("by 张三",)))
    for text in strings(hidden):
        assert not any(word in text for word in PRIVATE), text
    assert hidden.quote == "识别民族属性"
    assert hidden.passage == (
        "它能识别民族属性。联系人：[withheld: name of a contact person]，"
        "电话：[withheld: phone number]，邮箱：[withheld: e-mail address]。"
    )
    assert hidden.title == "[withheld: name of a contact person]的页面"
    assert (hidden.id, hidden.capture, hidden.log_index) == (one.id, one.capture, one.log_index)


def test_whom_a_commit_names_behind_a_label_is_named_nowhere_in_its_message() -> None:
    one = told("识别民族属性")
    message = "tidy up, as Jonas Petrov asked\n\nReviewed-by: Jonas Petrov <jp@halden.example>\n"
    commit = Commit("a" * 40, AT, AT, message)
    source = replace(one.source, commit=one.source.commit, left=commit)
    hidden = Concealer(Marks()).finding(replace(one, source=source))
    assert hidden.source.left is not None
    assert "Petrov" not in hidden.source.left.message
    assert hidden.source.left.message.startswith("tidy up, as [withheld: name of a contact person]")


@given(st.integers(0, len(PASSAGE) - 1), st.integers(1, len(PASSAGE)))
def test_wherever_a_quote_is_cut_it_and_its_passage_agree(start: int, length: int) -> None:
    hidden = Concealer(Marks()).finding(told(PASSAGE[start : start + length]))
    whole, begin, end = quote_bounds(hidden)
    assert whole[begin:end] == hidden.quote
    assert hidden.quote in hidden.passage
    for text in (hidden.quote, hidden.passage, hidden.prefix + hidden.quote + hidden.suffix):
        assert not any(word in text for word in PRIVATE[:3]), text


def test_no_page_of_a_dossier_holds_what_is_withheld() -> None:
    report = made_up_report()
    marks = Marks((marked("Halcyon Gate", "withheld"),))
    one = told("识别民族属性", title="张三的页面 Halcyon Gate")
    report = replace(report, title="A case of jo@halden.example", findings=(*report.findings, one))
    pages = render(Concealer(marks).report(report))
    assert len(pages) > 3
    for name, data in pages.items():
        for word in (*PRIVATE[:3], "jo@halden.example", "Halcyon Gate"):
            assert word not in data.decode(), name
    assert "[withheld: e-mail address]" in pages["index.html"].decode()
    assert "[withheld: passage]" in pages["findings.json"].decode()


def test_a_report_without_contacts_stays_as_it_is() -> None:
    report = made_up_report()
    assert Concealer(Marks()).report(report).findings == report.findings


def test_an_address_that_is_a_link_keeps_its_numbers_and_loses_people() -> None:
    concealer = Concealer(Marks())
    page = "https://halden.example/13812345678.html"
    assert concealer.text(page) == page
    assert "jo@" not in concealer.text("https://halden.example/?to=jo@halden.example")


def test_what_an_editor_marked_decides() -> None:
    one, other = told("识别民族属性"), told("能识别民族属性")
    marks = Marks(
        (marked("13812345678", "shown", one.id), marked("民族属性", "withheld", other.id)),
    )
    concealer = Concealer(marks)
    assert "13812345678" in concealer.finding(one).passage
    hidden = concealer.finding(other)
    assert "13812345678" not in hidden.passage
    assert hidden.quote == "能识别[withheld: passage]"
    assert counts(concealer.met)["phone number"] == 1
    (shown,) = {each for each in concealer.met if each.is_shown}
    assert (shown.exact, shown.where) == ("13812345678", one.id)


def test_words_to_be_shown_do_not_show_what_is_longer() -> None:
    concealer = Concealer(Marks((marked("info@halden.example", "shown"),)))
    assert concealer.text("info@halden.example") == "info@halden.example"
    assert concealer.text("jo.info@halden.example") == "[withheld: e-mail address]"


def test_a_text_is_refused_by_line_and_with_the_targets_of_its_links() -> None:
    source = "# Gate\n\nIt alarms.\n\n[Ask](mailto:jo@halden.example) them.\nOr 13812345678.\n"
    problems = private_problems(source, Concealer(Marks()))
    assert [(one.line, one.sentence) for one in problems] == [
        (5, "[Ask](mailto:jo@halden.example) them."),
        (6, "Or 13812345678."),
    ]
    assert "sousveil withhold show" in problems[0].problem


@pytest.mark.parametrize(("boxes", "painted"), [((), 0), ((Area(0, 0, 5, 5),), 1)])
def test_the_check_counts_what_is_withheld_and_names_what_nobody_looked_at(
    boxes: tuple[Area, ...], painted: int
) -> None:
    seen, unseen = told("识别民族属性"), told("能识别民族属性")
    file = PictureFile(__file__, 9, 9)  # type: ignore[arg-type]  # no file is read
    shown = {
        one.id: Shown("screenshot", file, (), None, one.capture.record, digest, size=(9, 9))
        for one, digest in ((seen, "aa"), (unseen, "bb"))
    }
    mark = PictureMark(seen.id, ("aa", None), (9, 9), boxes, "E. Editor", AT, "why", 7)
    marks = Marks(pictures={("aa", None): mark})
    report = replace(made_up_report(), findings=(seen, unseen), pictures=shown)
    concealer = Concealer(marks)
    left = remains(concealer.report(report), concealer.met, marks)
    assert (left.unseen, left.painted) == ((unseen.id,), painted)
    assert left.agreed == {"pictures": 1}
    assert left.withheld["e-mail address"] == 1
    assert set(left.places) >= {seen.id, unseen.id}
    assert any(unseen.id in line and "nobody looked at" in line for line in lines(left))


def test_what_is_shown_in_a_finding_may_stand_in_sentences_that_cite_it() -> None:
    words = "info@halden.example"
    shown = Concealer(Marks((marked(words, "shown", "0123456789ab"),)))
    cited = f"It gives “{words}” [@f:0123456789ab]."
    for source, count in (
        (cited, 0),
        (f"{cited} Write to {words} [@f:ba9876543210].", 2),
        (f"{cited} So write to {words}.", 2),
        (cited.replace("info@", "jo.doe@"), 1),
    ):
        found = private_problems(source, shown, parse(source).statements)
        assert len(found) == count, source
    both = (marked(words, "shown", "0123456789ab"), marked(words, "withheld"))
    assert private_problems(cited, Concealer(Marks(both)), parse(cited).statements)
