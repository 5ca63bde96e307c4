"""The matrix: who is said to have what, each square as large as the findings are many.

Only what says that somebody has a capability is counted (`offers`, `reports`): a denial in it would
say the opposite of what it means. A square is dark as far as its words still stand, and hollow
where they are gone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

from markupsafe import Markup

from sousveil.dossier.views.drawing import WIDTH, Cell, Drawing, label, linked, shape, svg
from sousveil.model import Finding

MAX_ACTORS = 30  # drawn: a printed page holds no more; all are in the table
MAX_TRAITS = 8

_SAYING_SO = ("offers", "reports")
_NAMES = 270.0  # room for the names of actors
_ROW, _HEAD, _SQUARE = 46.0, 40.0, 38.0


@dataclass(frozen=True, slots=True)
class Square:
    """The findings that say that an actor has a capability."""

    actor: str
    trait: str
    findings: tuple[str, ...]  # ids, in the order given
    gone: int  # of them stand no more


def squares(findings: Iterable[Finding], gone: Callable[[str], bool]) -> tuple[Square, ...]:
    """Return the squares, actors with most findings first; what names nobody is left out.

    `gone` tells of a finding's id whether its words stand no more.
    """
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    of_actor: dict[str, int] = defaultdict(int)
    for one in findings:
        if one.actor and one.claim.label in _SAYING_SO:
            cells[one.actor, one.claim.trait].append(one.id)
            of_actor[one.actor] += 1
    ordered = sorted(cells, key=lambda key: (-of_actor[key[0]], key[0], -len(cells[key]), key[1]))
    return tuple(
        Square(actor, trait, tuple(cells[actor, trait]), sum(map(gone, cells[actor, trait])))
        for actor, trait in ordered
    )


def draw_matrix(told: tuple[Square, ...], link: Callable[[Square], str]) -> Drawing | None:
    """Return the drawing; None when there is nothing to draw."""
    if not told:
        return None
    actors = tuple(dict.fromkeys(one.actor for one in told))[:MAX_ACTORS]
    weight: dict[str, int] = defaultdict(int)
    for one in told:
        weight[one.trait] += len(one.findings)
    traits = sorted(weight, key=lambda one: (-weight[one], one))[:MAX_TRAITS]
    title = "Who is said to have what"
    words = (
        "One square for what an actor is said to infer or target: the larger, the more findings say"
        " so. Dark: still there. Hollow: no longer where it was."
    )
    step = min(150.0, (WIDTH - _NAMES) / len(traits))
    most = max(len(one.findings) for one in told)
    marks: list[Markup] = [
        label(trait, _NAMES + number * step, 24, room=step - 8, class_="soft")
        for number, trait in enumerate(traits)
    ]
    for number, actor in enumerate(actors):
        y = _HEAD + number * _ROW
        marks += [
            shape("line", class_="rule", x1=0, x2=_NAMES + step * len(traits), y1=y, y2=y),
            label(actor, 0, y + 28, room=_NAMES - 16),
        ]
    for one in told:
        if one.actor in actors and one.trait in traits:
            x, y = _NAMES + traits.index(one.trait) * step, _HEAD + actors.index(one.actor) * _ROW
            marks.append(_square(one, x, y + 4, most, link(one)))
    height = _HEAD + _ROW * len(actors) + 4
    return Drawing(
        "matrix",
        title,
        words,
        svg("matrix", title, words, height, *marks),
        ("actor", "has", "findings", "no longer there"),
        tuple(
            (
                *(Cell(one.actor), Cell(one.trait)),
                *(Cell(f"{len(one.findings):,}", link(one)), Cell(f"{one.gone:,}")),
            )
            for one in told
        ),
    )


def _square(one: Square, x: float, y: float, most: int, href: str) -> Markup:
    count = len(one.findings)
    side = max(8.0, _SQUARE * sqrt(count / most))
    full = side * (1 - one.gone / count)
    bottom = y + (_SQUARE + side) / 2
    title = f"{one.actor}, {one.trait}: {count:,} findings, {one.gone:,} no longer there"
    return linked(
        href,
        title,
        shape("rect", class_="hollow", x=x, y=bottom - side, width=side, height=side),
        shape("rect", class_="full", x=x, y=bottom - full, width=side, height=full),
        label(f"{count:,}", x + _SQUARE + 8, y + 24, room=60),
    )
