"""Which reader a payload gets: the one place where all formats meet.

Takes bytes with what HTTP and the name tell about them, gives a `Document`. `formats.py` says what
they are; a further format is a word there, a reader beside this module and a line here.
"""

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeAlias

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_CHARACTERS, MAX_LINES
from sousveil.extract.charset import decode
from sousveil.extract.formats import VAGUE_TYPES, binary_kind, text_format
from sousveil.extract.language import guess_language, language_of
from sousveil.extract.markup.html import HtmlReader
from sousveil.extract.markup.xml import XmlReader, tells
from sousveil.extract.ocr.document import read_image
from sousveil.extract.office.documents import read_office
from sousveil.extract.office.legacy import read_legacy
from sousveil.extract.office.rtf import read_rtf
from sousveil.extract.pdf.document import read_pdf
from sousveil.extract.rendered import read_rendered
from sousveil.extract.text.code import code_blocks, code_family
from sousveil.extract.text.data import json_text, yaml_blocks
from sousveil.extract.text.escapes import unescaped
from sousveil.extract.text.plain import plain_blocks, row_blocks
from sousveil.model import RENDERING_TYPE, Block, Document

MAX_CONTROL_SHARE = 0.02  # of the first characters; text has none but white space
SNIFF_CHARACTERS = 8192

_Laid: TypeAlias = Literal["text", "json", "code"]

_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_LINE_END = re.compile(r"\r\n|\r|\n")


def extract(payload: bytes, *, media_type: str, charset: str | None, name: str) -> Document:
    """Return the text of `payload` with the way back to its source.

    `media_type` and `charset` are what Content-Type told ("" and None when it didn't); `name` is
    the URL or path, whose suffix helps. Raises ExtractError for what is no text, or too large:
    more than `MAX_CHARACTERS`, `MAX_LINES` or `assemble.MAX_BLOCKS`. Takes linear time.
    """
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type == RENDERING_TYPE:
        return read_rendered(payload, name)
    if kind := binary_kind(payload, media_type):
        return _read_binary(payload, kind, name)
    declares = media_type in VAGUE_TYPES or "ml" in media_type
    source, encoding = decode(payload, http=charset, declares=declares)
    page = _Page(source, encoding, _line_starts(source, name))
    return _read_text(page, media_type, name)


def _read_text(page: "_Page", media_type: str, name: str) -> Document:
    source = page.source
    format_ = text_format(source, media_type, name)
    if format_ == "html":
        return _markup(page, HtmlReader(source, xml="xml" in media_type), "html")
    _refuse_noise(source, name)
    if format_ == "xml" and tells(source):
        return _markup(page, XmlReader(source), "xml")
    if format_ == "json" and (document := _json(page)) is not None:
        return document
    format_ = "js" if format_ == "json" else format_
    written = unescaped(source) if format_ == "yaml" or code_family(format_) else None
    if written is None:
        return page.document(source, *_laid(source, format_))
    text, offsets, escapes = written
    document = page.document(text, *_laid(text, format_))
    return replace(document, source_offsets=offsets, source_escapes=escapes)


def _laid(text: str, format_: str) -> "tuple[tuple[Block, ...], _Laid, str]":
    """Return blocks that lie on `text`, what they are, and their language."""
    if format_ == "yaml":
        return yaml_blocks(text), "json", "code"
    if format_ == "rows":
        return row_blocks(text), "text", guess_language(text)
    family = code_family(format_)
    if family is not None:
        return code_blocks(text, family), "code", "code"
    return plain_blocks(text), "text", guess_language(text)


@dataclass(frozen=True, slots=True)
class _Page:
    """Decoded text, before it is read."""

    source: str
    charset: str
    line_starts: tuple[int, ...]

    def document(self, text: str, blocks: tuple[Block, ...], format_: _Laid, lang: str) -> Document:
        """Return the document of a text on which its blocks lie."""
        return Document(
            text=text,
            blocks=blocks,
            format=format_,
            charset=self.charset,
            lang=lang,
            line_starts=self.line_starts,
        )


def _markup(
    page: _Page, reader: HtmlReader | XmlReader, format_: Literal["html", "xml"]
) -> Document:
    reader.read()
    text, offsets, blocks = reader.assembly.finish()
    return Document(
        text=text,
        blocks=blocks,
        format=format_,
        charset=page.charset,
        lang=language_of(reader.lang, text),
        title=reader.title,
        source_offsets=offsets,
        source_escapes=reader.assembly.escapes,
        line_starts=page.line_starts,
    )


def _json(page: _Page) -> Document | None:
    """Return the document of a JSON text; None when it is none, to be read as code."""
    read = json_text(page.source)
    if read is None:
        return None
    text, offsets, blocks = read.finish()
    return Document(
        text=text,
        blocks=blocks,
        format="json",
        charset=page.charset,
        lang=guess_language(text) or "code",
        source_offsets=offsets,
        source_escapes=read.escapes,
        line_starts=page.line_starts,
    )


def _read_binary(payload: bytes, kind: str, name: str) -> Document:
    """Return the text of a PDF, image or office document; raises ExtractError for other kinds."""
    if kind == "application/pdf":
        return read_pdf(payload, name)
    if kind.startswith("image/"):
        return read_image(payload, name)
    if kind == "application/zip" and (document := read_office(payload, name)) is not None:
        return document
    if kind == "application/rtf":
        return read_rtf(payload, name)
    if kind == "application/x-ole-storage":
        return read_legacy(payload, name)
    raise ExtractError(f"{name}: text of {kind} is not extracted; the capture itself is kept")


def _refuse_noise(source: str, name: str) -> None:
    head = source[:SNIFF_CHARACTERS]
    if len(_CONTROL.findall(head)) > MAX_CONTROL_SHARE * len(head):
        raise ExtractError(
            f"{name}: the bytes are no text in any encoding we know; the capture itself is kept"
        )


def _line_starts(source: str, name: str) -> tuple[int, ...]:
    """Return where each line begins; raises ExtractError for a text beyond the limits."""
    if len(source) > MAX_CHARACTERS:
        raise ExtractError(
            f"{name}: {len(source)} characters are more than the {MAX_CHARACTERS} that are read; "
            "the capture itself is kept"
        )
    ends = islice(_LINE_END.finditer(source), MAX_LINES)
    starts = (0, *(match.end() for match in ends))
    if len(starts) > MAX_LINES:
        raise ExtractError(
            f"{name}: it has more than the {MAX_LINES} lines that are read; "
            "the capture itself is kept"
        )
    return starts
