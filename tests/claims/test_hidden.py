"""What a reader does not see, or sees as the same word, hides no term: from bytes to claims."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find, maybe
from sousveil.extract import extract
from sousveil.model import Claim, Document

ALL = tuple(topics.load(name) for name in topics.shipped())

SENTENCES = [
    ("The Oddlestane Lens camera detects the ", "ethnicity", " of every visitor."),
    ("The Lens platform alerts police when a ", "Uyghur", " face is recognised."),
    ("青石视界摄像机支持", "维吾尔族", "人脸识别。"),
    ("Камера Оддлстейн определяет ", "национальность", " каждого посетителя."),
]
HANZI = 2

# Default_Ignorable_Code_Point (UAX 44): joiners, bidi controls, variation selectors, tags.
INVISIBLE = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c"
    "\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206f\u3164\ufe00\ufe0e"
    "\ufe0f\ufeff\uffa0\ufff9\U0001d173\U000e0001\U000e0041\U000e0100\U000e01ef"
]
MARKS = [*"\u0300\u0301\u0308\u0327\u0332\u0335\u0336\u0338\u1ab0\u1dc4\u20d2\u20dd\ufe20\u0483"]
UNSEEN_MARKUP = [
    "<b></b>", "<wbr>", "<!-- x -->", "<i>", "</span>", '<span class="a b">', "<a href=/x>",
    "&shy;", "&#8203;", "&ZeroWidthSpace;", "&zwj;", "&NoBreak;", "<script>var a = 1;</script>",
]  # fmt: skip
FILES = {
    "a.html": "<html><body><p>{}</p></body></html>",
    "table.html": "<table><tr><td>{}</td><td>4 mm</td></tr></table>",
    "a.txt": "{}\n",
    "a.md": "# Lens\n\n{}\n",
    "a.csv": 'id,text\n1,"{}"\n',
    "a.json": '{{"description": "{}"}}',
    "a.h": "/* {} */\nint detect_face;\n",
}
MARKUP = ("a.html", "table.html")


def document(name: str, text: str) -> Document:
    return extract(text.encode(), media_type="", charset="utf-8", name=name)


def seen(claims: list[Claim]) -> list[tuple[str, str]]:
    return [(claim.trait, claim.label) for claim in claims]


def assert_same_claims(name: str, sentence: tuple[str, str, str], written: str) -> None:
    before, term, after = sentence
    plain = FILES[name].format(before + term + after)
    source = FILES[name].format(before + written + after)
    read = document(name, source)
    found = find(read, ALL)
    assert seen(found) == seen(find(document(name, plain), ALL))
    assert maybe(source.encode()) or not maybe(plain.encode())
    for claim in found:
        assert_exact(source, read, claim)


def assert_exact(source: str, read: Document, claim: Claim) -> None:
    """The quote is what its span of the source shows, but for white space."""
    start, end = read.source_span(claim.start, claim.end)
    shown = source[start:end]
    if read.format == "html":
        shown = re.sub(r"<(script)\b.*?</\1>|<!--.*?-->|<[^<>]*>", "", shown)
        shown = html.unescape(shown)
    assert "".join(shown.split()) == "".join(read.text[claim.start : claim.end].split())


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_invisible_characters_hide_no_term(data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(SENTENCES))
    between = data.draw(
        st.lists(
            st.one_of(st.just(""), st.text(st.sampled_from(INVISIBLE), min_size=1, max_size=3)),
            min_size=len(sentence[1]) - 1,
            max_size=len(sentence[1]) - 1,
        )
    )
    written = "".join(map("".join, zip(sentence[1], [*between, ""], strict=True)))
    assert_same_claims(data.draw(st.sampled_from(list(FILES))), sentence, written)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_accents_and_strokes_through_letters_hide_no_term(data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(SENTENCES))
    marked = data.draw(st.sets(st.integers(0, len(sentence[1]) - 1), min_size=1))
    mark = data.draw(st.text(st.sampled_from(MARKS), min_size=1, max_size=3))
    written = "".join(c + mark if at in marked else c for at, c in enumerate(sentence[1]))
    assert_same_claims(data.draw(st.sampled_from(list(FILES))), sentence, written)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_tags_comments_and_references_hide_no_term(data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(SENTENCES))
    how = data.draw(
        st.lists(
            st.sampled_from(["{}", "&#{0};", "&#x{0:x};", "&#X{0:X};"]),
            min_size=len(sentence[1]),
            max_size=len(sentence[1]),
        )
    )
    letters = [
        letter if form == "{}" else form.format(ord(letter))
        for letter, form in zip(sentence[1], how, strict=True)
    ]
    at = data.draw(st.integers(1, len(letters) - 1))
    letters.insert(at, data.draw(st.sampled_from([*UNSEEN_MARKUP, ""])))
    assert_same_claims(data.draw(st.sampled_from(MARKUP)), sentence, "".join(letters))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_wide_letters_hide_no_term(data: st.DataObject) -> None:
    sentence = data.draw(st.sampled_from(SENTENCES[:HANZI]))
    wide = data.draw(st.sets(st.integers(0, len(sentence[1]) - 1), min_size=1))
    written = "".join(chr(ord(c) + 0xFEE0) if at in wide else c for at, c in enumerate(sentence[1]))
    assert_same_claims(data.draw(st.sampled_from(list(FILES))), sentence, written)


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"a.csv", "a.json"}])
@pytest.mark.parametrize("gap", ["\n", "\r\n", "\u3000", " ", "\t", "\n  "])
def test_white_space_between_hanzi_hides_no_term(name: str, gap: str) -> None:
    sentence = SENTENCES[HANZI]
    assert_same_claims(name, sentence, sentence[1][:2] + gap + sentence[1][2:])


@pytest.mark.parametrize("coding", ["gb18030", "utf-16"])
@pytest.mark.parametrize("hidden", ["eth\u200bnicity", "维吾\n尔族", "ＥＴＨＮＩＣＩＴＹ"])
def test_the_look_at_bytes_sees_it_in_other_codings(coding: str, hidden: str) -> None:
    assert maybe(f"// 摄像机 {hidden} ;\n".encode(coding))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("sentence", "written"),
    [(0, "\u0435thni\u0441ity"), (1, "U\u0443ghur"), (3, "н\u0061циональность")],
)
def test_letters_of_another_script_that_look_alike_hide_no_term(
    name: str, sentence: int, written: str
) -> None:
    assert_same_claims(name, SENTENCES[sentence], written)


@pytest.mark.parametrize("name", ["a.js", "a.json", "a.properties"])
def test_the_look_at_bytes_sees_what_is_written_in_escapes(name: str) -> None:
    escaped = "".join(SENTENCES[HANZI]).encode("ascii", "backslashreplace").decode("ascii")
    source = {"a.js": f'var a = "{escaped}";', "a.json": f'["{escaped}"]'}.get(name, f"a={escaped}")
    assert find(document(name, source), ALL)
    assert maybe(source.encode())
    assert not maybe(b'var a = "\\u0041\\u4e00";')
