"""Reading one look: from the captures that a visit or an import brought to findings.

A page is read as it came over the wire and, where a browser showed it, as it was seen; each finding
is then told which of the two shows it (`crosscheck.py`). A function of the evidence: `verify`
calls it again. A capture whose text cannot be read gets a note that says so, never silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

import msgspec

from sousveil.archive.read import Payload as Answer
from sousveil.archive.read import payload
from sousveil.case import Case
from sousveil.claims import Engine
from sousveil.errors import ExtractError, SousveilError
from sousveil.extract import extract
from sousveil.extract.garbled import garbled
from sousveil.index.store import Held
from sousveil.model import RENDERING_TYPE, Capture, Document, Finding, Rendering
from sousveil.run.read.answers import read_answers
from sousveil.run.read.crosscheck import crosscheck
from sousveil.run.read.findings import Place
from sousveil.run.read.payloads import Payload, Take, read_payload

PASSED_OVER = "a picture that came with an import; it is not searched for text"

TakeAll: TypeAlias = Callable[[Held, str | None, Document], None]
"""Is given each document that was read, with its capture and its part of a package."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one capture says."""

    findings: tuple[Finding, ...] = ()
    note: str | None = None  # why there is no text, or not all of it
    document: Document | None = None  # of what is no package
    by_part: Mapping[str | None, Document] = field(default_factory=dict)  # with findings
    problem: SousveilError | None = None  # why the capture cannot be read at all

    def text_at(self, finding: Finding) -> str:
        """Return what stands at a finding's place; "" when nothing is found in that document."""
        document = self.by_part.get(finding.source.part) or self.document
        return document.text[finding.claim.start : finding.claim.end] if document else ""


def read_document(case: Case, capture: Capture) -> Document:
    """Return the text of a capture; raises ArchiveError or ExtractError when there is none."""
    answer = _payload(case, capture)
    media_type, charset, name = _told(answer, capture)
    return extract(answer.body, media_type=media_type, charset=charset, name=name)


def read_look(
    case: Case,
    held: Sequence[Held],
    body: Mapping[str, Any],
    engine: Engine,
    take: TakeAll | None = None,
) -> list[Read]:
    """Read the captures of one look, in order; `body` is that of the event that brought them."""
    read = [_read(case, one, body, engine, take) for one in held]
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
    case: Case, held: Held, body: Mapping[str, Any], engine: Engine, take: TakeAll | None
) -> Read:
    if not carries_content(held.capture):
        return Read()
    if is_passed_over(held, body):
        return Read(note=PASSED_OVER)
    try:
        answer = _payload(case, held.capture)
    except SousveilError as error:
        return Read(note=str(error), problem=error)
    place = Place(
        held.address,
        held.capture,
        held.log_index,
        held.watch_id,
        _caveats(body, held, answer),
    )
    return read_answer(answer, place, engine, partial(take, held) if take else None)


def read_answer(answer: Answer, place: Place, engine: Engine, take: Take | None = None) -> Read:
    """Read what the capture at `place` carried; what cannot be read is told, never raised."""
    content = Payload(answer.body, *_told(answer, place.capture))
    found = read_payload(content, engine, place, take)
    document = found.document
    if document is None:
        problem = None if found.by_part else ExtractError(found.note or "")
        return Read(found.findings, found.note, None, found.by_part, problem)
    note = garbled(document) or document.unread or found.note
    return Read(found.findings, note, document, found.by_part)


def _told(answer: Answer, capture: Capture) -> tuple[str, str | None, str]:
    """Return what is known of an answer's bytes: media type, charset, name."""
    return answer.media_type or capture.media_type, answer.charset or None, capture.url


def _payload(case: Case, capture: Capture) -> Answer:
    return payload(case.root, capture.record, refers_to=capture.refers_to)


def _caveats(body: Mapping[str, Any], held: Held, answer: Answer) -> tuple[str, ...]:
    """Return what weakens the evidence of everything found in a capture."""
    told = not_whole(answer)
    if "memento" in body:
        told.append(
            f"it is an old copy that {body['archive']} keeps: its date and its bytes are that"
            f" archive's word; we fetched it on {body['started_at'][:10]}"
        )
    elif held.capture.is_handed_in and "given_by" in body:
        told.append(
            "it was handed in by a person, and seen at no address: who wrote it, and whether it was"
            " ever published, is not shown; the log vouches for its bytes from that day on"
        )
    elif held.watch_id is None:
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


def not_whole(answer: Answer) -> list[str]:
    """Return, as caveats, what of an answer is missing or did not go by the book."""
    return [f"the answer is not whole: {note}" for note in answer.notes]


def carries_content(capture: Capture) -> bool:
    """Tell a page from a redirect or an error page, whose words are not the vendor's claim."""
    return capture.status is None or capture.status // 100 == 2  # noqa: PLR2004  # RFC 9110 section 15.3


def is_passed_over(held: Held, body: Mapping[str, Any]) -> bool:
    """Whether a capture is a picture that came with an import: nobody asked for it to be read.

    Recognising text takes seconds a picture, and archives of others hold thousands. What a person
    handed in is read.
    """
    is_handed_in = held.capture.is_handed_in and "given_by" in body
    return held.watch_id is None and is_picture(held.capture) and not is_handed_in


def is_picture(capture: Capture) -> bool:
    """Whether a capture says that it is a picture, which is read only where it was asked for."""
    return capture.media_type.startswith("image/")
