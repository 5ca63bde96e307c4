"""Rows of tables: told by what extraction says that a cell stands under; quoted whole, once."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.claims.rows import table_rows
from sousveil.extract import extract
from sousveil.model import Document

ALL = tuple(topics.load(name) for name in topics.shipped())
FIELDS = """<h2>Response</h2><table>
<thead><tr><th>Field</th><th>Type</th><th>Description</th></tr></thead>
<tr><td>box</td><td>array</td><td>Left, top, width and height in pixels.</td></tr>
<tr><td>ethnicity</td><td>string</td>
<td>Predicted ethnicity of the detected face: han, uyghur or other.</td></tr>
<tr><td>blur</td><td>number</td><td>0 for a sharp picture.</td></tr></table>"""


def page(source: str) -> Document:
    return extract(source.encode(), media_type="text/html", charset="utf-8", name="page")


def rows(source: str) -> list[list[str]]:
    read = page(source)
    spans = sorted(set(table_rows(read).values()))
    return [
        [read.text[b.start : b.end] for b in read.blocks[first : last + 1]] for first, last in spans
    ]


def quotes(source: str) -> list[str]:
    read = page(source)
    return [read.text[c.start : c.end] for c in find(read, ALL)]


def test_a_row_under_column_headers_is_one_finding_from_first_to_last_cell() -> None:
    assert quotes(FIELDS) == [
        "ethnicity\nstring\nPredicted ethnicity of the detected face: han, uyghur or other."
    ]


def test_the_first_row_under_the_headers_does_not_take_them_along() -> None:
    table = """<title>Analytics Suite</title><h2>Face attributes</h2><table>
        <tr><th>Attribute</th><th>Values</th><th>Accuracy</th>
        </tr><tr><td>Ethnicity</td><td>Uyghur, non-Uyghur</td><td>94 %</td></tr>
        <tr><td>Age</td><td>0 to 99</td><td>98 %</td></tr></table>"""
    assert quotes(table) == ["Ethnicity\nUyghur, non-Uyghur\n94 %"]


def test_rows_are_told_with_and_without_column_headers() -> None:
    assert rows(FIELDS)[0] == ["Field", "Type", "Description"]
    assert [row[0] for row in rows(FIELDS)] == ["Field", "box", "ethnicity", "blur"]
    plain = "<tr><td>a</td><td>1</td><td>2</td></tr><tr><td>b</td><td>3</td><td>4</td></tr>"
    assert rows(f"<table>{plain}</table>") == [["a", "1", "2"], ["b", "3", "4"]]
    keys = "<tr><th>a</th><td>1</td></tr><tr><th>b</th><td>2</td></tr><tr><th>c</th><td>3</td></tr>"
    assert rows(f"<table>{keys}</table>") == [["a", "1"], ["b", "2"], ["c", "3"]]


def test_rows_below_a_cell_that_spans_them_are_rows_of_their_own() -> None:
    spanned = """<table><tr><th>Group</th><th>Field</th><th>Meaning</th></tr>
        <tr><td rowspan=2>face</td><td>age</td><td>years</td></tr>
        <tr><td>mood</td><td>a smile</td></tr></table>"""
    assert rows(spanned)[1:] == [["face", "age", "years"], ["mood", "a smile"]]


def test_paragraphs_of_one_cell_stay_in_its_row() -> None:
    table = """<table><tr><th>Field</th><th>Meaning</th></tr>
        <tr><td><p>mood</p><p>optional</p></td>
        <td><p>of the face</p><p>0 to 1</p></td></tr></table>"""
    assert rows(table)[1:] == [["mood", "optional", "of the face", "0 to 1"]]


def test_a_column_under_its_header_is_no_row() -> None:
    table = "<table><tr><th>Use</th></tr><tr><td>a</td></tr><tr><td>b</td></tr></table>"
    assert rows(table) == [["Use"], ["a"], ["b"]]


def test_a_long_row_is_one_finding_within_bounds() -> None:
    filler = "The picture may be turned by up to thirty degrees to either side. " * 5
    table = f"""<table><tr><th>Field</th><th>Description</th></tr><tr><td>ethnicity</td>
        <td>{filler}Predicted ethnicity of the detected face: han, uyghur or other.</td></tr>
        </table>"""
    [quote] = quotes(table)
    assert "ethnicity" in quote
    assert len(quote) <= 300


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            ["<table>", "</table>", "<tr>", "<td>", "<th>", "<td rowspan=2>", "<p>", "<h2>h</h2>"]
        )
        | st.sampled_from(
            ["<td colspan=2>", "a", "b", "ethnicity", "x > y | z", "<thead>", "</thead>"]
        ),
        max_size=40,
    )
)
def test_every_cell_of_any_page_lies_in_one_row(tags: list[str]) -> None:
    read = page("".join(tags))
    found = table_rows(read)
    assert set(found) == {i for i, block in enumerate(read.blocks) if block.kind == "cell"}
    assert all(first <= index <= last for index, (first, last) in found.items())
    spans = sorted(set(found.values()))
    assert all(one[1] < two[0] for one, two in pairwise(spans))
