"""A case as plain JSON: targets, captures, findings, what happened and what was asked.

Its form is that of `schema.py`, and docs/reference/case.schema.json describes it.
"""

import msgspec

from sousveil.index.histories import happenings
from sousveil.index.inquiries import inquiries
from sousveil.jsonform import fact_json, happening_json, instant
from sousveil.model import Happening, Inquiry, Watch
from sousveil.run.publish.exports.annotations import as_json
from sousveil.run.publish.exports.schema import (
    VERSION,
    Asked,
    CaptureForm,
    CaseForm,
    FactForm,
    FindingForm,
    Happened,
    Log,
    Target,
)
from sousveil.run.publish.exports.told import Captured, Statement, Told
from sousveil.run.visit.records import SOFTWARE


def whole(told: Told) -> bytes:
    """Return all that was asked for as one JSON document."""
    case, head = told.case, told.head
    named = {watch.target for watch in told.watches} | told.watch_ids
    form = CaseForm(
        format="sousveil.case",
        version=VERSION,
        name=case.settings.title,
        made_at=instant(told.made_at),
        software=SOFTWARE,
        log=Log(head.origin, case.settings.key, head.size, head.note.decode()),
        targets=[_target(one) for one in told.watches],
        captures=[_capture(one) for one in told.captures()],
        findings=[_finding(one) for one in told.statements],
        facts=[msgspec.convert(fact_json(one), FactForm) for one in told.facts()],
        happenings=[
            _happened(told.public(one))
            for one in happenings(told.index)
            if one.watch_id in told.watch_ids and not told.is_part
        ],
        inquiries=[_asked(one) for one in inquiries(told.index) if one.target in named],
        unconfirmed=told.unconfirmed,
    )
    return as_json(msgspec.to_builtins(form))


def _target(watch: Watch) -> Target:
    return Target(
        id=watch.id,
        target=watch.target,
        kind=watch.kind.value,
        every_seconds=watch.every_seconds,
        added_at=instant(watch.added_at),
        actor=watch.actor or "",
    )


def _capture(one: Captured) -> CaptureForm:
    capture, record = one.capture, one.capture.record
    return CaptureForm(
        url=capture.url,
        captured_at=instant(capture.captured_at),
        media_type=capture.media_type,
        warc=record.warc,
        offset=record.offset,
        length=record.length,
        record_id=record.record_id,
        record_digest=record.digest,
        log_index=one.log_index,
        status=capture.status,
        title=one.title,
        publisher=one.publisher or "",
        watch=one.watch_id or "",
        caveat=one.caveat,
    )


def _finding(one: Statement) -> FindingForm:
    return msgspec.convert(one.form, FindingForm)


def _happened(one: Happening) -> Happened:
    return msgspec.convert(happening_json(one, ()), Happened)


def _asked(one: Inquiry) -> Asked:
    return Asked(
        id=one.id,
        target=one.target,
        sent_at=instant(one.sent_at),
        log_index=one.log_index,
        closed_at=instant(one.closed_at) if one.closed_at else "",
    )
