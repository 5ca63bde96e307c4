"""Remains: what a dossier withholds, and what is left in it that a person should have looked at.

Takes what was met while values were concealed, the pictures of a report and the marks on them;
gives counts, places, and the lines that tell them before anything is published. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sousveil.dossier.harm.conceal import Withheld, counts
from sousveil.dossier.harm.marks import Marks
from sousveil.model import Report

MAX_PLACES_TOLD = 12  # findings named one by one

_NO_GUARANTEE = (
    "No pattern finds a name without its label, a face, or a number plate: read the pages, and look"
    " at each picture, before others do."
)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a check before publishing tells."""

    withheld: Mapping[str, int]  # by kind, each thing once
    places: tuple[str, ...]  # ids of findings in which something is withheld
    shown: tuple[Withheld, ...]  # because an editor marked it so
    painted: int  # pictures on which boxes are painted over
    covered: int  # pictures on which words are painted over that are withheld
    unseen: tuple[str, ...]  # ids of findings whose pictures nobody looked at
    records: Mapping[str, int] = field(default_factory=dict)  # by kind, in a bundle's records

    @property
    def agreed(self) -> dict[str, int]:
        """What goes out because somebody agreed to it, as the log keeps it."""
        told = {"shown": len(self.shown), "pictures": len(self.unseen)}
        told["contacts"] = sum(self.records.values())
        return {name: number for name, number in told.items() if number}


def remains(report: Report, met: Iterable[Withheld], marks: Marks) -> Remains:
    """Return what is left in a report; `met` is what its concealing met."""
    found = list(met)
    looked = {
        one: marks.pictures.get((shown.sha256, shown.page))
        for one, shown in report.pictures.items()
    }
    return Remains(
        withheld=counts(found),
        places=tuple(sorted({one.where for one in found if one.where and not one.is_shown})),
        shown=tuple(dict.fromkeys(one for one in found if one.is_shown)),
        painted=sum(bool(mark and mark.boxes) for mark in looked.values()),
        covered=sum(shown.covered > 0 for shown in report.pictures.values()),
        unseen=tuple(one for one, mark in looked.items() if mark is None),
    )


def lines(remains: Remains) -> list[str]:
    """Return what remains in words, a line each."""
    told = [f"withheld: {_counted(remains.withheld) or 'nothing that a pattern or a mark finds'}"]
    if remains.places:
        told[0] += f"; in findings {_named(remains.places)}"
    for exact, kind in dict.fromkeys((one.exact, one.kind) for one in remains.shown):
        told.append(f"shown, as an editor marked it: {exact} ({kind})")
    if remains.painted:
        told.append(f"painted over by boxes: {_pictures(remains.painted)}")
    if remains.covered:
        told.append(f"words that are withheld are painted over: {_pictures(remains.covered)}")
    if remains.unseen:
        number = len(remains.unseen)
        told.append(
            f"{_pictures(number)} that nobody looked at, of findings {_named(remains.unseen)}:"
            " sousveil withhold picture ID --by NAME --note WHY, with --box for each part to paint"
            " over"
        )
    if remains.records:
        told.append(
            "in the records of the bundle, as others published them, at least"
            f" {_counted(remains.records)}; evidence is handed on as it is"
        )
    return [*told, _NO_GUARANTEE]


def _pictures(number: int) -> str:
    return "1 picture" if number == 1 else f"{number:,} pictures"


def _counted(kinds: Mapping[str, int]) -> str:
    """Return counts in words, each kind as it is called where it is withheld."""
    return ", ".join(f"{kind}: {number:,}" for kind, number in kinds.items())


def _named(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - MAX_PLACES_TOLD:,} more" if len(ids) > MAX_PLACES_TOLD else ""
    return ", ".join(ids[:MAX_PLACES_TOLD]) + more
