"""Findings as W3C Web Annotations: one AnnotationCollection in JSON-LD.

Each annotation says where in the case the quoted answer lies, and which entry of the log vouches
for it. Follows the Web Annotation Data Model, sections 4 and 5.
"""

import json

from sousveil.dossier.annotation import annotation, collection
from sousveil.jsonform import instant
from sousveil.model import Finding, Json
from sousveil.run.publish.exports.told import Statement, Told


def annotations(told: Told) -> bytes:
    """Return the findings as a file of JSON-LD."""
    made_at = instant(told.made_at)
    items = [_annotation(one, made_at) for one in told.statements]
    label = "Statements on systems that infer or target protected traits of people"
    name = f"{told.case.settings.origin.rpartition('/')[2]}:{made_at}"
    return as_json(collection(name, label, items, made_at))


def _annotation(one: Statement, made_at: str) -> Json:
    form = annotation(one.finding, one.fate, (), record=record_of(one.finding), made_at=made_at)
    return form | {"sousveil:finding": one.form}


def record_of(finding: Finding) -> Json:
    """Return where in the case the answer lies that a finding quotes."""
    record = finding.capture.record
    return {
        "file": record.warc,
        "offset": record.offset,
        "length": record.length,
        "record_id": record.record_id,
        "record_digest": record.digest,
        "log_index": finding.log_index,
    }


def as_json(value: object) -> bytes:
    """Return JSON for people and programs; a lone surrogate of a hostile page as its escape."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "backslashreplace") + b"\n"
