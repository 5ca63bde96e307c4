"""Reviews: who decided what on which finding, and findings that only a decision still tells of.

Filled from the log's `review` events. Of one person's decisions on a finding the latest counts, and
the one before it again when that is withdrawn; all stay. Where a case asks for several independent
readings, a decision leaves this module *sealed*, without what was decided and why, until as many
people have decided: so no command and no page can show it too early. The case's own model, which is
learnt from them, is read from the events as they are.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from sousveil.index.store import Index
from sousveil.model import Event, Finding, Json, Review

# What became of a decision: it counts, its author made another, or its author took it back.
COUNTS, CHANGED, WITHDRAWN = 1, 0, -1

# Events of one decision on many findings; they follow upon each other in the log, at one time.
MAX_AT_ONCE = 100

_COUNTED = f"SELECT finding_id, data FROM review WHERE standing = {COUNTS}"
_LAST_ENTRY = (
    "SELECT log_index FROM review WHERE person = ? AND standing = ? ORDER BY log_index DESC LIMIT 1"
)
_COUNT = f"SELECT count(*) FROM review WHERE finding_id = ?1 AND standing = {COUNTS}"


@dataclass(frozen=True, slots=True)
class Past:
    """A decision of the past, with what became of it."""

    review: Review
    standing: Literal["counts", "changed", "withdrawn"]


def put_review(index: Index, event: Event) -> None:
    """Take in a decision, in place of the same person's earlier one on each finding it serves.

    An event that withdraws lets that person's decision before count again; of decisions of others
    it withdraws nothing.
    """
    by = person(event.body["by"])
    if event.body["decision"] == "withdrawn":
        for log_index in event.body["withdraws"]:
            _withdraw(index, log_index, by)
        return
    for review, shown in _decisions(event):
        index.change(
            "UPDATE review SET standing = ? WHERE finding_id = ? AND person = ? AND standing = ?",
            *(CHANGED, review.finding_id, by, COUNTS),
        )
        index.change(
            "INSERT OR REPLACE INTO review VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(review.finding_id, event.index, by, COUNTS, review.decision),
            *(shown.claim.label, shown.claim.trait),
            *(msgspec.json.encode(review), msgspec.json.encode(shown)),
        )
        index.change(
            f"UPDATE queue SET readings = ({_COUNT}) WHERE finding_id = ?1", review.finding_id
        )


def _withdraw(index: Index, log_index: int, by: str) -> None:
    rows = index.rows(
        "SELECT finding_id, standing FROM review WHERE log_index = ? AND person = ?", log_index, by
    )
    index.change(
        "UPDATE review SET standing = ? WHERE log_index = ? AND person = ?",
        WITHDRAWN,
        log_index,
        by,
    )
    for finding_id in [one for one, standing in rows if standing == COUNTS]:
        index.change(
            "UPDATE review SET standing = ?3 WHERE finding_id = ?1 AND log_index = (SELECT"
            " max(log_index) FROM review WHERE finding_id = ?1 AND person = ?2 AND standing = ?4)",
            *(finding_id, by, COUNTS, CHANGED),
        )
        index.change(f"UPDATE queue SET readings = ({_COUNT}) WHERE finding_id = ?1", finding_id)


def _decisions(event: Event) -> Iterable[tuple[Review, Finding]]:
    """Yield the decision on each finding that an event serves, with the finding as it was shown."""
    body = event.body
    for served in body["findings"]:
        shown = msgspec.convert(served["shown"], Finding)
        yield (
            Review(
                finding_id=served["id"],
                decision=body["decision"],
                by=body["by"],
                at=event.time,
                note=body["note"],
                engine=shown.claim.engine,
                log_index=event.index,
                settles=tuple(body["settles"]),
            ),
            shown,
        )


def touched_by(index: Index, event: Event) -> list[str]:
    """Return the findings of which an event tells, or takes back, a decision."""
    if event.body["decision"] != "withdrawn":
        return [served["id"] for served in event.body["findings"]]
    entries = msgspec.json.encode(event.body["withdraws"]).decode()
    rows = index.rows(
        "SELECT finding_id FROM review WHERE log_index IN (SELECT value FROM json_each(?))", entries
    )
    return [one for (one,) in rows]


def person(name: str) -> str:
    """Return a name as it is compared: "Ada " and "ada" are one person."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def reviews(index: Index) -> dict[str, tuple[Review, ...]]:
    """Return the decisions that count, by finding id, the latest of each last.

    Sealed where fewer people than the case asks for have decided (`index.readings`).
    """
    return _sealed(index, _by_finding(index.rows(_COUNTED + " ORDER BY log_index")))


def reviews_of(index: Index, ids: Collection[str]) -> dict[str, tuple[Review, ...]]:
    """Return the decisions that count on these findings, as `reviews` does."""
    chosen = msgspec.json.encode(list(ids)).decode()
    where = " AND finding_id IN (SELECT value FROM json_each(?)) ORDER BY log_index"
    return _sealed(index, _by_finding(index.rows(_COUNTED + where, chosen)))


def own_reviews(index: Index, ids: Collection[str], by: str) -> dict[str, Review]:
    """Return what `by` decided on these findings, by finding id: one's own is sealed to nobody."""
    chosen = msgspec.json.encode(list(ids)).decode()
    where = " AND +person = ? AND finding_id IN (SELECT value FROM json_each(?))"
    rows = index.rows(_COUNTED + where, person(by), chosen)
    return {finding_id: msgspec.json.decode(data, type=Review) for finding_id, data in rows}


def past_of(index: Index, finding_id: str, by: str = "") -> list[Past]:
    """Return every decision ever made on a finding, the oldest first, and what became of it.

    While its decisions are sealed, only those of `by`.
    """
    rows = index.rows(
        "SELECT standing, person, data FROM review WHERE finding_id = ? ORDER BY log_index",
        finding_id,
    )
    people = {one for standing, one, _ in rows if standing == COUNTS}
    is_sealed = len(people) < index.readings
    words: dict[int, Literal["counts", "changed", "withdrawn"]] = {
        COUNTS: "counts",
        CHANGED: "changed",
        WITHDRAWN: "withdrawn",
    }
    return [
        Past(msgspec.json.decode(data, type=Review), words[standing])
        for standing, one, data in rows
        if not is_sealed or one == person(by)
    ]


def has_decided(index: Index, by: str) -> bool:
    """Whether a person has decided anything that still counts."""
    return bool(index.rows(_LAST_ENTRY, person(by), COUNTS))


def last_by(index: Index, by: str) -> list[Review]:
    """Return what a person decided last and still counts: several findings, if it was at once."""
    newest = index.rows(_LAST_ENTRY, person(by), COUNTS)
    if not newest:
        return []
    rows = index.rows(
        "SELECT data FROM review WHERE person = ? AND standing = ? AND log_index > ?"
        " ORDER BY log_index, finding_id",
        *(person(by), COUNTS, newest[0][0] - MAX_AT_ONCE),
    )
    told = [msgspec.json.decode(data, type=Review) for (data,) in rows]
    return [one for one in told if one.at == told[-1].at]


def newest_review(index: Index) -> int:
    """Return the log entry of the latest decision; 0 when there is none."""
    ((newest,),) = index.rows("SELECT coalesce(max(log_index), 0) FROM review")
    return int(newest)


def _by_finding(in_order: Iterable[tuple[str, bytes]]) -> dict[str, tuple[Review, ...]]:
    told: dict[str, tuple[Review, ...]] = {}
    for finding_id, data in in_order:
        review = msgspec.json.decode(data, type=Review)
        told[finding_id] = (*told.get(finding_id, ()), review)
    return told


def _sealed(index: Index, told: dict[str, tuple[Review, ...]]) -> dict[str, tuple[Review, ...]]:
    """Blank what was decided, and why, wherever too few people have decided yet."""
    return {
        finding_id: ones
        if len(ones) >= index.readings
        else tuple(replace(one, decision="sealed", note="") for one in ones)
        for finding_id, ones in told.items()
    }


def contradicts_log(index: Index, events: Iterable[Event]) -> bool:
    """Whether the decisions that the index counts are others than the log's events tell of."""
    pasts: dict[tuple[str, str], list[Review]] = {}
    withdrawn: set[tuple[int, str]] = set()
    for event in events:
        if event.type != "review":
            continue
        by = person(event.body["by"])
        if event.body["decision"] == "withdrawn":
            withdrawn |= {(log_index, by) for log_index in event.body["withdraws"]}
            continue
        for review, _ in _decisions(event):
            pasts.setdefault((review.finding_id, by), []).append(review)
    counted = [_latest(ones, withdrawn, by) for (_, by), ones in pasts.items()]
    rows = index.rows(_COUNTED)
    told = {(one, msgspec.json.decode(data, type=Review)) for one, data in rows}
    return told != {(one.finding_id, one) for one in counted if one is not None}


def _latest(
    ones: Sequence[Review], withdrawn: Collection[tuple[int, str]], by: str
) -> Review | None:
    """Return a person's last decision on a finding that they have not taken back."""
    return next((one for one in reversed(ones) if (one.log_index, by) not in withdrawn), None)


def readings(index: Index) -> list[tuple[str, tuple[str, str], str, str]]:
    """Return every decision that was not taken back, in the order of the log.

    Each as finding id, its label and trait as it was shown, person, and what they decided. Sealed
    ones among them: whoever shows anything of these shows figures over many.
    """
    return [
        (finding_id, (label, trait), by, decision)
        for finding_id, label, trait, by, decision in index.rows(
            "SELECT finding_id, label, trait, person, decision FROM review WHERE standing != ?"
            " ORDER BY log_index",
            WITHDRAWN,
        )
    ]


def decided_on(index: Index, latest: int | None = None) -> dict[str, Finding]:
    """Return the findings that somebody decided on, as they were at the latest decision.

    Those of the `latest` decisions alone, if a number is given.
    """
    rows = index.rows(
        "SELECT finding FROM (SELECT finding, log_index FROM review WHERE standing = ?"
        " ORDER BY log_index DESC LIMIT ?) ORDER BY log_index",
        *(COUNTS, -1 if latest is None else latest),
    )
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
