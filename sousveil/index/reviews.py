"""Reviews: who decided what on which finding, and findings that only a decision still tells of.

Filled from the log's `review` events. A person's later decision on a finding takes the place of
the earlier one; the log keeps both. The case's own model, which is learnt from them, is read from
the events as they are.
"""

import unicodedata
from collections.abc import Iterable

import msgspec

from sousveil.index.store import Index
from sousveil.model import Event, Finding, Json, Review


def put_review(index: Index, event: Event) -> None:
    """Take in a decision, in place of the same person's earlier one on the same finding."""
    review, finding = _decision(event)
    index.put_review(review, finding, person=_person(review.by))


def _decision(event: Event) -> tuple[Review, Finding]:
    body = event.body
    finding = msgspec.convert(body["finding"], Finding)
    review = Review(
        finding_id=body["finding_id"],
        decision=body["decision"],
        by=body["by"],
        at=event.time,
        note=body["note"],
        engine=finding.claim.engine,
        log_index=event.index,
    )
    return review, finding


def _person(name: str) -> str:
    """Return a name as it is compared: "Ada " and "ada" are one person."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def logged_reviews(events: Iterable[Event]) -> dict[str, tuple[Review, ...]]:
    """Return the decisions that count as the log tells them, in the form of `reviews`."""
    latest: dict[tuple[str, str], Review] = {}
    for event in events:
        if event.type == "review":
            review, _ = _decision(event)
            latest[review.finding_id, _person(review.by)] = review
    return _by_finding(sorted(latest.values(), key=lambda review: review.log_index))


def reviews(index: Index) -> dict[str, tuple[Review, ...]]:
    """Return the decisions that count, by finding id, the latest of each last."""
    rows = index.rows("SELECT data FROM review ORDER BY log_index")
    return _by_finding(msgspec.json.decode(data, type=Review) for (data,) in rows)


def _by_finding(in_order: Iterable[Review]) -> dict[str, tuple[Review, ...]]:
    told: dict[str, tuple[Review, ...]] = {}
    for review in in_order:
        told[review.finding_id] = (*told.get(review.finding_id, ()), review)
    return told


def decided_on(index: Index) -> dict[str, Finding]:
    """Return every finding that somebody decided on, as it was at the latest decision."""
    rows = index.rows("SELECT finding FROM review ORDER BY log_index")
    found = [msgspec.json.decode(data, type=Finding) for (data,) in rows]
    return {finding.id: finding for finding in found}


def no_longer_found(index: Index) -> list[tuple[Finding, str]]:
    """Return findings that somebody decided on and their captures' latest reading did not find.

    They are told as they were when they were decided on, each with the engine of that reading.
    """
    found = {finding_id for (finding_id,) in index.rows("SELECT finding_id FROM sighting")}
    rows = index.rows("SELECT warc, record_id, engine FROM capture WHERE engine NOT NULL")
    read = {(warc, record_id): engine for warc, record_id, engine in rows}
    return [
        (finding, read[record])
        for finding in decided_on(index).values()
        if finding.id not in found
        and (record := (finding.capture.record.warc, finding.capture.record.record_id)) in read
    ]


def logged_model(index: Index) -> Json | None:
    """Return the case's own model as it was logged last; None when there is none, or no more."""
    rows = index.rows(
        "SELECT type, body FROM event WHERE type IN ('model.trained', 'model.dropped')"
        " ORDER BY idx DESC LIMIT 1"
    )
    if not rows or rows[0][0] == "model.dropped":
        return None
    form: Json = msgspec.json.decode(rows[0][1])["model"]
    return form


def model_in(events: Iterable[Event]) -> Json | None:
    """Return the case's own model as the log tells it, in the form of `logged_model`."""
    form: Json | None = None
    for event in events:
        if event.type in {"model.trained", "model.dropped"}:
            form = event.body.get("model")
    return form


def models_trained(index: Index) -> int:
    """Return how many models the case has had."""
    ((count,),) = index.rows("SELECT count(*) FROM event WHERE type = 'model.trained'")
    return int(count)
