"""Documents in, claims out: exact quotes, one claim a window, cards told from faces."""

import math
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model
from sousveil.model import Block, BlockKind, Document

ALL = tuple(topics.load(name) for name in topics.shipped())

HEADER = """struct FACE_ATTRIBUTE {
int nAge; // 年龄
int nGlasses; // 是否戴眼镜
EM_RACE_TYPE emRace; // 人种
EM_EMOTION_TYPE emEmotion; // 表情
};
struct ID_CARD_INFO {
char szName[64]; // 姓名
char szNation[32]; // 民族
char szIdNumber[18]; // 身份证号
char szIssue[64]; // 签发机关
};"""


def prose(*paragraphs: str, context: str = "") -> Document:
    return document(paragraphs, BlockKind.PARAGRAPH, "text", [context] * len(paragraphs))


def code(text: str) -> Document:
    lines = text.split("\n")
    declaration, contexts = "", []
    for line in lines:
        if line.startswith("struct"):
            declaration = line.split()[1]
        contexts.append(declaration)
    return document(lines, BlockKind.CODE, "code", contexts)


def document(
    parts: tuple[str, ...] | list[str],
    kind: BlockKind,
    format_: Literal["text", "code"],
    contexts: list[str],
) -> Document:
    blocks, start = [], 0
    for part, context in zip(parts, contexts, strict=True):
        blocks.append(Block(start, start + len(part), kind, context))
        start += len(part) + 1
    return Document("\n".join(parts), tuple(blocks), format_, "utf-8")


def test_a_quote_is_the_clause_that_carries_the_claim() -> None:
    page = prose(
        "We have made cameras since 1998.",
        "Night vision is standard; the X2 detects the ethnicity of passers-by; it weighs 2 kg.",
    )
    [claim] = find(page, ALL)
    assert page.text[claim.start : claim.end] == "the X2 detects the ethnicity of passers-by"
    assert (claim.label, claim.trait, claim.topic) == ("offers", "ethnicity", "ethnicity")
    assert claim.passage_start <= claim.start < claim.end <= claim.passage_end
    assert claim.engine.startswith("claims ")
    assert "ethnicity 1" in claim.engine


def test_of_a_long_block_only_the_sentence_with_the_claim_is_judged() -> None:
    filler = "The warehouse opens at nine and closes at six on weekdays. " * 12
    page = prose(f"{filler}The X2 camera recognises Uyghurs and alerts police. {filler}")
    [claim] = find(page, ALL)
    window = page.text[claim.passage_start : claim.passage_end]
    assert window == "The X2 camera recognises Uyghurs and alerts police."


def test_face_attributes_are_found_each_by_its_trait_and_card_fields_are_not() -> None:
    header = code(HEADER)
    found = {(c.trait, header.text[c.start : c.end]) for c in find(header, ALL)}
    assert {trait for trait, _ in found} == {"race", "emotion"}
    assert ("race", "EM_RACE_TYPE emRace; // 人种") in found
    assert not any("szNation" in quote for _, quote in found)


def test_a_list_of_all_nations_in_a_card_reader_is_no_finding() -> None:
    names = ["汉族", "蒙古族", "回族", "藏族", "维吾尔族", "苗族", "彝族", "壮族", "布依族", "满族"]
    members = "\n".join(f"EM_CARD_NATION_{n} = {n}, // {name}" for n, name in enumerate(names))
    assert find(code(f"struct ID_CARD_NATION {{ // 身份证 民族\n{members}\n}};"), ALL) == []


def test_a_bare_enumeration_that_knows_an_unrecognised_nation_is_found() -> None:
    members = [
        "KIND_UNKNOWN = 0, // 未知",
        "KIND_UYGHUR = 1, // 维族",
        "KIND_NODISTI = 2, // 设备未识别",
    ]
    page = code("struct EM_KIND_TYPE {\n" + "\n".join(members) + "\n};")
    assert {c.trait for c in find(page, ALL)} == {"ethnicity"}


@pytest.mark.parametrize(
    "text",
    [
        "The race detector slows the program by a factor of ten.",
        "We do not tolerate harassment on the basis of race, religion or sexual orientation.",
        "Uyghur noodles are served with lamb.",
        "Market mood improved after the report.",
        "语音识别支持维吾尔语和藏语。",
        "运行测试时打开竞态检测。",
    ],
)
def test_text_on_something_else_gives_no_finding(text: str) -> None:
    assert find(prose(text), ALL) == []


def test_findings_come_in_order_and_do_not_overlap() -> None:
    page = prose(*["The X2 detects the ethnicity of passers-by."] * 3)
    spans = [(c.start, c.end) for c in find(page, ALL)]
    assert len(spans) == 3
    assert spans == sorted(spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_a_higher_threshold_gives_a_part_of_the_findings() -> None:
    page = prose("The X2 detects the ethnicity of passers-by.", "Mood and faces of customers.")
    loose, strict = find(page, ALL, threshold=0.05), find(page, ALL, threshold=0.8)
    assert {c.start for c in strict} <= {c.start for c in loose}
    assert all(c.score >= 0.8 for c in strict)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from(HEADER.split("\n"))
        | st.sampled_from(["支持民族识别，", "detects race of faces", "\u200b", "İ ﬁ"])
        | st.text(max_size=20).map(lambda t: t.replace("\n", " ")),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
def test_quotes_of_any_document_are_whole_words_within_one_window(
    parts: list[str],
    is_code: bool,  # noqa: FBT001
) -> None:
    page = code("\n".join(parts)) if is_code else prose(*parts)
    for claim in find(page, ALL, threshold=0.1):
        quote = page.text[claim.start : claim.end]
        assert quote == quote.strip() != ""
        assert claim.passage_start <= claim.start <= claim.end <= claim.passage_end
        for edge in (claim.start, claim.end):
            around = page.text[max(0, edge - 1) : edge + 1]
            assert not (len(around) == 2 and around.isascii() and around.isalpha())


def quotes(page: Document) -> list[str]:
    return [page.text[c.start : c.end] for c in find(page, ALL)]


def test_an_enumeration_is_one_finding_whose_quote_holds_the_member_that_tells() -> None:
    members = [
        "    EM_GROUP_TYPE_UNKNOWN, // 未知",
        "    EM_GROUP_TYPE_UYGUR, // 维族",
        "    EM_GROUP_TYPE_OTHER, // 其他",
        "    EM_GROUP_TYPE_NODISTI, // 设备未识别",
    ]
    [quote] = quotes(code("struct EM_GROUP_TYPE { // 民族\n" + "\n".join(members) + "\n};"))
    assert "EM_GROUP_TYPE_UYGUR, // 维族" in quote


def test_accessors_and_layout_of_a_field_are_no_findings_of_their_own() -> None:
    lines = [
        "struct FacePanel {",
        "JLabel raceLabel = new JLabel(words.getRace(face.emRace), CENTER); // face",
        *["int gap;"] * 20,
        "raceLabel.setEnabled(false);",
        *["int width;"] * 20,
        "return this.race;",
        *["int height;"] * 20,
        "panel.add(raceLabel);",
        "}",
    ]
    [quote] = quotes(code("\n".join(lines)))
    assert quote.startswith("JLabel raceLabel")


@pytest.mark.parametrize(
    "line",
    [
        'char szPlateColor[16]; // 车牌颜色 "Blue","Yellow","White","Black"',
        "BYTE byCoatColor; // 0-unknown 1-black 2-white 3-yellow 4-brown",
        'LTEXT "籍贯", IDC_STATIC, 20, 30, 40, 8',
        "COMBOBOX IDC_COMBO_NATIVE_PLACE, 60, 28, 80, 60",
    ],
)
def test_colours_of_cars_and_places_of_birth_are_no_claims(line: str) -> None:
    assert quotes(code(f"struct SNAP {{\nint nAge;\nint nGlasses;\n{line}\n}}")) == []


def test_a_long_sentence_is_quoted_by_its_clauses_within_bounds() -> None:
    clause = "our face recognition system detects the ethnicity of every visitor"
    page = prose(f"{'In the large hall, ' * 9}{clause}, {'under any lamp, ' * 9}even so.")
    [claim] = find(page, ALL)
    assert clause in page.text[claim.start : claim.end]
    assert claim.end - claim.start <= 300


@pytest.mark.parametrize(
    "text",
    [
        "An alert can be raised when a person of a chosen ethnicity enters a monitored zone.",
        "Operators search. An alert can be raised when one of a chosen ethnicity enters a zone.",
        "发现指定民族的人员进入布控区域时自动报警。",
        "The bidder must provide recognition of ethnic minorities at checkpoints.",
    ],
)
def test_what_a_product_does_is_offered_though_nobody_is_named(text: str) -> None:
    assert [c.label for c in find(prose(text), ALL)] == ["offers"]


@pytest.mark.parametrize("told", ["was raised", "has been raised"])
def test_an_alert_that_a_company_raised_is_reported(told: str) -> None:
    text = f"The company admitted that an alert {told} when a person of Uyghur ethnicity entered."
    assert [c.label for c in find(prose(text), ALL)] == ["reports"]


@pytest.mark.parametrize(
    "text",
    [
        "录制功能支持基于RACE的美颜。",
        "It is never OK to attack anyone because of race, ethnicity or religion.",
        "We may collect your name, photo, gender and ethnicity when you sign up.",
    ],
)
def test_acronyms_rules_of_conduct_and_stated_data_are_no_findings(text: str) -> None:
    assert find(prose(text), ALL) == []


def as_sure(score: float) -> Model:
    """Return a model that gives every passage this score."""
    even = math.log(score / len(CLAIM_LABELS))
    rest = math.log((1 - score) / (len(MODEL_LABELS) - len(CLAIM_LABELS)))
    intercept = tuple(even if label in CLAIM_LABELS else rest for label in MODEL_LABELS)
    return Model(intercept, {}, 1.0, 0.0, {})


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("The camera detects the ethnicity of visitors.", 0.5),
        ("The camera detects when a customer is angry.", 0.7),  # a hint alone
        ("Uyghurs were taken away at night, relatives said.", 0.8),  # no system near
    ],
)
def test_what_says_less_of_a_trait_or_of_a_system_must_be_surer(text: str, bar: float) -> None:
    assert len(find(prose(text), ALL, model=as_sure(bar + 0.02))) == 1
    assert find(prose(text), ALL, model=as_sure(bar - 0.02)) == []
