"""Labelled passages and what the finder sees in them: for training and for measuring.

Three kinds. *shared*: those of ../shared/corpus, from public documents, where that folder stands
beside this one. *own*: those that we wrote (bench/passages/*.jsonl), true to LABELLING's kinds and
never to a source. *ordinary*: what ordinary text says around the same terms (bench/ordinary.py),
all labelled none.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sousveil import topics
from sousveil.claims.features import Reading, read
from sousveil.claims.lexicon import Lexicon, lexicon

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "corpus" / "claims-dev.jsonl"
OWN = ROOT / "bench" / "passages"
ORDINARY = ROOT / ".cache" / "ordinary.jsonl.gz"
FOLDS = 5
GROUPS = 10  # of neighbours, of which every SEALED-th block is sealed, whatever the folds are
NEIGHBOURS = 8  # lines of one file that are kept in one fold: claim, denial and rule of one scene
SEALED = 4  # one group of neighbours in so many is never looked at, only measured


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
    kind: Literal["shared", "own", "ordinary"]
    file: str  # of ours: "en-news"
    measured: bool = False  # an ordinary passage that no training sees

    @property
    def shared(self) -> bool:
        """Whether it comes from a public document."""
        return self.kind == "shared"

    @property
    def fold(self) -> int:
        """Return its fold: the same for all passages of its source."""
        return _digest(self.source) % FOLDS

    @property
    def sealed(self) -> bool:
        """Whether it is one of ours that nobody may look at while working on terms and cues."""
        return self.kind == "own" and self.blind and _digest(self.source) // GROUPS % SEALED == 0


def words() -> Lexicon:
    """Return the lexicon of all shipped topics."""
    return lexicon(tuple(topics.load(name) for name in topics.shipped()))


def corpus() -> list[Row]:
    """Return the shared passages, when they are there, then our own."""
    rows = [_shared(data) for data in _lines(SHARED)] if SHARED.exists() else []
    for path in sorted(OWN.glob("*.jsonl")):
        rows += [_own(data, path.stem, number) for number, data in enumerate(_lines(path))]
    return rows


def ordinary() -> Iterator[Row]:
    """Yield what bench/ordinary.py has sampled; nothing when it has not."""
    if not ORDINARY.exists():
        return
    with gzip.open(ORDINARY, "rt", encoding="utf-8") as lines:
        for data in map(json.loads, lines):
            yield Row(
                text=data["text"],
                lang="code" if data["code"] else "",
                label="none",
                trait="none",
                spans=(),
                context=data["context"],
                source=data["folder"],
                blind=True,
                kind="ordinary",
                file="",
                measured=data["measured"],
            )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def _shared(data: dict[str, Any]) -> Row:
    source = data["source"]
    where = (
        source.get("repo") or source.get("outlet") or source.get("url")
        or source.get("index_id") or source.get("title") or data["text"]
    )  # fmt: skip
    return _row(data, source=str(where), kind="shared", file="")


def _own(data: dict[str, Any], file: str, number: int) -> Row:
    return _row(data, source=f"{file} {number // NEIGHBOURS}", kind="own", file=file)


def _row(data: dict[str, Any], *, source: str, kind: Literal["shared", "own"], file: str) -> Row:
    return Row(
        text=data["text"],
        lang=data["lang"],
        label=data["label"],
        trait=data.get("trait", "none"),
        spans=tuple(data.get("spans", ())),
        context=data.get("context", ""),
        source=source,
        blind=data.get("blind", True),
        kind=kind,
        file=file,
    )


def readings(rows: list[Row]) -> list[Reading]:
    """Return what is seen in each passage."""
    lex = words()
    return [read(r.text, lex, context=r.context, code=r.lang == "code") for r in rows]


def _digest(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)
