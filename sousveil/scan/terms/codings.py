"""What bytes may be read in, and what their Latin letters are without accents."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from sousveil.claims.normal import fold

START_BYTES = 2_048  # of a page, in which it may declare its coding
LATIN = ("cp1252", "cp1250", "cp1254")
OTHERS = ("gb18030", "big5hkscs", *LATIN, "cp1251", "koi8-u", "cp1256")  # than UTF-8
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([\w-]{3,20})", re.IGNORECASE)
_TAKEN_FOR = {  # WHATWG Encoding, section 4.2: what browsers read under other names
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-2": "cp1250",
    "windows-1250": "cp1250",
    "iso-8859-9": "cp1254",
    "windows-1254": "cp1254",
    "windows-1251": "cp1251",
    "koi8-r": "koi8-u",
    "windows-1256": "cp1256",
}


def in_utf8(data: bytes) -> str | None:
    """Return the text that `data` is in UTF-8; None where it is not valid throughout."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def codings(data: bytes) -> Sequence[str]:
    """Return what bytes that are no UTF-8 may be read in: what they declare, or else all."""
    told = _DECLARED.search(data, 0, START_BYTES)
    name = told.group(1).decode().lower() if told else ""
    coding = _TAKEN_FOR.get(name, name)
    return (coding,) if coding in OTHERS else OTHERS


@cache
def plain_letters() -> Mapping[bytes, bytes]:
    """Return the plain letter of each accented one, in UTF-8."""
    codes = (*range(0xC0, 0x200), *range(0x1E00, 0x1F00))
    pairs = {chr(code): fold(chr(code)) for code in codes if code != ord("İ")} | {"İ": "i"}
    return {one.encode(): other.encode() for one, other in pairs.items() if other.isascii()}


@cache
def plain_bytes(coding: str) -> bytes:
    """Return what each byte of a Latin coding is without its accent: a table to translate by."""
    texts = (bytes([byte]).decode(coding, "replace") for byte in range(256))
    letters = (plain_letters().get(text.encode()) for text in texts)
    return bytes(letter[0] if letter else byte for byte, letter in enumerate(letters))


@cache
def plain_latin_1() -> bytes:
    """Return what each byte of Latin-1 is in plain ASCII; what is no letter there is a space."""
    return re.sub(rb"[\x80-\xff]", b" ", plain_bytes("latin-1"))
