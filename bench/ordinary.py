"""Samples ordinary passages for training: `python bench/ordinary.py FOLDER…` (see field.py).

Terms of a topic stand in ordinary text too: a race in a game, an expression in SQL, a church in a
novel. Half of the folders that hold such text give passages labelled `none`; the other half is
left to bench/field.py to measure on. The text is others' and stays in a cache that no commit holds;
of it the model learns weights of features and of words that stand in passages of our own.
"""

import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from bench.field import documents
from sousveil import topics
from sousveil.claims.finder import passages
from sousveil.model import Document, Json

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "ordinary.jsonl.gz"
OF_A_DOCUMENT = 8  # passages: a game has a thousand files, a dictionary a thousand in one file
LOOKED_AT = 400
MAX_CHARACTERS = 1_200  # of a passage


def main() -> None:
    """Sample the folders into the cache."""
    CACHE.parent.mkdir(exist_ok=True)
    with gzip.open(CACHE, "wt", encoding="utf-8") as out:
        for row in sample(documents([Path(name) for name in sys.argv[1:]])):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def sample(texts: Iterable[tuple[Path, Document]]) -> Iterator[Json]:
    """Yield up to OF_A_DOCUMENT passages of each document, chosen by their digests."""
    loaded = tuple(topics.load(name) for name in topics.shipped())
    for path, document in texts:
        found = islice(passages(document, loaded), LOOKED_AT)
        for text, context, code in sorted(found, key=lambda each: digest(each[0]))[:OF_A_DOCUMENT]:
            yield {
                "text": text[:MAX_CHARACTERS],
                "context": context,
                "code": code,
                "folder": str(path.parent),
                "measured": is_measured(path.parent),
            }


def is_measured(folder: Path) -> bool:
    """Whether text of a folder is kept to measure on."""
    return digest(str(folder)) % 2 == 1


def digest(text: str) -> int:
    """Return a number that a text always has."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


if __name__ == "__main__":
    main()
