"""Agreement: how far people who read the same findings, each for themselves, decide alike.

Takes what each of them decided, finding by finding, and gives Krippendorff's alpha for nominal data
(Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C): 1 is perfect
agreement, 0 what chance brings, less than 0 worse than chance. Not everybody need have read
everything. The interval is a percentile bootstrap over findings, each drawn a Poisson number of
times, so that its cost depends on how many patterns of decisions there are and not on how many
findings (Chamandy et al. 2012). Pure: the same decisions give the same figures.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Pattern: TypeAlias = tuple[tuple[Hashable, int], ...]
"""How many people gave each value to one unit, in the order of the values' names."""

RESAMPLES = 1_000  # the second digit of an interval stands still from there on
CONFIDENCE = 0.95
MIN_UNITS = 5  # fewer findings show nothing, and an interval over them pretends to

# From this mean on, a Poisson number is drawn as a normal one, which is as good and takes no time.
_MANY = 100


@dataclass(frozen=True, slots=True)
class Unit:
    """A finding that people have read, each for themselves."""

    group: tuple[str, str]  # its label and trait
    decided: dict[str, str]  # by person


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on some findings."""

    alpha: float | None  # None: too few, or all decisions are the same, and chance explains all
    low: float | None  # of the interval; None with `alpha`
    high: float | None
    units: int  # findings that two people or more have read
    decisions: int  # on those
    people: int
    agreed: int  # of `units`, on which all decided alike


def agreements(units: Iterable[Unit]) -> dict[tuple[str, str], Agreement]:
    """Return how far people agree on all findings, under ("", ""), and on each label and trait."""
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {("", ""): []}
    for unit in units:
        label, trait = unit.group
        for group in (("", ""), (label, ""), ("", trait)):
            groups.setdefault(group, []).append(unit.decided)
    return {group: agreement(decided) for group, decided in sorted(groups.items())}


def agreement(decided: Iterable[Mapping[str, str]]) -> Agreement:
    """Return how far people agree; each of `decided` gives, by person, what they made of one."""
    pairable = [unit for unit in decided if len(unit) > 1]
    patterns = Counter(_pattern(unit.values()) for unit in pairable)
    value = alpha(patterns) if len(pairable) >= MIN_UNITS else None
    low, high = interval(patterns) if value is not None else (None, None)
    return Agreement(
        alpha=value,
        low=low,
        high=high,
        units=len(pairable),
        decisions=sum(map(len, pairable)),
        people=len({person for unit in pairable for person in unit}),
        agreed=sum(count for pattern, count in patterns.items() if len(pattern) == 1),
    )


def _pattern(values: Iterable[Hashable]) -> Pattern:
    return tuple(sorted(Counter(values).items(), key=lambda one: str(one[0])))


def alpha(patterns: Mapping[Pattern, float]) -> float | None:
    """Return Krippendorff's alpha of units, given by how often each pattern of values occurs.

    None where all values are the same, or nothing can be paired: expected disagreement is 0 then.
    """
    observed = total = 0.0
    of_value: dict[Hashable, float] = {}
    for pattern, weight in patterns.items():
        people = sum(count for _, count in pattern)
        if people == 1:  # nobody to agree with
            continue
        total += weight * people
        for value, count in pattern:
            of_value[value] = of_value.get(value, 0.0) + weight * count
            observed += weight * count * (people - count) / (people - 1)
    expected = sum(count * (total - count) for count in of_value.values())
    if expected <= 0:
        return None
    return 1 - (total - 1) * observed / expected


def interval(patterns: Mapping[Pattern, int]) -> tuple[float | None, float | None]:
    """Return the bounds between which CONFIDENCE of the resamples' alphas lie."""
    random = Random(0)  # noqa: S311  # statistics, not secrets; the same decisions, the same figures
    drawn: list[float] = []
    for _ in range(RESAMPLES):
        weights = {pattern: _poisson(count, random) for pattern, count in patterns.items()}
        value = alpha(weights)
        if value is not None:
            drawn.append(value)
    if not drawn:
        return None, None
    drawn.sort()
    tail = (1 - CONFIDENCE) / 2
    return drawn[int(tail * len(drawn))], drawn[math.ceil((1 - tail) * len(drawn)) - 1]


def _poisson(mean: float, random: Random) -> int:
    """Return a number of this Poisson distribution (Knuth's way while the mean is small)."""
    if mean >= _MANY:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        number += 1
    return number


Reading: TypeAlias = tuple[str, tuple[str, str], str, str]
"""(finding id, its label and trait as it was shown, person, what they decided)"""


def independent(readings: Iterable[Reading], needed: int) -> list[Unit]:
    """Return, finding by finding, what each person had decided when the seal was broken.

    `readings` are in the order of the log. Until `needed` people have decided nobody sees what
    others did; whoever decides later, or again, has. Where one reading is enough, each person's
    first counts, though others' could be seen.
    """
    units: dict[str, Unit] = {}
    for finding_id, group, person, decision in readings:
        unit = units.setdefault(finding_id, Unit(group, {}))
        if needed == 1:
            unit.decided.setdefault(person, decision)
        elif len(unit.decided) < needed:
            unit.decided[person] = decision
    return list(units.values())
