"""A claim is found however a document writes its words, and quoted exactly as it stands there."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.claims.lexicon import lexicon
from sousveil.claims.normal import normalise
from sousveil.model import Block, BlockKind, Claim, Document

ALL = tuple(topics.load(name) for name in topics.shipped())

CHINESE = [
    "青石视界摄像机支持维吾尔族人脸识别",
    "该平台可按民族检索过往行人的面部照片",
    "系统发现少数民族人员时自动向警方报警",
]
ENGLISH = [
    "The Oddlestane Lens camera detects the ethnicity of every visitor",
    "Our face recognition software classifies people by race",
    "The Lens platform alerts police when a Uyghur face is recognised",
]
# Characters as PDFs write them: Kangxi radicals, those of the supplement, traditional ones.
RADICALS = str.maketrans("族人民面行自警见马", "族⼈⺠⾯⾏⾃警⻅⻢")
TRADITIONAL = str.maketrans("维尔识别该检过脸摄视统发现时动机", "維爾識別該檢過臉攝視統發現時動機")

Distortion = Callable[[str], str]
OF_CHINESE: dict[str, Distortion] = {
    "radicals": lambda text: text.translate(RADICALS),
    "traditional": lambda text: text.translate(TRADITIONAL),
    "spaced": " ".join,
    "spaced wide": "\u3000".join,
    "hair spaces": "\u200a".join,
    "zero width": "\u200b".join,
    "wrapped": lambda text: "\n".join(text[at : at + 4] for at in range(0, len(text), 4)),
}
OF_ENGLISH: dict[str, Distortion] = {
    "full width": lambda text: "".join(
        chr(ord(letter) + 0xFEE0) if letter.isascii() and letter != " " else letter
        for letter in text
    ),
    "spaced": lambda text: "   ".join(" ".join(word) for word in text.split()),
    "hair spaces": lambda text: " ".join("\u200a".join(word) for word in text.split()),
    "zero width": lambda text: " ".join("\u200b".join(word) for word in text.split()),
    "soft hyphens": lambda text: " ".join("\u00ad".join(word) for word in text.split()),
    "capitals": str.upper,
    "bold": lambda text: "".join(
        chr(ord(letter) - ord("a") + 0x1D41A) if "a" <= letter <= "z" else letter for letter in text
    ),
    "lines": lambda text: text.replace(" ", "\n"),
}


def claims(text: str) -> list[Claim]:
    block = Block(0, len(text), BlockKind.PARAGRAPH)
    return find(Document(text, (block,), "pdf", ""), ALL)


@pytest.mark.parametrize("name", OF_CHINESE)
@pytest.mark.parametrize("sentence", CHINESE)
def test_a_chinese_claim_is_found_in_each_form(sentence: str, name: str) -> None:
    text = OF_CHINESE[name](sentence)
    [plain], [claim] = claims(sentence), claims(text)
    assert (claim.label, claim.trait) == (plain.label, plain.trait)
    assert (claim.start, claim.end) == (0, len(text))


@pytest.mark.parametrize("name", OF_ENGLISH)
@pytest.mark.parametrize("sentence", ENGLISH)
def test_an_english_claim_is_found_in_each_form(sentence: str, name: str) -> None:
    text = OF_ENGLISH[name](sentence)
    [plain], [claim] = claims(sentence), claims(text)
    assert (claim.label, claim.trait) == (plain.label, plain.trait)
    assert (claim.start, claim.end) == (0, len(text))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ENGLISH), st.data())
def test_a_hyphen_at_a_lines_end_hides_no_word(sentence: str, data: st.DataObject) -> None:
    words = sentence.split()
    at = data.draw(st.integers(0, len(words) - 1))
    cut = data.draw(st.integers(1, max(1, len(words[at]) - 1)))
    hyphen = data.draw(st.sampled_from(["-\n", "\u00ad", "\u00ad\n", "‐\r\n "]))
    if len(words[at]) > 1:
        words[at] = words[at][:cut] + hyphen + words[at][cut:]
    text = " ".join(words)
    [claim] = claims(text)
    assert text[claim.start : claim.end] == text


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(CHINESE),
    st.sets(st.integers(1, 15), max_size=8),
    st.sampled_from([" ", "\n", "\u200b", "\u3000", "\ufeff"]),
)
def test_a_gap_anywhere_in_a_chinese_claim_hides_no_word(
    sentence: str, gaps: set[int], gap: str
) -> None:
    text = "".join(
        gap + character if at in gaps else character for at, character in enumerate(sentence)
    )
    [claim] = claims(text)
    assert (claim.start, claim.end) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "ئۇيغۇر چىرايى",
        "ﺋﯘﻳﻐﯘﺭ ﭼﯩﺮﺍﻳﻰ",
        "ئۇيـغـۇر چىرايى",
        "ئۇي\u200dغۇر چىرايى",
        "ئۇيغۇرلار چىرايى",
    ],
)
def test_an_uyghur_term_is_found_in_each_form(text: str) -> None:
    normal = normalise(text)
    found = [hit for hit in lexicon(ALL).terms(normal.text) if hit.kind == "group"]
    assert found
    start, end = normal.source_span(found[0].start, found[0].end)
    word = text.split(maxsplit=1)[0]
    assert word.startswith(text[start:end])
    assert normalise(text[start:end]).text == normalise("ئۇيغۇر").text
