"""What a dossier shows, grouped and counted: values for the templates, no markup.

Takes a `Report` and gives a `View`. A statement is *missing* when a look showed its place without
it and that is not confirmed yet. It is *gone* when some look showed the address or
the file without it, *unclear* when later looks could not tell; all others stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sousveil.model import (
    LABELS,
    Capture,
    Fate,
    Finding,
    Happening,
    Label,
    Listing,
    Report,
    Shown,
    Trace,
    Verdict,
    Visit,
    WatchReport,
)
from sousveil.tlog.timestamps.told import told

# Statements shown in full in one group of the front page; a reader who gets this far uses the
# folded list below, and the page stays light enough for a phone.
MAX_SHOWN_IN_GROUP = 25

# Losses told in full, and statements in each: one commit can take out a hundred lines, and the
# reader needs the commit once, some of the lines, and the way to the rest.
MAX_LOSSES_SHOWN = 40
MAX_SHOWN_IN_LOSS = 3

# Visits drawn in the strip of one address, and told in its table: a year of four a day is too much.
MAX_VISITS_DRAWN = 120
MAX_VISITS_TOLD = 60
# What happened to one target as a whole; a feed that is edited daily fills a page by itself.
MAX_HAPPENINGS_TOLD = 30

State = Literal["gone", "missing", "unclear", "stands"]

# What a look showed, for the strip. Drawn by shape, so that it can be read without colour.
Mark = Literal["seen", "changed", "gone", "barred"]
_MARKS: dict[Verdict, Mark] = {
    Verdict.PRESENT: "seen",
    Verdict.EDITED: "changed",
    Verdict.QUOTE_REMOVED: "changed",
    Verdict.MOVED: "changed",
    Verdict.REMOVED: "gone",
    Verdict.SOFT_404: "gone",
    Verdict.REDIRECTED_AWAY: "gone",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A finding with what became of it."""

    finding: Finding
    fate: Fate | None
    state: State
    told: tuple[Visit, ...]  # of its watch, the latest first; empty for an import
    earlier: int  # visits that are not told
    before: tuple[Capture, ...]  # of its repository before its own capture, the oldest first
    after: tuple[Capture, ...]  # and after it
    picture: Shown | None  # of the words where they stood
    unpictured: str  # why there is none; "" where none is to be expected
    trace: Trace | None  # with its copies; None where nobody looked for any


@dataclass(frozen=True, slots=True)
class Loss:
    """The statements that went together: with one commit, or from one address at one look."""

    first: Statement
    total: int
    labels: tuple[Label, ...]
    shown: tuple[Statement, ...]
    folded: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The statements about one actor under one label."""

    label: Label
    anchor: str
    shown: tuple[Statement, ...]
    folded: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """The statements about one actor's systems, whoever makes them."""

    name: str | None
    anchor: str
    counts: dict[Label, int]
    gone: int
    total: int
    groups: tuple[Group, ...]
    listings: tuple[Listing, ...]  # on official lists


@dataclass(frozen=True, slots=True)
class Address:
    """A watch with its looks."""

    report: WatchReport
    drawn: tuple[tuple[Visit, Mark], ...]  # the latest of the target itself, oldest first
    told: tuple[Visit, ...]  # the latest, latest first
    earlier: int  # visits that are not told
    happened: tuple[Happening, ...]  # to the whole of it: the latest, latest first


@dataclass(frozen=True, slots=True)
class View:
    """A dossier, ready to render."""

    report: Report
    statements: tuple[Statement, ...]
    gone: int
    losses: tuple[Loss, ...]  # the latest first
    missing: tuple[Loss, ...]  # that are not confirmed yet, the latest first
    further: tuple[Statement, ...]  # of losses that are not told in full
    unclear: tuple[Statement, ...]
    actors: tuple[Actor, ...]  # who lost most first
    addresses: tuple[Address, ...]
    looks: int

    @property
    def listed(self) -> frozenset[str]:
        """The ids of the statements that have a page of their own."""
        return frozenset(statement.finding.id for statement in self.statements)

    @property
    def stamped(self) -> tuple[str, ...]:
        """What time stamps prove, in sentences."""
        return tuple(told(self.report.stamps, self.report.log.size))


def arrange(report: Report) -> View:
    """Return `report` grouped and counted. The order depends on values only."""
    visits = _visits_by_address(report.watches)
    statements = tuple(
        _statement(finding, report, tuple(visits.get((finding.watch_id, finding.url), ())))
        for finding in sorted(
            report.findings, key=lambda f: (f.url, f.source.path or "", f.claim.start, f.id)
        )
    )
    losses = _losses(statement for statement in statements if statement.state == "gone")
    missing = _losses(statement for statement in statements if statement.state == "missing")
    return View(
        report=report,
        statements=statements,
        gone=_gone(statements),
        losses=losses[:MAX_LOSSES_SHOWN],
        missing=missing[:MAX_LOSSES_SHOWN],
        further=tuple(
            statement
            for loss in (*losses[MAX_LOSSES_SHOWN:], *missing[MAX_LOSSES_SHOWN:])
            for statement in (*loss.shown, *loss.folded)
        ),
        unclear=tuple(statement for statement in statements if statement.state == "unclear"),
        actors=_actors(statements),
        addresses=tuple(
            _address(watched, _looks_that_differed(statements)) for watched in report.watches
        ),
        looks=sum(len(watched.visits) for watched in report.watches),
    )


def _visits_by_address(
    watches: Iterable[WatchReport],
) -> dict[tuple[str | None, str], list[Visit]]:
    """Return the looks at each address of each watch; a site has many addresses."""
    visits: dict[tuple[str | None, str], list[Visit]] = {}
    for watched in watches:
        for visit in watched.visits:
            address = visit.address or watched.watch.target
            visits.setdefault((watched.watch.id, address), []).append(visit)
    return visits


def _statement(finding: Finding, report: Report, visits: tuple[Visit, ...]) -> Statement:
    fate = report.fates.get(finding.id) or _fate_in_history(finding)
    state = _state(fate) if fate else "stands"
    told = visits[-MAX_VISITS_TOLD:]
    own = finding.capture
    bundles = [
        capture
        for visit in visits
        for capture in visit.captures
        if finding.source.commit is not None and capture.media_type == own.media_type
    ]
    return Statement(
        finding=finding,
        fate=fate,
        state=state,
        told=told[::-1],
        earlier=len(visits) - len(told),
        before=tuple(each for each in bundles if each.captured_at < own.captured_at),
        after=tuple(each for each in bundles if each.captured_at > own.captured_at),
        picture=report.pictures.get(finding.id),
        unpictured=report.unpictured.get(finding.id, ""),
        trace=report.traces.get(finding.id),
    )


def _state(fate: Fate) -> State:
    if fate.is_gone:
        return "gone"
    if fate.gone_by is not None:
        return "stands" if fate.pending is None or fate.remains else "missing"
    return "stands" if fate.verdict in {Verdict.PRESENT, Verdict.MOVED} else "unclear"


def _fate_in_history(finding: Finding) -> Fate | None:
    """Return what a repository's history says of a quote that left before our first look."""
    commit, left = finding.source.commit, finding.source.left
    if commit is None or left is None:
        return None
    return Fate(
        finding.id,
        Verdict.QUOTE_REMOVED,
        1.0,  # git's hashes name both states of the file
        commit.authored_at,
        left.authored_at,
        None,
        finding.log_index,
        f"left in commit {left.id[:12]}",
    )


def _losses(gone: Iterable[Statement]) -> tuple[Loss, ...]:
    """Put what went together together, the latest loss first."""
    together: dict[object, list[Statement]] = {}
    for statement in gone:
        finding, fate = statement.finding, statement.fate
        left = finding.source.left
        when = left.id if left else fate.gone_by if fate else None
        verdict = (fate.pending or fate.verdict) if fate else None
        together.setdefault((finding.actor, finding.url, verdict, when), []).append(statement)
    losses = [_loss(statements) for statements in together.values()]
    return tuple(sorted(losses, key=lambda loss: _lost_at(loss.first), reverse=True))


def _loss(statements: Sequence[Statement]) -> Loss:
    labels = {statement.finding.claim.label for statement in statements}
    return Loss(
        first=statements[0],
        total=len(statements),
        labels=tuple(label for label in LABELS if label in labels),
        shown=tuple(statements[:MAX_SHOWN_IN_LOSS]),
        folded=tuple(statements[MAX_SHOWN_IN_LOSS:]),
    )


def _lost_at(statement: Statement) -> datetime:
    gone_by = statement.fate.gone_by if statement.fate else None
    return gone_by or datetime.min.replace(tzinfo=UTC)


def _actors(statements: Sequence[Statement]) -> tuple[Actor, ...]:
    by_name: dict[str | None, list[Statement]] = {}
    for statement in statements:
        by_name.setdefault(statement.finding.actor, []).append(statement)

    def weight(item: tuple[str | None, list[Statement]]) -> tuple[bool, int, int, str]:
        name, theirs = item
        return name is None, -_gone(theirs), -len(theirs), name or ""

    return tuple(
        _actor(name, f"actor-{number}", theirs)
        for number, (name, theirs) in enumerate(sorted(by_name.items(), key=weight), start=1)
    )


def _actor(name: str | None, anchor: str, theirs: Sequence[Statement]) -> Actor:
    by_label = {
        label: tuple(s for s in theirs if s.finding.claim.label == label) for label in LABELS
    }
    return Actor(
        name=name,
        anchor=anchor,
        counts={label: len(found) for label, found in by_label.items()},
        gone=_gone(theirs),
        total=len(theirs),
        groups=tuple(
            Group(
                label,
                f"{anchor}-{label}",
                found[:MAX_SHOWN_IN_GROUP],
                found[MAX_SHOWN_IN_GROUP:],
            )
            for label, found in by_label.items()
            if found
        ),
        listings=_listings(theirs),
    )


def _listings(statements: Iterable[Statement]) -> tuple[Listing, ...]:
    told = (statement.finding.attribution for statement in statements)
    return tuple(dict.fromkeys(one for each in told if each for one in each.listings))


def _gone(statements: Iterable[Statement]) -> int:
    return sum(statement.state == "gone" for statement in statements)


def _looks_that_differed(statements: Iterable[Statement]) -> frozenset[int]:
    """Return the log entries of the looks that found a page without words it had before.

    Not those of repositories: what left one did so in its history, before the look.
    """
    return frozenset(
        statement.fate.log_index
        for statement in statements
        if statement.fate is not None
        and statement.fate.log_index is not None
        and statement.state in {"gone", "missing"}
        and statement.finding.source.commit is None
    )


def _address(watched: WatchReport, differed: frozenset[int]) -> Address:
    told = watched.visits[-MAX_VISITS_TOLD:]
    own = [visit for visit in watched.visits if visit.address in {"", watched.watch.target}]
    return Address(
        report=watched,
        drawn=tuple((visit, _mark(visit, differed)) for visit in own[-MAX_VISITS_DRAWN:]),
        told=told[::-1],
        earlier=len(watched.visits) - len(told),
        happened=watched.happenings[-MAX_HAPPENINGS_TOLD:][::-1],
    )


def _mark(visit: Visit, differed: frozenset[int]) -> Mark:
    mark = _MARKS.get(visit.verdict, "barred")
    return "changed" if mark == "seen" and visit.log_index in differed else mark
