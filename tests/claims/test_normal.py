"""Matching does not depend on how a word is written, and the way back is exact."""

import time

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
        ("⺠族 ⻢ ⻋", "民族马车"),
        ("⾯部 維　吾　爾", "面部维吾尔"),
        ("e t h n i c i t y   t y p e", "ethnicity type"),
        ("e\u200at\u200ah\u200an\u200ai\u200ac o\u200af", "ethnic of"),
        ("vitamin a b c", "vitamin a b c"),
        ("ethniсity, нaциональность", "ethnicity, национальность"),  # с of Cyrillic, a of Latin
        ("Wi-Fi и XML, iPhoneы", "wi fi и xml, i phoneы"),
        ("ethni-\ncity of minori-\r\n  ties", "ethnicity of minorities"),
        ("ethni\u00adcity", "ethnicity"),
        ("race-\nbased, race\u00adbased", "race based, race based"),
        ("Uy\u00adghu\u00adrs, Uy-\nghu\u200br", "uyghurs, uyghur"),
        ("a classi\ufb01cation", "a classification"),
        ("ﺋﯘﻳﻐﯘﺭ ﻣﯩﻠﻠﻪﺕ", "ئۇيغۇر مىللهت"),
        ("ئۇيـــغۇر", "ئۇيغۇر"),
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


@given(st.text(alphabet="aé民İi\u0307\u200b \n_ＡB-\u00ad⺠\u200aﺋ", max_size=30))
def test_every_source_offset_has_a_place_in_the_normal_form(source: str) -> None:
    normal = normalise(source)
    places = [normal.offset(at) for at in range(len(source) + 1)]
    assert places == sorted(places)
    assert all(0 <= place <= len(normal.text) for place in places)


def test_radicals_that_nfkc_leaves_alone_have_the_ideograph_that_unicode_gives() -> None:
    assert normalise("⺟⻳").text == "母龟"  # by NFKC
    left = [chr(code) for code in range(0x2E80, 0x2EF4) if code != 0x2E9A]  # unassigned
    plain = [normalise(radical).text for radical in left]
    same = [radical for radical, text in zip(left, plain, strict=True) if radical == text]
    assert same == ["⺀"]  # it stands for no ideograph


@pytest.mark.parametrize("source", ["e t h n i c i t y", "ethni-\ncity", "ﺋﯘﻳﻐﯘﺭ", "⺠ 族", "ﬁ"])
def test_the_way_back_from_a_whole_word_is_all_of_it(source: str) -> None:
    normal = normalise(f"the {source} of")
    at = normal.text.index(normalise(source).text)
    start, end = normal.source_span(at, at + len(normalise(source).text))
    assert f"the {source} of"[start:end] == source


def test_spread_and_parted_words_take_linear_time() -> None:
    for part in ("a ", "a-\n", "a\u00ad ", "一 ", "- \n", "\u2009a"):
        started = time.perf_counter()
        normalise(part * 100_000)
        assert time.perf_counter() - started < 5
