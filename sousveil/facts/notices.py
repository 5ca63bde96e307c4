"""Tender notices: who buys what, from whom, when and for how much, read from labels and tables.

Takes a document and gives one project a notice, or one a row where a page lists many. A label is
told beside its value in one line ("采购人：…"), in a cell or a term before it, or above its column.
What only looks like a notice (a form with "Title" and "Date") is none: see `_is_notice`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from sousveil.facts.dates import day_first
from sousveil.facts.labelled import Found, labelled
from sousveil.facts.reading import PROSE, Piece, Reading, as_written, narrow
from sousveil.facts.values import pieces
from sousveil.model import Document

MAX_PROJECTS = 500  # of one document: a page of a buyer lists some dozen
MAX_REPEATED = 20  # suppliers, or prices, of one project
LEAST_FIELDS = 3  # of a notice

_LISTED = frozenset({"supplier", "price"})  # may come several times
_ON_BEHALF = re.compile(r"受 ?([^,，。;:\n受]{2,40}?) ?的?委托(?=[,，])")
_BUYER_IS = re.compile(r"(?:招标人|采购人|建设单位)(?:名称)?为 ?([^,，。;:\n]{2,40})")
_AWARD = re.compile(
    r"(?P<supplier>[A-Z][\w&.,' -]{2,60}?) (?:has been|was) awarded (?:a|the|an)\b[^.\n]{0,60}?"
    r"\bcontract\b"
)
_EUROPEAN = re.compile(r"\bcpv\b|\bTED\b|OJ S|eForms", re.IGNORECASE)  # days come first there
_NOTICE_WORDS = re.compile(
    r"招标|采购|中标|成交|询价|磋商|tender|procurement|contract award|contract notice|awarded"
    r"|invitation to bid|request for proposal|bidding",
    re.IGNORECASE,
)
# Without one of these words no label of a notice stands anywhere; the look costs next to nothing.
_MAY_BE = re.compile(
    r"采购|招标|中标|成交|建设单位|业主|控制价|限价|预算|contract|procur|purchas|tender|buyer|solicitation"
    r"|bid|award|rfp|supplier|cpv|estimated",
    re.IGNORECASE,
)
_SEARCHED_FOR_WORDS = 3_000  # characters at the top


def projects(document: Document) -> list[Reading]:
    """Return the projects that a document tells of; none when it is no notice."""
    if document.format not in PROSE:
        return []
    text = narrow(document.text)
    if _MAY_BE.search(text.replace(" ", "")) is None:
        return []
    return [as_written(one, document.text) for one in _projects(text, document)]


def _projects(text: str, document: Document) -> list[Reading]:
    found = labelled(text, document)
    order = day_first(text)
    if order is None and _EUROPEAN.search(text):
        order = True
    by_row: dict[int, list[Found]] = {}
    for one in found:
        by_row.setdefault(one.row, []).append(one)
    whole = pieces(text, by_row.pop(-1, []), is_day_first=order)
    rows = [pieces(text, row, is_day_first=order) for row in by_row.values()]
    listed = [row for row in rows if {"title", "number"} & {one.name for one in row}]
    if len(listed) > 1:
        made = [Reading("project", _in_order(row)) for row in listed[:MAX_PROJECTS]]
        return [one for one in made if _is_notice(text, one.pieces, found)]
    merged = _merged([*whole, *(one for row in rows for one in row), *_told(text, whole)])
    return [Reading("project", merged)] if _is_notice(text, merged, found) else []


def _is_notice(text: str, told: Sequence[Piece], found: Sequence[Found]) -> bool:
    """Whether labels amount to a tender notice: it names the thing, and something of its purchase.

    One of the labels is of tenders alone, or words of tenders stand at the top.
    """
    names = {one.name for one in told}
    is_told = any(one.label.is_strong for one in found) or (
        _NOTICE_WORDS.search(text, 0, _SEARCHED_FOR_WORDS) is not None
    )
    bought = names & {"buyer", "supplier", "budget", "ceiling", "price", "agency"}
    return (
        is_told
        and bool(names & {"title", "number"})
        and bool(bought)
        and (len(names) >= LEAST_FIELDS)
    )


def _told(text: str, known: Sequence[Piece]) -> Iterator[Piece]:
    """Yield what running text tells and no label did: on whose behalf, and who got the contract."""
    names = {one.name for one in known}
    behalf = _ON_BEHALF.search(text) or _BUYER_IS.search(text)
    if "buyer" not in names and behalf:
        yield Piece("buyer", behalf[1], *behalf.span(), 0.85)
    if "supplier" not in names and (match := _AWARD.search(text)):
        yield Piece("supplier", match["supplier"], *match.span(), 0.7)


def _merged(read: Iterable[Piece]) -> tuple[Piece, ...]:
    """Keep of each field the first, of suppliers and prices all that differ."""
    kept: dict[tuple[str, str], Piece] = {}
    count: dict[str, int] = {}
    for one in read:
        limit = MAX_REPEATED if one.name in _LISTED else 1
        if (one.name, one.value) not in kept and count.get(one.name, 0) < limit:
            kept[one.name, one.value] = one
            count[one.name] = count.get(one.name, 0) + 1
    return _in_order(kept.values())


def _in_order(read: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(read, key=lambda one: one.start))
