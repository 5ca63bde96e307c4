r"""Escapes of source code: the letters they stand for, and the way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.extract import extract
from sousveil.extract.text.escapes import unescaped

ALL = tuple(topics.load(name) for name in topics.shipped())
CLAIM = "摄像机支持维吾尔族人脸识别"
FOUR = CLAIM.encode("ascii", "backslashreplace").decode("ascii")
BRACED = re.sub(r"\\u(\w{4})", r"\\u{\1}", FOUR)
EIGHT = FOUR.replace("\\u", "\\U0000")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.js", f'var text = "{FOUR}";\n'),
        ("a.ts", f"const text = '{BRACED}';\n"),
        ("a.py", f'TEXT = "{EIGHT}"\n'),
        ("A.java", f'String text = "{FOUR}";\n'),
        ("A.cs", f'string text = "{FOUR}";\n'),
        ("a.go", f'var text = "{FOUR}"\n'),
        ("a.c", f'char *text = "{FOUR}";\n'),
        ("app_zh.properties", f"# Lens\ntext={FOUR}\n"),
        ("a.yaml", f'description: "{FOUR}"\n'),
    ],
)
def test_a_claim_that_is_written_in_escapes_is_found_in_its_line(name: str, source: str) -> None:
    document = extract(source.encode(), media_type="", charset=None, name=name)
    (claim,) = find(document, ALL)
    assert CLAIM in document.text[claim.start : claim.end]
    start, end = document.source_span(claim.start, claim.end)
    line = source.count("\n", 0, source.index("\\")) + 1
    assert [document.line(claim.start), source.count("\n", 0, end) + 1] == [line, line]
    whole = source[start:end]
    for form in (FOUR, BRACED, EIGHT):
        whole = whole.replace(form, CLAIM)
    assert whole == document.text[claim.start : claim.end]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("\\u7ef4\\u543e", "维吾"),
        ("\\uuu7ef4", "维"),
        ("\\u{7ef4}\\U00007ef4", "维维"),
        ("ethni\\u0063ity", "ethnicity"),
        ("维\\u200b吾", "维\u200b吾"),
        ("\\\\\\u7ef4", "\\\\维"),
    ],
)
def test_an_escape_gives_the_letter_it_stands_for(source: str, text: str) -> None:
    read = unescaped(source)
    assert read is not None
    assert read[0] == text


@pytest.mark.parametrize(
    "source",
    ["\\\\u7ef4", "\\u0022", "\\u000a", "\\u2028", "\\ud83d\\ude00", "\\u{110000}", "\\u7ef", "维"],
)
def test_what_would_make_another_program_stays_as_it_is_written(source: str) -> None:
    assert unescaped(source) is None


@given(st.text(st.sampled_from("\\uU{}07ef4族a\n")))
def test_every_character_leads_back_to_where_it_stands(source: str) -> None:
    text, offsets, _ = unescaped(source) or (source, range(len(source) + 1), ())
    assert len(offsets) == len(text) + 1
    assert offsets[-1] == len(source)
    for at, character in enumerate(text):
        start, end = offsets[at], offsets[at + 1]
        assert source[start:end] == character or source[start] == "\\"
