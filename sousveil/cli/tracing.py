"""The command that tells what became of quotes: changes; and how a trace reads in a terminal."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from sousveil.changes.trace import copy_line, story
from sousveil.changes.words import ANSWERS, MISSING
from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.telling.happened import tell_happenings
from sousveil.cli.telling.screen import clock, count_of, plain, say, tell, write_json
from sousveil.cli.telling.words import became
from sousveil.errors import InputError
from sousveil.index.histories import happenings, lost_with
from sousveil.index.query import fates, findings, watches
from sousveil.index.traces import newest_visits, traces
from sousveil.jsonform import finding_json, happening_json
from sousveil.model import Copy, Fate, Finding, Trace
from sousveil.run.indexing import open_index
from sousveil.watch.targets import find_watches

# Copies that a listing names; `show` names them all.
MAX_COPIES_LISTED = 3

# What is no change: it stands, or nobody could look.
_QUIET = frozenset({"stands", "unclear"})

_STYLES = {
    "held": "bold yellow",
    "reworded": "bold magenta",
    "moved": "bold cyan",
    "gone": "bold red",
    "unclear": "bold",
    "stands": "bold green",
}

# From so many changes on each day has its heading.
MANY = 8


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(changes)


def changes(
    target: Annotated[str | None, typer.Argument(help="One watch, by target or id.")] = None,
    *,
    since: Annotated[
        str | None, typer.Option(help="What was missing first at this time or later.")
    ] = None,
    why: Annotated[
        bool,
        typer.Option("--why", help="Say what each verdict rests on, and that on each address."),
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what became of quotes: gone, reworded, moved.

    The newest first, each with the copies in which it survives. An absence that is not confirmed
    yet is told as such, with what that takes. Then what became of whole repositories, sites and
    feeds: history that was rewritten, pages that left the site map, entries that were taken out.
    """
    start = _moment(since) if since is not None else None
    case = chosen_case(folder)
    with open_index(case) as index:
        chosen = find_watches(watches(index), [target]) if target is not None else []
        ids = {watch.id for watch in chosen}
        found, told = findings(index), fates(index)
        by_id = traces(index, found, told)
        happened = [
            one
            for one in happenings(index)
            if (target is None or one.watch_id in ids) and (start is None or one.at >= start)
        ]
        lost, watched = lost_with(index, happened), watches(index)
        looked = newest_visits(index, chosen if target is not None else watched) if why else []
    changed = [
        (finding, told.get(finding.id), by_id[finding.id])
        for finding in found
        if by_id[finding.id].state not in _QUIET
        and (target is None or finding.watch_id in ids)
        and (start is None or _missing(by_id[finding.id]) >= start)
    ]
    changed.sort(key=lambda one: _missing(one[2]), reverse=True)
    if as_json:
        write_json(finding_json(finding, fate, (), trace) for finding, fate, trace in changed)
        write_json(happening_json(one, lost[one.id]) for one in happened)
        return
    _tell_changes(changed, why=why)
    tell_happenings(happened, lost, watched, why=why)
    for watch, visit in looked:
        say(f"{plain(watch.target)}  {ANSWERS[visit.verdict]}", "bold")
        say(f"    {clock(visit.started_at)}: {plain(visit.outcome)}", "dim")
    followed = [by_id[one.id] for one in found if target is None or one.watch_id in ids]
    say(_summary([trace for _, _, trace in changed], followed, start))
    if not watched:
        tell("Nothing is watched yet. Add a target: `sousveil add https://…`.")


def _tell_changes(changed: Sequence[tuple[Finding, Fate | None, Trace]], *, why: bool) -> None:
    """Print changes, the newest first; with a heading a day when they are many."""
    day = ""
    for finding, fate, trace in changed:
        its_day = f"{_missing(trace).astimezone(UTC):%Y-%m-%d}"
        if len(changed) >= MANY and its_day != day:
            say(f"{its_day} (UTC)", "bold underline")
        day = its_day
        tell_change(finding, fate, trace, why=why)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"--since {text}: not a time. Write 2026-11-24, or 2026-11-24T09:00 (which is UTC)."
        ) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def tell_change(finding: Finding, fate: Fate | None, trace: Trace, *, why: bool) -> None:
    """Print the story of a quote that is not where it was, with the copies that survive."""
    head = became(fate) if fate is not None else trace.state
    if trace.state in {"moved", "stands"}:
        head = trace.state
    actor = f"  {plain(finding.actor)}" if finding.actor else ""
    say(f"{finding.id}  {head}{actor}", _STYLES[trace.state])
    say(f"    “{plain(finding.quote)}”")
    if trace.after:
        say(f"    now: “{plain(trace.after)}”")
    for sentence in story(trace, fate, place_of(finding)):
        say(f"    {plain(sentence)}")
    _tell_copies(trace, limit=MAX_COPIES_LISTED, standing=True)
    for reason in _reasons(fate) if why or finding.source.left else ():
        say(f"    - {plain(reason)}", "dim")


def tell_trace(finding: Finding, fate: Fate | None, trace: Trace) -> None:
    """Print the whole story of one quote, every copy of it named."""
    say("What became of it:")
    for sentence in story(trace, fate, place_of(finding)):
        say(f"    {plain(sentence)}")
    for reason in _reasons(fate):
        say(f"    - {plain(reason)}", "dim")
    if trace.copies:
        say("Said elsewhere:")
        _tell_copies(trace, limit=len(trace.copies), standing=False)


def _reasons(fate: Fate | None) -> Sequence[str]:
    """Return what a verdict rests on; of what still stands, nothing."""
    if fate is None:
        return ()
    if fate.pending is not None:
        return fate.reasons[1:]  # the first is what is awaited, which the story tells
    return fate.reasons or ((fate.evidence,) if fate.evidence else ())


def place_of(finding: Finding) -> str:
    """Return where a quote stands, in one line: its address, and its path there."""
    path = finding.source.path or finding.source.part
    return f"{plain(finding.url)} ({plain(path)})" if path else plain(finding.url)


def _tell_copies(trace: Trace, *, limit: int, standing: bool) -> None:
    copies: Sequence[Copy] = trace.survivors if standing else trace.copies
    moved = trace.moved_to
    ordered = sorted(copies, key=lambda one: one != moved)
    for copy in ordered[:limit]:
        arrow = "->" if copy == moved else " *"
        say(f"    {arrow} {copy.finding_id}  {copy_line(copy, _copy_place(copy))}")
        if copy.relation != "same_words":
            say(f"         “{plain(copy.quote)}”")
    left = len(ordered) - limit + trace.unlisted
    if left > 0:
        say(f"     * {left:,} more", "dim")


def _copy_place(copy: Copy) -> str:
    return f"{plain(copy.url)} ({plain(copy.path)})" if copy.path else plain(copy.url)


def _missing(trace: Trace) -> datetime:
    return trace.missing_since or trace.last_seen


def _summary(told: Sequence[Trace], followed: Sequence[Trace], start: datetime | None) -> str:
    """Return how many went which way: "2 gone, 1 reworded, 1 missing, not confirmed yet"."""
    count = Counter(trace.state for trace in told)
    parts = [f"{count[state]} {state}" for state in ("gone", "reworded", "moved") if count[state]]
    parts += [f"{count['held']} {MISSING}"] if count["held"] else []
    states = Counter(trace.state for trace in followed)
    if parts:
        parts += [f"{states['unclear']} cannot be told"] if states["unclear"] else []
        return f"{', '.join(parts)}; of {count_of(len(followed), 'quote')}."
    since = f" since {clock(start)}" if start is not None else ""
    told_of = f"{states['stands']} stand where they stood"
    if states["unclear"]:
        told_of += f", of {states['unclear']} it cannot be told"
    rest = f"; in all, {told_of}" if start is not None else f": {told_of}"
    return f"No quote went missing{since}{rest if followed else ''}."
