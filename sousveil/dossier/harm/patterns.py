"""Patterns: where a text holds contacts of people, by how they are written. Pure.

Takes a text and gives spans: e-mail addresses, phone numbers, numbers of Chinese identity cards
(GB 11643-1999: the date must be one, and the last digit that of ISO 7064 MOD 11-2), accounts of
messengers, names of contact persons and postal addresses, the last three only behind a label that
says so. Nobody is recognised: a name without a label is not found, and what is found may be an
organisation's. Time grows with the length of the text: each pattern looks a bounded way ahead.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain


class Kind(StrEnum):
    """What is withheld, in the words that stand in its place."""

    EMAIL = "e-mail address"
    PHONE = "phone number"
    IDENTITY = "identity number"
    ACCOUNT = "messenger account"
    NAME = "name of a contact person"
    ADDRESS = "postal address"
    MARKED = "passage"  # by an editor


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, and what it is."""

    start: int
    end: int
    kind: Kind


MAX_LOCAL_CHARACTERS = 64  # before the @ (RFC 5321, section 4.5.3.1.1)
MAX_NAME_WORDS = 4
LEAST_PHONE_DIGITS, MOST_PHONE_DIGITS = 7, 15  # E.164 has at most 15

# One character for another, so that places stay: forms of full width, which notices mix with plain.
_PLAIN = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20, 0x2014: 0x2D, 0x2013: 0x2D}

_AT = re.compile(r"@|[ ]?[\[({][ ]?at[ ]?[\])}][ ]?", re.IGNORECASE)
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")
_DOT = r"(?:\.|[ ]?[\[({][ ]?dot[ ]?[\])}][ ]?)"
_DOMAIN = re.compile(
    rf"[A-Za-z0-9-]{{1,63}}(?:{_DOT}[A-Za-z0-9-]{{1,63}}){{0,7}}?{_DOT}([A-Za-z]{{2,24}})(?![\w-])"
    rf"(?!{_DOT}[A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
# `icon@2x.png` is a file, `git@host:owner/name` and `git@host/` the address of a repository.
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "js", "css", "html", "php"})
_REPOSITORY = re.compile(r"[:/]")
_WEB = re.compile(r"\bhttps?://[^\s<>\"“”]+", re.IGNORECASE)

_NUMBER = r"\(?\d(?:[ ().\-/]{0,3}\d){5,14}(?:[ ]{0,2}(?:转|ext\.?|x|-)[ ]{0,2}\d{1,6})?"
_PHONES = (
    # Mainland mobile numbers, with or without the country's; not sums of money.
    re.compile(
        r"(?<![\w.¥$€])(?:(?:\+|00)?86[ -]?)?1[3-9]\d([ -]?)\d{4}\1\d{4}(?![\w元万亿])", re.ASCII
    ),
    # Mainland fixed numbers with their area, and service numbers.
    re.compile(
        r"(?<![\w.-])(?:\(0\d{2,3}\)[ ]?|0\d{2,3}[ -])\d{7,8}"
        r"(?:[ ]?(?:转|-|x)[ ]?\d{1,6})?(?![\w-])",
        re.ASCII,
    ),
    re.compile(r"(?<![\w.-])[48]00-?\d{3}-?\d{4}(?![\w-])", re.ASCII),
    # Any country's, as E.164 is written down (ITU-T E.123).
    re.compile(r"(?<![\w+])\+[1-9](?:[ ().\-/]{0,3}\d){6,14}(?!\w)", re.ASCII),
    # North America's.
    re.compile(r"(?<![\w.-])(?:\(\d{3}\)[ ]?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w-])", re.ASCII),
)
_CALLED = re.compile(
    r"(?:电\s{0,4}话|手\s{0,4}机|联系方式|传\s{0,4}真|热线|座机|號碼|号码"
    r"|\b(?:tel(?:ephone)?|phone|mobile|cell|fax|hotline|тел(?:ефон)?|факс)\b\.?)"
    rf"(?:号码?|no\.?)?[ ]{{0,3}}[:.]?\s{{0,3}}(\+?{_NUMBER})(?!\w)",
    re.IGNORECASE,
)
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])", re.ASCII)
_ACCOUNT = re.compile(
    r"(?:微\s?信号?|微\s?訊|WeChat(?:[ ]?ID)?|Weixin|QQ(?:号|群)?|钉钉|Telegram|WhatsApp|Skype"
    r"|LINE[ ]?ID)[ ]{0,3}:\s{0,3}(@?[A-Za-z0-9_+][A-Za-z0-9_.+-]{2,39})"
    r"|(?<![A-Za-z])QQ号?\s{0,2}([1-9]\d{4,10})(?!\d)"
    r"|(?:微\s?信号|WeChat[ ]?ID)[ ]{0,3}\n[ ]{0,8}([A-Za-z][A-Za-z0-9_-]{5,19})(?![\w-])",
    re.IGNORECASE,
)

_HANZI = r"[\u3400-\u9fff]"
# What follows a name without a gap, in texts whose lines were joined.
_NEXT = r"联系|电话|手机|地址|邮箱|邮编|传真|方式|微信|日期|时间"
_HAN_NAME = (
    rf"(?:{_HANZI}{{2,10}}[·•]{_HANZI}{{2,10}}|(?:(?!{_NEXT}){_HANZI}){{2,4}}(?!\s{{0,3}}:))"
)
_HAN_CONTACT = re.compile(
    r"(?:联\s{0,4}[系络]\s{0,4}人|聯\s{0,4}[繫絡]\s{0,4}人|经\s?办\s?人|收\s?件\s?人|负\s?责\s?人)"
    r"(?:员|姓名|及电话|和电话)?\s{0,3}:\s{0,3}"
    rf"({_HAN_NAME}(?:[、,/ ]\s{{0,2}}{_HAN_NAME}){{0,5}})"
)
# In a table the label is a cell, and the name the cell beside it: no colon, and a line each, or
# some blanks between them.
_HAN_CELL = re.compile(
    rf"^[ \t]{{0,8}}{_HANZI}{{0,10}}?"
    r"(?:联[ ]{0,4}[系络][ ]{0,4}人|聯[ ]{0,4}[繫絡][ ]{0,4}人|经[ ]?办[ ]?人|收[ ]?件[ ]?人"
    r"|负[ ]?责[ ]?人)(?:员|姓名)?(?:\([^()\n]{0,10}\))?(?:[ \t]{0,3}\n[ \t]{0,8}|[ \t|]{1,4})"
    rf"({_HAN_NAME}(?:[、,/]\s{{0,2}}{_HAN_NAME}){{0,5}})(?=[\s,;|(]|\Z)",
    re.MULTILINE,
)
_CELL = re.compile(
    r"^[ \t]{0,8}(?:contact[ ](?:person|name)|name[ ]of[ ]contact|point[ ]of[ ]contact"
    r"|person[ ]in[ ]charge|контактное[ ]лицо)[ \t]{0,3}\n[ \t]{0,8}([^\n:;,|<>()]{2,80})",
    re.IGNORECASE | re.MULTILINE,
)
_CONTACT = re.compile(
    r"(?:\b(?:contact(?:[ ]person|[ ]name|s)?|point[ ]of[ ]contact|attn|attention"
    r"|person[ ]in[ ]charge|контактное[ ]лицо)\b|(?:联|聯)\s{0,4}[系络繫絡]\s{0,4}人)"
    r"[ ]{0,3}[:.]\s{0,3}([^\n:;,|<>()]{2,80})",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    r"(?:^[ ]{0,8}(?:[A-Za-z]{2,12}-(?:off-|authored-)?by|Author|Committer):|@author\b:?)"
    r"[ ]{0,3}([^\n<>@]{1,80}[^\n<>@\s])",
    re.IGNORECASE | re.MULTILINE,
)
_HOME = re.compile(
    r"(?:家庭住址|家庭地址|现?住址|户籍地址|户籍所在地|通讯地址|联系地址|住\s?所"
    r"|\b(?:home|residential|private|mailing)[ ]address)[ ]{0,3}"
    r"(?::\s{0,3}|\n[ ]{0,8})([^\n;。]{4,100})",
    re.IGNORECASE,
)

_WEIGHTS = tuple(pow(2, 17 - at, 11) for at in range(17))
_CHECK_DIGITS = "10X98765432"  # ISO 7064 MOD 11-2, by the sum's remainder


def private_spans(text: str) -> list[Span]:
    """Return what in a text is written like a contact of somebody: in order, none overlapping."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    web = [match.span() for match in _WEB.finditer(plain)] if "://" in plain else []
    found = chain(_emails(plain), *(find(plain) for find in _FINDERS))
    return merged(one for one in found if one.kind is Kind.EMAIL or not _lies_in(one, web))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order; of those that overlap one, of the kind of the first."""
    joined: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.start, -span.end)):
        if joined and one.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Span(last.start, max(last.end, one.end), last.kind)
        else:
            joined.append(one)
    return joined


def is_identity_number(digits: str) -> bool:
    """Tell whether 18 characters are the number of an identity card (GB 11643-1999, section 4)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    if _CHECK_DIGITS[total % 11] != digits[17].upper():
        return False
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    return 1850 <= born.year < 2100  # noqa: PLR2004  # of anybody alive when they were given


def _lies_in(span: Span, places: list[tuple[int, int]]) -> bool:
    """Whether a span touches an address of the web, whose numbers are names of pages."""
    return any(start < span.end and span.start < end for start, end in places)


def _emails(text: str) -> Iterator[Span]:
    before = 0  # where the address before ended: no character is looked at twice
    for match in _AT.finditer(text):
        start = match.start()
        least = max(before, start - MAX_LOCAL_CHARACTERS)
        while start > least and text[start - 1] in _LOCAL:
            start -= 1
        local = text[start : match.start()].lstrip(".")
        domain = _DOMAIN.match(text, match.end()) if local else None
        if domain is None or domain[1].lower() in _FILES:
            before = match.end() if match[0] == "@" else before
            continue
        before = domain.end()
        if local != "git" or not _REPOSITORY.match(text, domain.end()):
            yield Span(match.start() - len(local), domain.end(), Kind.EMAIL)


def _phones(text: str) -> Iterator[Span]:
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            if _is_phone(match[0]):
                yield Span(*match.span(), Kind.PHONE)
    for match in _CALLED.finditer(text):
        if _is_phone(match[1]):
            yield Span(*match.span(1), Kind.PHONE)


def _is_phone(number: str) -> bool:
    digits = sum(one.isdigit() for one in number)
    return LEAST_PHONE_DIGITS <= digits <= MOST_PHONE_DIGITS + len("123456")  # an extension


def _identities(text: str) -> Iterator[Span]:
    for match in _IDENTITY.finditer(text):
        if is_identity_number(match[0]):
            yield Span(*match.span(), Kind.IDENTITY)


def _accounts(text: str) -> Iterator[Span]:
    for match in _ACCOUNT.finditer(text):
        yield Span(*match.span(match.lastindex or 0), Kind.ACCOUNT)


def _names(text: str) -> Iterator[Span]:
    for match in chain(_HAN_CONTACT.finditer(text), _HAN_CELL.finditer(text)):
        yield Span(*match.span(1), Kind.NAME)
    for match in chain(_CONTACT.finditer(text), _CELL.finditer(text)):
        length = _name_length(match[1])
        if length:
            yield Span(match.start(1), match.start(1) + length, Kind.NAME)
    for match in _AUTHOR.finditer(text):
        yield Span(*match.span(1), Kind.NAME)


def _name_length(words: str) -> int:
    """Return how much of what follows a label is a name: the first words with capitals."""
    end = 0
    for count, match in enumerate(re.finditer(r"\S+", words)):
        if count == MAX_NAME_WORDS or not match[0][0].isupper() or "@" in match[0]:
            break
        end = match.end()
        if len(match[0]) > len("Prof.") and match[0].endswith("."):
            break  # a sentence ends
    return end


def _addresses(text: str) -> Iterator[Span]:
    for match in _HOME.finditer(text):
        yield Span(*match.span(1), Kind.ADDRESS)


_FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    *(_phones, _identities, _accounts, _names, _addresses),
)
