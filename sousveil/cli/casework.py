"""Commands that bring evidence into a case and read it: visit, import, analyse, reindex."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from sousveil.case import Case, locked
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.delivered import tell_delivered
from sousveil.cli.telling.news import (
    crawl_line,
    just_revised,
    tell_analysis,
    tell_next,
    tell_postponed,
    visit_json,
)
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.cli.telling.stamped import stamp_and_tell
from sousveil.cli.telling.words import visit_line
from sousveil.errors import InputError
from sousveil.index.due import pasts
from sousveil.index.former import forget_aside, set_aside
from sousveil.index.notices import take_over
from sousveil.index.store import Index
from sousveil.ledger import Writer, writing
from sousveil.model import Visit, Watch
from sousveil.run.alerting import tell_out
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.learning import unfit_model, write_model_file
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.archives import archives_in
from sousveil.run.visit.imports import Imported, import_file
from sousveil.run.visit.visits import Crawled, Postponed, visit_all
from sousveil.run.visit.watches import watches_in_log
from sousveil.watch.schedule import due
from sousveil.watch.targets import (
    find_watches,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(visit)
    app.command(name="import")(import_)
    app.command(name="analyse")(analyse_)
    app.command()(reindex)


def visit(
    targets: Annotated[list[str] | None, typer.Argument(help="Watches, by target or id.")] = None,
    *,
    due_only: Annotated[bool, typer.Option("--due", help="Those whose time has come.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Visit watches and say what came and went.

    What they answer is kept and logged first, then read for claims. Without arguments, the watches
    whose time has come are visited.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        engine = load_engine(case, index)
        known = watches_in_log(case)
        if not known:
            raise InputError("nothing is watched yet. Add a target: `sousveil add https://…`.")
        if targets:
            chosen = find_watches(known, targets)
        elif everything:
            chosen = known
        else:
            chosen = [watch for watch, _ in due(known, pasts(index), now())]
        _visit_and_tell(writer, index, chosen, as_json=as_json)
        if not chosen and not due_only:
            tell("Nothing is due. `sousveil visit --all` visits everything now.")
        stamp_and_tell(case, now)
        with progress("reading") as bar:
            result = analyse(case, index, engine, bar)
        tell_analysis(result, index, just_revised(result), as_json=as_json)
        tell_delivered(tell_out(case, index, now))
        tell_next(result)


def _visit_and_tell(
    writer: Writer, index: Index, chosen: Sequence[Watch], *, as_json: bool
) -> None:
    """Visit, and say what came of each visit even when a later one fails."""
    made: list[Visit] = []
    postponed: list[Postponed] = []
    crawled: list[Crawled] = []
    try:
        with progress("visiting", len(chosen)) as bar:
            for done, one in enumerate(visit_all(writer, index, chosen, now), start=1):
                if isinstance(one, Postponed):
                    postponed.append(one)
                elif isinstance(one, Crawled):
                    crawled.append(one)
                else:
                    made.append(one)
                    bar(done, max(done, len(chosen)), one.outcome)
    finally:
        targets = {watch.id: watch.target for watch in chosen}
        if as_json:
            write_json(visit_json(one, targets) for one in made)
        else:
            for one in made:
                say(visit_line(one))
        for crawl in crawled:
            tell(crawl_line(crawl))
        for left in postponed:
            tell_postponed(left)


def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="WARC, ARC or WACZ files, folders, or results of scans.")
    ],
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in archives made by others.

    Files are kept byte for byte. Of the result of a scan (*.parquet), the records that it found
    are fetched from where they lie. Exit status 1: some have faults, which are named.
    """
    case = chosen_case(folder)
    results = [path for path in paths if path.suffix == ".parquet"]
    files = archives_in([path for path in paths if path not in results])
    imported: list[Imported] = []
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        engine = load_engine(case, index)
        with progress("importing", len(files)) as bar:
            for done, path in enumerate(files):
                bar(done, len(files), path.name)
                imported.append(import_file(writer, index, path, now()))
                sync_index(case, index)
        for hits in results:
            imported += _import_hits(writer, index, hits)
        if as_json:
            write_json(imported)
        for one in () if as_json else imported:
            say(_import_line(one))
            for fault in one.faults:
                say(f"    {plain(fault)}", "yellow")
        with progress("reading") as bar:
            result = analyse(case, index, engine, bar)
        tell_analysis(result, index, just_revised(result), as_json=as_json)
    if any(one.faults for one in imported):
        raise typer.Exit(FOUND_WRONG)


def _import_hits(writer: Writer, index: Index, hits: Path) -> Iterator[Imported]:
    try:
        from sousveil.scan.job.hits import import_hits  # noqa: PLC0415  # needs an extra
    except ImportError as error:
        raise InputError(f"{error.name} is not installed. Install `sousveil[scan]`.") from error
    for one in import_hits(writer, index, hits, now()):
        sync_index(writer.case, index)
        yield one


def analyse_(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Read again what this version has not read."""
    case = chosen_case(folder)
    with locked(case, patience(case)), open_index(case, create=True) as index:
        sync_index(case, index)
        _analyse(case, index, as_json=as_json)


def reindex(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Make the index again, from the evidence."""
    case = chosen_case(folder)
    with locked(case, patience(case)):
        earlier = set_aside(case.root)
        with open_index(case, create=True) as index:
            count = sync_index(case, index)
            tell(f"{count} events taken from the log")
            write_model_file(case, index)
            _analyse(case, index, earlier, as_json=as_json)
            take_over(index, earlier)
        forget_aside(case.root)


def _analyse(case: Case, index: Index, earlier: Path | None = None, *, as_json: bool) -> None:
    with progress("reading") as bar:
        result = analyse(case, index, load_engine(case, index), bar, earlier)
    tell(f"{count_of(result.captures, 'capture')} read")
    if (version := unfit_model(index)) is not None:
        tell(
            f"case model {version} was made for other weights than this version's, and is not used."
            " Make another with `sousveil model train`.",
            "yellow",
        )
    if not result.is_comparable:
        tell("the earlier index cannot be read: what this engine changed is not known", "yellow")
    tell_analysis(result, index, result.revised, as_json=as_json)


def _import_line(one: Imported) -> str:
    state = f"{count_of(one.captures, 'capture')} of {count_of(one.records, 'record')}"
    if one.log_index is None:
        state = "not taken in"
    elif not one.is_new:
        state = f"already in this case (log entry {one.log_index})"
    return f"{plain(one.file)}: {state}"
