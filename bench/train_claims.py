"""Trains the label model and writes sousveil/claims/model.json.

Reads the labelled passages in ../shared/corpus (used when present; never committed), our own in
bench/passages, and the ordinary ones that bench/ordinary.py has sampled. Multinomial logistic
regression (bench/regression.py); the figures in the record are out of fold, with all passages of a
source in one fold.
"""

import json
from pathlib import Path
from typing import Any

from bench.passages import corpus
from bench.training import train

MODEL = Path(__file__).parents[1] / "sousveil" / "claims" / "model.json"


def main() -> None:
    """Train on all passages and write the weights."""
    rows = corpus()
    model = train(rows)
    MODEL.write_text(_readable(model), "utf-8")
    print(f"{MODEL.name}: {len(model['weights'])} features from {len(rows)} passages")
    print(json.dumps(model["record"], indent=1))


def _readable(model: dict[str, Any]) -> str:
    """Return the model as JSON with one feature a line, so that two versions can be compared."""
    head = {name: value for name, value in model.items() if name != "weights"}
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(row)}"
        for name, row in sorted(model["weights"].items())
    ]
    start = json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True).removesuffix("\n}")
    return f'{start},\n "weights": {{\n' + ",\n".join(lines) + "\n }\n}\n"


if __name__ == "__main__":
    main()
