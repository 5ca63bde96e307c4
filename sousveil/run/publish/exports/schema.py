"""The form of a case as JSON: what `export --format json` writes, and what its schema promises.

The structs are the one source: the file is converted to them before it is written, and
docs/reference/case.schema.json is made of them (`tools/case_schema.py`; JSON Schema 2020-12). Each
member is told in docs/reference/finding.md or here. What is empty is left out.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

VERSION: Literal[1] = 1
"""Of the form: a member that goes, or means something else, makes another version."""

Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Time = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", description="RFC 3339, UTC.")
]
Id = Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
Share = Annotated[float, Meta(ge=0, le=1)]


class Form(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A member of the file."""


class Log(Form, frozen=True):
    """The log that vouches for the captures."""

    origin: str
    key: str  # verifier key, C2SP signed-note
    size: int
    checkpoint: str  # the signed head, whole


class Target(Form, frozen=True):
    """What is watched."""

    id: Id
    target: str
    kind: str
    every_seconds: int
    added_at: Time
    actor: str = ""


class CaptureForm(Form, frozen=True):
    """What was captured and brought something new."""

    url: str
    captured_at: Time
    media_type: str
    warc: str
    offset: int
    length: int
    record_id: str
    record_digest: Digest
    log_index: int
    status: int | None = None
    title: str = ""
    publisher: str = ""
    watch: str = ""
    caveat: str = ""  # of what others kept: whose word its date and its bytes are


class Cited(Form, frozen=True):
    """The answer that a finding quotes."""

    url: str
    captured_at: Time
    warc: str
    offset: int
    length: int
    record_id: str
    record_digest: Digest
    log_index: int = 0
    status: int | None = None
    media_type: str = ""


class ListingForm(Form, frozen=True):
    """A line of an official list."""

    list: str
    name: str
    since: str = ""
    until: str = ""
    source: str = ""


class AttributionForm(Form, frozen=True):
    """Who is meant, who speaks, and what says so."""

    speaker: Literal["actor", "third party", "unknown"]
    publisher: str = ""
    evidence: list[str] = []
    listings: list[ListingForm] = []


class TranslationForm(Form, frozen=True):
    """What a quote says in another language."""

    text: str
    lang: str
    at: Time


class FindingForm(Form, frozen=True):
    """A statement with its evidence: docs/reference/finding.md."""

    id: Id
    topic: str
    trait: str
    label: Literal["offers", "reports", "denies", "discusses"]
    score: Share
    engine: str
    quote: str
    selectors: list[dict[str, Any]]
    actor: str | None
    capture: Cited
    source: dict[str, Any]
    status: Literal["confirmed", "open", "disputed"]
    state: Literal["stands", "held", "reworded", "moved", "gone", "unclear"]
    passage: str = ""
    title: str = ""
    lang: str = ""
    attribution: AttributionForm | None = None
    reasons: list[str] = []
    caveats: list[str] = []
    watch: str = ""
    verdict: str = ""
    confidence: Share = 0.0
    first_seen: Time = ""
    last_seen: Time = ""
    gone: Time = ""
    missing_since: Time = ""
    after: str = ""
    evidence: str = ""
    evidence_log_index: int | None = None
    why: list[str] = []
    pending: str = ""
    due: Time = ""
    looks_left: int = 0
    still_claims: bool = False
    translations: list[TranslationForm] = []


class FieldForm(Form, frozen=True):
    """One thing that a fact says, with its quote."""

    name: str
    value: str
    source: dict[str, Any]
    unit: str = ""
    confidence: Share = 1.0


class FactForm(Form, frozen=True):
    """A project, a figure, a document or a statement, each field with its quote."""

    id: Id
    kind: Literal["project", "figure", "document", "statement"]
    status: Literal["candidate", "confirmed"]
    fields: list[FieldForm]
    at: Time = ""
    log_index: int | None = None


class Happened(Form, frozen=True):
    """What happened to a repository, a site or a feed as a whole."""

    id: Id
    happened: str
    text: str
    watch: Id
    subject: str
    since: Time
    at: Time
    log_index: int
    confidence: Share = 1.0
    before: str = ""
    after: str = ""
    items: list[str] = []
    count: int = 0
    why: list[str] = []
    findings: list[str] = []


class Asked(Form, frozen=True):
    """A letter, without whom it went to."""

    id: Id
    target: str
    sent_at: Time
    log_index: int
    closed_at: Time = ""


class CaseForm(Form, frozen=True):
    """A case of sousveil, or a part of it."""

    format: Literal["sousveil.case"]
    version: Literal[1]
    name: str
    made_at: Time
    software: str
    log: Log
    targets: list[Target]
    captures: list[CaptureForm]
    findings: list[FindingForm]
    facts: list[FactForm]
    happenings: list[Happened]
    inquiries: list[Asked]
    unconfirmed: Annotated[
        int, Meta(description="Findings left out because nobody confirmed them.")
    ] = 0


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of the form."""
    schema = msgspec.json.schema(CaseForm)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A case of sousveil",
    } | schema
