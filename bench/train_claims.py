"""Trains the label model and writes sousveil/claims/model.json.

Reads the labelled passages in ../shared/corpus (used when present; never committed) and our own
in bench/passages. Multinomial logistic regression with an L2 penalty; the figures in the record
are out of fold, with all passages of a source in one fold.
"""

import json
from pathlib import Path

from bench.passages import corpus, train

MODEL = Path(__file__).parents[1] / "sousveil" / "claims" / "model.json"


def main() -> None:
    """Train on all passages and write the weights."""
    rows = corpus()
    model = train(rows)
    MODEL.write_text(
        json.dumps(model, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    print(f"{MODEL.name}: {len(model['weights'])} features from {len(rows)} passages")


if __name__ == "__main__":
    main()
