"""Captured text made safe to show: neutral characters, direction, language, cuts.

Takes text written by those we watch and gives text that can neither hide nor reorder anything
around it. Escaping is the template engine's part (pages.py); here is what escaping leaves:
bidirectional overrides (Unicode UAX 9), control characters, lone surrogates, endless passages.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from sousveil.model import HANDED_IN_URN, Finding

# Characters shown by number: C0 and C1 controls but tab and line feed; the embeddings, overrides
# and isolates of UAX 9; the byte order mark and the invisible tag characters; lone surrogates and
# noncharacters, which UTF-8 or HTML cannot carry. Joiners and direction marks (U+200C to U+200F)
# stay: Uyghur and Persian need them and they reorder nothing outside their isolate.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

# A word of a language tag, RFC 5646 section 2.1.
# Where all letters of the classes R and AL lie.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")

# Enough to tell the direction of a text by its majority; more costs time and changes nothing.
MAX_DIRECTION_CHARS = 2_000

# Browsers and servers refuse longer addresses; a link longer than this is an attack or a mistake.
MAX_LINK_CHARS = 4_000

SHOWN_DIGITS = 12  # of a digest that stands for an address; whole beside the record


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with what is to be shown about it."""

    text: str
    quoted: bool = False  # belongs to the quote
    change: Literal["", "del", "ins"] = ""  # gone from, or new in, the other text
    cut: bool = False  # our own words, in place of text left out


def visible(text: str) -> str:
    """Return `text` with each character that hides or reorders text shown as its number."""
    unified = text.replace("\r\n", "\n")
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", unified)


def direction(text: str) -> Literal["ltr", "rtl"]:
    """Return the direction of most of the letters of `text` (UAX 9 classes L, R and AL)."""
    if not _RIGHT_TO_LEFT.search(text):
        return "ltr"
    classes = [unicodedata.bidirectional(character) for character in text[:MAX_DIRECTION_CHARS]]
    right_to_left = sum(name in {"R", "AL"} for name in classes)
    return "rtl" if right_to_left > classes.count("L") else "ltr"


def language_tag(lang: str) -> str:
    """Return `lang` as a value for HTML's lang attribute; "" (unknown) for code or nonsense."""
    return lang if lang != "code" and _LANGUAGE_TAG.fullmatch(lang) else ""


def web_link(url: str) -> str | None:
    """Return `url` if it is safe to link to: http or https, a host, nothing invisible."""
    if len(url) > MAX_LINK_CHARS or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and host else None


def public_address(address: str) -> str:
    """Return an address as it may be published: of a folder on our own disk only the last name.

    The path of a local repository tells the name and the habits of whoever made the copy. What was
    handed in has no address, and is told by the beginning of its digest.
    """
    if address.startswith(HANDED_IN_URN):
        digest = address.removeprefix(HANDED_IN_URN)
        return f"a document that was handed in (SHA-256 {digest[:SHOWN_DIGITS]}…)"
    local = unquote(address.removeprefix("file://")) if "://" in address else address
    if not local.startswith("/"):
        return address
    folder, mark, rest = local.partition("#")
    return f"local copy of {folder.rstrip('/').rpartition('/')[2]}{mark}{rest}"


def quote_bounds(finding: Finding) -> tuple[str, int, int]:
    """Return the context of the quote, and where in it the quote starts and ends.

    The context is the passage that was judged; the selector's prefix and suffix if the quote is
    not in that passage.
    """
    length, passage = len(finding.quote), finding.passage
    start = finding.claim.start - finding.claim.passage_start
    if start < 0 or passage[start : start + length] != finding.quote:
        start = passage.find(finding.quote)
    if start < 0:
        passage = finding.prefix + finding.quote + finding.suffix
        start = len(finding.prefix)
    return passage, start, start + length


def in_context(finding: Finding, limit: int) -> list[Piece]:
    """Return the quote, marked, in its context; no piece longer than `limit` characters."""
    passage, start, end = quote_bounds(finding)
    pieces = [Piece(passage[:start]), Piece(passage[start:end], quoted=True), Piece(passage[end:])]
    return shorten(pieces, limit)


def shorten(pieces: list[Piece], limit: int) -> list[Piece]:
    """Return `pieces` with the middle of each one longer than `limit` characters left out."""
    short: list[Piece] = []
    for piece in pieces:
        left_out = len(piece.text) - limit
        if left_out <= 0:
            short.extend([piece] if piece.text else [])
            continue
        head, tail = piece.text[: limit // 2], piece.text[len(piece.text) - limit // 2 :]
        short += [
            Piece(head, piece.quoted, piece.change),
            Piece(f"{left_out:,} characters not shown", cut=True),
            Piece(tail, piece.quoted, piece.change),
        ]
    return short
