"""Training of the label model: weights, calibration and the figures of cross-validation."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from bench.passages import FOLDS, ORDINARY, OWN, SHARED, Row, ordinary, readings
from bench.regression import LEFT_OUT, PASSES, RUNS, Floats, learn
from sousveil.claims.features import Reading
from sousveil.claims.judgement import EVEN
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model, model_from_json, values
from sousveil.claims.wording import WORD

MIN_ROWS = 6  # of ours that hold a word, for it to be weighed
WEIGHT = {"shared": 8.0, "own": 1.0, "ordinary": 1.0}  # of a row; chosen by cross-validation
# Of files of ours: those of the first round were written to differ from each other more than to be
# like what the world writes.
WEIGHT_OF_FILE = {"en-news": 0.4, "en-policy": 0.4, "en-product": 0.4, "zh-news": 0.4}
WEIGHT_OF_FILE |= {"zh-product": 0.4, "en": 2.0, "other": 2.0, "zh-Hans": 2.0, "code": 2.0}
DIGITS = 2  # of a weight
WEAKEST = 0.05  # largest weight of a word that is left out

Seen = Sequence[tuple[Row, Reading]]
Chances = tuple[float, ...]  # of MODEL_LABELS


def train(rows: list[Row]) -> dict[str, Any]:
    """Return the calibrated model in the form of model.json, with the record of its training."""
    seen = list(zip(rows, readings(rows), strict=True))
    common = everyday(measured=False)
    model = fit([*seen, *common])
    chances = out_of_fold(seen, common)
    model["calibration"] = calibrate(seen, chances)
    figures = _figures(seen, chances, model["calibration"])
    return model | {"record": _record(rows, common, len(model["weights"])) | figures}


def everyday(*, measured: bool) -> list[tuple[Row, Reading]]:
    """Return the ordinary passages in which a term stands: to train on, or those to measure on."""
    rows = [row for row in ordinary() if row.measured is measured]
    pairs = zip(rows, readings(rows), strict=True)
    return [(row, reading) for row, reading in pairs if reading.anchor is not None]


def fit(seen: Seen) -> dict[str, Any]:
    """Return intercept and weights of the model in the form of model.json, uncalibrated."""
    pairs = [(row, reading) for row, reading in seen if reading.anchor is not None]
    known = vocabulary(pairs)
    vectoriser = DictVectorizer(dtype=np.float32)
    matrix = vectoriser.fit_transform([dict(values(s.features, known)) for _, s in pairs])
    coefficients, intercepts = learn(
        matrix,
        [MODEL_LABELS.index(row.label) for row, _ in pairs],
        [_weight(row) for row, _ in pairs],
        len(MODEL_LABELS),
    )
    return {
        "labels": list(MODEL_LABELS),
        "intercept": _rounded(intercepts),
        "weights": {
            name: _rounded(coefficients[index])
            for index, name in enumerate(vectoriser.feature_names_)
            if not name.startswith(WORD) or abs(coefficients[index]).max() >= WEAKEST
        },
        "calibration": {"slope": 1.0, "offset": 0.0},
        "record": {},
    }


def _rounded(row: Floats) -> list[float]:
    return [round(float(value), DIGITS) for value in row]


def _weight(row: Row) -> float:
    return WEIGHT[row.kind] * WEIGHT_OF_FILE.get(row.file, 1.0)


def vocabulary(seen: Seen) -> set[str]:
    """Return the features that are weighed: all cues, and the words that passages of ours share.

    Words come from passages that we wrote, so that nobody else's text stands in the model.
    """
    known = {name for _, s in seen for name in s.features if not name.startswith(WORD)}
    counts = Counter(name for row, s in seen if row.kind == "own" for name in s.features)
    return known | {n for n, count in counts.items() if n.startswith(WORD) and count >= MIN_ROWS}


def out_of_fold(seen: Seen, common: Seen = (), *, share: float = 1.0) -> list[Chances]:
    """Return the probabilities of each labelled passage from a model that saw none of its source.

    Passages of ours that are not blind train the shipped weights only. `share` is how much of ours
    is learnt from.
    """
    chances: list[Chances] = [()] * len(seen)
    taught = [pair for pair in seen if pair[0].blind and (pair[0].shared or _drawn(pair[0], share))]
    for fold in range(FOLDS):
        kept = [(row, s) for row, s in taught if row.fold != fold]
        model = model_from_json(fit([*kept, *common]))
        for index, (row, s) in enumerate(seen):
            if row.fold == fold:
                nothing = s.anchor is None
                chances[index] = (0, 0, 0, 0, 1) if nothing else model.probabilities(s.features)
    return chances


def _drawn(row: Row, share: float) -> bool:
    return zlib.crc32(row.source.encode()) / 2**32 < share


def calibrate(seen: Seen, chances: Sequence[Chances]) -> dict[str, float]:
    """Return slope and offset of the claim's log-odds, fitted on out-of-fold chances.

    Public passages count as much as all of ours together: it is these that are scored.
    """
    pairs = [(c, row) for c, (row, _) in zip(chances, seen, strict=True) if c[-1] < 1]
    claim = np.clip([sum(c[: len(CLAIM_LABELS)]) for c, _ in pairs], 1e-6, 1 - 1e-6)
    odds = np.log(claim / (1 - claim)).reshape(-1, 1)
    kinds = Counter(row.kind for _, row in pairs)
    weights = [len(pairs) / kinds[row.kind] for _, row in pairs]
    gold = [row.label in CLAIM_LABELS for _, row in pairs]
    regression = LogisticRegression(C=10.0).fit(odds, gold, sample_weight=weights)
    return {
        "slope": round(float(regression.coef_[0][0]), 4),
        "offset": round(float(regression.intercept_[0]), 4),
    }


def _figures(seen: Seen, chances: Sequence[Chances], scale: dict[str, float]) -> dict[str, float]:
    """Return what cross-validation says of the shared passages, or of ours when there are none."""
    model = Model((), {}, scale["slope"], scale["offset"], {})
    kind = "shared" if any(row.shared for row, _ in seen) else "own"
    pairs = [
        (bool(c[-1] < 1 and model.claim_probability(c) >= EVEN), row.label in CLAIM_LABELS)
        for c, (row, _) in zip(chances, seen, strict=True)
        if row.kind == kind
    ]
    both = sum(found and claim for found, claim in pairs)
    precision = both / max(1, sum(found for found, _ in pairs))
    recall = both / max(1, sum(claim for _, claim in pairs))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {
        "validated_passages": len(pairs),
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
    }


def _record(rows: list[Row], common: Seen, features: int) -> dict[str, Any]:
    """Return when and on what the weights were trained."""
    digest = hashlib.sha256()
    read = [SHARED, *sorted(OWN.glob("*.jsonl")), ORDINARY]
    for path in read:
        if path.exists():
            digest.update(path.read_bytes())
    return {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "rows": len(rows),
        "rows_shared": sum(row.shared for row in rows),
        "rows_ordinary": len(common),
        "training_sha256": digest.hexdigest(),
        "features": features,
        "left_out": LEFT_OUT,
        "passes": PASSES,
        "runs": RUNS,
        "folds": FOLDS,
    }
