"""What several have in common: the same field of code, or the same words, with several actors.

Takes findings; gives, for each field or wording that at least two actors have, since when each has
it: by the commit that brought it in, whose date its author's computer wrote, or by our capture.
That two have the same says nothing of who had it from whom, so that is not said.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from markupsafe import Markup

from sousveil.changes.trace.kin import words_key
from sousveil.dossier.views.axis import Axis, axis_of
from sousveil.dossier.views.drawing import WIDTH, Cell, Drawing, Link, label, linked, shape, svg
from sousveil.model import Finding
from sousveil.topics import load, shipped

MAX_SHARED = 12  # drawn: the most widely shared; a page holds no more
MAX_LANES = 8  # of one of them
MAX_IDENTIFIERS = 200  # of one quote, which is some lines of code

_IDENTIFIER = re.compile(r"[^\W\d]\w{2,60}", re.ASCII)
_JOINT = re.compile(r"[_\d]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LANGUAGES = frozenset({"code", "en"})
_LONGEST_TERM = 4  # words
_NAMES = 250.0
_TITLE, _LANE, _FOOT = 30.0, 26.0, 26.0


@dataclass(frozen=True, slots=True)
class Lane:
    """Since when an actor has it, as far as this case tells."""

    actor: str
    finding_id: str  # the earliest
    since: datetime
    is_commit: bool  # the date is a commit's own, not that of our capture
    until: datetime | None  # when the last of theirs was taken out; None while one stands


@dataclass(frozen=True, slots=True)
class Shared:
    """A field, or a wording, that several actors have."""

    words: str
    is_field: bool
    lanes: tuple[Lane, ...]  # the earliest first


def shared(
    findings: Iterable[Finding], gone_by: Callable[[str], datetime | None]
) -> tuple[Shared, ...]:
    """Return what at least two actors have, what most have first.

    `gone_by` tells of a finding's id when its words were found gone; None while they stand.
    """
    held: dict[tuple[bool, str], dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    told: dict[tuple[bool, str], str] = {}
    for one in findings:
        if one.actor:
            for key, words in _keys(one):
                told.setdefault(key, words)
                held[key][one.actor].append(one)
    found = [
        Shared(told[key], key[0], tuple(sorted(lanes, key=lambda lane: (lane.since, lane.actor))))
        for key, actors in held.items()
        if len(actors) > 1
        for lanes in [[_lane(actor, theirs, gone_by) for actor, theirs in actors.items()]]
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.lanes), one.lanes[0].since, one.words)))


def _keys(finding: Finding) -> Iterator[tuple[tuple[bool, str], str]]:
    is_code = bool(finding.source.path) or finding.lang == "code"
    if not is_code:
        _, words, owner = words_key(finding)
        if not owner:  # shorter words are in many a text
            yield (False, words), finding.quote
        return
    names = dict.fromkeys(_IDENTIFIER.findall(finding.quote)[:MAX_IDENTIFIERS])
    for name in names:
        words = " ".join(_JOINT.sub(" ", name).lower().split())
        if _is_telling(words, finding.claim.topic):
            yield (True, words), name


def _is_telling(words: str, topic: str) -> bool:
    """Whether the words of an identifier hold a term of the topic: "face" and "name" do not."""
    parts = words.split()
    whole, beginnings = _terms(topic)
    return any(
        run in whole or run.startswith(beginnings)
        for length in range(1, min(_LONGEST_TERM, len(parts)) + 1)
        for start in range(len(parts) - length + 1)
        for run in [" ".join(parts[start : start + length])]
    )


@cache
def _terms(topic: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the terms of a topic that code may hold, whole ones and beginnings."""
    if topic not in shipped():
        return frozenset(), ()
    texts = [
        term.text.lower()
        for term in load(topic).terms
        if term.lang in _LANGUAGES and term.kind != "hint"
    ]
    return (
        frozenset(one for one in texts if "*" not in one),
        tuple(one[:-1] for one in texts if one.endswith("*") and one.count("*") == 1),
    )


def _lane(actor: str, theirs: list[Finding], gone_by: Callable[[str], datetime | None]) -> Lane:
    first = min(theirs, key=lambda one: (_since(one), one.id))
    ends = [gone_by(one.id) for one in theirs]
    over = [end for end in ends if end is not None]
    return Lane(
        actor,
        first.id,
        _since(first),
        first.source.commit is not None,
        max(over) if len(over) == len(ends) else None,
    )


def _since(finding: Finding) -> datetime:
    brought = finding.source.entered or finding.source.commit
    return brought.authored_at if brought else finding.capture.captured_at


# ------------------------------------------------------------ drawing


def draw_shared(told: tuple[Shared, ...], now: datetime, link: Link) -> Drawing | None:
    """Return the drawing; None when no two actors have the same."""
    if not told:
        return None
    title = "The same with several"
    words = (
        "Fields of code, and sentences, that several actors have, from when it is known of each"
        " until it went. Diamond: the date of their own commit. Dot: our first capture. An arrow:"
        " still there. That two have the same does not tell who had it from whom."
    )
    drawn = told[:MAX_SHARED]
    lanes = [lane for one in drawn for lane in one.lanes[:MAX_LANES]]
    axis = axis_of([lane.since for lane in lanes] + [now], _NAMES, WIDTH - 20.0)
    marks: list[Markup] = []
    y = 4.0
    for one in drawn:
        marks += [
            shape("line", class_="rule", x1=0, x2=WIDTH, y1=y, y2=y),
            label(one.words, 0, y + 21, room=WIDTH, class_="code" if one.is_field else "strong"),
        ]
        y += _TITLE
        for lane in one.lanes[:MAX_LANES]:
            marks.append(_drawn(lane, one.lanes[0], y, axis, link(lane.finding_id)))
            y += _LANE
        y += 8
    return Drawing(
        "shared",
        title,
        words,
        svg("shared", title, words, y + _FOOT, *axis.ticks(4.0, y), *marks),
        ("what", "actor", "known since", "by", "until"),
        tuple(
            (
                *(Cell(one.words), Cell(lane.actor, link(lane.finding_id))),
                *(Cell(f"{lane.since:%Y-%m-%d}"), Cell(_by(lane))),
                Cell(f"{lane.until:%Y-%m-%d}" if lane.until else "still there"),
            )
            for one in told
            for lane in one.lanes
        ),
    )


def _by(lane: Lane) -> str:
    return "its own commit's date" if lane.is_commit else "our capture"


def _drawn(lane: Lane, first: Lane, y: float, axis: Axis, href: str) -> Markup:
    begin, middle = axis.at(lane.since), y + 10
    end = axis.at(lane.until) if lane.until else axis.right
    later = (lane.since - first.since).days
    told = f"{lane.actor}: since {lane.since:%Y-%m-%d} by {_by(lane)}"
    if later:
        told += f", {later:,} days after {first.actor}"
    return linked(
        href,
        told,
        label(lane.actor, 14, y + 15, room=_NAMES - 34),
        shape("line", class_="span", x1=begin, x2=end, y1=middle, y2=middle),
        _start(lane, begin, middle),
        shape("path", class_="stroke", d=f"M{end - 7:.1f} {middle - 5:.1f}l7 5l-7 5")
        if lane.until is None
        else shape("line", class_="gone", x1=end, x2=end, y1=middle - 7, y2=middle + 7),
    )


def _start(lane: Lane, x: float, y: float) -> Markup:
    if lane.is_commit:
        return shape("path", class_="hollow", d=f"M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z")
    return shape("circle", class_="full", cx=x, cy=y, r=5)
