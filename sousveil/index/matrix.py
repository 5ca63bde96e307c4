"""The matrix: who is said to make systems that infer which trait, in how many findings.

Takes an open `Index` and a `Filter`; stores nothing. What
people rejected is left out unless the filter asks for it.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from sousveil.index.counts import sorts
from sousveil.index.filters import NOBODY, STATUSES, Filter
from sousveil.index.store import Index

NOT_REJECTED = tuple(one for one in STATUSES if one != "rejected")


@dataclass(slots=True)
class Cell:
    """The findings of one actor and one trait."""

    count: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    confirmed: int = 0

    @property
    def gone(self) -> int:
        """How many stand no more where they were."""
        return sum(self.states[one] for one in ("gone", "reworded", "moved"))


@dataclass(frozen=True, slots=True)
class Matrix:
    """Actors and traits, those with the most findings first."""

    actors: tuple[str, ...]  # NOBODY last, where nobody is named
    traits: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    chosen: Filter  # what was counted, as links to it carry on
    by_actor: Counter[str]
    by_trait: Counter[str]

    def of_actor(self, actor: str) -> int:
        """Return how many findings are about somebody."""
        return self.by_actor[actor]

    def of_trait(self, trait: str) -> int:
        """Return how many findings are about a trait."""
        return self.by_trait[trait]

    @property
    def highest(self) -> int:
        """Return the greatest count of a cell."""
        return max((cell.count for cell in self.cells.values()), default=0)


def matrix(index: Index, chosen: Filter) -> Matrix:
    """Return how many findings there are by actor and trait."""
    counted = chosen if chosen.status else replace(chosen, status=NOT_REJECTED)
    cells = defaultdict[tuple[str, str], Cell](Cell)
    for one in sorts(index, counted):
        cell = cells[one.actor or NOBODY, one.trait]
        cell.count += one.findings
        cell.labels[one.label] += one.findings
        cell.states[one.state] += one.findings
        is_confirmed = one.decided == "confirmed" and one.readings >= index.readings
        cell.confirmed += one.findings if is_confirmed else 0
    actors, traits = Counter[str](), Counter[str]()
    for (actor, trait), cell in cells.items():
        actors[actor] += cell.count
        traits[trait] += cell.count
    return Matrix(
        tuple(sorted(actors, key=lambda one: (one == NOBODY, -actors[one], one))),
        tuple(sorted(traits, key=lambda one: (-traits[one], one))),
        dict(cells),
        counted,
        actors,
        traits,
    )
