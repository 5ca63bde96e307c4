"""The map of projects: who buys, where, and for how much, on outlines of countries.

Takes facts; a project stands at the province or the country that its own words name, which is told
as such. What names none that we know stands beside the map. Areas of circles are numbers of
projects; amounts stand in the table, for they are of many currencies.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sqrt

from markupsafe import Markup

from sousveil.dossier.views.drawing import WIDTH, Cell, Drawing, Link, label, linked, shape, svg
from sousveil.dossier.views.gazetteer import Place, outlines, placed
from sousveil.model import Fact

HEIGHT = 540.0
_LARGEST = 26.0  # radius of the largest circle
_LEAST_SPAN = 24.0  # degrees of longitude that are shown at least: less is a country's inside
_AROUND = 0.2  # of the span, on each side
_BOTTOM, _TOP = -57.0, 83.0  # latitudes; beyond is nobody's market


@dataclass(frozen=True, slots=True)
class Project:
    """A purchase, as its notice tells it."""

    fact_id: str
    title: str
    buyer: str
    when: str  # ISO 8601; "" where none is told
    amounts: tuple[str, ...]  # "budget 1,200,000 EUR"
    place: Place | None


def projects(facts: Iterable[Fact]) -> tuple[Project, ...]:
    """Return the projects among facts, the latest first."""
    found = [_project(one) for one in facts if one.kind == "project"]
    return tuple(sorted(found, key=lambda one: (one.when, one.fact_id), reverse=True))


def _project(fact: Fact) -> Project:
    def first(*names: str) -> str:
        told = (fact.first(name) for name in names)
        return next((one.value for one in told if one), "")

    amounts = tuple(
        f"{name} {grouped(one.value)} {one.unit}".rstrip()
        for name in ("price", "budget", "ceiling")
        for one in fact.all(name)
    )
    where = placed([first("place"), first("buyer"), first("title")])
    return Project(
        fact.id,
        first("title", "number"),
        first("buyer", "agency"),
        first("awarded", "published"),
        amounts,
        where,
    )


def grouped(value: str) -> str:
    """Return a number's digits in groups of three: "1,200,000.50"."""
    whole, point, rest = value.partition(".")
    return f"{int(whole):,}{point}{rest}"


def draw_projects(told: tuple[Project, ...], link: Link) -> Drawing | None:
    """Return the map; None where no project names a place that is known."""
    at: dict[Place, list[Project]] = defaultdict(list)
    for one in told:
        if one.place:
            at[one.place].append(one)
    if not at:
        return None
    title = "Where projects are"
    beside = sum(one.place is None for one in told)
    words = (
        "Each circle stands at the seat of the province or in the country that a notice names, and"
        " is as large as its projects are many; it tells no address. Outlines are coarse, and take"
        " no side on any border."
    )
    if beside:
        words += f" {beside:,} more name no place that is known here; they are in the table."
    frame = _frame(tuple(at))
    most = max(len(theirs) for theirs in at.values())
    marks = [
        shape("rect", class_="sea", x=0, y=0, width=WIDTH, height=HEIGHT),
        shape("path", class_="land", d=frame.land()),
        *(
            _circle(place, theirs, frame, most, link)
            for place, theirs in sorted(at.items(), key=lambda item: -len(item[1]))
        ),
    ]
    return Drawing(
        "projects",
        title,
        words,
        svg("projects", title, words, HEIGHT, *marks),
        ("place", "buyer", "project", "amount", "date"),
        tuple(
            (
                *(Cell(_named(one.place)), Cell(one.buyer)),
                Cell(one.title or "no title told", link(one.fact_id)),
                *(Cell("; ".join(one.amounts)), Cell(one.when)),
            )
            for one in sorted(told, key=lambda one: (one.place is None, _named(one.place)))
        ),
    )


def _named(place: Place | None) -> str:
    if place is None:
        return "not placed"
    return f"{place.name}, {place.within}" if place.within else place.name


def _circle(place: Place, theirs: list[Project], frame: "Frame", most: int, link: Link) -> Markup:
    x, y = frame.at(place.longitude, place.latitude)
    r = max(6.0, _LARGEST * sqrt(len(theirs) / most))
    count = f"{len(theirs):,} project{'s' if len(theirs) > 1 else ''}"
    href = link(theirs[0].fact_id) if len(theirs) == 1 else ""
    name = f"{place.name} {len(theirs)}" if len(theirs) > 1 else place.name
    return linked(
        href,
        f"{_named(place)}: {count}",
        shape("circle", class_="place", cx=x, cy=y, r=r),
        label(name, x + r + 4, y + 5, room=WIDTH - x - r, class_="over"),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the world that is shown; degrees east are shortened as at its middle."""

    west: float
    north: float
    scale: float  # units a degree of latitude
    narrow: float  # of a degree of longitude, as a part of one of latitude

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return where a place stands in the drawing."""
        return (longitude - self.west) * self.scale * self.narrow, (
            self.north - latitude
        ) * self.scale

    def land(self) -> str:
        """Return the outlines of the countries that reach into the frame, as one path."""
        return _land(self)


def _frame(places: tuple[Place, ...]) -> Frame:
    west, east = (pick(one.longitude for one in places) for pick in (min, max))
    south, north = (pick(one.latitude for one in places) for pick in (min, max))
    middle = (south + north) / 2
    narrow = max(0.35, cos(radians(middle)))
    wide = max(_LEAST_SPAN, (east - west) * (1 + 2 * _AROUND))
    high = max((north - south) * (1 + 2 * _AROUND), wide * narrow * HEIGHT / WIDTH)
    high = min(high, _TOP - _BOTTOM)
    scale = HEIGHT / high
    wide = WIDTH / (scale * narrow)
    top = min(_TOP, middle + high / 2)
    return Frame((west + east - wide) / 2, max(top, _BOTTOM + high), scale, narrow)


@lru_cache(maxsize=16)
def _land(frame: Frame) -> str:
    parts: list[str] = []
    for country in outlines():
        for ring in country:
            corners = [frame.at(*corner) for corner in ring]
            if _is_seen(corners):
                told = dict.fromkeys(f"{x:.0f} {y:.0f}" for x, y in corners)
                parts.append(f"M{'L'.join(told)}z")
    return "".join(parts)


def _is_seen(corners: list[tuple[float, float]]) -> bool:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return max(xs) > 0 and min(xs) < WIDTH and max(ys) > 0 and min(ys) < HEIGHT
