"""A PDF writer small enough to read: pages of text at places, one picture, one kind of lock."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
OWNER_KEY = hashlib.md5(PAD, usedforsecurity=False).digest()[:5]


@dataclass(frozen=True)
class Text:
    """A line of text on a page, in points from the bottom left corner."""

    text: str
    x: float = 72
    y: float = 700
    size: float = 12


FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[4 0 R]"
    b"/ToUnicode 6 0 R>>"
)
CID_FONT = (
    b"<</Type/Font/Subtype/CIDFontType2/BaseFont/A/DW 500/FontDescriptor 5 0 R"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
)
DESCRIPTOR = (
    b"<</Type/FontDescriptor/FontName/A/Flags 4/FontBBox[0 -200 1000 800]/Ascent 800"
    b"/Descent -200/CapHeight 700/ItalicAngle 0/StemV 80>>"
)

PICTURE = None  # a page that is one
_PICTURE_SIZE = (100, 130)  # points; as large as a sheet, it would be looked at for seconds


def make_pdf(
    pages: Sequence[Sequence[Text] | None], *, title: str = "", password: str | None = None
) -> bytes:
    """Return a PDF; with a `password` (it may be empty) encrypted by RC4 (ISO 32000-1, 7.6.3)."""
    letters = sorted({letter for page in pages for line in page or () for letter in line.text})
    codes = {letter: f"{code:04x}" for code, letter in enumerate(letters, start=1)}
    kids = " ".join(f"{8 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        FONT,
        CID_FONT,
        DESCRIPTOR,
        _cmap(codes),
        _stream(b"\0\0\0", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8"
                b"/ColorSpace/DeviceRGB"),
    ]  # fmt: skip
    for index, page in enumerate(pages):
        size = _PICTURE_SIZE if page is None else (612, 792)
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>/XObject<</I 7 0 R>>>>>>" % (*size, 9 + 2 * index),
            _stream(b"%d 0 0 %d 0 0 cm /I Do" % size if page is None else _content(page, codes)),
        ]
    objects.append(b"<</Title<feff%s>>>" % title.encode("utf-16-be").hex().encode())
    trailer = b"/Info %d 0 R" % len(objects)
    if password is not None:
        objects, lock = _locked(objects, password)
        trailer = lock
    return _file(objects, trailer)


def _content(page: Sequence[Text], codes: dict[str, str]) -> bytes:
    shown = (
        f"BT /F {line.size} Tf {line.x} {line.y} Td <{''.join(codes[c] for c in line.text)}> Tj ET"
        for line in page
    )
    return " ".join(shown).encode()


def _cmap(codes: dict[str, str]) -> bytes:
    rows = " ".join(f"<{code}> <{c.encode('utf-16-be').hex()}>" for c, code in codes.items())
    return _stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def "
        b"1 begincodespacerange <0000> <ffff> endcodespacerange "
        + f"{len(codes)} beginbfchar {rows} endbfchar endcmap end end".encode()
    )


def _stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (extra, len(data), data)


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    out = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, len(out))
    return out + xref + end


def _locked(objects: Sequence[bytes], password: str) -> tuple[list[bytes], bytes]:
    """Encrypt the streams (section 7.6.2, algorithm 1; 7.6.3.3, algorithm 2, revision 2)."""
    padded = (password.encode() + PAD)[:32]
    owner = _rc4(OWNER_KEY, padded)
    permissions = (-4).to_bytes(4, "little", signed=True)
    key = _md5(padded + owner + permissions + b"id")[:5]
    locked = []
    for number, body in enumerate(objects, start=1):
        head, mark, rest = body.partition(b"stream\n")
        data = rest.removesuffix(b"\nendstream")
        own = _md5(key + number.to_bytes(3, "little") + b"\0\0")[:10]
        locked.append(head + mark + _rc4(own, data) + b"\nendstream" if mark else body)
    lock = b"/ID[<6964><6964>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (
        owner.hex().encode(),
        _rc4(key, PAD).hex().encode(),
    )
    return locked, lock


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    other = 0
    for index in range(256):
        other = (other + state[index] + key[index % len(key)]) % 256
        state[index], state[other] = state[other], state[index]
    out = bytearray()
    index = other = 0
    for byte in data:
        index = (index + 1) % 256
        other = (other + state[index]) % 256
        state[index], state[other] = state[other], state[index]
        out.append(byte ^ state[(state[index] + state[other]) % 256])
    return bytes(out)
