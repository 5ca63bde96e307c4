"""Figures: numbers that texts tell for years, plotted, each a link to the words that tell it.

What is counted in one unit stands in one plot, from zero. No line joins two figures: each is
somebody's word for itself.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import floor, log10

from markupsafe import Markup

from sousveil.dossier.views.axis import axis_of
from sousveil.dossier.views.drawing import WIDTH, Cell, Drawing, Link, label, linked, shape, svg
from sousveil.facts.numbers import plainly
from sousveil.model import Fact

MAX_PLOTS = 6  # a printed page holds no more
_LEAST = 2  # dated figures of one unit: one alone needs no plot
_LEFT, _PLOT, _HEAD, _FOOT = 90.0, 150.0, 34.0, 40.0
_SIGNS = {"about": "≈", "at least": "≥", "over": ">", "up to": "≤", "under": "<"}
_WITH_MONTH, _WITH_DAY = 7, 10  # characters of "2020-03" and "2020-03-11"


@dataclass(frozen=True, slots=True)
class Point:
    """A figure for a time."""

    fact_id: str
    when: str  # ISO 8601, as told; "" where no time is
    low: Decimal
    high: Decimal  # the same, unless a range is told
    bound: str  # one of BOUNDS, or ""
    unit: str
    quote: str

    @property
    def told(self) -> str:
        """The number as people write it: "> 626,000,000"."""
        sign = f"{_SIGNS[self.bound]} " if self.bound in _SIGNS else ""
        high = f" to {_grouped(self.high)}" if self.high != self.low else ""
        return f"{sign}{_grouped(self.low)}{high}"

    @property
    def short(self) -> str:
        """The number as a label: ">626m", "91–95"."""
        low = f"{short(self.low)}–" if self.high != self.low else ""
        return f"{_SIGNS.get(self.bound, '')}{low}{short(self.high)}"


def points(facts: Iterable[Fact]) -> tuple[Point, ...]:
    """Return the figures among facts, by unit, then time."""
    found = []
    for one in facts:
        amount = one.first("amount")
        if one.kind != "figure" or amount is None:
            continue
        high, bound, when = one.first("to"), one.first("bound"), one.first("when")
        found.append(
            Point(
                one.id,
                when.value if when else "",
                amount.number,
                high.number if high else amount.number,
                bound.value if bound else "",
                amount.unit,
                amount.source.exact,
            )
        )
    return tuple(
        sorted(found, key=lambda point: (point.unit, point.when, point.low, point.fact_id))
    )


def draw_figures(told: tuple[Point, ...], link: Link) -> Drawing | None:
    """Return the plots; None where no unit has two figures of known times."""
    series: dict[str, list[Point]] = defaultdict(list)
    for one in told:
        if one.when:
            series[one.unit].append(one)
    plots = sorted(
        (unit for unit, theirs in series.items() if len(theirs) >= _LEAST),
        key=lambda unit: (-len(series[unit]), unit),
    )[:MAX_PLOTS]
    if not plots:
        return None
    title = "Figures"
    words = (
        "Each dot is a number that a text tells for a time; a line down from it a range. ≈ about,"
        " > over, ≤ up to. No curve is drawn: each is somebody's word for itself."
    )
    marks: list[Markup] = []
    for number, unit in enumerate(plots):
        marks += _plot(series[unit], unit, number * (_HEAD + _PLOT + _FOOT), link)
    height = len(plots) * (_HEAD + _PLOT + _FOOT)
    return Drawing(
        "figures",
        title,
        words,
        svg("figures", title, words, height, *marks),
        ("for", "figure", "of what", "as it stands there"),
        tuple(
            (
                *(Cell(one.when or "not told"), Cell(one.told, link(one.fact_id))),
                *(Cell(one.unit), Cell(one.quote)),
            )
            for one in told
        ),
    )


def _plot(theirs: list[Point], unit: str, top: float, link: Link) -> list[Markup]:
    axis = axis_of([_moment(one.when) for one in theirs], _LEFT + 30, WIDTH - 110.0)
    highest = _round_up(max(one.high for one in theirs))
    base, zero = top + _HEAD + _PLOT, Decimal(0)

    def y(value: Decimal) -> float:
        return base - _PLOT * float(max(value, zero) / highest)

    marks = [label(unit or "number", 0, top + 16, room=WIDTH, class_="strong")]
    for share in (Decimal(0), Decimal("0.5"), Decimal(1)):
        at = y(highest * share)
        marks += [
            shape("line", class_="rule", x1=_LEFT, x2=WIDTH, y1=at, y2=at),
            shape("text", short(highest * share), class_="soft", x=_LEFT - 8, y=at + 4,
                  text_anchor="end"),
        ]  # fmt: skip
    marks += axis.ticks(top + _HEAD, base)
    for one in theirs:
        x = axis.at(_moment(one.when))
        marks.append(
            linked(
                link(one.fact_id),
                f"{one.when}: {one.told} {unit}",
                shape("line", class_="span", x1=x, x2=x, y1=y(one.high), y2=y(one.low)),
                shape("circle", class_="full", cx=x, cy=y(one.high), r=6),
                label(one.short, x + 11, y(one.high) + 5, room=110),
            )
        )
    return marks


def _moment(when: str) -> datetime:
    """Return the middle of a told year or month, or the day."""
    if len(when) == _WITH_DAY:
        return datetime.fromisoformat(when).replace(tzinfo=UTC)
    if len(when) == _WITH_MONTH:
        return datetime.fromisoformat(f"{when}-15").replace(tzinfo=UTC)
    return datetime(int(when), 7, 1, tzinfo=UTC)


def _round_up(value: Decimal) -> Decimal:
    """Return the next of 1, 2 and 5 times a power of ten."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** floor(log10(value))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= value)


def short(value: Decimal) -> str:
    """Return a number as a label: "626m", "1.2bn"."""
    for size, sign in ((10**9, "bn"), (10**6, "m"), (10**3, "k")):
        if abs(value) >= size:
            return f"{plainly((value / size).quantize(Decimal('0.1')))}{sign}"
    return plainly(value)


def _grouped(value: Decimal) -> str:
    return f"{value.normalize():,f}"
