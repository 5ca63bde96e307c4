"""A quote stands whatever its figures, punctuation and spaces; else it is missing or reworded."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.answer import Standing, is_in_source, standing_of
from sousveil.extract import extract
from sousveil.model import Document

QUOTE = "The camera tells the ethnicity of each visitor in 0.3 seconds."
REST = ["Halden makes cameras for gates.", "Our offices are open from Monday to Friday."]


def page(*passages: str) -> Document:
    return extract("\n\n".join(passages).encode(), media_type="text/plain", charset=None, name="x")


BEFORE = page(REST[0], QUOTE, REST[1])


@pytest.mark.parametrize(
    ("after", "standing"),
    [
        (QUOTE, Standing.STANDS),
        ("The camera tells the ethnicity of each visitor – in 0.2 seconds!", Standing.STANDS),
        ("THE CAMERA tells the ethnicity\nof each  visitor in\u00a01 seconds", Standing.STANDS),
        ("The camera tells the skin colour of each visitor in seconds.", Standing.REWORDED),
        ("Write to us for an offer.", Standing.MISSING),
    ],
)
def test_how_a_quote_stands(after: str, standing: Standing) -> None:
    told, wording = standing_of(QUOTE, BEFORE, page(REST[0], after, REST[1]))
    assert told is standing
    assert (wording == after) is (standing is Standing.REWORDED)


def test_a_chinese_quote_is_found_within_a_longer_sentence() -> None:
    before = page("系统可按种族检索人脸", REST[0])
    assert standing_of("可按种族检索", before, before)[0] is Standing.STANDS
    after = page("系统可按肤色检索人脸", REST[0])
    assert standing_of("可按种族检索人脸", before, after)[0] is Standing.REWORDED


def test_a_quote_that_began_after_a_figure_is_found() -> None:
    table = page("|2017-06-13|日期|版本|修改内容|")
    assert standing_of("日期|版本|修改内容", table, table)[0] is Standing.STANDS


def test_a_quote_without_letters_must_stand_as_it_is() -> None:
    assert standing_of("+1 555", page("+1 555"), page("+1  555"))[0] is Standing.STANDS
    assert standing_of("+1 555", page("+1 555"), page("+1 556"))[0] is not Standing.STANDS


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=80))
def test_every_text_stands_in_itself(words: str) -> None:
    document = page(f"Halden {words}")
    assert standing_of(document.text, document, document)[0] is Standing.STANDS


# ---------------------------------------------------------------- the source of a page

SAID = "Our camera infers the “ethnicity” of every face – 民族识别."


@pytest.mark.parametrize(
    "source",
    [
        f"<script>t = {json.dumps(SAID)}</script>",
        f"<script>t = {json.dumps(SAID.replace('face', '<b>face</b>'))}</script>",
        f"<script>t = {json.dumps(SAID, ensure_ascii=False)}</script>",
        f"<script>t = '{SAID.replace(' ', chr(92) + 'n')}'</script>",
        f'<div data-tab="{SAID.replace("–", "&ndash;")}"></div>',
        f"<template><p>{SAID}</p></template>",
    ],
)
def test_what_a_script_may_show_is_in_the_source(source: str) -> None:
    assert is_in_source(SAID, source.encode("gb18030"), ["utf-8", "gb18030"])
    assert not is_in_source(SAID.replace("face", "gait"), source.encode("gb18030"), ["gb18030"])


def test_what_is_commented_out_is_not() -> None:
    assert not is_in_source(SAID, f"<p>Lens</p><!-- <p>{SAID}</p> -->".encode(), ["utf-8"])
    assert not is_in_source(SAID, f"<p>Lens</p><!-- <p>{SAID}</p>".encode(), ["utf-8"])


@given(st.text(), st.binary())
def test_any_bytes_are_searched(quote: str, source: bytes) -> None:
    assert is_in_source(quote, source, ["utf-8", "gb18030", "windows-1252"]) in {True, False}


def test_a_source_that_would_be_slow_is_not() -> None:
    began = time.monotonic()
    is_in_source(SAID, b"<!-- <\\u00" * 400_000, ["utf-8"])
    is_in_source(SAID, b"&#" * 2_000_000, ["utf-8"])
    assert time.monotonic() - began < 20
