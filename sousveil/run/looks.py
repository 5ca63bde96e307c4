"""Reading one look: from the captures that a visit or an import brought to findings.

A page is read as it came over the wire and, where a browser showed it, as it was seen; each finding
is then told which of the two shows it (`run/crosscheck.py`). A function of the evidence: `verify`
calls it again. A capture whose text cannot be read gets a note that says so, never silence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import msgspec

from sousveil.archive.read import Payload, payload
from sousveil.case import Case
from sousveil.changes.absence import Absence, judge_answer, judge_loss, noise
from sousveil.claims import find
from sousveil.errors import SousveilError
from sousveil.extract import boxes, extract
from sousveil.index.store import Held
from sousveil.model import RENDERING_TYPE, Capture, Document, Finding, Rendering
from sousveil.run.answers import read_answers
from sousveil.run.crosscheck import crosscheck
from sousveil.run.findings import Place, make_findings
from sousveil.run.recognised import with_recognition
from sousveil.topics import Topic


@dataclass(frozen=True, slots=True)
class Read:
    """What one capture says."""

    findings: tuple[Finding, ...] = ()
    note: str | None = None  # why there is no text, or not all of it
    absence: Absence | None = None  # what the answer is instead of the page
    document: Document | None = None
    problem: SousveilError | None = None  # why there is no document

    def text_at(self, finding: Finding) -> str:
        """Return what stands at a finding's place."""
        text = self.document.text if self.document else ""
        return text[finding.claim.start : finding.claim.end]


def read_document(case: Case, capture: Capture) -> Document:
    """Return the text of a capture; raises ArchiveError or ExtractError when there is none."""
    return _extract(_payload(case, capture), capture)


def read_look(
    case: Case,
    held: Sequence[Held],
    body: Mapping[str, Any],
    topics: Sequence[Topic],
    actor: str | None,
) -> list[Read]:
    """Read the captures of one look, in order; `body` is that of the event that brought them."""
    read = [_read(case, one, body, topics, actor) for one in held]
    if body.get("rendering") is None:
        return read
    rendering = msgspec.convert(body["rendering"], Rendering)
    if rendering.requests is None:
        return read
    is_shown = [one.capture.media_type == RENDERING_TYPE for one in held]
    last = {shown: what.document for shown, what in zip(is_shown, read, strict=True)}
    checked = iter(
        crosscheck(
            [finding for one in read for finding in one.findings],
            wire=last.get(False),
            rendered=last.get(True),
            slices=rendering.slices,
            answers=read_answers(case.root, rendering.requests),
        )
    )
    return [replace(one, findings=tuple(islice(checked, len(one.findings)))) for one in read]


def _read(
    case: Case, held: Held, body: Mapping[str, Any], topics: Sequence[Topic], actor: str | None
) -> Read:
    if not _carries_content(held.capture):
        return Read()
    if held.watch_id is None and held.capture.media_type.startswith("image/"):
        return Read(note="a picture that came with an import; it is not searched for text")
    try:
        answer = _payload(case, held.capture)
        document = _extract(answer, held.capture)
        claims = find(document, topics)
        where = boxes(answer.body, document, [(claim.start, claim.end) for claim in claims])
    except SousveilError as error:
        return Read(note=str(error), problem=error)
    place = Place(
        held.address,
        held.capture,
        held.log_index,
        held.watch_id,
        actor,
        _caveats(body, held, answer),
    )
    found = with_recognition(
        make_findings(document, claims, place, where), document, held.capture, answer.body
    )
    absence = judge_loss(document, answer.notes)
    if absence is None and not found and held.capture.media_type != RENDERING_TYPE:
        absence = judge_answer(document, answer.body)
    return Read(found, noise(document) or document.unread or None, absence, document)


def _payload(case: Case, capture: Capture) -> Payload:
    return payload(case.root, capture.record, refers_to=capture.refers_to)


def _extract(answer: Payload, capture: Capture) -> Document:
    return extract(
        answer.body,
        media_type=answer.media_type or capture.media_type,
        charset=answer.charset or None,
        name=capture.url,
    )


def _caveats(body: Mapping[str, Any], held: Held, answer: Payload) -> tuple[str, ...]:
    """Return what weakens the evidence of everything found in a capture."""
    told = [f"the answer is not whole: {note}" for note in answer.notes]
    if held.watch_id is None:
        told.append(
            "it came with an archive made by others: its address, its date and its bytes are that"
            " archive's word; the log vouches for them from the day of the import on"
        )
    requests = body.get("requests") or ()
    if any(request["tls_verified"] is False for request in requests):
        told.append(
            "the server's certificate did not hold: whoever stood between could have written it"
        )
    return tuple(told)


def _carries_content(capture: Capture) -> bool:
    """Tell a page from a redirect or an error page, whose words are not the vendor's claim."""
    return capture.status is None or capture.status // 100 == 2  # noqa: PLR2004  # RFC 9110 section 15.3
