"""Measures the claim finder on public source code: `python bench/code_refs.py FOLDER [--list]`.

The labelled passages of ../shared/corpus/code-refs.jsonl belong to their repositories, so the
folder is filled by hand and never kept here. Look each file up by repository, path and date, or by
its number in a public code index, and save it whole, with its own suffix, which tells the
language. Then say in one or more `places*.jsonl` of that folder, a line each, where what passage
stands:

    {"id": "clm-0000", "file": "header.h", "lines": "10-14,20", "sure": true}

`sure` is false where only the record is named and somebody had to guess which lines are meant.

Each file is read and searched whole, as `sousveil read` does. A passage is found when a finding of
a claim is quoted from its lines; the label is that of the finding with the most of them. Findings
on no labelled line are listed by `--list` with what was missed: they are read by a person.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import detection
from bench.passages import ROOT
from sousveil import topics
from sousveil.claims import find
from sousveil.claims.model import CLAIM_LABELS
from sousveil.extract import extract
from sousveil.model import Claim, Document
from sousveil.topics.load import Topic

REFERENCES = ROOT.parent / "shared" / "corpus" / "code-refs.jsonl"
SHOWN = 160  # characters of a quote
HEAD = f"{'':16}{'passages':>9}{'precision':>10}{'recall':>7}{'F1':>6}{'label':>7}{'trait':>7}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a labelled passage stands."""

    id: str
    label: str
    trait: str
    file: str
    lines: frozenset[int]  # from 1
    sure: bool
    part: str  # name of the file that tells the place

    @property
    def claim(self) -> bool:
        """Whether it is labelled a claim."""
        return self.label in CLAIM_LABELS


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with the lines that it quotes, and those that were read with them."""

    claim: Claim
    quoted: frozenset[int]
    read: frozenset[int]
    quote: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A labelled passage with the finding that fits it best, if any."""

    place: Place
    best: Found | None  # quotes some of its lines
    near: bool  # a finding was read from its lines and quotes others

    @property
    def found(self) -> bool:
        """Whether it is called a claim."""
        return self.best is not None and self.best.claim.label in CLAIM_LABELS

    @property
    def label(self) -> str:
        """Return the label that was found; "none" without a finding."""
        return "none" if self.best is None else self.best.claim.label


def main() -> None:
    """Measure a folder and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    loaded = tuple(topics.load(name) for name in topics.shipped())
    places = _places(given.folder)
    by_file: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        by_file[place.file].append(place)
    verdicts: list[Verdict] = []
    others: list[tuple[str, Found]] = []
    for file, wanted in sorted(by_file.items()):
        all_found = _findings(given.folder / file, loaded)
        verdicts += [_verdict(place, all_found) for place in wanted]
        lines = frozenset[int]().union(*(place.lines for place in wanted))
        others += [(file, found) for found in all_found if not found.quoted & lines]
    _figures(verdicts)
    print(f"{len(others)} findings elsewhere in {len(by_file)} files")
    if given.list:
        _listing(verdicts, others)


def _places(folder: Path) -> list[Place]:
    """Return what the folder says about the places of labelled passages."""
    labelled = {row["id"]: row for row in map(json.loads, REFERENCES.read_text().splitlines())}
    places = []
    for part in sorted(folder.glob("places*.jsonl")):
        for told in map(json.loads, part.read_text("utf-8").splitlines()):
            row = labelled[told["id"]]
            places.append(
                Place(
                    id=told["id"],
                    label=row["label"],
                    trait=row["trait"],
                    file=told["file"],
                    lines=_lines(told["lines"]),
                    sure=told["sure"],
                    part=part.stem,
                )
            )
    return places


def _lines(text: str) -> frozenset[int]:
    """Return the numbers that "3-5,9" means."""
    lines: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        lines |= set(range(int(first), int(last or first) + 1))
    return frozenset(lines)


def _findings(path: Path, loaded: Sequence[Topic]) -> list[Found]:
    document = extract(path.read_bytes(), media_type="", charset=None, name=path.name)
    return [
        Found(
            claim,
            _covered(document, claim.start, claim.end),
            _covered(document, claim.passage_start, claim.passage_end),
            document.text[claim.start : claim.end],
        )
        for claim in find(document, loaded)
    ]


def _covered(document: Document, start: int, end: int) -> frozenset[int]:
    return frozenset(range(document.line(start), document.line(max(start, end - 1)) + 1))


def _verdict(place: Place, all_found: Iterable[Found]) -> Verdict:
    """Return what is made of a passage: the finding on it, of its trait rather than another."""
    touching = [found for found in all_found if found.quoted & place.lines]
    best = max(
        touching,
        key=lambda f: (
            f.claim.label in CLAIM_LABELS,
            f.claim.trait == place.trait,
            len(f.quoted & place.lines),
        ),
        default=None,
    )
    return Verdict(place, best, near=any(found.read & place.lines for found in all_found))


def _figures(verdicts: Sequence[Verdict]) -> None:
    groups: dict[str, list[Verdict]] = {"all": list(verdicts)}
    for verdict in verdicts:
        groups.setdefault(verdict.place.part, []).append(verdict)
    groups["sure places"] = [v for v in verdicts if v.place.sure]
    for verdict in sorted(verdicts, key=lambda v: Path(v.place.file).suffix):
        groups.setdefault(Path(verdict.place.file).suffix, []).append(verdict)
    print(HEAD)
    for name, group in groups.items():
        told = detection([(v.found, v.place.claim) for v in group])
        true = [v for v in group if v.found and v.place.claim]
        label = sum(v.label == v.place.label for v in group) / len(group)
        trait = sum(v.best is not None and v.best.claim.trait == v.place.trait for v in true)
        quality = f"{told.precision:>10.3f}{told.recall:>7.3f}{told.f1:>6.3f}{label:>7.3f}"
        print(f"{name:16}{told.passages:>9}{quality}{trait / max(1, len(true)):>7.3f}")
    claims = [v for v in verdicts if v.place.claim]
    beside = sum(v.near and not v.found for v in claims)
    print(f"{len(claims)} claims: {beside} were seen, but other lines quoted")


def _listing(verdicts: Sequence[Verdict], others: Sequence[tuple[str, Found]]) -> None:
    for verdict in verdicts:
        place, best = verdict.place, verdict.best
        if verdict.found != place.claim or verdict.label != place.label:
            told = f"{place.label}, {place.trait}, found {verdict.label}"
            print(f"- {place.id} {place.file}: {told}{' ' + _shown(best) if best else ''}")
        elif best and best.claim.trait != place.trait:
            print(f"- {place.id} {place.file}: {place.trait}, found {_shown(best)}")
    for file, found in others:
        print(f"+ {file}:{min(found.quoted)}: {_shown(found)}")


def _shown(found: Found) -> str:
    words = " ".join(found.quote.split())[:SHOWN]
    return f"{found.claim.label} {found.claim.trait} {found.claim.score:.2f}: {words}"


if __name__ == "__main__":
    main()
