"""The label model: multinomial logistic regression over named features.

Reads `model.json` (written by bench/train_claims.py), which holds a weight for each feature and
label, with the record of its training. Gives probabilities; nothing here learns.
"""

import math
from collections import Counter
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from sousveil.claims.wording import ABOUT, AFTER, BEFORE, IN, OF, ORDER, WORD

CLAIM_LABELS = ("offers", "reports", "denies")
MODEL_LABELS = (*CLAIM_LABELS, "discusses", "none")
# What the words of a passage say together, against 1 of a cue: the lengths of the vectors of each
# kind of them, chosen by cross-validation.
WORDS_SAY = {WORD: 4.0, IN: 3.0, BEFORE: 2.0, AFTER: 2.0, ORDER: 3.0, ABOUT: 2.0, OF: 3.0}


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the label model."""

    intercept: tuple[float, ...]  # one for each of MODEL_LABELS
    weights: dict[str, tuple[float, ...]]  # feature -> the same
    slope: float  # calibration of the claim's log-odds (Platt)
    offset: float
    record: dict[str, Any]  # when and on what it was trained
    name: str = ""  # of a case's own: "case model 2"

    def probabilities(self, features: Collection[str]) -> tuple[float, ...]:
        """Return the probability of each of MODEL_LABELS; they sum to 1."""
        scores = list(self.intercept)
        for name, value in values(features, self.weights):
            for index, weight in enumerate(self.weights[name]):
                scores[index] += weight * value
        top = max(scores)
        raised = [math.exp(score - top) for score in scores]
        total = sum(raised)
        return tuple(value / total for value in raised)

    def claim_probability(self, probabilities: tuple[float, ...]) -> float:
        """Return the calibrated probability of offers, reports or denies."""
        claim = min(max(sum(probabilities[: len(CLAIM_LABELS)]), 1e-9), 1 - 1e-9)
        odds = self.slope * math.log(claim / (1 - claim)) + self.offset
        return 1 / (1 + math.exp(-odds))


def values(features: Collection[str], known: Container[str]) -> Iterator[tuple[str, float]]:
    """Yield each feature that is `known`, with its value.

    A cue counts 1, however long the passage is. Words share what a text of any length has to
    say, so that a long one is not judged by its length.
    """
    here = [(name, _kind(name)) for name in features if name in known]
    counts = Counter(kind for _, kind in here)
    shares = {
        kind: say / math.sqrt(counts[kind]) for kind, say in WORDS_SAY.items() if counts[kind]
    }
    for name, kind in here:
        yield name, shares.get(kind, 1.0)


def _kind(name: str) -> str:
    """Return which of WORDS_SAY a feature is of; "" for a cue."""
    if not name.startswith(WORD):
        return ""
    kind = name[: name.find(": ") + 2]
    return kind if kind in WORDS_SAY else WORD


@cache
def shipped_model() -> Model:
    """Return the model that comes with sousveil."""
    data = resources.files("sousveil.claims").joinpath("model.json").read_bytes()
    return model_from_json(msgspec.json.decode(data))


def model_from_json(data: dict[str, Any]) -> Model:
    """Return the model in the form that model.json has."""
    return Model(
        intercept=tuple(data["intercept"]),
        weights={name: tuple(row) for name, row in data["weights"].items()},
        slope=data["calibration"]["slope"],
        offset=data["calibration"]["offset"],
        record=data["record"],
    )
