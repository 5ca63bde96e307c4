"""The command that takes in old copies which web archives keep: timemap."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.news import just_revised, tell_analysis
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    clock,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.cli.telling.stamped import stamp_and_tell
from sousveil.errors import InputError
from sousveil.ledger import writing
from sousveil.run.indexing import open_index, sync_index, take_event
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.mementos import Copied, fetch_copies, spread
from sousveil.watch.timemaps import Memento

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000  # at one a second, some three hours


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(timemap)


def timemap(
    named: Annotated[
        str, typer.Argument(metavar="URL|FILE", help="A timemap, by address or as a file.")
    ],
    *,
    since: Annotated[str | None, typer.Option(help="Copies of this day or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Copies of this day or earlier.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_LIMIT, help="Copies at most, spread over all.")
    ] = DEFAULT_LIMIT,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in old copies of an address that a web archive keeps.

    A timemap (RFC 7089) lists them, in link-format or JSON. Each copy keeps the date that the
    archive gives it, and counts as that archive's word, never as a look of ours. What the case
    has is not asked for again. Exit status: 1, some could not be had.
    """
    case = chosen_case(folder)
    first, last = _day("--since", since), _day("--until", until)
    made: list[Copied] = []
    left: list[int] = []

    def choose(mementos: Sequence[Memento]) -> Sequence[Memento]:
        fitting = [
            one
            for one in mementos
            if (first is None or one.at >= first) and (last is None or one.at.date() <= last.date())
        ]
        chosen = spread(fitting, limit)
        left.append(len(fitting) - len(chosen))
        return chosen

    source = named if "://" in named else _file(named)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        engine = load_engine(case, index)
        try:
            with progress("asking for old copies", limit) as bar:
                for event, copied in fetch_copies(writer, index, source, choose, clock=now):
                    take_event(case, index, event)
                    made.append(copied)
                    bar(len(made), limit, copied.outcome)
        finally:
            _tell(made, left, as_json=as_json)
        stamp_and_tell(case, now)
        with progress("reading") as bar:
            result = analyse(case, index, engine, bar)
        tell_analysis(result, index, just_revised(result), as_json=as_json)
    if not all(one.is_kept for one in made):
        raise typer.Exit(FOUND_WRONG)


def _tell(made: Sequence[Copied], left: Sequence[int], *, as_json: bool) -> None:
    if as_json:
        write_json(made)
        return
    for one in made:
        what = "" if one.is_kept else "  (no copy came: it is logged as that)"
        say(f"{clock(one.at)}  {plain(one.archive)}  {plain(one.outcome)}{what}")
    if made:
        tell(f"{count_of(len(made), 'old copy').replace('copys', 'copies')} of {made[0].original}")
    elif left:
        tell("Nothing new: the case has these copies, or none is of that time.")
    if any(left):
        tell(f"{sum(left):,} more were left out, evenly; --limit takes more.")


def _file(named: str) -> Path:
    path = Path(named)
    if not path.is_file():
        raise InputError(f"{named}: no such file, and not an address (did you mean https://…?).")
    return path


def _day(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"{option} {text}: write a day as 2026-03-01.") from error
