"""RTF: what Word, WordPad and their Chinese relatives write, and what nobody should."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import ExtractError
from sousveil.extract import extract
from sousveil.extract.office import rtf
from sousveil.model import Document


def read(body: bytes | str, head: str = r"\ansi\deff0") -> Document:
    data = body.encode("latin-1") if isinstance(body, str) else body
    payload = rb"{\rtf1" + head.encode() + b"\n" + data + b"}"
    return extract(payload, media_type="text/rtf", charset=None, name="manual.rtf")


def blocks_of(document: Document) -> list[tuple[str, str, str]]:
    return [(b.kind.value, b.context, document.text[b.start : b.end]) for b in document.blocks]


def gbk(text: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode("gbk"))


def test_paragraphs_headings_and_their_order() -> None:
    document = read(
        r"{\pard\outlinelevel0 Face\par}\pard It tells {\b moods} apart.\par "
        r"{\pard\outlinelevel1 Deep\par}\pard\ls1 One \endash  two\par tail"
    )
    assert (document.format, document.title, document.charset) == ("office", "Face", "")
    assert blocks_of(document) == [
        ("heading", "", "Face"),
        ("paragraph", "Face", "It tells moods apart."),
        ("heading", "Face", "Deep"),
        ("list_item", "Face > Deep", "One – two"),
        ("list_item", "Face > Deep", "tail"),
    ]


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (r"\ansi\ansicpg936", gbk("民族识别"), "民族识别"),
        (r"\ansi\ansicpg936", r"\'81~\'81\'5c", "亊乗"),  # a character's second byte may be ASCII
        (r"\ansi\ansicpg1252{\fonttbl{\f7\fnil\fcharset134 SimSun;}}", rf"\f7 {gbk('族')}", "族"),
        (r"\ansi{\fonttbl{\f1\fcharset204 A;}{\f2\fcharset0 B;}}", r"\f1\'e4\f2\'e4", "дä"),
        (r"\ansi\ansicpg936{\fonttbl{\f2\fcharset0 B;}}", r"\f2 caf\'e9", "caf\ufffd"),
        (r"\ansi\ansicpg950", r"\'b1\'da", "族"),
        (r"\ansi\ansicpg99999", r"\'e4", "ä"),
        (r"\ansi\ansicpg65001", "\xe6\x97\x8f", "族"),
    ],
)
def test_bytes_are_read_in_the_code_page_of_their_font_or_file(
    head: str, body: str, text: str
) -> None:
    assert read(body, head).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"\u27665?\u26063 ?end", "民族end"),
        (r"\uc2\u27665\'c3\'f1\u26063\'d7\'e5!", "民族!"),
        (r"\uc0\u27665\u26063 x", "民族x"),
        (r"\u-10179?\u-8704?", "\U0001f600"),
        (r"\u-10179?x", "\ufffdx"),
        (r"{\uc1\u27665}x", "民x"),
        (r"\u27665\tab x", "民x"),
        (r"{\upr{ANSI}{\*\ud{\u26063?}}}", "族"),
        (r"a\~b\_c\{\}\\", "a\u00a0b-c{}\\"),
    ],
)
def test_unicode_is_read_and_its_fallback_passed_over(body: str, text: str) -> None:
    assert read(body).text == text


def test_tables_have_cells_under_their_headers() -> None:
    document = read(
        r"\trowd\cellx1\cellx2\pard\intbl Name\cell Meaning\cell\row"
        r"\trowd\cellx1\cellx2\pard\intbl uygur\cell first\par second\cell\row\pard After\par"
    )
    assert blocks_of(document) == [
        ("cell", "", "Name"),
        ("cell", "", "Meaning"),
        ("cell", "Name", "uygur"),
        ("cell", "uygur | Meaning", "first"),
        ("cell", "uygur | Meaning", "second"),
        ("paragraph", "", "After"),
    ]


def test_notes_headers_and_hidden_text_are_read_and_labelled() -> None:
    document = read(
        r"{\header Lens Ltd\par}Seen{\footnote\pard a note} text.\par"
        r"{\v It was {\deleted never }secret.}{\*\annotation a remark}\par"
        r"{\info{\title Lens {\b manual}}{\author A person}}"
    )
    assert document.title == "Lens manual"
    assert blocks_of(document) == [
        ("paragraph", "header", "Lens Ltd"),
        ("paragraph", "footnote", "a note"),
        ("paragraph", "", "Seen text."),
        ("paragraph", "comment", "a remark"),
        ("paragraph", "hidden", "It was secret."),
    ]


def test_pictures_objects_and_unknown_destinations_are_passed_over() -> None:
    document = read(
        r"A{\pict\pngblip 89504e47}{\object{\*\objdata 0105}{\result shown}}{\*\unknown{x}y}"
        r"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\stylesheet{\s0 Normal;}}{\pict\bin3 {}}"
        r"}B"
    )
    assert document.text == "AshownlinkB"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "manual.rtf: the document holds no text"),
        ("{" * 3_000 + "a", "nests more than 2000 groups"),
    ],
)
def test_what_cannot_be_read_is_told(body: str, problem: str) -> None:
    with pytest.raises(ExtractError, match=problem):
        read(body)


def test_too_many_pieces_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtf, "MAX_TOKENS", 99)
    with pytest.raises(ExtractError, match="more than 99 pieces of RTF"):
        read(r"\b a" * 99)


@pytest.mark.parametrize(
    "body",
    [
        r"\u65?" * 100_000,
        r"\v a\v0 b" * 15_000,
        r"\outlinelevel0 a\par" * 15_000,
        r"\intbl a\cell\row" * 15_000,
        "{}" * 150_000,
        "{\\header a}" * 15_000,
        r"\'81" * 150_000,
        "\\bin999999999999 " + "x" * 99,
        "\\" * 150_001,
        "}" * 150_000,
        r"{\pict " + "00\n" * 100_000,
    ],
    ids=lambda body: body[:12],
)
def test_hostile_rtf_takes_linear_time(body: str) -> None:
    began = time.thread_time()
    with suppress(ExtractError):
        read(body)
    assert time.thread_time() - began < 1.4  # it takes a quarter of that


WORDS = r"""
    { } \par \pard \cell \row \intbl \trowd \u65? \uc0 \uc9 \'81 \'5c \v \v0 \* \header \footnote
    \info \title \fonttbl \f1 \fcharset134 \ansicpg936 \bin3 \upr \ud \pict \outlinelevel0 \\ \{
    text \u-10179 \deleted \plain \nestcell \annotation \shptxt \ansicpg65000 \ansicpg037
"""


@given(st.lists(st.sampled_from([w.encode() for w in WORDS.split()]) | st.binary(max_size=4)))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    with suppress(ExtractError):
        document = read(b"".join(pieces))
        position = 0
        for block in document.blocks:
            assert position <= block.start < block.end <= len(document.text)
            position = block.end
        document.text.encode()
