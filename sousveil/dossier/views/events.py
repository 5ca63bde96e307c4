"""The timeline: when claims were first seen, reworded and lost, and when somebody was asked.

Takes moments, gives lanes of marks by time: each as large as what happened within a step of the
axis is much. What happened once leads to its evidence.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Literal, TypeAlias

from markupsafe import Markup

from sousveil.dossier.text import public_address
from sousveil.dossier.views.axis import Axis, axis_of
from sousveil.dossier.views.drawing import WIDTH, Cell, Drawing, Link, label, linked, shape, svg
from sousveil.model import Fate, Finding, Letter, Verdict

Kind: TypeAlias = Literal["claimed", "reworded", "moved", "gone", "asked", "answered"]

LANES: dict[Kind, str] = {
    "claimed": "first seen",
    "reworded": "reworded",
    "moved": "moved",
    "gone": "gone",
    "asked": "letter sent",
    "answered": "reply came",
}
STEPS = 60  # of the axis: what falls within one is one mark
MAX_ROWS = 500  # of the table

_NAMES, _LANE, _LARGEST = 130.0, 44.0, 17.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at a time."""

    at: datetime
    kind: Kind
    told: str  # in words
    id: str = ""  # of its finding; "" for what is of none


def moments(
    findings: Iterable[Finding],
    fate_of: Callable[[str], Fate | None],
    letters: Iterable[Letter] = (),
) -> tuple[Moment, ...]:
    """Return what happened to findings, and which letters went and were answered, in their order.

    What a repository brought in counts from its commit's own date, and is told so.
    """
    found = [moment for one in letters for moment in _of_letter(one)]
    for one in findings:
        whose = one.actor or "nobody named"
        brought = one.source.entered or one.source.commit
        at = brought.authored_at if brought else one.capture.captured_at
        by = " (by its commit's own date)" if brought else ""
        found.append(Moment(at, "claimed", f"{whose}: {one.quote}{by}", one.id))
        fate = fate_of(one.id)
        if fate is not None and fate.is_gone and fate.gone_by is not None:
            kind = _KINDS.get(fate.verdict, "gone")
            found.append(Moment(fate.gone_by, kind, f"{whose}: {one.quote}", one.id))
    return tuple(sorted(found, key=lambda moment: (moment.at, moment.kind, moment.id)))


def _of_letter(letter: Letter) -> Iterator[Moment]:
    whose = f"{letter.actor}: " if letter.actor else ""
    about = f"{whose}about {public_address(letter.target)}"
    yield Moment(letter.sent_at, "asked", f"{about} (log entry {letter.log_index})")
    for at, log_index in letter.replies:
        yield Moment(at, "answered", f"{about} (log entry {log_index})")


_KINDS: dict[Verdict, Kind] = {Verdict.EDITED: "reworded", Verdict.MOVED: "moved"}


def draw_timeline(told: tuple[Moment, ...], link: Link) -> Drawing | None:
    """Return the drawing of moments, the oldest first; None when nothing happened."""
    if not told:
        return None
    title = "What happened when"
    words = (
        "What was first seen, reworded and gone, and who was asked: the larger a mark, the more of"
        " it. Claims of repositories stand at their commits' own dates, all others at those of our"
        " looks."
    )
    axis = axis_of([one.at for one in told], _NAMES, WIDTH - 24.0)
    kinds = [kind for kind in LANES if any(one.kind == kind for one in told)]
    binned = _binned(told, axis)
    most = max(len(together) for together in binned.values())
    marks: list[Markup] = []
    for number, kind in enumerate(kinds):
        y = _LANE * (number + 0.5)
        marks += [
            label(LANES[kind], 0, y + 5, room=_NAMES - 30),
            shape("line", class_="rule", x1=_NAMES, x2=WIDTH, y1=y, y2=y),
        ]
        marks += [
            _mark(together, axis, y, most, link)
            for (other, _), together in binned.items()
            if other == kind
        ]
    bottom = _LANE * len(kinds)
    return Drawing(
        "timeline",
        title,
        words,
        svg("timeline", title, words, bottom + 26, *axis.ticks(0.0, bottom), *marks),
        ("date", "what", "of whom"),
        tuple(
            (
                Cell(f"{one.at:%Y-%m-%d}"),
                Cell(LANES[one.kind]),
                Cell(one.told, link(one.id) if one.id else ""),
            )
            for one in told[-MAX_ROWS:]
        ),
    )


def _binned(told: tuple[Moment, ...], axis: Axis) -> dict[tuple[Kind, int], list[Moment]]:
    step = (axis.right - axis.left) / STEPS
    binned: dict[tuple[Kind, int], list[Moment]] = defaultdict(list)
    for one in told:
        binned[one.kind, int((axis.at(one.at) - axis.left) / step)].append(one)
    return binned


def _mark(together: list[Moment], axis: Axis, y: float, most: int, link: Link) -> Markup:
    first, last = together[0], together[-1]
    x = (axis.at(first.at) + axis.at(last.at)) / 2
    r = max(5.0, _LARGEST * sqrt(len(together) / most))
    days = dict.fromkeys(f"{one.at:%Y-%m-%d}" for one in (first, last))
    title = f"{' to '.join(days)}, {LANES[first.kind]}: {len(together):,}"
    href = link(first.id) if len(together) == 1 and first.id else ""
    return linked(href, title, _sign(first.kind, x, y, r))


def _sign(kind: Kind, x: float, y: float, r: float) -> Markup:
    """Return the sign of a lane; by shape, so that it can be read without colour."""
    if kind == "claimed":
        return shape("circle", class_="full", cx=x, cy=y, r=r)
    if kind in {"asked", "answered"}:
        side = r * 1.7
        name = "full" if kind == "asked" else "hollow"
        return shape("rect", class_=name, x=x - side / 2, y=y - side / 2, width=side, height=side)
    if kind == "gone":
        across = f"{2 * r:.1f}"
        d = f"M{x - r:.1f} {y - r:.1f}l{across} {across}m0 -{across}l-{across} {across}"
        return shape("path", class_="gone", d=d) + shape("circle", class_="touch", cx=x, cy=y, r=r)
    return shape("circle", class_="hollow", cx=x, cy=y, r=r)
