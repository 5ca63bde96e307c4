"""Paragraphs of real texts, named by file and digest: none of them is part of this repository.

For bench/facts.py. A paragraph is a block of a page or a PDF as sousveil extracts it, or what
stands between blank lines in a Markdown text of ../shared/data/history.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sousveil.extract import extract

SHARED = Path(__file__).parents[2] / "shared" / "data"
MEDIA_TYPES = {".html": "text/html", ".pdf": "application/pdf"}
DIGITS = 12  # of a paragraph's SHA-256, hexadecimal


def paragraph(path: str, digest: str) -> str:
    """Return a paragraph of a file in SHARED."""
    return _paragraphs(path)[digest]


@cache
def _paragraphs(path: str) -> dict[str, str]:
    return {
        hashlib.sha256(text.encode()).hexdigest()[:DIGITS]: text for text in _texts(SHARED / path)
    }


def _texts(path: Path) -> Iterator[str]:
    if path.suffix == ".jsonl":
        for line in path.read_text("utf-8").splitlines():
            for text in re.split(r"\n\s*\n", json.loads(line)["before"] or ""):
                yield text.strip()
        return
    media_type = MEDIA_TYPES[path.suffix]
    document = extract(path.read_bytes(), media_type=media_type, charset=None, name=path.name)
    for block in document.blocks:
        yield document.text[block.start : block.end]
