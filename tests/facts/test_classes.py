"""What figures, documents and statements are built of: a case of each class once missed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract import extract
from sousveil.facts.documents import documents
from sousveil.facts.figures import figures
from sousveil.facts.notices import projects
from sousveil.facts.reader import beside
from sousveil.facts.reading import Reading, narrow
from sousveil.facts.statements import statements


def told(sentence: str) -> list[str]:
    made = []
    for pieces in figures(narrow(sentence)):
        fields = {one.name: one for one in pieces}
        amount = fields["amount"]
        others = (one.value for name, one in fields.items() if name != "amount")
        made.append(" ".join(filter(None, [amount.value, amount.unit, *others])))
    return made


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The state spent Rs 12.5 crore on 3.5 lakh tablets.", ["125000000 INR", "350000 tablets"]),
        ("A metro paid R1.2 billion, a county KSh 45 million.", ["1200000000 ZAR", "45000000 KES"]),
        ("It runs in 14 warehouses and in 60 languages.", ["14 warehouses", "60 languages"]),
        ("Two million travellers passed five hundred gates.", ["2000000 travellers", "500 gates"]),
        ("The number of lamps rose from 1,200 in 2015 to 8,400 in 2019.",
         ["1200 lamps 2015", "8400 lamps 2019"]),
        ("between about 200,000 and 1 million people", ["200000 people 1000000 about"]),
        ("Up to 300 m away, within 0.5 seconds", ["300 m up to", "0.5 seconds up to"]),
        ("截至2017年底已接入2000多万个摄像头", ["20000000 个摄像头 over 2017"]),
        ("全县36个检查站、128台服务器联网", ["36 个检查站", "128 台服务器"]),
        ("录像保存30天以上，距离5米左右", ["30 天 at least", "5 米 about"]),
    ],
)  # fmt: skip
def test_a_figure_says_what_it_counts(sentence: str, expected: list[str]) -> None:
    assert told(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "COVID-19 cases, the model HFW5442 cameras, Windows 10 machines.",
        "The 34-year-old, aged 18 to 25, see section 4 rules and Article 7 rights.",
        "第3条规定、图3-2所示、2号楼1203室、V3.2.1版本。",
    ],
)
def test_a_number_in_a_name_counts_nothing(sentence: str) -> None:
    assert told(sentence) == []


def test_what_the_text_does_not_tell_is_not_made_up() -> None:
    assert told("It holds 2 million and cost $5 million.") == ["2000000", "5000000 USD"]
    page = "<p>采购公告</p><p>采购单位：甲局</p><p>项目名称：乙系统</p><p>预算金额：120.5</p>"
    document = extract(page.encode(), media_type="text/html", charset="utf-8", name="x")
    (project,) = projects(document)
    assert [(one.value, one.unit) for one in project.pieces if one.name == "budget"] == [
        ("120.5", "")
    ]


def test_a_figure_whose_noun_stands_in_the_next_line_is_read() -> None:
    text = "The network of the city has more than 1,300\ncameras, as of\nMarch 2019."
    document = extract(text.encode(), media_type="text/plain", charset="utf-8", name="x")
    (figure,) = beside(document, [(0, len(text))])
    assert [one.value for one in figure.pieces] == ["1300", "over", "2019-03"]


@pytest.mark.parametrize(
    ("text", "number", "kind"),
    [
        ("media over RTP [RFC3550]", "RFC 3550", "standard"),
        ("granted US 10,552,712 B2", "US 10,552,712 B2", "patent"),
        ("专利号ZL201710654321.X", "ZL201710654321.X", "patent"),
        ("报告编号：公京检第2018123号", "公京检第2018123号", "test report"),
    ],
)
def test_a_document_is_told_by_its_number(text: str, number: str, kind: str) -> None:
    (one,) = documents(narrow(text))
    assert {each.name: each.value for each in one.pieces} == {"number": number, "type": kind}


def organisations(text: str) -> list[str]:
    return [
        one.value
        for each in statements(narrow(text))
        for one in each.pieces
        if one.name == "organisation"
    ]


def test_a_statement_may_stand_before_or_behind_who_made_it() -> None:
    said = "“We count heads and nothing else,”"
    assert organisations(f"{said} Lindgate Systems wrote on its website.") == ["Lindgate Systems"]
    assert organisations(f"Lindgate’s chief executive, Ann Other, said: {said}") == ["Lindgate"]
    assert organisations(f"{said} said Robin Roe, Lindgate's general counsel.") == []
    assert organisations(f"{said} said a director, Robin Roe.") == []
    assert organisations("“我们只提供算法。”乙科技公司回应称。") == ["乙科技公司"]


def test_a_name_of_a_person_is_no_organisation() -> None:
    said = "“They took a picture of my face,”"
    for who in ("said Ann Other", "Ann Other said", "said Max Roe, a lawyer for Ann Other"):
        assert organisations(f"{said} {who}.") == []


SIGNS = "“”\"'《》 said spokesman of Aa,.:1万个亿元称发言人公司GB/T-2017 RFC US A1()年月"


@given(st.text(alphabet=SIGNS, max_size=300))
def test_any_text_is_read_within_its_bounds(text: str) -> None:
    plain = narrow(text)
    read = [Reading("figure", pieces) for pieces in figures(plain)]
    for one in (*read, *documents(plain), *statements(plain)):
        assert one.pieces
        assert all(0 <= each.start < each.end <= len(text) for each in one.pieces)


@pytest.mark.parametrize(
    "part",
    [
        "1 ",
        "12-",
        "《",
        "Aa ",
        "“Aaaaaaaaaaaaaaa” said ",
        "一",
        "tender reference:",
        "US 12",
        "受甲委托",
    ],
)
def test_a_hostile_text_takes_time_in_proportion(part: str) -> None:
    spent = []
    for size in (15_000, 60_000):
        text = (part * size)[:size].encode()
        document = extract(text, media_type="text/plain", charset="utf-8", name="x")
        start = time.process_time()
        projects(document)
        beside(document, [(0, len(document.text))])
        spent.append(time.process_time() - start)
    assert spent[1] < 12 * max(spent[0], 0.02)  # four times the text; the square would be sixteen
