"""A quote stands whatever its figures, punctuation and spaces; else it is missing or reworded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.answer import Standing, standing_of
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
