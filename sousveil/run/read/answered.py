"""Answers read for a verdict: what one look brought, as `changes/answer/` wants it.

Takes the captures of a look and the body of its event, gives the `Answer`: text of the last answer
on the wire, text of what a browser showed, and what was recorded of both. What cannot be read, or
not whole, is told as lost and never taken for text that is not there. A function of the evidence.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.changes.answer import Answer, AnswerFacts
from sousveil.changes.looks import Probe
from sousveil.errors import SousveilError
from sousveil.extract.garbled import garbled
from sousveil.extract.readings import readings
from sousveil.model import RENDERING_TYPE, Block, Capture, Document, RecordRef, Rendering

# Of what is missing in an answer, as much as a line of a report holds.
MAX_LOSS_CHARACTERS = 300

ReadText = Callable[[Capture], tuple[Document | None, bytes, str]]
"""(capture) -> its text, None without any; its payload; what of it is lost, "" when it is whole."""


def text_reader(case: Case) -> ReadText:
    """Return a function that reads captures, and remembers those read last by their payload.

    A revisit has its original's payload and text, so a page that did not change is read once.
    """
    remembered: dict[tuple[RecordRef, str], tuple[Document | None, bytes, str]] = {}

    def read(capture: Capture) -> tuple[Document | None, bytes, str]:
        key = (capture.refers_to or capture.record, capture.url)
        found = remembered.pop(key, None) or _read_text(case, capture)
        remembered[key] = found
        if len(remembered) > REMEMBERED:
            del remembered[next(iter(remembered))]
        return found

    return read


# The texts of a look and of the one before it, on the wire and on the screen, and of as many more.
REMEMBERED = 8


def _read_text(case: Case, capture: Capture) -> tuple[Document | None, bytes, str]:
    try:
        answer = payload(case.root, capture.record, refers_to=capture.refers_to)
    except SousveilError as error:
        return None, b"", str(error)
    documents, lost = [], list(answer.notes)
    for reading in readings(
        answer.body,
        media_type=answer.media_type or capture.media_type,
        charset=answer.charset or None,
        name=capture.url,
    ):
        if reading.document is None:
            lost.append(reading.problem)
            continue
        documents.append(reading.document)
        lost += filter(None, [garbled(reading.document), reading.document.unread])
    return joined(documents), answer.body, "; ".join(lost)[:MAX_LOSS_CHARACTERS]


def joined(documents: Sequence[Document]) -> Document | None:
    """Return the text of the files of a package as one; None of none."""
    if len(documents) <= 1:
        return documents[0] if documents else None
    blocks: list[Block] = []
    texts: list[str] = []
    start = 0
    for document in documents:
        blocks += (
            Block(start + one.start, start + one.end, one.kind, one.context)
            for one in document.blocks
        )
        texts.append(document.text)
        start += len(document.text) + 1
    return Document("\n".join(texts), tuple(blocks), documents[0].format, documents[0].charset)


def answer_of(captures: Sequence[Capture], body: Mapping[str, Any], read: ReadText) -> Answer:
    """Return what a look brought; `body` is its event's, or an aside's facts: probes, requests."""
    probes = msgspec.convert(body["probes"], list[Probe])
    on_wire = [one for one in captures if one.media_type != RENDERING_TYPE]
    document, source, lost = None, b"", ""
    if on_wire and probes and probes[-1].status is not None:
        document, source, lost = read(on_wire[-1])
    requests = body.get("requests") or []
    if probes and probes[-1].status is not None and probes[-1].failure is not None:
        lost = "; ".join(filter(None, [lost, probes[-1].failure.message]))
    facts = AnswerFacts(
        probes,
        requests[-1].get("headers") or {} if requests else {},
        source,
        all(one.get("tls_verified") is not False for one in requests),
        lost,
    )
    return _with_screen(Answer(facts, document), captures, body, read)


def answer_of_import(capture: Capture, read: ReadText) -> Answer:
    """Return what an imported record holds; a resource, which has no status, counts as a page."""
    document, source, lost = read(capture)
    return Answer(_facts_of_import(capture, source, lost), document)


def answer_unread(capture: Capture, reason: str) -> Answer:
    """Return what an imported record holds whose text is not read, for a reason."""
    return Answer(_facts_of_import(capture, b"", reason), None)


def _facts_of_import(capture: Capture, source: bytes, lost: str) -> AnswerFacts:
    status = 200 if capture.status is None else capture.status
    return AnswerFacts([Probe(capture.url, status, None)], source=source, lost=lost)


def _with_screen(
    answer: Answer, captures: Sequence[Capture], body: Mapping[str, Any], read: ReadText
) -> Answer:
    """Add what a browser showed, if it showed the page to its end."""
    if body.get("rendering") is None:
        return answer
    rendering = msgspec.convert(body["rendering"], Rendering)
    snapshots = [one for one in captures if one.media_type == RENDERING_TYPE]
    if not snapshots or rendering.failure is not None:
        return answer
    document, _, lost = read(snapshots[-1])
    if document is None:
        return answer
    facts = answer.facts
    asked = facts.probes[0].url if facts.probes else rendering.url
    status = rendering.status or (facts.probes[-1].status if facts.probes else None)
    probes = [Probe(asked, status, None), Probe(rendering.url, status, None)]
    shown = AnswerFacts(probes, facts.headers, facts.source, facts.is_verified, lost)
    return Answer(facts, answer.document, document, shown)
