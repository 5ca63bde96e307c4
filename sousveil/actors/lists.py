"""Official lists: CSV files in which authorities name companies.

Takes the bytes of any CSV file with a header (RFC 4180, UTF-8) and gives rows. Columns are told by
the words of their headers. A list without a column of names holds them inside sentences: there,
names are what ends in a company's legal form.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sousveil.errors import ActorError

MAX_LIST_BYTES = 20_000_000  # the consolidated lists of whole states have 10 MB
MAX_NAME_CHARACTERS = 200  # of a name shown to the reader; a sentence is cut

_NAME = re.compile(
    r"\b(?:name|entity|company|organi[sz]ation|vendor|supplier)\b|名称|企业|公司|单位"
)
_NOT_A_NAME = re.compile(
    r"\b(?:alias\w*|previous|former\w*|parent|owner|clean|file|id|url)\b|曾用|别名|母公司"
)
_ALIAS = re.compile(r"\b(?:alias\w*|aka|also known as|short name)\b|别名|简称")
_PREVIOUS = re.compile(r"\b(?:previous|former\w*)\b|曾用名")
_SINCE = re.compile(
    r"\b(?:start|since|inclusion|included|listed|listing|added|effective)\b|列入|起始"
)
_UNTIL = re.compile(r"\b(?:end|until|removed|removal|delisted)\b|移出|截止")
_DATE = re.compile(r"\bdate\b|日期")
_OTHER_DATE = re.compile(r"\b(?:report|publication|birth)\b")
_SOURCE = re.compile(r"\b(?:url|link|source)\b|来源|链接")

_STAR = re.compile(r"\s*[*†‡§]+\s*\Z")
_BRACKETED = re.compile(r"\s*[(（]([^()（）]{2,60})[)）]\s*\Z")
_SEVERAL = re.compile(r"[;；、]|,\s*(?!(?:Ltd|Inc|LLC|Co|Corp|Limited|S\.A|GmbH)\b)")
_WORD = r"[A-Z(][\w&'’().-]{0,40},?[ ]"
_IN_SENTENCE = re.compile(
    rf"(?:{_WORD}){{1,8}}(?:Company|Corporation|Corp|Inc|LLC|Limited|Ltd|Co)\b\.?(?:,?[ ]Ltd\b\.?)?"
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH_NUMBERS = {month[:3]: n for n, month in enumerate(_MONTHS.split(), start=1)}
_MONTH = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)|(\d{4})年(\d{1,2})月(\d{1,2})日")
_MONTH_FIRST = re.compile(rf"\b{_MONTH} (\d{{1,2}}),? (\d{{4}})", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}}) {_MONTH},? (\d{{4}})", re.IGNORECASE)
_LAST_MONTH, _LAST_DAY = 12, 31


@dataclass(frozen=True, slots=True)
class Row:
    """One company on a list."""

    name: str  # as the list writes it, without footnote marks
    aliases: tuple[str, ...]
    since: str | None  # ISO 8601
    until: str | None
    source: str
    is_sentence: bool = False  # `name` is a sentence: it may name somebody, and is nobody's name


@dataclass(frozen=True, slots=True)
class _Columns:
    name: int | None
    sentence: int
    aliases: tuple[int, ...]
    since: int | None
    until: int | None
    source: int | None


def read_list(data: bytes, place: str) -> list[Row]:
    """Return the rows of a list, in order; a sentence gives one for each company it names.

    A sentence that names nobody by a legal form is a row of its own: it may still hold a known
    name. Raises ActorError when the file is too large, not UTF-8, no CSV or without any row.
    """
    if len(data) > MAX_LIST_BYTES:
        raise ActorError(f"{place}: larger than {MAX_LIST_BYTES} bytes. Give the part you need.")
    try:
        # One that Excel wrote begins with a byte order mark.
        text = data.decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except UnicodeDecodeError as error:
        raise ActorError(
            f"{place}: is not UTF-8 at byte {error.start}. Save it as UTF-8."
        ) from error
    except csv.Error as error:
        raise ActorError(f"{place}: is no CSV file ({error}). Save it as CSV.") from error
    except ValueError as error:
        raise ActorError(f"{place}: is empty. Give a CSV file with a header.") from error
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise ActorError(f"{place}: has no rows below its header. Give a CSV file with a header.")
    columns = _columns(header, filled)
    return [one for row in filled for one in _rows(row, columns)]


def iso_date(text: str) -> str | None:
    """Return the first date of a text as ISO 8601; None when there is none that has one reading."""
    if found := _ISO.search(text):
        year, month, day = (int(part) for part in found.groups() if part is not None)
    elif found := _MONTH_FIRST.search(text):
        month, day, year = _MONTH_NUMBERS[found[1][:3].lower()], int(found[2]), int(found[3])
    elif found := _DAY_FIRST.search(text):
        day, month, year = int(found[1]), _MONTH_NUMBERS[found[2][:3].lower()], int(found[3])
    else:
        return None
    if not (1 <= month <= _LAST_MONTH and 1 <= day <= _LAST_DAY):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}"


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> _Columns:
    words = [" ".join(re.split(r"[\s_-]+", cell.casefold())).strip() for cell in header]

    def first(wanted: re.Pattern[str], *unwanted: re.Pattern[str]) -> int | None:
        for number, word in enumerate(words):
            if wanted.search(word) and not any(each.search(word) for each in unwanted):
                return number
        return None

    until = first(_UNTIL)
    since = first(_SINCE, _UNTIL, _SOURCE)
    if since is None:
        since = first(_DATE, _UNTIL, _OTHER_DATE)
    lengths = [sum(len(row[n]) for row in rows if n < len(row)) for n in range(len(header))]
    return _Columns(
        name=first(_NAME, _NOT_A_NAME),
        sentence=max(range(len(header)), key=lengths.__getitem__, default=0),
        aliases=tuple(
            n for n, word in enumerate(words) if _ALIAS.search(word) or _PREVIOUS.search(word)
        ),
        since=since,
        until=until,
        source=first(_SOURCE),
    )


def _rows(row: Sequence[str], columns: _Columns) -> Iterator[Row]:
    def cell(number: int | None) -> str:
        return row[number].strip() if number is not None and number < len(row) else ""

    since, until = iso_date(cell(columns.since)), iso_date(cell(columns.until))
    source = cell(columns.source)
    if columns.name is None:
        sentence = cell(columns.sentence)
        named = [found.group() for found in _IN_SENTENCE.finditer(sentence)]
        for name in named:
            yield Row(name, (), since, until, source)
        if not named:
            cut = sentence[:MAX_NAME_CHARACTERS]
            yield Row(cut, (), since, until, source, is_sentence=True)
        return
    name = _STAR.sub("", cell(columns.name))[:MAX_NAME_CHARACTERS]
    aliases = [part for n in columns.aliases for part in _SEVERAL.split(cell(n))]
    if bracketed := _BRACKETED.search(name):
        aliases.append(bracketed[1])
    told = dict.fromkeys(alias.strip() for alias in aliases)
    if name:
        yield Row(name, tuple(alias for alias in told if alias), since, until, source)


def bare(name: str) -> str:
    """Return a name without the alias in brackets behind it."""
    return _BRACKETED.sub("", name) or name
