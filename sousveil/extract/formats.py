"""Which format a payload has, told by its bytes, its media type, its name and its look.

Takes bytes or decoded text with what HTTP and the name tell about them, gives a word. The bytes'
own signature speaks first, then the media type, then the name's suffix, then the look of the text
(WHATWG MIME Sniffing Standard, sections 6 and 7, in spirit). `reader.py` has a reader for each.
"""

import re
from urllib.parse import urlsplit

from sousveil.extract.text.code import code_family, code_suffix
from sousveil.extract.text.json_strings import scan_json

VAGUE_TYPES = frozenset({"", "text/plain", "application/octet-stream"})

_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ\x90", "application/x-msdownload"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
)
_BITMAP = re.compile(rb"BM.{4}\0{4}", re.DOTALL)  # the name of a car has no zeros after it
_NO_TEXT = re.compile(
    r"(?:image/(?!svg)|audio/|video/|font/|model/|application/(?:pdf|zip|gzip|msword|rtf|"
    r"vnd\.(?:ms-|openxmlformats|oasis)|x-(?:rar|7z|tar|shockwave)|java-archive|wasm|font))"
)
_TOLD = tuple(  # of a media type; more in text/code.py
    (re.compile(types), format_)
    for types, format_ in (
        (r"text/html|application/xhtml\+xml", "html"),
        (r"(?:application|text)/(?:[\w.+-]+\+)?xml", "xml"),
        (r"(?:application|text)/(?:[\w.+-]+\+)?(?:json|x-ndjson|jsonlines?)", "json"),
        (r"(?:application|text)/(?:[\w.+-]+\+)?(?:x-)?yaml", "yaml"),
        (r"text/(?:csv|tab-separated-values)", "rows"),
        (r"text/markdown", "text"),
    )
)
_BEFORE_ROOT = r"\s*(?:<\?[^>]*+>\s*+)*+(?:<!--(?s:.{0,2000}?)-->\s*)?"
_FEED_LOOK = re.compile(rf"{_BEFORE_ROOT}<(?:rss|feed|rdf:RDF|urlset|sitemapindex|opml)\b")
_XHTML_LOOK = re.compile(rf"{_BEFORE_ROOT}<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_XML_LOOK = re.compile(r"\s*<\?xml\b")
_HTML_LOOK = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?s:.{0,2000}?)-->\s*)?"
    r"<(?:!doctype\s+html|html|head|body|title|meta|div|script|h1|table|p)\b",
    re.IGNORECASE,
)
_JSON_LOOK = re.compile(r"\s*[{\[]")
_SUFFIXES = {
    "json": frozenset({"json", "jsonl", "ndjson", "geojson", "ipynb", "har", "webmanifest"}),
    "yaml": frozenset({"yaml", "yml"}),
    "html": frozenset({"html", "htm", "xhtml", "shtml"}),
    "xml": frozenset({"xml", "rss", "atom", "rdf", "opml", "xspf"}),
    "rows": frozenset({"csv", "tsv"}),
    "text": frozenset({"md", "markdown", "txt", "rst", "text"}),
}
_SUFFIXLESS = {"makefile": "mk", "dockerfile": "sh", "cmakelists": "cmake", "jenkinsfile": "groovy"}


def text_format(source: str, media_type: str, name: str) -> str:
    """Return "html", "xml", "json", "yaml", "rows", "text" or a programming language's suffix."""
    told = next(
        (format_ for types, format_ in _TOLD if types.fullmatch(media_type)),
        code_suffix(media_type),
    )
    named = "" if media_type == "text/html" else _named(name_suffix(name))
    if told in {"", "html"} and _FEED_LOOK.match(source):
        return "xml"
    if (told or named) == "xml" and _XHTML_LOOK.match(source):
        return "html"
    if told and not (told == "html" and _JSON_LOOK.match(source)):
        return told
    return named or _look(source) or told or "text"


def binary_kind(payload: bytes, media_type: str) -> str:
    """Return the media type of what is no text by its signature or by what was told; else ""."""
    signature = next((kind for mark, kind in _SIGNATURES if payload.startswith(mark)), "")
    if _BITMAP.match(payload):
        signature = "image/bmp"
    return signature or (media_type if _NO_TEXT.match(media_type) else "")


def name_suffix(name: str) -> str:
    """Return the suffix of a URL's or file's name, in lower case, without its dot."""
    try:
        path = urlsplit(name).path if "://" in name[:16] else name
    except ValueError:  # addresses in archives of others may be none (RFC 3986, section 3.2.2)
        path = name
    last = path.replace("\\", "/").rpartition("/")[2].lower()
    stem, dot, suffix = last.rpartition(".")
    return _SUFFIXLESS.get(stem if dot and suffix == "txt" else last, suffix if dot else "")


def _named(suffix: str) -> str:
    """Return the format that a name's suffix stands for; "" for an unknown one."""
    named = next((format_ for format_, known in _SUFFIXES.items() if suffix in known), "")
    return named or (suffix if code_family(suffix) else "")


def _look(source: str) -> str:
    """Return the format that a text shows by its first characters; "" for none."""
    if _HTML_LOOK.match(source):
        return "html"
    if _XML_LOOK.match(source):
        return "xml"
    is_json = _JSON_LOOK.match(source) and scan_json(source, 0, len(source)) is not None
    return "json" if is_json else ""
