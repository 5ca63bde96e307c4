"""Writes docs/reference/case.schema.json from the structs that exports are made of.

`python tools/case_schema.py` writes it; `tests/run/publish/test_whole.py` fails when it is stale.
"""

import json
from pathlib import Path

from sousveil.run.publish.exports.schema import case_schema

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "case.schema.json"


def schema_text() -> str:
    """Return the file as it should be."""
    return json.dumps(case_schema(), indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(schema_text(), encoding="utf-8")
