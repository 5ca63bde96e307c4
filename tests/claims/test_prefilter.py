"""The quick look at bytes never misses a term, in any coding or spelling."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import maybe
from sousveil.claims.lexicon import lexicon
from sousveil.claims.normal import normalise

ALL = tuple(topics.load(name) for name in topics.shipped())
CLEAN = b"int main(void) { return change_handle(trace, brace, smilex); }\n"


@pytest.mark.parametrize("coding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["// 维吾尔族", "民族识别", "少数民族"])
def test_a_chinese_term_is_seen_in_each_coding(text: str, coding: str) -> None:
    assert maybe(CLEAN + text.encode(coding))


@pytest.mark.parametrize(
    "text",
    [
        "維吾爾族",
        "Émotions",
        "byEthnic",
        "EM_RACE_TYPE",
        "emRace",
        "УЙГУРЫ",
        "sexual\n  orientation",
        "民\n族",
        "ｅｔｈｎｉｃｉｔｙ",
        "eth\u200bnicity",
        "e t h n i c i t y",
        "E T H N I C I T Y",
        "s k i n  t o n e",
        "ethni-\ncity",
        "ethni-\r\n   city",
        "⺠族",
        "維　吾　爾",
        "ﺋﯘﻳﻐﯘﺭ",
    ],
)
def test_a_term_is_seen_however_it_is_written(text: str) -> None:
    assert maybe(CLEAN + text.encode())


def test_words_that_only_contain_a_term_are_let_go() -> None:
    assert not maybe(CLEAN)
    assert not maybe(b"")


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([t for topic in ALL for t in topic.terms if t.kind not in {"value", "hint"}]),
    st.sampled_from([" ", "_", "\n", "x ", "("]),
)
def test_no_term_that_counts_in_code_is_missed(term: topics.Term, before: str) -> None:
    text = f"{before}{term.text.strip('*')} ;"
    if lexicon(ALL).terms(normalise(text).text):
        assert maybe(text.encode())


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_answered(data: bytes) -> None:
    assert maybe(data) in {True, False}


def test_the_look_takes_linear_time() -> None:
    maybe(b"")
    small, large = CLEAN * 2_000, CLEAN * 40_000
    started = time.perf_counter()
    maybe(small)
    middle = time.perf_counter()
    maybe(large)
    assert time.perf_counter() - middle < 200 * (middle - started) + 1
