"""Tender notices: who buys what, from whom, when and for how much, read from labels and tables.

Takes a document and gives one project a notice, or one a row where a page lists many. A label is
told beside its value in one line ("采购人：…"), in a cell or a term before it, or above its column.
What only looks like a notice (a form with "Title" and "Date") is none: see `_is_notice`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sousveil.facts.dates import day_first
from sousveil.facts.labelled import Found, labelled
from sousveil.facts.labels import label_of
from sousveil.facts.reading import PROSE, Piece, Reading, as_written, narrow
from sousveil.facts.values import DESCRIBED, pieces
from sousveil.model import BlockKind, Document

MAX_PROJECTS = 500  # of one document: a page of a buyer lists some dozen
MAX_REPEATED = 20  # suppliers, or prices, of one project
LEAST_FIELDS = 3  # of a notice

_CHOSEN = frozenset({"title", "number", "buyer"})  # what surer labels tell better
_LISTED = frozenset({"supplier", "price"})  # may come several times
_ON_BEHALF = re.compile(
    r"(?P<agency>[^,。;:()\n]{4,40})?(?:\([^()]{2,8}\))?"
    r"受 ?(?P<buyer>[^,，。;:\n受]{2,40}?) ?的?委托(?=[,，])"
)
_BUYER_IS = re.compile(r"(?:招标人|采购人|建设单位)(?:名称)?为 ?(?P<buyer>[^,，。;:\n]{2,40})")
_AWARD = re.compile(
    r"(?P<supplier>[A-Z][\w&.,' -]{2,60}?) (?:has been|was) awarded (?:a|the|an)\b[^.\n]{0,60}?"
    r"\bcontract\b"
)
# A title and a buyer that no label tells: they head the notice, before its first label.
_HEADED = re.compile(
    r"(?:\A|\n)(?P<title>[^\n:]{5,200})\n{1,3}(?P<buyer>[^\n:]{3,120})\n{1,3}"
    r"(?:UK\d{1,2}: [^\n]{3,80}\n{1,3})?"
    r"(?:published date|notice reference|notice identifier|procurement reference)\b",
    re.IGNORECASE,
)
_TYPED = re.compile(
    r"(?:\A|\n)(?:contract |tender )?(?:award |tender |contract )?(?:notice|request for proposals?"
    r"|invitation to (?:bid|tender))(?: of award)? ?[:-] (?P<title>[^\n]{5,200})",
    re.IGNORECASE,
)
_IS_TYPE = re.compile(r"notice|tender|request for|invitation|award|公告|公示|home\b", re.IGNORECASE)
LEAST_TITLE, MOST_TITLE = 5, 200  # characters of a first line that is a title
_HEAD_REACH = 6  # blocks from a heading to the first label
_REACH = 110  # characters around the word that tells on whose behalf, or who was awarded
MAX_PLACES = 50  # where such a word stands
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
MAX_HEAD = 20_000  # characters in which a heading is sought
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
    told = [*whole, *(one for row in rows for one in row)]
    merged = _merged([*told, *_told(text, told), *_heading(text, document, found, told)])
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
    behalf = _around(text, "委托", _ON_BEHALF) or _BUYER_IS.search(text)
    if "buyer" not in names and behalf:
        yield Piece("buyer", behalf["buyer"], *behalf.span(), 0.85)
    if behalf and "agency" not in names and (agency := behalf.groupdict().get("agency")):
        yield Piece("agency", agency.strip(), *behalf.span(), 0.8)
    if "supplier" not in names and (match := _around(text, " awarded ", _AWARD)):
        yield Piece("supplier", match["supplier"], *match.span(), 0.7)


def _around(text: str, word: str, form: "re.Pattern[str]") -> "re.Match[str] | None":
    """Return where a form stands around a word that it holds: a look at each place costs little."""
    for at in islice(re.finditer(word, text), MAX_PLACES):
        low, high = max(0, at.start() - _REACH), at.end() + _REACH
        if match := form.search(text, low, high):
            return match
    return None


def _heading(
    text: str, document: Document, found: Sequence[Found], known: Sequence[Piece]
) -> Iterator[Piece]:
    """Yield the title, and the buyer, that stand above the labels with none of their own."""
    names = {one.name for one in known if one.confidence > DESCRIBED}
    is_described = any(one.confidence <= DESCRIBED for one in known)
    if "title" in names or not any(one.label.is_strong for one in found):
        return
    if match := _HEADED.search(text, 0, MAX_HEAD):
        yield Piece("title", match["title"].strip(), *match.span("title"), 0.7)
        if "buyer" not in names:
            yield Piece("buyer", match["buyer"].strip(), *match.span("buyer"), 0.7)
    elif match := _TYPED.search(text, 0, MAX_HEAD):
        yield Piece("title", match["title"].strip(), *match.span("title"), 0.7)
    elif document.blocks and text.isascii() and not is_described:
        yield from _first_line(text, document, found)


def _first_line(text: str, document: Document, found: Sequence[Found]) -> Iterator[Piece]:
    """Yield the first line as a title, where a label of a tender follows soon."""
    head, *rest = document.blocks[: _HEAD_REACH + 1]
    line = text[head.start : head.end].partition("\n")[0]
    strong = [one.start for one in found if one.label.is_strong]
    near = rest[-1].end if rest else head.end
    is_title = LEAST_TITLE <= len(line) <= MOST_TITLE and ":" not in line
    is_own = head.kind is not BlockKind.CELL and label_of(line) is None
    if is_title and is_own and strong[0] <= near and not _IS_TYPE.search(line):
        yield Piece("title", line.strip(), head.start, head.start + len(line), 0.6)


def _merged(read: Sequence[Piece]) -> tuple[Piece, ...]:
    """Keep of each field the first of those told most surely; of suppliers and prices all."""
    best: dict[str, float] = {}
    for one in read:
        best[one.name] = max(one.confidence, best.get(one.name, 0.0))
    kept: dict[tuple[str, str], Piece] = {}
    count: dict[str, int] = {}
    for one in read:
        if one.name in _CHOSEN and one.confidence < best[one.name]:
            continue
        limit = MAX_REPEATED if one.name in _LISTED else 1
        if (one.name, one.value) not in kept and count.get(one.name, 0) < limit:
            kept[one.name, one.value] = one
            count[one.name] = count.get(one.name, 0) + 1
    return _in_order(kept.values())


def _in_order(read: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(read, key=lambda one: one.start))
