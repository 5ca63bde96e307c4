"""Matching does not depend on how a word is written, and the way back is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.claims.normal import normalise


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("EM_NATION_TYPE", "em nation type"),
        ("emRaceType", "em race type"),
        ("HTTPServer", "http server"),
        ("維吾爾族識別", "维吾尔族识别"),
        ("民 族\n识\u200b别", "民族识别"),
        ("ｅｔｈｎｉｃｉｔｙ", "ethnicity"),
        ("Émotions  des\nOuïghours", "emotions des ouighours"),
        ("eth\u00adni\u200bcity", "ethnicity"),
        ("E\u0301motion", "emotion"),
        ("race-based", "race based"),
    ],
)
def test_spellings_of_a_word_become_one(source: str, expected: str) -> None:
    assert normalise(source).text == expected


def test_the_way_back_gives_the_characters_as_they_stood() -> None:
    source = "支持维\u200b吾 爾族识别"
    normal = normalise(source)
    at = normal.text.index("维吾尔族")
    start, end = normal.source_span(at, at + 4)
    assert source[start:end] == "维\u200b吾 爾族"


@given(st.text())
def test_any_text_has_a_normal_form_whose_spans_lie_in_the_source_in_order(source: str) -> None:
    normal = normalise(source)
    last = 0
    for index in range(len(normal.text)):
        start, end = normal.source_span(index, index + 1)
        assert 0 <= start <= end <= len(source)
        assert start >= last
        last = start


@given(st.text(alphabet="aé民İi\u0307\u200b \n_ＡB", max_size=30))
def test_every_source_offset_has_a_place_in_the_normal_form(source: str) -> None:
    normal = normalise(source)
    places = [normal.offset(at) for at in range(len(source) + 1)]
    assert places == sorted(places)
    assert all(0 <= place <= len(normal.text) for place in places)
