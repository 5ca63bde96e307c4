"""Entering facts: from what a person gives to events of the log, each quote looked up before.

The one way in which commands and pages add, change, confirm and withdraw facts. A quote must stand,
character by character, in the capture that is named; otherwise nothing is entered, and the nearest
text is told. Takes an open `Writer` and `Index`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from rapidfuzz import fuzz, process

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.extract import readings
from sousveil.facts.documents import documents
from sousveil.facts.figures import figures
from sousveil.facts.reading import narrow
from sousveil.facts.statements import statements
from sousveil.index.facts import ADDED, CHANGED, WITHDRAWN, fact_of
from sousveil.index.query import capture_at, captures_of_url, earliest_findings, finding_ids
from sousveil.index.store import Held, Index
from sousveil.ledger import Draft, Writer
from sousveil.model import Cite, Document, Event, Fact, FactKind, Field, Finding
from sousveil.review.facts import MAX_QUOTE_CHARACTERS, entered_id, fact_body, field_of
from sousveil.run.indexing import sync_index
from sousveil.run.read.facts import cite
from sousveil.run.read.findings import CONTEXT_CHARACTERS

# Of a capture's text, lines that are compared with a quote that stands nowhere: some seconds' work.
MAX_LINES_COMPARED = 20_000
MAX_LINES = 40  # offered to choose a quote from
LEAST_ALIKE = 50  # of 100: below, the nearest text has nothing to do with the quote


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as a person gives it."""

    name: str
    value: str
    quote: str
    place: str  # a finding's id, an address, or "archive/….warc.gz:OFFSET"


def add(
    writer: Writer,
    index: Index,
    kind: FactKind,
    entries: Sequence[Entry],
    *,
    by: str,
    note: str,
    now: datetime,
) -> Event:
    """Log a fact that a person writes. Raises InputError, as do all functions here.

    For a quote that does not stand where it is said to, a place that there is not, a field that
    the kind does not have, a value that is none, and as `fact_body`.
    """
    fields = tuple(_fields(writer.case, index, kind, entries))
    fact = Fact(entered_id(kind, fields), kind, fields)
    return _commit(writer, index, ADDED, fact_body(fact, by, note), now)


def edit(
    writer: Writer,
    index: Index,
    fact_id: str,
    entries: Sequence[Entry],
    *,
    dropped: Iterable[str] = (),
    by: str,
    note: str,
    now: datetime,
) -> Event:
    """Log a fact with other fields: the entries take the place of those of the same names.

    Of a candidate this confirms the rest: its quotes are looked up, too.
    """
    before = fact_of(index, fact_id)
    given = tuple(_fields(writer.case, index, before.kind, entries))
    changed = {one.name for one in given} | set(dropped)
    unknown = set(dropped) - {one.name for one in before.fields}
    if unknown:
        raise InputError(f"--drop {min(unknown)}: fact {before.id} has no such field.")
    kept = tuple(one for one in before.fields if one.name not in changed)
    if before.status == "candidate":
        _check_all(writer.case, index, kept)
    event = CHANGED if before.status != "candidate" else ADDED
    body = fact_body(replace(before, fields=(*kept, *given)), by, note)
    return _commit(writer, index, event, body, now)


def confirm(
    writer: Writer, index: Index, fact_id: str, *, by: str, note: str, now: datetime
) -> Event:
    """Log a candidate as a fact, or a withdrawn one again, once its quotes are found to stand."""
    fact = fact_of(index, fact_id)
    if fact.status == "confirmed":
        raise InputError(f"fact {fact.id}: confirmed already, by {fact.by}. Edit or withdraw it.")
    _check_all(writer.case, index, fact.fields)
    return _commit(writer, index, ADDED, fact_body(fact, by, note), now)


def withdraw(
    writer: Writer, index: Index, fact_id: str, *, by: str, note: str, now: datetime
) -> Event:
    """Log that a fact is none, or a candidate that it will be none. What was told stays told."""
    fact = fact_of(index, fact_id)
    if fact.status == "withdrawn":
        raise InputError(f"fact {fact.id}: withdrawn already, by {fact.by}.")
    return _commit(writer, index, WITHDRAWN, fact_body(fact, by, note), now)


def _commit(
    writer: Writer, index: Index, kind: str, body: dict[str, object], now: datetime
) -> Event:
    (event,) = writer.commit_all([Draft(kind, body, now)])
    sync_index(writer.case, index)
    return event


# ------------------------------------------------------------ quotes


def _fields(case: Case, index: Index, kind: FactKind, entries: Sequence[Entry]) -> Iterator[Field]:
    for entry in entries:
        yield field_of(kind, entry.name, entry.value, quoted_at(case, index, entry))


def quoted_at(case: Case, index: Index, entry: Entry) -> Cite:
    """Return the citation of an entry's quote, which stands exactly where the entry says."""
    if not entry.quote.strip():
        raise InputError(f"--field {entry.name}: no quote. Nothing is entered without one.")
    if len(entry.quote) > MAX_QUOTE_CHARACTERS:
        raise InputError(f"--quote: longer than {MAX_QUOTE_CHARACTERS} characters. Shorten it.")
    finding = _finding(index, entry.place)
    if finding is not None and entry.quote in finding.passage:
        return _in_passage(finding, entry.quote)
    held = _held_of(index, finding) if finding else _held(index, entry.place)
    if held is None:
        raise _no_capture(entry.place)
    return _in_capture(case, held, entry, finding)


def lines_at(case: Case, index: Index, place: str, words: str) -> list[str]:
    """Return the first MAX_LINES lines of a place that hold some words, to choose a quote from.

    Each stands there exactly. No words choose all lines. Raises InputError as `quoted_at`.
    """
    finding = _finding(index, place)
    held = _held_of(index, finding) if finding else _held(index, place)
    if held is None and finding is None:
        raise _no_capture(place)
    texts = [finding.passage] if finding else []
    if held is not None:
        texts += [
            document.text[block.start : block.end]
            for _, document in _documents(case, held)
            for block in document.blocks[:MAX_LINES_COMPARED]
        ]
    sought = words.strip().casefold()
    fit = (
        line
        for line in dict.fromkeys(texts)
        if line.strip() and len(line) <= MAX_QUOTE_CHARACTERS and sought in line.casefold()
    )
    return list(islice(fit, MAX_LINES))


def proposed(kind: FactKind, quote: str) -> dict[str, str]:
    """Return what a machine reads in a quote as the fields of a kind, for a person to check."""
    text = narrow(quote)
    if kind == "figure":
        read = next(figures(text), ())
    elif kind == "document":
        read = next((one.pieces for one in documents(text)), ())
    elif kind == "statement":
        read = next((one.pieces for one in statements(text)), ())
    else:
        read = ()
    return {one.name: f"{one.value} {one.unit}".strip() for one in read}


def _no_capture(place: str) -> InputError:
    return InputError(
        f"--in {place}: no capture. Name a finding's id, an address that was captured,"
        " or a record as archive/2026/03/FILE.warc.gz:OFFSET."
    )


def _finding(index: Index, place: str) -> Finding | None:
    ids = [one for one in finding_ids(index) if place and one.startswith(place)]
    if len(ids) > 1:
        raise InputError(f"--in {place}: begins {len(ids)} findings. Give more of it.")
    found = earliest_findings(index, ids)
    return found[0] if found else None


def _held(index: Index, place: str) -> Held | None:
    """Return the capture that a place names: of an address the newest one that holds a page."""
    warc, _, offset = place.rpartition(":")
    if offset.isdecimal() and warc.startswith("archive/"):
        return capture_at(index, warc, int(offset))
    captures = captures_of_url(index, place)
    return captures[-1] if captures else None


def _held_of(index: Index, finding: Finding) -> Held | None:
    record = finding.capture.record
    return capture_at(index, record.warc, record.offset)


def _in_passage(finding: Finding, quote: str) -> Cite:
    """Cite from the passage of a finding: the one way into the files of a repository."""
    at = finding.passage.index(quote)
    end = at + len(quote)
    return Cite(
        exact=quote,
        prefix=finding.passage[max(0, at - CONTEXT_CHARACTERS) : at],
        suffix=finding.passage[end : end + CONTEXT_CHARACTERS],
        start=finding.claim.passage_start + at,
        url=finding.url,
        captured_at=finding.capture.captured_at,
        record=finding.capture.record,
        log_index=finding.log_index,
        part=finding.source.path or finding.source.part,
        page=finding.source.page,
        finding_id=finding.id,
    )


def _in_capture(case: Case, held: Held, entry: Entry, finding: Finding | None) -> Cite:
    nearest: tuple[float, str] = (0.0, "")
    for part, document in _documents(case, held):
        at = document.text.find(entry.quote)
        if at >= 0:
            span = (at, at + len(entry.quote))
            return cite(held, part, document, span, finding.id if finding else None)
        nearest = max(nearest, _nearest(entry.quote, document))
    alike, text = nearest
    hint = f" The nearest text there: “{text}”." if alike >= LEAST_ALIKE else ""
    raise InputError(
        f"--quote “{entry.quote}”: it does not stand in {held.capture.url} as captured at"
        f" {held.capture.captured_at:%Y-%m-%d %H:%M} UTC.{hint} Quote it character by character."
    )


def _documents(case: Case, held: Held) -> Iterator[tuple[str | None, Document]]:
    """Yield the documents of a capture, with their parts of a package."""
    answer = payload(case.root, held.capture.record, refers_to=held.capture.refers_to)
    for one in readings(
        answer.body,
        media_type=answer.media_type or held.capture.media_type,
        charset=answer.charset or None,
        name=held.capture.url,
    ):
        if one.document is not None:
            yield one.part, one.document


def _nearest(quote: str, document: Document) -> tuple[float, str]:
    """Return the text of a document that is most like a quote, and how much, of 100."""
    lines = [
        document.text[block.start : block.end] for block in document.blocks[:MAX_LINES_COMPARED]
    ]
    best = process.extractOne(quote, lines, scorer=fuzz.partial_ratio)
    if best is None:
        return 0.0, ""
    line, alike, _ = best
    if len(line) <= len(quote):
        return alike, line
    place = fuzz.partial_ratio_alignment(quote, line)
    return alike, line[place.dest_start : place.dest_end] if place else line


def _check_all(case: Case, index: Index, fields: Iterable[Field]) -> None:
    """Raise InputError unless every quote stands where its source says, in the archive itself."""
    read: dict[tuple[str, int], dict[str | None, Document]] = {}
    for one in fields:
        source = one.source
        key = (source.record.warc, source.record.offset)
        if key not in read:
            held = capture_at(index, *key)
            read[key] = dict(_documents(case, held)) if held else {}
        document = read[key].get(source.part)
        stands = document is not None and document.text.startswith(source.exact, source.start)
        if not stands and not _is_in_finding(index, source):
            raise InputError(
                f"{one.name}: its quote “{source.exact}” does not stand in {source.url}. Read the"
                " case again with `sousveil analyse`, or edit the fact."
            )


def _is_in_finding(index: Index, source: Cite) -> bool:
    """Whether a quote was taken from the passage of a finding, as those in repositories are."""
    found = earliest_findings(index, [source.finding_id]) if source.finding_id else []
    return any(source.exact in one.passage for one in found)
