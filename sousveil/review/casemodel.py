"""A case's own model: the shipped weights with what the case's decisions taught.

Takes a `Lesson` and gives the form that is logged (event `model.trained`) and laid into the case as
`model.json`, in words; takes that form and gives the `Model` that judges. The log is what counts,
the file is for people.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import rfc8785

from sousveil import __version__
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model
from sousveil.claims.telling import in_words
from sousveil.model import Json
from sousveil.review.learn import ALWAYS, PENALTY, Example, Lesson

TRAINED = "model.trained"
DROPPED = "model.dropped"
FILE = "model.json"

_ALWAYS_MEANS = "every passage"


def case_model_form(
    lesson: Lesson, taught: Sequence[Example], shipped: Model, *, version: int, now: datetime
) -> Json:
    """Return a lesson as it is written down: corrections with their words, and what they rest on.

    `by` is how far a feature moves the log-odds that a passage is a claim.
    """
    ordered = sorted(taught)
    ranked = sorted(lesson.corrections.items(), key=lambda item: (-abs(item[1]), item[0]))
    return {
        "version": version,
        "shipped_sha256": model_digest(shipped),
        "corrections": [
            {
                "feature": name,
                "means": words_of(name),
                "by": value,
                "decisions": lesson.seen[name],
            }
            for name, value in ranked
        ],
        "record": {
            "date": now.astimezone(UTC).date().isoformat(),
            "software": f"sousveil {__version__}",
            "penalty": PENALTY,
            "confirmed": [example.finding_id for example in ordered if example.is_claim],
            "rejected": [example.finding_id for example in ordered if not example.is_claim],
            "decisions_sha256": hashlib.sha256(msgspec.json.encode(ordered)).hexdigest(),
            "sources": lesson.sources,
            "before": msgspec.to_builtins(lesson.before),
            "after": msgspec.to_builtins(lesson.after),
        },
    }


def words_of(feature: str) -> str:
    """Return what a feature says of a passage, in words."""
    return _ALWAYS_MEANS if feature == ALWAYS else in_words(feature)


def case_model(form: Json, shipped: Model) -> Model | None:
    """Return the model of a logged form; None when it was made for other shipped weights.

    What moves the log-odds of a claim moves each label of a claim alike: which of them it is, the
    shipped weights go on to tell.
    """
    if form["shipped_sha256"] != model_digest(shipped):
        return None
    weights = dict(shipped.weights)
    intercept = shipped.intercept
    for correction in form["corrections"]:
        name, by = correction["feature"], correction["by"] / shipped.slope
        if name == ALWAYS:
            intercept = _moved(intercept, by)
        else:
            weights[name] = _moved(weights.get(name, (0.0,) * len(MODEL_LABELS)), by)
    name = f"case model {form['version']}"
    return replace(shipped, intercept=intercept, weights=weights, record=form["record"], name=name)


def _moved(row: tuple[float, ...], by: float) -> tuple[float, ...]:
    claims = len(CLAIM_LABELS)
    return (*(weight + by for weight in row[:claims]), *row[claims:])


def model_digest(model: Model) -> str:
    """Return the SHA-256, in hexadecimal, of a model's weights and calibration."""
    weights = sorted(model.weights.items())
    return hashlib.sha256(
        msgspec.json.encode([model.intercept, weights, model.slope, model.offset])
    ).hexdigest()


def file_bytes(form: Json) -> bytes:
    """Return `model.json`: the form as readable JSON.

    The same bytes before it is logged and when it is read back: the log's canonical form (RFC 8785)
    writes 1.0 as 1.
    """
    logged = json.loads(rfc8785.dumps(form))
    return (json.dumps(logged, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
