"""Office files made by python-docx, python-pptx and openpyxl, and what is refused."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from sousveil.errors import ExtractError
from sousveil.extract import extract
from sousveil.extract.office import package
from sousveil.model import BlockKind, Document

DOCS = Path(__file__).parents[3].parent / "shared" / "data" / "docs"
needs_shared = pytest.mark.skipif(not DOCS.is_dir(), reason="the real input data is not here")


def read(payload: bytes) -> Document:
    return extract(payload, media_type="", charset=None, name="file")


def texts(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def under(document: Document, words: str) -> str:
    """Return the context of the block that begins with `words`."""
    return next(
        b.context for b in document.blocks if document.text.startswith(words, b.start, b.end)
    )


def with_parts(payload: bytes, parts: dict[str, bytes]) -> bytes:
    """Return a package with parts put in or exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(payload)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    return out.getvalue()


# ------------------------------------------------------------ Word

TEXT_BOX = """<w:r {}><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/
markup-compatibility/2006"><mc:Choice Requires="wps"><w:drawing><w:txbxContent><w:p><w:r><w:t>
in a box</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:p><w:r>
<w:t>in a box</w:t></w:r></w:p></w:pict></mc:Fallback></mc:AlternateContent></w:r>"""
DELETED = "<w:del {}><w:r><w:delText>struck out</w:delText></w:r></w:del>"
FOOTNOTES = """<w:footnotes {}><w:footnote w:id="1"><w:p><w:r>
<w:t>as tested in 2019</w:t></w:r></w:p></w:footnote></w:footnotes>"""


def word_file() -> bytes:
    document = docx.Document()
    document.core_properties.author = "Somebody Private"
    document.add_heading("Face attributes", 1)
    document.add_paragraph("The camera tells the ethnic group.")
    document.add_paragraph("age", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, words in zip(
        (cell for row in table.rows for cell in row.cells),
        ("Field", "Meaning", "ethnic", "民族"),
        strict=True,
    ):
        cell.text = words
    body = document.add_paragraph("before")
    space = nsdecls("w")
    body._p.append(parse_xml(TEXT_BOX.replace("\n", "").format(space)))
    body._p.append(parse_xml(DELETED.format(space)))
    document.sections[0].header.paragraphs[0].text = "Oddlestane internal"
    document.sections[0].footer.paragraphs[0].text = "page foot"
    out = io.BytesIO()
    document.save(out)
    payload = out.getvalue()
    relations = zipfile.ZipFile(io.BytesIO(payload)).read("word/_rels/document.xml.rels")
    link = (
        b'<Relationship Id="rN" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    return with_parts(
        payload,
        {
            "word/footnotes.xml": FOOTNOTES.format(space).encode(),
            "word/_rels/document.xml.rels": relations.replace(b"</Relationships>", link),
        },
    )


def test_a_word_file_is_read_with_its_tables_boxes_notes_headers_and_footers() -> None:
    document = read(word_file())
    assert texts(document) == [
        "Face attributes", "The camera tells the ethnic group.", "age",
        "Field", "Meaning", "ethnic", "民族", "in a box", "before",
        "Oddlestane internal", "page foot", "as tested in 2019",
    ]  # fmt: skip
    assert (document.format, document.title) == ("office", "Face attributes")
    kinds = [block.kind for block in document.blocks]
    assert kinds[0] is BlockKind.HEADING
    assert kinds[3:7] == [BlockKind.CELL] * 4
    assert under(document, "The camera") == "Face attributes"
    assert under(document, "民族") == "Face attributes > ethnic | Meaning"
    assert under(document, "Oddlestane") == "header"
    assert under(document, "as tested") == "footnote"
    assert document.source_offsets is None
    assert document.line(document.text.index("age\n")) == 3


def test_a_list_item_is_one_when_the_paragraph_is_numbered() -> None:
    document = docx.Document()
    item = document.add_paragraph("ethnic group")
    item._p.get_or_add_pPr().get_or_add_numPr()
    out = io.BytesIO()
    document.save(out)
    assert [block.kind for block in read(out.getvalue()).blocks] == [BlockKind.LIST_ITEM]


def test_nothing_of_the_author_is_read() -> None:
    assert "Private" not in repr(read(word_file()))


# ------------------------------------------------------------ PowerPoint


def deck() -> bytes:
    presentation = Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Lens 3"
    first.placeholders[1].text = "Knows a face"
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Attributes"
    box = second.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1))
    box.text_frame.text = "in a text box"
    table = second.shapes.add_table(2, 1, 0, 0, Inches(2), Inches(1)).table
    table.cell(0, 0).text = "Trait"
    table.cell(1, 0).text = "ethnic group"
    second.notes_slide.notes_text_frame.text = "Do not show to the press"
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def test_a_deck_is_read_with_text_boxes_tables_and_speaker_notes() -> None:
    document = read(deck())
    assert [
        (block.slide, text) for block, text in zip(document.blocks, texts(document), strict=True)
    ] == [
        (1, "Lens 3"),
        (1, "Knows a face"),
        (2, "Attributes"),
        (2, "in a text box"),
        (2, "Trait"),
        (2, "ethnic group"),
        (2, "Do not show to the press"),
    ]
    assert document.title == "Lens 3"
    assert under(document, "ethnic") == "Attributes > Trait"
    assert under(document, "Do not") == "Attributes > speaker notes"


# ------------------------------------------------------------ Excel


def workbook(**sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_tell_their_sheet_and_coordinate_and_what_they_stand_under() -> None:
    rows: list[list[object]] = [["Field", "Meaning", "Used"], ["nation", "民族", True], [None, 7]]
    document = read(workbook(Parameters=rows, Face_list=[["a'b"]]))
    assert {
        block.cell: text for block, text in zip(document.blocks, texts(document), strict=True)
    } == {
        "Parameters!A1": "Field",
        "Parameters!B1": "Meaning",
        "Parameters!C1": "Used",
        "Parameters!A2": "nation",
        "Parameters!B2": "民族",
        "Parameters!C2": "TRUE",
        "Parameters!B3": "7",
        "'Face list'!A1": "a'b",
    }
    assert under(document, "民族") == "Parameters > nation | Meaning"
    assert under(document, "7") == "Parameters > Meaning"


@given(st.lists(st.lists(st.text("aé民\n&<'\" ", max_size=5), max_size=4), max_size=4))
@settings(deadline=None, max_examples=30)
def test_a_workbook_gives_the_cells_that_openpyxl_wrote(rows: list[list[str]]) -> None:
    written = {
        (column, row): text.strip()
        for row, cells in enumerate(rows, start=1)
        for column, text in enumerate(cells)
        if text.strip()
    }
    payload = workbook(S=[list(row) for row in rows])
    if not written:
        with pytest.raises(ExtractError, match="holds no text"):
            read(payload)
        return
    document = read(payload)
    found = {
        ("ABCD".index(str(block.cell)[2]), int(str(block.cell)[3:])): text
        for block, text in zip(document.blocks, texts(document), strict=True)
    }
    assert found == written


# ------------------------------------------------------------ OpenDocument

ODF = (
    '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:draw="d" '
    'xmlns:presentation="p"><office:body>{}</office:body></office:document-content>'
)


def odf(body: str, kind: str = "text", manifest: str = "<manifest/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        file.writestr("META-INF/manifest.xml", manifest)
        file.writestr("content.xml", ODF.format(body))
    return out.getvalue()


def test_an_opendocument_text_is_read() -> None:
    body = (
        "<text:tracked-changes><text:p>struck out</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Face</text:h><text:p>a<text:s text:c="2"/>b'
        "<text:note><text:p>a note</text:p></text:note> c<text:line-break/>d</text:p>"
    )
    document = read(odf(body))
    assert texts(document) == ["Face", "a note", "a  b c\nd"]
    assert under(document, "a note") == "footnote > Face"
    assert document.title == "Face"


def test_cells_of_an_opendocument_sheet_tell_their_coordinate() -> None:
    body = (
        '<table:table table:name="Feld 1"><table:table-row table:number-rows-repeated="3"/>'
        '<table:table-row><table:table-cell table:number-columns-repeated="26"/>'
        "<table:table-cell><text:p>民族</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert [block.cell for block in read(odf(body, "spreadsheet")).blocks] == ["'Feld 1'!AA4"]


def test_slides_of_an_opendocument_presentation_are_counted() -> None:
    page = "<draw:page><text:p>{}</text:p><presentation:notes><text:p>n</text:p>"
    page += "</presentation:notes></draw:page>"
    document = read(odf(page.format("one") + page.format("two"), "presentation"))
    assert [block.slide for block in document.blocks] == [1, 1, 2, 2]
    assert under(document, "n") == "speaker notes"


# ------------------------------------------------------------ hostile and unreadable files

MAIN = "word/document.xml"
XXE = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w><p><t>&x;</t></p></w>'
LAUGHS = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w><p><t>&b;</t></p></w>'


@pytest.mark.parametrize("xml", [XXE, LAUGHS])
def test_a_declared_document_type_is_refused(xml: bytes) -> None:
    with pytest.raises(ExtractError, match=r"file: word/document.xml .* entities"):
        read(with_parts(word_file(), {MAIN: xml}))


def test_a_bomb_is_refused_before_it_bursts(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_parts(word_file(), {MAIN: b"<w>" + b" " * (4 << 20) + b"</w>"})
    assert len(bomb) < 1 << 17
    monkeypatch.setattr(package, "MAX_XML_BYTES", 1 << 20)
    with pytest.raises(ExtractError, match="more than 1 MB when unpacked"):
        read(bomb)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_PARTS", 3, "more than 3 parts"),
        ("MAX_EVENTS", 30, "more than 30 pieces of XML"),
        ("MAX_DEPTH", 3, "nested deeper than 3"),
    ],
)
def test_each_limit_is_kept(
    limit: str, value: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, limit, value)
    with pytest.raises(ExtractError, match=message):
        read(word_file())


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    payload = bytearray(with_parts(word_file(), {MAIN: b"<w>" + b"a" * 4000 + b"</w>"}))
    entry = payload.rindex(b"PK\x01\x02", 0, payload.rindex(MAIN.encode()))
    payload[entry + 24 : entry + 28] = (9).to_bytes(4, "little")
    with pytest.raises(ExtractError, match="damaged"):
        read(bytes(payload))


def misplaced_entry() -> bytes:
    payload = bytearray(word_file())
    end = payload.rindex(b"PK\x05\x06")
    payload[end + 16 : end + 20] = b"\xff\xff\xff\x7f"  # where the directory is said to begin
    return bytes(payload)


def locked_zip() -> bytes:
    payload = bytearray(word_file())
    entry = payload.rindex(b"PK\x01\x02", 0, payload.rindex(MAIN.encode()))
    local = int.from_bytes(payload[entry + 42 : entry + 46], "little")
    payload[entry + 8] |= 1
    payload[local + 6] |= 1
    return bytes(payload)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"PK\x03\x04", "the ZIP file is damaged"),
        (misplaced_entry(), "is damaged"),
        (word_file()[:-100], "the ZIP file is damaged"),
        (with_parts(word_file(), {MAIN: b"<w><p>"}), "document.xml is damaged"),
        (with_parts(word_file(), {MAIN: b"<?xml version='1.0' encoding='gbk'?><w/>"}), "encoding"),
        (with_parts(word_file(), {MAIN: b"<?xml version='1.0' encoding='x'?><w/>"}), "encoding"),
        (locked_zip(), "needs a password"),
        (odf("", manifest="<m><encryption-data/></m>"), "needs a password"),
        (odf(""), "holds no text"),
        (with_parts(odf(""), {"mimetype": b"application/epub+zip"}), "application/zip"),
    ],
)
def test_what_cannot_be_read_is_refused_in_plain_words(payload: bytes, message: str) -> None:
    with pytest.raises(ExtractError) as refused:
        read(payload)
    assert message in str(refused.value)
    assert str(refused.value).startswith("file: ")
    assert str(refused.value).endswith("; the capture itself is kept")


def test_a_file_whose_main_part_is_missing_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file())) as old, zipfile.ZipFile(out, "w") as new:
        for name in set(old.namelist()) - {MAIN}:
            new.writestr(name, old.read(name))
    with pytest.raises(ExtractError, match="application/zip"):
        read(out.getvalue())


SEEDS = (word_file(), deck(), workbook(S=[["a", 1]]), odf("<text:p>a</text:p>"))


@given(st.sampled_from(SEEDS), st.data())
@settings(deadline=None, max_examples=100)
def test_a_damaged_file_is_read_or_refused(seed: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(seed) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=8))
    with suppress(ExtractError):
        read(seed[:at] + noise + seed[at + len(noise) :])


@given(st.text("<>/p twrcvs='1\"&;", max_size=60))
@settings(deadline=None, max_examples=20)
def test_any_xml_is_read_or_refused(body: str) -> None:
    for seed, part in zip(SEEDS, (MAIN, "ppt/slides/slide1.xml"), strict=False):
        with suppress(ExtractError):
            read(with_parts(seed, {part: f"<w>{body}</w>".encode()}))


# ------------------------------------------------------------ real files


@needs_shared
@pytest.mark.parametrize(
    ("name", "words", "place"),
    [
        ("form-user-export.zh.docx", "民族", None),
        ("form-user-import.zh.xlsx", "民族", "用户信息!"),
        ("vendor-deviceinfo.xlsx", "设备名称", "Sheet1!C1"),
        ("office-simple.pptx", "Adding a Bullet Slide", None),
        ("office-malformed.pptx", "Test Slide", None),
        ("office-simple.odt", "Hockey", None),
    ],
)
def test_a_real_file_is_read(name: str, words: str, place: str | None) -> None:
    document = read((DOCS / name).read_bytes())
    start = document.text.index(words)
    (block,) = [block for block in document.blocks if block.start <= start < block.end]
    assert (block.cell or "").startswith(place or "")
    assert (block.slide == 1) == name.endswith("pptx")


@needs_shared
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("office-password.xlsx", "an office document with a password"),
    ],
)
def test_a_real_file_that_we_cannot_read_is_refused_by_name(name: str, message: str) -> None:
    with pytest.raises(ExtractError, match=rf"text of .*{message}.* is not extracted"):
        read((DOCS / name).read_bytes())
