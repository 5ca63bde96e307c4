"""Figures of the claim finder on labelled passages: pure functions of verdicts.

A verdict is what was decided on a passage by a model that saw nothing of its source. Figures are
those of issue trackers and papers alike: precision, recall and F1 of claim or not; accuracy and
macro-F1 of the five labels; expected calibration error over ten equal bins (Naeini et al., 2015).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.passages import Row
from bench.training import Chances, Seen
from sousveil.claims.features import Reading
from sousveil.claims.judgement import MAX_SPANS, Decision, decided
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, shipped_model

CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """A passage with what was decided out of fold."""

    row: Row
    reading: Reading
    decision: Decision

    @property
    def claim(self) -> bool:
        """Whether it is labelled a claim."""
        return self.row.label in CLAIM_LABELS

    @property
    def found(self) -> bool:
        """Whether it was decided to be a claim."""
        return self.decision.label in CLAIM_LABELS


@dataclass(frozen=True, slots=True)
class Detection:
    """How well claims are told from the rest."""

    precision: float
    recall: float
    f1: float
    passages: int


def verdicts(seen: Seen, chances: Sequence[Chances], scale: dict[str, float]) -> Iterator[Verdict]:
    """Yield a verdict for each passage, its score calibrated by `scale`."""
    model = replace(shipped_model(), slope=scale["slope"], offset=scale["offset"])
    for (row, reading), chance in zip(seen, chances, strict=True):
        yield Verdict(row, reading, decided(reading, chance, model))


def detection(pairs: Sequence[tuple[bool, bool]]) -> Detection:
    """Return precision, recall and F1 of (found, claim)."""
    both = sum(found and claim for found, claim in pairs)
    precision = both / max(1, sum(found for found, _ in pairs))
    recall = both / max(1, sum(claim for _, claim in pairs))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return Detection(precision, recall, f1, len(pairs))


def detected(group: Sequence[Verdict]) -> Detection:
    """Return how well the claims of some verdicts are found."""
    return detection([(verdict.found, verdict.claim) for verdict in group])


def accuracy(group: Sequence[Verdict]) -> float:
    """Return the share of passages whose label, of five, is right."""
    return sum(v.decision.label == v.row.label for v in group) / max(1, len(group))


def macro_f1(group: Sequence[Verdict]) -> float:
    """Return the mean of the F1 of each of the five labels."""
    pairs = [(v.decision.label, v.row.label) for v in group]
    return sum(
        detection([(found == label, gold == label) for found, gold in pairs]).f1
        for label in MODEL_LABELS
    ) / len(MODEL_LABELS)


def trait_right(group: Sequence[Verdict]) -> float:
    """Return the share of true findings whose trait is right."""
    true = [v for v in group if v.found and v.claim]
    return sum(v.decision.trait == v.row.trait for v in true) / max(1, len(true))


def quote_overlaps(group: Sequence[Verdict]) -> float:
    """Return the share of true findings whose quote has a character of the labelled span."""
    true = [v for v in group if v.found and v.claim and v.row.spans]
    return sum(map(_overlaps, true)) / max(1, len(true))


def _overlaps(verdict: Verdict) -> bool:
    quotes = [verdict.reading.quote, *(m.quote for m in verdict.reading.others)][:MAX_SPANS]
    for span in verdict.row.spans:
        at = verdict.row.text.find(span)
        if any(at < end and start < at + len(span) for start, end in quotes):
            return True
    return False


def calibration_error(group: Sequence[Verdict]) -> float:
    """Return the mean distance of score and truth over ten equal bins of the score."""
    bins: dict[int, list[Verdict]] = {}
    for verdict in group:
        index = min(int(verdict.decision.score * CALIBRATION_BINS), CALIBRATION_BINS - 1)
        bins.setdefault(index, []).append(verdict)
    apart = (
        abs(sum(v.decision.score for v in each) - sum(v.claim for v in each))
        for each in bins.values()
    )
    return sum(apart) / max(1, len(group))


def confusion(group: Sequence[Verdict]) -> dict[str, list[int]]:
    """Return, for each label given by people, how often each label was found."""
    return {
        gold: [
            sum(v.row.label == gold and v.decision.label == found for v in group)
            for found in MODEL_LABELS
        ]
        for gold in MODEL_LABELS
    }
