"""Learning from a case's decisions: training, dropping and writing down its own model.

Each change is an event of the log first, then the file `model.json`. A crash between the two leaves
an older file, which judges nothing: the log does. `reindex` writes it again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sousveil.case import Case
from sousveil.claims.model import shipped_model
from sousveil.durable import write_durably
from sousveil.errors import InputError
from sousveil.index.query import findings
from sousveil.index.reviews import decided_on, logged_model, models_trained, reviews
from sousveil.index.store import Index
from sousveil.ledger import Writer, log_size, read_events
from sousveil.model import Json
from sousveil.review.casemodel import (
    DROPPED,
    FILE,
    TRAINED,
    case_model,
    case_model_form,
    file_bytes,
)
from sousveil.review.learn import MIN_DECISIONS, MIN_SOURCES, Lesson, examples, learn


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training."""

    lesson: Lesson
    confirmed: int
    rejected: int
    model: Json | None  # as logged; None when it was no better and is not used


def train(writer: Writer, index: Index, now: datetime) -> Trained:
    """Train the case's own model on its decisions, and adopt it if it judges unseen sources better.

    Raises InputError when there are too few decisions, or all are on one source.
    """
    now_found = {finding.id: finding for finding in findings(index)}
    taught = examples(decided_on(index) | now_found, reviews(index))
    confirmed = sum(example.is_claim for example in taught)
    rejected = len(taught) - confirmed
    if min(confirmed, rejected) < MIN_DECISIONS:
        raise InputError(
            f"too few decisions to learn from: {confirmed} confirmed and {rejected} rejected, of"
            f" {MIN_DECISIONS} each that are needed. `sousveil queue` shows what to decide on."
        )
    if len({example.source for example in taught}) < MIN_SOURCES:
        raise InputError(
            f"all decisions are on {taught[0].source}: whether they teach anything about other"
            " sources cannot be measured. Decide on findings of another source, too."
        )
    shipped = shipped_model()
    lesson = learn(taught, shipped)
    if not lesson.is_better:
        return Trained(lesson, confirmed, rejected, None)
    version = models_trained(index) + 1
    form = case_model_form(lesson, taught, shipped, version=version, now=now)
    sha256 = hashlib.sha256(file_bytes(form)).hexdigest()
    writer.commit(TRAINED, {"version": version, "sha256": sha256, "model": form}, now=now)
    write_durably(writer.case.root / FILE, file_bytes(form))
    return Trained(lesson, confirmed, rejected, form)


def drop(writer: Writer, index: Index, now: datetime) -> int:
    """Go back to the shipped weights; return the version that is used no more.

    Raises InputError when the case has no model of its own.
    """
    form = logged_model(index)
    if form is None:
        raise InputError("this case has no model of its own. `sousveil model train` makes one.")
    version: int = form["version"]
    writer.commit(DROPPED, {"version": version}, now=now)
    (writer.case.root / FILE).unlink(missing_ok=True)
    return version


def unfit_model(index: Index) -> int | None:
    """Return the version of the case's own model if it was made for other shipped weights."""
    form = logged_model(index)
    if form is None or case_model(form, shipped_model()) is not None:
        return None
    version: int = form["version"]
    return version


def write_model_file(case: Case, index: Index) -> None:
    """Make `model.json` what the log says."""
    form = logged_model(index)
    if form is None:
        (case.root / FILE).unlink(missing_ok=True)
    else:
        write_durably(case.root / FILE, file_bytes(form))


def model_file_problem(case: Case, index: Index) -> str | None:
    """Return that `model.json` is none of the models that the log tells of, if so.

    It may be an older one, or missing, as a command that was interrupted leaves it: nothing reads
    it.
    """
    path = case.root / FILE
    if not path.is_file():
        return None
    there = path.read_bytes()
    known = [
        msgspec.json.decode(body)
        for (body,) in index.rows("SELECT body FROM event WHERE type = ?", TRAINED)
    ]
    newer = read_events(case, index.next_event()) if index.next_event() < log_size(case) else ()
    known += [event.body for event in newer if event.type == TRAINED]
    if any(file_bytes(body["model"]) == there for body in known):
        return None
    return "is not the case's own model as it was logged; the log's is used. Run `sousveil reindex`"
