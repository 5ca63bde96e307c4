import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.text import (
    Piece,
    direction,
    in_context,
    language_tag,
    public_address,
    quote_bounds,
    shorten,
    visible,
    web_link,
)
from sousveil.model import Finding
from tests.dossier.reports import EDITED, UYGHUR, finding

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_visible_text_holds_nothing_that_hides_reorders_or_breaks_utf_8(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    reordering = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not reordering & {unicodedata.bidirectional(character) for character in shown}
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cs"}} <= {"\n", "\t"}
    assert visible(shown) == shown


def test_an_override_is_shown_by_its_number() -> None:
    assert visible("photo\u202egnp.exe") == "photo⟦U+202E⟧gnp.exe"


def test_joiners_that_uyghur_and_persian_need_are_kept() -> None:
    assert visible("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UYGHUR.passage, "rtl"),
        (EDITED.passage, "ltr"),
        ("识别民族", "ltr"),
        ("", "ltr"),
        ("12:30 --", "ltr"),
        ("שלום world", "ltr"),
    ],
)
def test_direction_is_that_of_most_letters(text: str, expected: str) -> None:
    assert direction(text) == expected


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "ug", "zh-Hant-TW"])
def test_a_language_tag_is_passed_on(lang: str) -> None:
    assert language_tag(lang) == lang


@pytest.mark.parametrize("lang", ["", "code", 'en" onload="x', "en us", "-", "x" * 40])
def test_what_is_no_language_tag_is_dropped(lang: str) -> None:
    assert language_tag(lang) == ""


@pytest.mark.parametrize("url", ["https://x.example/a?b=c#d", "http://例え.example/产品"])
def test_web_addresses_are_links(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://x.example/",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x.example/",
        "https:///nohost",
        "https://[broken/",
        "https://x.example/\u202egnp",
        "https://x.example/" + "a" * 5_000,
        "",
    ],
)
def test_anything_else_is_no_link(url: str) -> None:
    assert web_link(url) is None


def test_of_a_local_folder_only_the_name_is_published() -> None:
    assert public_address("/home/jo/work/face-sdk/") == "local copy of face-sdk"
    assert public_address("file:///home/jo/face-sdk") == "local copy of face-sdk"
    assert public_address("file:///home/jo/%E9%9D%A2%E9%83%A8") == "local copy of 面部"
    assert public_address("https://x.example/%E9") == "https://x.example/%E9"
    assert public_address("https://x.example/home/jo") == "https://x.example/home/jo"


@given(before=any_text, quote=any_text.filter(bool), after=any_text)
def test_the_pieces_of_a_context_join_to_it_and_the_marked_one_is_the_quote(
    before: str, quote: str, after: str
) -> None:
    made = finding("Q", "Q", url="https://x.example/")
    found = _with_passage(made, before, quote, after)
    pieces = in_context(found, limit=10_000)
    assert "".join(piece.text for piece in pieces) == before + quote + after
    assert [piece.text for piece in pieces if piece.quoted] == [quote]
    assert quote_bounds(found)[1] == len(before)


def _with_passage(made: Finding, before: str, quote: str, after: str) -> Finding:
    start = made.claim.passage_start + len(before)
    claim = replace(made.claim, start=start, end=start + len(quote))
    return replace(made, claim=claim, quote=quote, passage=before + quote + after)


def test_a_quote_that_is_not_in_its_passage_is_shown_between_prefix_and_suffix() -> None:
    found = replace(EDITED, passage="something else", prefix="It ", suffix=" and")
    assert in_context(found, 1_000) == [
        Piece("It "),
        Piece(EDITED.quote, quoted=True),
        Piece(" and"),
    ]


@given(st.text(max_size=200), st.integers(2, 50).map(lambda half: half * 2))
def test_shortening_keeps_both_ends_and_says_how_much_is_missing(text: str, limit: int) -> None:
    short = shorten([Piece(text, quoted=True)], limit)
    if len(text) <= limit:
        assert "".join(piece.text for piece in short) == text
        return
    head, gap, tail = short
    assert text.startswith(head.text)
    assert text.endswith(tail.text)
    assert len(head.text) + len(tail.text) == limit
    assert gap == Piece(f"{len(text) - limit} characters not shown", cut=True)


def test_every_letter_has_the_direction_that_unicode_gives_it() -> None:
    for code in range(sys.maxunicode + 1):
        is_right_to_left = unicodedata.bidirectional(chr(code)) in {"R", "AL"}
        assert (direction(chr(code)) == "rtl") == is_right_to_left, hex(code)
