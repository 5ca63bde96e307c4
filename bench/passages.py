"""Labelled passages, their folds, and training: shared by bench/claims.py and train_claims.py."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from sousveil import topics
from sousveil.claims.features import Reading, read
from sousveil.claims.judgement import EVEN
from sousveil.claims.lexicon import Lexicon, lexicon
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model, model_from_json

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "corpus" / "claims-dev.jsonl"
OWN = ROOT / "bench" / "passages"
FOLDS = 10
PENALTY = 0.3  # inverse strength of the L2 penalty; chosen by cross-validation
OWN_WEIGHT = 1.5  # they outnumber the shared ones, and make up for their kinds that lack there


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled passage."""

    text: str
    lang: str
    label: str
    trait: str
    spans: tuple[str, ...]
    context: str
    source: str  # what is kept in one fold
    blind: bool  # written without sight of the labelled set's errors
    shared: bool


def words() -> Lexicon:
    """Return the lexicon of all shipped topics."""
    return lexicon(tuple(topics.load(name) for name in topics.shipped()))


def corpus() -> list[Row]:
    """Return the shared passages, when they are there, then our own."""
    rows = [_row(data, shared=True) for data in _lines(SHARED)] if SHARED.exists() else []
    for path in sorted(OWN.glob("*.jsonl")):
        rows += [_row(data, shared=False) for data in _lines(path)]
    return rows


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def _row(data: dict[str, Any], *, shared: bool) -> Row:
    source = data.get("source", {})
    where = (
        source.get("repo") or source.get("outlet") or source.get("url")
        or source.get("index_id") or source.get("title") or data["text"]
    )  # fmt: skip
    return Row(
        text=data["text"],
        lang=data["lang"],
        label=data["label"],
        trait=data.get("trait", "none"),
        spans=tuple(data.get("spans", ())),
        context=data.get("context", ""),
        source=str(where),
        blind=data.get("blind", True),
        shared=shared,
    )


def readings(rows: list[Row]) -> list[Reading]:
    """Return what is seen in each passage."""
    lex = words()
    return [read(r.text, lex, context=r.context, code=r.lang == "code") for r in rows]


def fold_of(row: Row) -> int:
    """Return the fold of a passage: the same for all passages of its source."""
    return int(hashlib.sha256(row.source.encode()).hexdigest(), 16) % FOLDS


def fit(seen: list[Reading], rows: list[Row]) -> dict[str, Any]:
    """Return intercept and weights of the model in the form of model.json, uncalibrated."""
    pairs = [(s, r) for s, r in zip(seen, rows, strict=True) if s.anchor is not None]
    vectoriser = DictVectorizer()
    matrix = vectoriser.fit_transform([dict.fromkeys(s.features, 1.0) for s, _ in pairs])
    weights = [1.0 if r.shared else OWN_WEIGHT for _, r in pairs]
    regression = LogisticRegression(C=PENALTY, max_iter=5000)
    regression.fit(matrix, [r.label for _, r in pairs], sample_weight=weights)
    order = [list(regression.classes_).index(label) for label in MODEL_LABELS]
    coefficients = regression.coef_[order]
    return {
        "labels": list(MODEL_LABELS),
        "intercept": [round(float(v), 4) for v in regression.intercept_[order]],
        "weights": {
            name: [round(float(v), 4) for v in coefficients[:, index]]
            for index, name in enumerate(vectoriser.feature_names_)
        },
        "calibration": {"slope": 1.0, "offset": 0.0},
    }


def out_of_fold(rows: list[Row], seen: list[Reading]) -> list[tuple[float, ...]]:
    """Return the probabilities of each shared passage (of each of ours when none is shared).

    Passages of ours that are not blind train the shipped weights only.
    """
    judged = [r.shared for r in rows] if any(r.shared for r in rows) else [True] * len(rows)
    chances: list[tuple[float, ...]] = [()] * len(rows)
    for fold in range(FOLDS):
        kept = [i for i, r in enumerate(rows) if r.blind and (fold_of(r) != fold or not judged[i])]
        model = model_from_json(
            fit([seen[i] for i in kept], [rows[i] for i in kept]) | {"record": {}}
        )
        for i, row in enumerate(rows):
            if judged[i] and fold_of(row) == fold:
                nothing = seen[i].anchor is None
                chances[i] = (0, 0, 0, 0, 1) if nothing else model.probabilities(seen[i].features)
    return chances


def calibrate(rows: list[Row], chances: list[tuple[float, ...]]) -> dict[str, float]:
    """Return slope and offset of the claim's log-odds, fitted on out-of-fold chances."""
    pairs = [(c, r) for c, r in zip(chances, rows, strict=True) if c and c[-1] < 1]
    claim = np.clip([sum(c[: len(CLAIM_LABELS)]) for c, _ in pairs], 1e-6, 1 - 1e-6)
    odds = np.log(claim / (1 - claim)).reshape(-1, 1)
    gold = [r.label in CLAIM_LABELS for _, r in pairs]
    regression = LogisticRegression(C=10.0).fit(odds, gold)
    return {
        "slope": round(float(regression.coef_[0][0]), 4),
        "offset": round(float(regression.intercept_[0]), 4),
    }


def train(rows: list[Row]) -> dict[str, Any]:
    """Return the calibrated model in the form of model.json, with the record of its training."""
    seen = readings(rows)
    model = fit(seen, rows)
    chances = out_of_fold(rows, seen)
    model["calibration"] = calibrate(rows, chances)
    figures = _figures(rows, chances, model["calibration"])
    return model | {"record": _record(rows, len(model["weights"])) | figures}


def _figures(
    rows: list[Row], chances: list[tuple[float, ...]], scale: dict[str, float]
) -> dict[str, float]:
    """Return what cross-validation by source says: F1 of claim or not, and its parts."""
    model = Model((), {}, scale["slope"], scale["offset"], {})
    pairs = [
        (bool(c[-1] < 1 and model.claim_probability(c) >= EVEN), r.label in CLAIM_LABELS)
        for c, r in zip(chances, rows, strict=True)
        if c
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


def _record(rows: list[Row], features: int) -> dict[str, Any]:
    """Return when and on what the weights were trained."""
    digest = hashlib.sha256()
    for path in ([SHARED] if SHARED.exists() else []) + sorted(OWN.glob("*.jsonl")):
        digest.update(path.read_bytes())
    return {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "rows": len(rows),
        "rows_shared": sum(r.shared for r in rows),
        "training_sha256": digest.hexdigest(),
        "features": features,
        "penalty": PENALTY,
        "folds": FOLDS,
    }
