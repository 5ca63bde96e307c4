"""Commands that open a case and say what to watch: init, add."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    plain,
    say,
    tell,
    write_json,
)
from sousveil.errors import InputError, TargetError
from sousveil.ledger import create_case, writing
from sousveil.model import Bounds, Watch, WatchKind
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.visit.watches import add_watches
from sousveil.tlog.passphrase import new_passphrase
from sousveil.watch.lists import Listed, read_list
from sousveil.watch.targets import (
    DEFAULT_BOUNDS,
    DEFAULT_EVERY,
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


def _refuse_bytes(**options: str) -> None:
    """Raise InputError when an option is not UTF-8 text, which alone can be logged."""
    for name, value in options.items():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"--{name} {value}: not UTF-8 text. Write it in UTF-8.") from error
