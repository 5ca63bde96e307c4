"""Commands that bring evidence into a case: init, add, visit, import, analyse, reindex."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sousveil.case import Case, locked
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, patience
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
from sousveil.errors import InputError, TargetError
from sousveil.index.due import pasts
from sousveil.index.former import forget_aside, set_aside
from sousveil.index.notices import take_over
from sousveil.index.store import Index
from sousveil.ledger import Writer, create_case, writing
from sousveil.model import Bounds, Visit, Watch, WatchKind
from sousveil.run.alerting import tell_out
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.learning import unfit_model, write_model_file
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.imports import Imported, archives_in, import_file
from sousveil.run.visit.visits import Crawled, Postponed, visit_all
from sousveil.run.visit.watches import add_watches, watches_in_log
from sousveil.tlog.passphrase import new_passphrase
from sousveil.watch.lists import Listed, read_list
from sousveil.watch.schedule import due
from sousveil.watch.targets import (
    DEFAULT_BOUNDS,
    DEFAULT_EVERY,
    find_watches,
    kind_of_target,
    make_watch,
)

MAX_DEPTH = 20  # links from a site's front page; people follow five
MAX_PAGES = 10_000  # of one visit: at the delay between requests it takes most of a day


Wanted: TypeAlias = tuple[Watch, frozenset[str]]
"""A watch, with the fields of it that a list tells."""


class ScopeWord(StrEnum):
    """What belongs to a site, as --scope says it (watch/scope.py)."""

    FOLDER = "folder"
    HOST = "host"
    DOMAIN = "domain"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(init)
    app.command()(add)
    app.command()(visit)
    app.command(name="import")(import_)
    app.command(name="analyse")(analyse_)
    app.command()(reindex)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def _refuse_bytes(**options: str) -> None:
    """Raise InputError when an option is not UTF-8 text, which alone can be logged."""
    for name, value in options.items():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"--{name} {value}: not UTF-8 text. Write it in UTF-8.") from error


def init(
    path: Annotated[Path, typer.Argument(help="The case's new folder.")],
    *,
    title: Annotated[str, typer.Option(help="What the case is about.")] = "",
    operator: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Protect the signing key by a passphrase.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a new case.

    A folder that keeps the evidence of one investigation, and a signing key outside of it.
    """
    _refuse_bytes(title=title or path.name, operator=operator)
    told = new_passphrase() if passphrase else None
    case = create_case(
        path, title=title or path.name, operator=operator, now=now(), passphrase=told
    )
    with open_index(case, create=True) as index:
        sync_index(case, index)
    if as_json:
        write_json([{"case": str(case.root.resolve()), "origin": case.settings.origin}])
        return
    say(f"New case in {path}")
    tell(f"Next: cd {path} && sousveil add https://… && sousveil visit")


def add(
    targets: Annotated[
        list[str] | None, typer.Argument(help="URLs, or paths of git repositories.")
    ] = None,
    *,
    lists: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="A list of them: CSV and more. Repeatable."),
    ] = None,
    kind: Annotated[
        WatchKind | None, typer.Option(help="What the target is, if not clear.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help=f"How often: 30m, 6h, 1d. A new watch: {DEFAULT_EVERY}.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who answers for the target.")] = None,
    browser: Annotated[
        bool | None, typer.Option(help="Whether a browser shows its pages, too. A new watch: yes.")
    ] = None,
    exit_: Annotated[
        str | None,
        typer.Option("--exit", help="The exit it is reached by, of case.toml; or direct."),
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=0, max=MAX_DEPTH, help="Of a site: links from the target.")
    ] = None,
    pages: Annotated[
        int | None, typer.Option(min=1, max=MAX_PAGES, help="Of a site or feed: a visit, at most.")
    ] = None,
    scope: Annotated[ScopeWord | None, typer.Option(help="Of a site: what belongs to it.")] = None,
    robots: Annotated[
        bool | None,
        typer.Option("--obey-robots/--ignore-robots", help="Whether robots.txt binds us."),
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch pages, sites, feeds, documents or repositories.

    A target that is watched already takes what is given here. A list is CSV, one address a line,
    declarations of Open Terms Archive, or an index of ArchiveBox; what it says of an address comes
    before the options. Exit status 1: some lines are no targets, and are named.
    """
    _refuse_bytes(actor=actor or "", exit=exit_ or "")
    case = chosen_case(folder)
    bounds = _bounds(kind, depth=depth, pages=pages, scope=scope, robots=robots)
    listed = [one for path in lists or [] for one in read_list(path)]
    if not targets and not listed:
        raise InputError("name what is to be watched, or a list of it with --from FILE.")
    options = {
        "every_seconds": every,
        "actor": actor,
        "browser": browser,
        "exit": exit_,
        "kind": kind,
        "bounds": bounds,
    }

    def watch(one: Listed) -> Watch:
        return make_watch(
            one.target,
            kind=kind_of_target(one.kind) or kind,
            every=one.every or every or DEFAULT_EVERY,
            actor=one.actor or actor,
            now=now(),
            browser=browser is not False,
            exit_=exit_ or "",
            bounds=bounds or DEFAULT_BOUNDS,
        )

    wanted: list[Wanted] = [(watch(Listed(text, "")), frozenset()) for text in targets or []]
    fit, refused = _checked(listed, watch)
    wanted += fit
    given = [name for name, value in options.items() if value is not None]
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        added = []
        for told in dict.fromkeys(names for _, names in wanted):
            same = [watched for watched, names in wanted if names == told]
            added += add_watches(writer, index, same, now(), given={*given, *told})
            sync_index(case, index)
    if as_json:
        write_json(one for one, _ in added)
    for one, what in () if as_json else added:
        said = "" if what == "added" else f"  ({what})"
        say(f"{one.id}  {one.kind:<10}  {plain(one.target)}{said}")
    for line in refused:
        tell(plain(f"not added: {line}"), "yellow")
    if refused:
        raise typer.Exit(FOUND_WRONG)
    tell("Next: sousveil visit")


def _checked(
    listed: Sequence[Listed], watch: Callable[[Listed], Watch]
) -> tuple[list[Wanted], list[str]]:
    """Return the watches of a list with what it says of each, and why others are none of it."""
    wanted: list[Wanted] = []
    refused = []
    for one in listed:
        own = {"actor": one.actor, "every_seconds": one.every, "kind": one.kind}
        if "://" not in one.target:  # a list of others names no folder of this computer
            refused.append(f"{one.where}: {one.target}: no address; lists hold http or https ones.")
            continue
        try:
            wanted.append((watch(one), frozenset(name for name in own if own[name])))
        except TargetError as error:
            refused.append(f"{one.where}: {error}")
    return wanted, refused


def _bounds(
    kind: WatchKind | None,
    *,
    depth: int | None,
    pages: int | None,
    scope: ScopeWord | None,
    robots: bool | None,
) -> Bounds | None:
    """Return the bounds that were typed; None when none were."""
    if (depth, pages, scope, robots) == (None, None, None, None):
        return None
    if kind not in {WatchKind.SITE, WatchKind.FEED}:
        raise InputError(
            "--depth, --pages, --scope and --ignore-robots are for sites and feeds: add --kind site"
            " or --kind feed."
        )
    return Bounds(
        depth=DEFAULT_BOUNDS.depth if depth is None else depth,
        pages=DEFAULT_BOUNDS.pages if pages is None else pages,
        scope=DEFAULT_BOUNDS.scope if scope is None else scope.value,
        robots="ignore" if robots is False else "obey",
    )


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
