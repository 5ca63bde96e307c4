"""Character references."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.markup.references import character_reference


@pytest.mark.parametrize(
    ("source", "text", "end"),
    [
        ("&amp;x", "&", 5),
        ("&#20154;", "人", 8),
        ("&#x4EBA", "人", 7),
        ("&copy2", "©", 5),
        ("&notit;", "¬", 4),
        ("&notin;", "∉", 7),
        ("&#150;", "–", 6),
        ("&#0;", "\ufffd", 4),
        ("&#xD800;", "\ufffd", 8),
        ("&#" + "9" * 5000 + ";", "\ufffd", 5003),
        ("&NotEqualTilde;", "≂̸", 15),
    ],
)
def test_a_reference_gives_its_characters_and_its_end(source: str, text: str, end: int) -> None:
    assert character_reference(source, 0, len(source)) == (text, end)


@pytest.mark.parametrize("source", ["&", "&;", "& amp;", "&#;", "&#x;", "&nosuchname;"])
def test_an_ampersand_alone_is_no_reference(source: str) -> None:
    assert character_reference(source, 0, len(source)) is None


def test_in_an_attribute_a_bare_name_before_letters_or_equals_is_no_reference() -> None:
    source = "?a=1&copy=2"
    assert character_reference(source, 4, len(source), attribute=True) is None
    assert character_reference("&copy", 0, 5, attribute=True) == ("©", 5)


@given(st.from_regex(r"&[A-Za-z]{1,9};?[ x]", fullmatch=True))
def test_named_references_agree_with_the_standard_library(source: str) -> None:
    found = character_reference(source, 0, len(source))
    text = source if found is None else found[0] + source[found[1] :]
    assert text == html.unescape(source)
