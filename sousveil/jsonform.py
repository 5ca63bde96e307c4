"""Findings as JSON: the one form that the command line, the dossier and pipelines share.

Takes a `Finding`, with its `Fate` and the decisions on it where there are any, and gives a
dictionary of JSON values. Selectors are those of the W3C Web Annotation Data Model, section 4.2; a
line range is an RFC 5147 fragment. Times are RFC 3339 in UTC with "Z". What is empty is left out,
never null.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sousveil.changes.histories.words import sentence
from sousveil.index.facts import FactTold
from sousveil.index.search.find import Hit
from sousveil.model import (
    Attribution,
    Capture,
    Commit,
    Copy,
    Fact,
    Fate,
    Field,
    Finding,
    Happening,
    Json,
    Origin,
    RecordRef,
    Region,
    Review,
    Source,
    Trace,
    Translation,
)
from sousveil.review.decisions import status

# The IRI that Web Annotation, section 4.2.1, assigns to RFC 5147.
PLAIN_TEXT_FRAGMENTS = "http://tools.ietf.org/rfc/rfc5147"
# And to the fragments of PDF; RFC 8118, section 3, has since taken over `page=` unchanged.
PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc3778"


def finding_json(
    finding: Finding,
    fate: Fate | None = None,
    reviews: Sequence[Review] = (),
    trace: Trace | None = None,
    translations: Sequence[Translation] = (),
) -> Json:
    """Return `finding` as JSON values.

    Always there: `id`, `topic`, `trait`, `label`, `score`, `engine`, `quote`, `selectors`, `actor`
    (null when nobody is named), `capture`, `source`; `attribution`, `reasons`, `caveats`,
    `passage`, `lang`, `title` and `watch` where they are not empty. A `fate` adds `verdict`,
    `confidence`, `first_seen`, `last_seen`, `after`, `evidence` and `evidence_log_index`; `gone`,
    or `missing_since`, `pending`, `due` and `looks_left` while that is not confirmed;
    `reviews` add `status` (open, confirmed, rejected or disputed), `review`, the latest, and
    `reviews`, all of them, of several; `trace` adds `trace`: `state`, `missing_since`, `swaps`,
    `moved_to`, `copies` and `unlisted_copies`; `translations` add what others say that the quote
    says. Lines and columns count from 1, offsets from 0.
    """
    claim = finding.claim
    form = {
        "id": finding.id,
        "topic": claim.topic,
        "trait": claim.trait,
        "label": claim.label,
        "score": claim.score,
        "engine": claim.engine,
        "quote": finding.quote,
        "passage": finding.passage,
        "title": finding.title,
        "lang": finding.lang,
        "actor": finding.actor,
        "attribution": _attribution(finding.attribution) if finding.attribution else None,
        "selectors": _selectors(finding),
        "capture": _capture(finding),
        "source": _source(finding.source),
        "reasons": list(claim.reasons),
        "caveats": list(finding.caveats),
        "watch": finding.watch_id,
    }
    form |= _fate(finding, fate) if fate else {}
    form |= {"trace": _trace(trace)} if trace else {}
    form |= {"translations": [_translation(one) for one in translations]}
    told = _present(form | _reviews(reviews))
    return told | {"actor": finding.actor}


def instant(when: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC: "2026-03-01T08:00:00Z", with fractions if any."""
    return when.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _present(values: Mapping[str, Any]) -> Json:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def _attribution(told: Attribution) -> Json:
    return _present(
        {
            "publisher": told.publisher,
            "speaker": told.speaker,
            "evidence": list(told.evidence),
            "listings": [
                _present(
                    {
                        "list": listing.list,
                        "name": listing.name,
                        "since": listing.since,
                        "until": listing.until,
                        "source": listing.source,
                    }
                )
                for listing in told.listings
            ],
        }
    )


def _selectors(finding: Finding) -> list[Json]:
    quote = {
        "type": "TextQuoteSelector",
        "exact": finding.quote,
        "prefix": finding.prefix,
        "suffix": finding.suffix,
    }
    selectors: list[Json] = [
        quote,
        {
            "type": "TextPositionSelector",
            "start": finding.claim.start,
            "end": finding.claim.end,
        },
    ]
    if finding.source.path is not None:
        # RFC 5147, section 2.2.2, counts the gaps between lines: line n lies from n-1 to n.
        lines = f"line={finding.source.line - 1},{finding.source.end_line}"
        selectors.append(
            {"type": "FragmentSelector", "conformsTo": PLAIN_TEXT_FRAGMENTS, "value": lines}
        )
    if finding.source.page is not None:
        selectors.append(
            {
                "type": "FragmentSelector",
                "conformsTo": PDF_FRAGMENTS,
                "value": f"page={finding.source.page}",
                "refinedBy": quote,
            }
        )
    return selectors


def _capture(finding: Finding) -> Json:
    return _captured(finding.capture, finding.log_index)


def _captured(capture: Capture, log_index: int) -> Json:
    return _present(
        {
            "url": capture.url,
            "captured_at": instant(capture.captured_at),
            "status": capture.status,
            "media_type": capture.media_type,
            "warc": capture.record.warc,
            "offset": capture.record.offset,
            "length": capture.record.length,
            "record_id": capture.record.record_id,
            "record_digest": capture.record.digest,
            "log_index": log_index,
        }
    )


def _source(source: Source) -> Json:
    return _present(
        {
            "kind": source.kind.value,
            "context": source.context,
            "line": source.line,
            "end_line": source.end_line,
            "start": source.source_start,
            "end": source.source_end,
            "charset": source.charset,
            "page": source.page,
            "boxes": [[box.left, box.bottom, box.right, box.top] for box in source.boxes],
            "slide": source.slide,
            "cell": source.cell,
            "part": source.part,
            "recognised": source.recognised,
            "seen_in": source.seen_in,
            "came_from": [_origin(origin) for origin in source.came_from],
            "regions": [_region(region) for region in source.regions],
            "path": source.path,
            "blob": source.blob,
            **(_commit(source.commit) if source.commit else {}),
            "entered": _commit(source.entered) if source.entered else None,
            "left": _commit(source.left) if source.left else None,
        }
    )


def _origin(origin: Origin) -> Json:
    told = {"url": origin.url, "media_type": origin.media_type, "seen_by": origin.seen_by}
    return _present(told | _record(origin.record))


def _region(region: Region) -> Json:
    picture = region.picture
    return _record(picture.record) | {
        "media_type": picture.media_type,
        "picture_top": picture.top,
        "box": [region.left, region.top, region.right, region.bottom],
    }


def _record(record: RecordRef) -> Json:
    return {"warc": record.warc, "offset": record.offset, "record_digest": record.digest}


def _commit(commit: Commit) -> Json:
    return {
        "commit": commit.id,
        "author_date": instant(commit.authored_at),
        "commit_date": instant(commit.committed_at),
        "message": commit.message,
    }


def happening_json(one: Happening, lost: Sequence[Finding]) -> Json:
    """Return what happened to a repository, a site or a feed as a whole.

    `lost` are the findings whose quotes stood only in what it dropped.
    """
    turn = one.turn
    return _present(
        {
            "id": one.id,
            "happened": turn.kind,
            "text": sentence(one, [f"“{finding.quote}”" for finding in lost]),
            "watch": one.watch_id,
            "subject": turn.subject,
            "before": turn.before or None,
            "after": turn.after or None,
            "items": list(turn.items) or None,
            "count": turn.count or None,
            "confidence": turn.confidence,
            "why": list(turn.reasons),
            "findings": [finding.id for finding in lost] or None,
            "since": instant(one.since),
            "at": instant(one.at),
            "log_index": one.log_index,
        }
    )


def fact_json(fact: Fact) -> Json:
    """Return a fact: `id`, `kind`, `status` and `fields`, each with its `source`.

    A field has `name`, `value`, `unit` where it has one, `confidence` where a machine read it, and
    a `source`: `selectors`, as those of a finding, `capture`, `part`, `page` and `finding`, the
    claim beside which it stands. `by`, `at`, `note` and `log_index` tell what a person made of it.
    """
    return _present(
        {
            "id": fact.id,
            "kind": fact.kind,
            "status": fact.status,
            "fields": [_field(one) for one in fact.fields],
            "by": fact.by,
            "at": instant(fact.at) if fact.at else None,
            "note": fact.note,
            "log_index": fact.log_index,
        }
    )


def fact_told_json(told: FactTold) -> Json:
    """Return a fact as `fact_json` does, with `seen`, `past` and the ids of its `kin`."""
    return _present(
        fact_json(told.fact)
        | {
            "seen": [
                _captured(one.capture, one.log_index)
                | {"fields": [_field(field) for field in one.fields]}
                for one in told.seen
            ],
            "past": [
                _present(
                    {
                        "event": step.event,
                        "by": step.by,
                        "at": instant(step.at),
                        "note": step.note,
                        "log_index": step.log_index,
                        "fields": [_field(field) for field in step.fact.fields],
                    }
                )
                for step in told.past
            ],
            "kin": [one.id for one in told.kin],
        }
    )


def _field(field: Field) -> Json:
    source = field.source
    quote = {
        "type": "TextQuoteSelector",
        "exact": source.exact,
        "prefix": source.prefix,
        "suffix": source.suffix,
    }
    place = {
        "type": "TextPositionSelector",
        "start": source.start,
        "end": source.start + len(source.exact),
    }
    record = source.record
    return _present(
        {
            "name": field.name,
            "value": field.value,
            "unit": field.unit,
            "confidence": field.confidence if field.confidence < 1 else None,
            "source": _present(
                {
                    "selectors": [quote, place],
                    "capture": {
                        "url": source.url,
                        "captured_at": instant(source.captured_at),
                        "warc": record.warc,
                        "offset": record.offset,
                        "length": record.length,
                        "record_id": record.record_id,
                        "record_digest": record.digest,
                        "log_index": source.log_index,
                    },
                    "part": source.part,
                    "page": source.page,
                    "finding": source.finding_id,
                }
            ),
        }
    )


def hit_json(hit: Hit) -> Json:
    """Return a passage that a search found; offsets count characters, from 0.

    `marks` are the spans in `text` that match; `start` is where the passage begins in the text of
    the capture in which it was seen last.
    """
    return _present(
        {
            "address": hit.address,
            "part": hit.part,
            "kind": hit.kind,
            "lang": hit.lang,
            "text": hit.text,
            "marks": [list(span) for span in hit.marks],
            "first_seen": instant(hit.first_seen),
            "last_seen": instant(hit.last_seen),
            "findings": list(hit.findings),
        }
    ) | {"stands": hit.stands, "start": hit.start}


def _reviews(reviews: Sequence[Review]) -> Json:
    told = [
        _present(
            {
                "decision": one.decision,
                "by": one.by,
                "at": instant(one.at),
                "note": one.note,
                "settles": bool(one.settles) or None,
            }
        )
        for one in reviews
    ]
    if not told:
        return {}
    form: Json = {"status": status(reviews), "review": told[-1]}
    return form | ({"reviews": told} if len(told) > 1 else {})


def _translation(one: Translation) -> Json:
    return _present({"text": one.text, "lang": one.lang, "by": one.by, "at": instant(one.at)})


def _fate(finding: Finding, fate: Fate) -> Json:
    entered = finding.source.entered
    first = entered.committed_at if entered else finding.capture.captured_at
    without = instant(fate.gone_by) if fate.gone_by else None
    return {
        "verdict": fate.verdict.value,
        "confidence": fate.confidence,
        "first_seen": instant(fate.first_seen or first),
        "last_seen": instant(fate.last_seen),
        "gone": without if fate.pending is None else None,
        "missing_since": without if fate.pending is not None else None,
        "after": fate.after,
        "evidence": fate.evidence,
        "evidence_log_index": fate.log_index,
        "why": list(fate.reasons),
        "pending": fate.pending.value if fate.pending else None,
        "due": instant(fate.due) if fate.due else None,
        "looks_left": fate.looks_left or None,
        "still_claims": fate.remains or None,
    }


def _trace(trace: Trace) -> Json:
    return _present(
        {
            "state": trace.state,
            "missing_since": instant(trace.missing_since) if trace.missing_since else None,
            "swaps": list(trace.swaps),
            "moved_to": _copy_of(trace.moved_to) if trace.moved_to else None,
            "copies": [_copy_of(copy) for copy in trace.copies],
            "unlisted_copies": trace.unlisted or None,
        }
    )


def _copy_of(copy: Copy) -> Json:
    return _present(
        {
            "id": copy.finding_id,
            "relation": copy.relation,
            "state": copy.state,
            "url": copy.url,
            "path": copy.path,
            "lang": copy.lang,
            "quote": copy.quote,
            "first_seen": instant(copy.first_seen),
            "last_seen": instant(copy.last_seen),
            "gone": instant(copy.gone_by) if copy.gone_by else None,
        }
    )
