"""How the rows of lists read as JSON. Findings are in the form that everything of ours shares."""

from collections.abc import Mapping

from sousveil.index.lists import CaptureRow, Listed, Target
from sousveil.index.matrix import Matrix
from sousveil.index.timeline import Moment
from sousveil.jsonform import finding_json, instant
from sousveil.model import Finding, Json


def listed_form(one: Listed) -> Json:
    """Return a finding, with what became of it (`state`) and what people decided (`status`)."""
    told = finding_json(one.finding, one.fate, one.reviews)
    return told | {"state": one.state, "status": one.status}


def target_form(one: Target) -> Json:
    """Return a watch with how it is."""
    watch = one.watch
    return {
        "id": watch.id,
        "target": watch.target,
        "kind": watch.kind.value,
        "actor": watch.actor,
        "every_seconds": watch.every_seconds,
        "added_at": instant(watch.added_at),
        "health": one.health,
        "last_look": instant(one.last_at) if one.last_at else None,
        "verdict": one.verdict.value if one.verdict else None,
        "outcome": one.outcome,
        "findings": one.findings,
        "retired_at": instant(one.retired_at) if one.retired_at else None,
    }


def capture_form(one: CaptureRow) -> Json:
    """Return a capture, with where its record lies and the log entry that vouches for it."""
    return {
        "url": one.url,
        "captured_at": instant(one.captured_at),
        "status": one.status,
        "media_type": one.media_type,
        "warc": one.warc,
        "offset": one.offset,
        "record_digest": one.digest,
        "watch": one.watch_id,
        "log_index": one.log_index,
        "findings": one.findings,
        "note": one.note,
    }


def moment_form(one: Moment, findings: Mapping[str, Finding]) -> Json:
    """Return something that happened; `findings` are those that moments are about, by id."""
    about = findings.get(one.finding_id or "")
    return {
        "at": instant(one.at),
        "kind": one.kind,
        "text": one.text,
        "finding": one.finding_id,
        "quote": about.quote if about else None,
        "actor": about.actor if about else None,
        "state": one.state or None,
        "watch": one.watch_id,
        "log_index": one.log_index,
    }


def matrix_form(told: Matrix) -> list[Json]:
    """Return the cells of the matrix, actor by actor."""
    return [
        {
            "actor": actor,
            "trait": trait,
            "findings": cell.count,
            "confirmed": cell.confirmed,
            "labels": dict(cell.labels),
            "states": dict(cell.states),
        }
        for actor in told.actors
        for trait in told.traits
        if (cell := told.cells.get((actor, trait))) is not None
    ]
