"""What stands beside claims: figures with their own dates, documents by number, who said what."""

import pytest

from sousveil.facts.documents import documents
from sousveil.facts.figures import figures
from sousveil.facts.reading import narrow
from sousveil.facts.statements import statements


def told(sentence: str) -> list[dict[str, str]]:
    return [
        {one.name: f"{one.value} {one.unit}".strip() for one in pieces}
        for pieces in figures(narrow(sentence))
    ]


def test_each_figure_has_its_own_year() -> None:
    assert told(
        "There were 176 million cameras in 2017, and the number was to grow up to 626 million"
        " in 2020."
    ) == [
        {"amount": "176000000 cameras", "when": "2017"},
        {"amount": "626000000 cameras", "bound": "up to", "when": "2020"},
    ]
    assert told("2017年已有1.76亿个摄像头，预计2020年将有6.26亿个。") == [
        {"amount": "176000000 个摄像头", "when": "2017"},
        {"amount": "626000000 个摄像头", "when": "2020"},
    ]


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("约3000万路摄像头联网", {"amount": "30000000 路摄像头", "bound": "about"}),
        ("识别准确率达99.8%", {"amount": "99.8 %"}),
        ("投资3.5亿元", {"amount": "350000000 CNY"}),
        ("between 95 and 98 percent", {"amount": "95 %", "to": "98 %"}),
        ("identifies 2 to 3 million faces", {"amount": "2000000 faces", "to": "3000000 faces"}),
        ("覆盖100至200万人", {"amount": "1000000 人", "to": "2000000 人"}),
        ("It cost $1.2 billion (2018).", {"amount": "1200000000 USD", "when": "2018"}),
        ("已抓拍5000余人", {"amount": "5000 人", "bound": "over"}),
    ],
)
def test_a_figure_is_read_with_unit_bound_and_date(sentence: str, figure: dict[str, str]) -> None:
    assert told(sentence) == [figure]


@pytest.mark.parametrize(
    "sentence",
    ["Page 12 of 30, version 2.0, released in 2019.", "See section 4.2 of RFC 9110.", "第3章第2节"],
)
def test_a_number_that_counts_nothing_is_no_figure(sentence: str) -> None:
    assert told(sentence) == []


def test_the_quote_of_a_figure_is_its_own_words() -> None:
    sentence = "Some say 40% of it went to 500 cameras."
    quotes = [sentence[one[0].start : one[0].end] for one in figures(narrow(sentence))]
    assert quotes == ["40%", "500 cameras"]


def papers(text: str) -> list[dict[str, str]]:
    return [{one.name: one.value for one in each.pieces} for each in documents(narrow(text))]


def test_standards_are_told_by_number_year_and_title() -> None:
    text = (
        "符合GB/T 28181—2016《视频监控联网系统要求》和GA/T1400.3-2017，"
        "参见《人脸比对规范》(T/ABC 112-2020)"
        "；ISO/IEC 19795-1:2021, NIST IR 8280."
    )
    assert papers(text) == [
        {"number": "GB/T 28181-2016", "type": "standard", "published": "2016",
         "title": "视频监控联网系统要求"},
        {"number": "GA/T 1400.3-2017", "type": "standard", "published": "2017"},
        {"number": "T/ABC 112-2020", "type": "standard", "published": "2020",
         "title": "人脸比对规范"},
        {"number": "ISO/IEC 19795-1:2021", "type": "standard", "published": "2021"},
        {"number": "NIST IR 8280", "type": "standard"},
    ]  # fmt: skip


def test_test_reports_and_guidelines_are_told() -> None:
    text = "《某型摄像机检测报告》报告编号：GA-2019-0123，2019年5月6日。见《人脸识别应用指南》。"
    assert papers(text) == [
        {"number": "GA-2019-0123", "type": "test report", "published": "2019-05-06",
         "title": "某型摄像机检测报告"},
        {"title": "人脸识别应用指南", "type": "guideline"},
    ]  # fmt: skip


SAID = "Our cameras never label ethnicity"


@pytest.mark.parametrize(
    "text",
    [
        f"“{SAID},” said Jane Roe, a spokesperson for Halden Vision.",
        f"“{SAID},” a spokesperson for Halden Vision said.",
        f"A spokesperson for Halden Vision said: “{SAID}.”",
        f"Halden Vision spokesperson Jane Roe said: “{SAID}.”",
    ],
)
def test_a_statement_is_an_organisations_and_names_nobody(text: str) -> None:
    ((said, role, organisation),) = [each.pieces for each in statements(narrow(text))]
    assert said.value.rstrip(".") == SAID
    assert (role.value, organisation.value) == ("spokesperson", "Halden Vision")
    assert "Jane" not in said.value + role.value + organisation.value


def test_a_chinese_statement_names_role_and_organisation() -> None:
    (one,) = statements(narrow("甲视科技发言人张三表示：“该功能仅用于内部测试，从未上线。”"))
    assert {each.name: each.value for each in one.pieces}["organisation"] == "甲视科技"
    assert all("张三" not in each.value for each in one.pieces)


@pytest.mark.parametrize(
    "text",
    [
        "“It is raining cats and dogs here,” said Tom, my neighbour.",
        "“It is raining cats and dogs here,” she said.",
        "“It is raining cats and dogs here,” said Tom.",
    ],
)
def test_what_a_private_person_says_is_not_read(text: str) -> None:
    assert statements(narrow(text)) == []
