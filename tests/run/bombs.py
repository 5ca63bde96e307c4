"""Files that hold more than they seem to, or nest without end. Each is made in a second or two."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

import brotli

CLAIM = b"<p>The camera detects the ethnicity of people.</p>"
MANY = 1_000_000
_GZIP_WINDOW = 31  # zlib's wbits for a gzip header and trailer around the largest window
_RAW_WINDOW = -15  # for bare deflate, as in ZIP files
_PIECE = 2**24

_LOCAL = struct.Struct("<IHHHHHIIIHH")  # APPNOTE 4.3.7
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")  # 4.3.12
_END = struct.Struct("<IHHHHIIH")  # 4.3.16


def gzip_of_zeros(size: int) -> bytes:
    """Return `size` zeros in gzip, a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP_WINDOW)
    pieces = [packer.compress(bytes(_PIECE)) for _ in range(size // _PIECE)]
    return b"".join([*pieces, packer.flush()])


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_WINDOW)
    return packer.compress(data) + packer.flush()


_Entry = tuple[bytes, int, int, int, int]  # name, CRC-32, packed and unpacked size, offset


def _directory(entries: Iterable[_Entry], start: int) -> bytes:
    lines = [
        _CENTRAL.pack(
            0x02014B50, 20, 20, 0, 8, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset
        )
        + name
        for name, crc, packed, size, offset in entries
    ]
    whole = b"".join(lines)
    return whole + _END.pack(0x06054B50, 0, 0, len(lines), len(lines), len(whole), start, 0)


def _local(name: bytes, crc: int, packed: int, size: int) -> bytes:
    return _LOCAL.pack(0x04034B50, 20, 0, 8, 0, 0, crc, packed, size, len(name), 0) + name


def zip_of_one_place(count: int, size: int) -> bytes:
    """Return a ZIP file in which `count` names all mean the same bytes."""
    text = b"The camera detects the ethnicity of people.\n" * (size // 44)
    packed, crc = _deflated(text), zlib.crc32(text)
    first = _local(b"00000", crc, len(packed), len(text)) + packed
    entries = [(b"%05d" % n, crc, len(packed), len(text), 0) for n in range(count)]
    return first + _directory(entries, len(first))


def zip_of_quotes(count: int, size: int) -> bytes:
    """Return a ZIP file whose files each quote the head of the next, and share its content.

    A stored block of deflate (RFC 1951, section 3.2.4) jumps over the next local header, so that
    all `count` files unpack to `size` zeros that are there once.
    """
    content, blob = bytes(size), _deflated(bytes(size))
    quoted, offsets = b"", []
    for number in reversed(range(count)):
        if quoted:
            content = quoted + content
            blob = struct.pack("<BHH", 0, len(quoted), len(quoted) ^ 0xFFFF) + blob
        name, crc = b"%05d" % number, zlib.crc32(content)
        offsets.append((name, crc, len(blob), len(content)))
        quoted = _local(*offsets[-1])
        blob = quoted + blob
    total = len(blob)
    entries = [
        (name, crc, packed, length, total - packed - len(quoted))
        for name, crc, packed, length in offsets
    ]
    return blob + _directory(entries, total)


def zip_in_zip(depth: int, width: int, size: int) -> bytes:
    """Return ZIP files in ZIP files, `width` in each, with `size` zeros in the innermost."""
    data, name = bytes(size), "zeros.txt"
    for _ in range(depth):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
            for number in range(width):
                package.writestr(f"{number}-{name}", data)
        data, name = whole.getvalue(), "more.zip"
    return data


def _pdf(*objects: bytes) -> bytes:
    """Return a PDF of these objects, the first its catalogue (ISO 32000-1, section 7.5)."""
    whole, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    lines = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return (
        bytes(whole)
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, lines)
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(whole))
    )


def _stream(data: bytes, fields: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (fields, len(data), data)


_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_ONE_PAGE = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"


def _drawn(more: bytes, *objects: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9000 9000]/Contents 4 0 R%s>>" % more
    return _pdf(_CATALOGUE, _ONE_PAGE, page, *objects)


def pdf_of_pages(count: int) -> bytes:
    """Return a PDF that names one page many times."""
    kids = b"3 0 R " * count
    return _pdf(_CATALOGUE, b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids), _PAGE)


def pdf_of_levels(depth: int) -> bytes:
    """Return a PDF whose page lies `depth` levels down."""
    levels = [b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (number + 3) for number in range(depth)]
    return _pdf(_CATALOGUE, *levels, _PAGE)


def pdf_of_forms(depth: int) -> bytes:
    """Return a PDF whose page draws four forms, each of which draws four, and so on."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]"
    forms = [
        _stream(b"/F Do " * 4, form + b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + number))
        for number in range(depth)
    ]
    resources = b"/Resources<</XObject<</F 5 0 R>>>>"
    return _drawn(resources, _stream(b"/F Do"), *forms, _stream(b"0 0 9 9 re f", form))


def pdf_of_zeros(size: int) -> bytes:
    """Return a PDF whose page's content is zeros, packed twice."""
    packed = zlib.compress(zlib.compress(bytes(size), 9), 9)
    return _drawn(b"", _stream(packed, b"/Filter[/FlateDecode/FlateDecode]"))


def pdf_of_picture(width: int, height: int) -> bytes:
    """Return a PDF whose page is a picture that claims to be huge."""
    fields = (
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceRGB"
        b"/Filter/FlateDecode" % (width, height)
    )
    resources = b"/Resources<</XObject<</I 5 0 R>>>>"
    draws = _stream(b"9000 0 0 9000 0 0 cm /I Do")
    return _drawn(resources, draws, _stream(zlib.compress(bytes(1000)), fields))


def png(width: int, height: int, data: bytes) -> bytes:
    """Return a PNG that claims a size and holds `data`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(data, 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _laughs() -> bytes:
    names = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 20))
    return (
        b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY l0 'ha'>" + names + b"]><l>&l19; and text</l>"
    )


def _attributes(count: int) -> bytes:
    return b"".join(b'a%d="x" ' % number for number in range(count))


_XML = b"<?xml version='1.0'?>"
_OFFICE = "application/vnd.openxmlformats-officedocument"

Bomb = tuple[str, Callable[[], bytes]]  # media type, and what makes it

# Small, or made and read in a second.
QUICK: dict[str, Bomb] = {
    "zip-of-one-place": ("application/zip", lambda: zip_of_one_place(60_000, 100_000)),
    "zip-of-quotes": ("application/zip", lambda: zip_of_quotes(200, 1_000_000)),
    "zip-in-zip": ("application/zip", lambda: zip_in_zip(6, 8, 500_000)),
    "docx": (f"{_OFFICE}.wordprocessingml.document", lambda: zip_of_one_place(9_000, 100_000)),
    "pdf-loop": (
        "application/pdf",
        lambda: _pdf(_CATALOGUE, b"<</Type/Pages/Count 2000000000/Kids[2 0 R 2 0 R]>>"),
    ),
    "png": ("image/png", lambda: png(60_000, 60_000, bytes(100))),
    "xml-laughs": ("application/xml", _laughs),
    "rtf": ("application/rtf", lambda: b"{\\rtf1 " + b"{" * MANY + b"x" + b"}" * MANY),
    "json": ("application/json", lambda: b"[" * MANY + b"]" * MANY),
    "yaml": ("application/yaml", lambda: b"a: " + b"[" * MANY),
}

SLOW: dict[str, Bomb] = {
    "pdf-picture": ("application/pdf", lambda: pdf_of_picture(60_000, 60_000)),
    "zip-of-many": ("application/zip", lambda: zip_in_zip(1, 65_000, 3)),
    "zip-of-zeros": ("application/zip", lambda: zip_in_zip(1, 3, 200_000_000)),
    "pdf-of-pages": ("application/pdf", lambda: pdf_of_pages(MANY)),
    "pdf-of-levels": ("application/pdf", lambda: pdf_of_levels(100_000)),
    "pdf-of-forms": ("application/pdf", lambda: pdf_of_forms(40)),
    "pdf-of-zeros": ("application/pdf", lambda: pdf_of_zeros(500_000_000)),
    "pdf-of-brackets": (
        "application/pdf",
        lambda: _pdf(_CATALOGUE, b"<</Type/Pages/X %s>>" % (b"[" * MANY + b"]" * MANY)),
    ),
    "png-of-zeros": ("image/png", lambda: png(12_000, 12_000, bytes(12_000 * 36_001))),
    "xml-deep": ("application/xml", lambda: _XML + b"<a>" * MANY + b"x" + b"</a>" * MANY),
    "xml-wide": ("application/xml", lambda: _XML + b"<a " + _attributes(MANY) + b"/>"),
    "json-objects": ("application/json", lambda: b'{"a":' * MANY + b"1" + b"}" * MANY),
    "yaml-deep": ("application/yaml", lambda: b"".join(b" " * n + b"a:\n" for n in range(4000))),
    "html-divs": ("text/html", lambda: b"<div>" * MANY + CLAIM),
    "html-spans": ("text/html", lambda: b"<b><i><u>" * (MANY // 3) + CLAIM),
    "html-tables": ("text/html", lambda: b"<table><tr><td>" * (MANY // 3) + CLAIM),
    "html-rowspans": (
        "text/html",
        lambda: b"<table>" + b"<tr><td rowspan=65534 colspan=1000>a" * 100_000 + CLAIM,
    ),
    "html-attributes": ("text/html", lambda: b"<p " + _attributes(MANY) + b">" + CLAIM),
    "html-references": ("text/html", lambda: CLAIM + b"&amp;&#65;&notit;" * MANY),
    "html-comments": ("text/html", lambda: b"<!--" * MANY + CLAIM),
    "html-brackets": ("text/html", lambda: b"<" * MANY * 10 + CLAIM),
    "html-links": ("text/html", lambda: b"<a href=//x.example/a.pdf>" * MANY + CLAIM),
    "html-scripts": ("text/html", lambda: b"<script>" * MANY + CLAIM),
    "html-100-mb": (
        "text/html",
        lambda: b"<p>" + b"the camera sees a crowd of people. " * 2_860_000,
    ),
    "text-line": ("text/plain", lambda: b"a" * 60_000_000),
    "text-claims": ("text/plain", lambda: CLAIM[3:-4] + b"\n" + (CLAIM[3:-4] + b"\n") * 100_000),
}

# Under a content coding; of these many gigabytes are none at all by what they weigh.
CODED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", lambda: gzip_of_zeros(10 * 2**30)),
    "br-of-gzip": ("gzip, br", lambda: brotli.compress(gzip_of_zeros(2 * 2**30), quality=5)),
    "gzip-of-gzip": ("gzip, gzip", lambda: zlib.compress(gzip_of_zeros(2**30), wbits=31)),
}
