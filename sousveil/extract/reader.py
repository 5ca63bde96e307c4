"""Which reader a payload gets: the one place that knows formats.

Takes bytes with what HTTP and the name tell about them, gives a `Document`. The bytes' own
signature speaks first, then the media type, then the name's suffix, then the look of the text
(WHATWG MIME Sniffing Standard, sections 6 and 7, in spirit). A further format is a signature or
media type here and a reader beside this module.
"""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

from sousveil.errors import ExtractError
from sousveil.extract.assemble import MAX_CHARACTERS, MAX_LINES
from sousveil.extract.charset import decode
from sousveil.extract.language import guess_language, language_of
from sousveil.extract.markup.html import HtmlReader
from sousveil.extract.office.documents import legacy_kind, read_office
from sousveil.extract.pdf.document import read_pdf
from sousveil.extract.rendered import read_rendered
from sousveil.extract.text.code import code_blocks, code_family, code_suffix
from sousveil.extract.text.data import json_text, yaml_blocks
from sousveil.extract.text.json_strings import scan_json
from sousveil.extract.text.plain import plain_blocks, row_blocks
from sousveil.model import RENDERING_TYPE, Block, Document

MAX_CONTROL_SHARE = 0.02  # of the first characters; text has none but white space
SNIFF_CHARACTERS = 8192

_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ\x90", "application/x-msdownload"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
)
_NO_TEXT = re.compile(
    r"(?:image/(?!svg)|audio/|video/|font/|model/|application/(?:pdf|zip|gzip|msword|rtf|"
    r"vnd\.(?:ms-|openxmlformats|oasis)|x-(?:rar|7z|tar|shockwave)|java-archive|wasm|font))"
)
_JSON_TYPE = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?(?:json|x-ndjson|jsonlines?)")
_YAML_TYPE = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?(?:x-)?yaml")
_HTML_LOOK = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?s:.{0,2000}?)-->\s*)?"
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|script|h1|table|p)\b",
    re.IGNORECASE,
)
_JSON_LOOK = re.compile(r"\s*[{\[]")
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_VAGUE_TYPES = frozenset({"", "text/plain", "application/octet-stream"})
_SUFFIXES = {
    "json": frozenset({"json", "jsonl", "ndjson", "geojson", "ipynb", "har", "webmanifest"}),
    "yaml": frozenset({"yaml", "yml"}),
    "html": frozenset({"html", "htm", "xhtml", "shtml"}),
    "rows": frozenset({"csv", "tsv"}),
    "text": frozenset({"md", "markdown", "txt", "rst", "text"}),
}
_SUFFIXLESS = {"makefile": "mk", "dockerfile": "sh", "cmakelists": "cmake", "jenkinsfile": "groovy"}


def extract(payload: bytes, *, media_type: str, charset: str | None, name: str) -> Document:
    """Return the text of `payload` with the way back to its source.

    `media_type` and `charset` are what Content-Type told ("" and None when it didn't); `name` is
    the URL or path, whose suffix helps. Raises ExtractError for what is no text, or too large:
    more than `MAX_CHARACTERS`, `MAX_LINES` or `assemble.MAX_BLOCKS`. Takes linear time.
    """
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type == RENDERING_TYPE:
        return read_rendered(payload, name)
    if kind := _binary_kind(payload, media_type):
        return _read_binary(payload, kind, name)
    declares = media_type in _VAGUE_TYPES or "ml" in media_type
    source, encoding = decode(payload, http=charset, declares=declares)
    page = _Page(source, encoding, _line_starts(source, name))
    return _read_text(page, media_type, name)


def _read_text(page: "_Page", media_type: str, name: str) -> Document:
    source = page.source
    format_ = _format(source, media_type, _suffix(name))
    if format_ == "html":
        return _html(page, xml="xhtml" in media_type)
    _refuse_noise(source, name)
    if format_ == "json" and (document := _json(page)) is not None:
        return document
    if format_ == "yaml":
        return page.document(yaml_blocks(source), "json", "code")
    if format_ == "rows":
        return page.document(row_blocks(source), "text", guess_language(source))
    family = code_family("js" if format_ == "json" else format_)
    if family is not None:
        return page.document(code_blocks(source, family), "code", "code")
    return page.document(plain_blocks(source), "text", guess_language(source))


@dataclass(frozen=True, slots=True)
class _Page:
    """Decoded text, before it is read."""

    source: str
    charset: str
    line_starts: tuple[int, ...]

    def document(
        self, blocks: tuple[Block, ...], format_: Literal["text", "json", "code"], lang: str
    ) -> Document:
        """Return the document whose text is its source."""
        return Document(
            text=self.source,
            blocks=blocks,
            format=format_,
            charset=self.charset,
            lang=lang,
            line_starts=self.line_starts,
        )


def _html(page: _Page, *, xml: bool) -> Document:
    reader = HtmlReader(page.source, xml=xml)
    reader.read()
    text, offsets, blocks = reader.assembly.finish()
    return Document(
        text=text,
        blocks=blocks,
        format="html",
        charset=page.charset,
        lang=language_of(reader.lang, text),
        title=reader.title,
        source_offsets=offsets,
        line_starts=page.line_starts,
    )


def _json(page: _Page) -> Document | None:
    """Return the document of a JSON text; None when it is none, to be read as code."""
    read = json_text(page.source)
    if read is None:
        return None
    text, offsets, blocks = read
    return Document(
        text=text,
        blocks=blocks,
        format="json",
        charset=page.charset,
        lang=guess_language(text) or "code",
        source_offsets=offsets,
        line_starts=page.line_starts,
    )


def _format(source: str, media_type: str, suffix: str) -> str:
    """Return "html", "json", "yaml", "rows", "text" or the suffix of a programming language."""
    told = _told_format(media_type)
    by_suffix = next((name for name, suffixes in _SUFFIXES.items() if suffix in suffixes), "")
    if not by_suffix and code_family(suffix):
        by_suffix = suffix
    if told and not (told == "html" and _JSON_LOOK.match(source)):
        return told
    if media_type != "text/html" and by_suffix:
        return by_suffix
    if _HTML_LOOK.match(source):
        return "html"
    if _JSON_LOOK.match(source) and scan_json(source, 0, len(source)) is not None:
        return "json"
    return told or "text"


def _told_format(media_type: str) -> str:
    """Return the format that a media type names; "" for one that leaves it open."""
    if media_type in {"text/html", "application/xhtml+xml"}:
        return "html"
    if _JSON_TYPE.fullmatch(media_type):
        return "json"
    if _YAML_TYPE.fullmatch(media_type):
        return "yaml"
    if media_type in {"text/csv", "text/tab-separated-values"}:
        return "rows"
    if media_type == "text/markdown":
        return "text"
    return code_suffix(media_type)


def _suffix(name: str) -> str:
    """Return the suffix of a URL's or file's name, in lower case, without its dot."""
    path = urlsplit(name).path if "://" in name[:16] else name
    last = path.replace("\\", "/").rpartition("/")[2].lower()
    stem, dot, suffix = last.rpartition(".")
    return _SUFFIXLESS.get(stem if dot and suffix == "txt" else last, suffix if dot else "")


def _binary_kind(payload: bytes, media_type: str) -> str:
    """Return the media type of what is no text by its signature or by what was told; else ""."""
    signature = next((kind for mark, kind in _SIGNATURES if payload.startswith(mark)), "")
    return signature or (media_type if _NO_TEXT.match(media_type) else "")


def _read_binary(payload: bytes, kind: str, name: str) -> Document:
    """Return the text of a PDF or office document; raises ExtractError for any other kind."""
    if kind == "application/pdf":
        return read_pdf(payload, name)
    if kind == "application/zip" and (document := read_office(payload, name)) is not None:
        return document
    if kind == "application/x-ole-storage":
        kind = legacy_kind(payload)
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
