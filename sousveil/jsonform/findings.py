"""A finding as JSON values, with its fate and the decisions on it where there are any.

Selectors are those of the W3C Web Annotation Data Model, section 4.2; a line range is an RFC 5147
fragment.
"""

from collections.abc import Sequence

from sousveil.jsonform.values import captured, instant, placed, present, quoted
from sousveil.model import (
    Attribution,
    Commit,
    Copy,
    Fate,
    Finding,
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
        "capture": captured(finding.capture, finding.log_index),
        "source": _source(finding.source),
        "reasons": list(claim.reasons),
        "caveats": list(finding.caveats),
        "watch": finding.watch_id,
    }
    # Of what was handed in nothing is told: nobody can look at it again.
    form |= _fate(finding, fate) if fate and not finding.capture.is_handed_in else {}
    form |= {"trace": _trace(trace)} if trace else {}
    form |= {"translations": [_translation(one) for one in translations]}
    told = present(form | _reviews(reviews))
    return told | {"actor": finding.actor}


def _attribution(told: Attribution) -> Json:
    return present(
        {
            "publisher": told.publisher,
            "speaker": told.speaker,
            "evidence": list(told.evidence),
            "listings": [
                present(
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
    quote = quoted(finding.quote, finding.prefix, finding.suffix)
    selectors = [quote, placed(finding.claim.start, finding.claim.end)]
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


def _source(source: Source) -> Json:
    return present(
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
    return present(told | _record(origin.record))


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


def _reviews(reviews: Sequence[Review]) -> Json:
    told = [
        present(
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
    return present({"text": one.text, "lang": one.lang, "by": one.by, "at": instant(one.at)})


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
    return present(
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
    return present(
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
