"""The HTML tokenizer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.markup.tokens import TokenKind, attributes, tokens

PIECES = """
< > / = " ' ! - & ; # a b <p> </p> <!-- --> <![CDATA[ ]]> <svg> </svg> <script> </script> <title> 人
"""
MARKUP = st.lists(st.sampled_from([*PIECES.split(), " ", "\n", "\0"]), max_size=40).map("".join)


def test_every_form_of_quoting_is_understood() -> None:
    source = """<a b=1 C = '2>' d="3 > 2" hidden e='' /f=/g>"""
    (token,) = tokens(source)
    found = {a.name: source[a.start : a.end] for a in attributes(source, token.start, token.end)}
    assert found == {"b": "1", "c": "2>", "d": "3 > 2", "hidden": "", "e": "", "f": "/g"}


def test_a_quote_that_is_never_closed_ends_with_its_tag() -> None:
    source = '<a title="oops>text'
    assert [t.kind for t in tokens(source)] == [TokenKind.START, TokenKind.TEXT]


def test_what_stands_in_a_script_is_one_piece() -> None:
    source = "<script>if (a < b) '</p>'</SCRIPT >after"
    content = [t for t in tokens(source) if t.kind is TokenKind.CONTENT]
    assert [source[t.start : t.end] for t in content] == ["if (a < b) '</p>'"]


@pytest.mark.parametrize(
    ("source", "comment"),
    [("<!---->", ""), ("<!-- a - b -- c -->", " a - b -- c "), ("<!--x--!>y", "x"), ("<!--", "")],
)
def test_comments_end_as_the_standard_says(source: str, comment: str) -> None:
    (token,) = (t for t in tokens(source) if t.kind is TokenKind.COMMENT)
    assert source[token.start : token.end] == comment


def test_cdata_is_text_in_svg_only() -> None:
    source = "<![CDATA[a]]>b<svg><![CDATA[c>d]]></svg>"
    kept = [source[t.start : t.end] for t in tokens(source) if t.kind is TokenKind.CDATA]
    assert kept == ["c>d"]


@given(MARKUP)
def test_tokens_stand_in_order_and_inside_the_source(source: str) -> None:
    spans = [(t.start, t.end) for t in tokens(source) if t.kind is not TokenKind.END]
    position = 0
    for start, end in spans:
        assert position <= start <= end <= len(source) or start == end
        position = max(position, end)


@given(MARKUP)
def test_text_without_a_less_than_sign_stays_whole(markup: str) -> None:
    source = markup.replace("<", "")
    assert "".join(source[t.start : t.end] for t in tokens(source)) == source
