"""Commands that say who is known, and take in official lists: actors list, show, check, import."""

from pathlib import Path
from typing import Annotated

import typer

from sousveil.actors import Register, shipped_register
from sousveil.actors.files import lint
from sousveil.actors.register import Actor
from sousveil.actors.sources import read_actors
from sousveil.cli.options import CaseOption, JsonOption, case_around, chosen_case, now, patience
from sousveil.cli.telling.screen import count_of, plain, say, tell, tell_problems, write_json
from sousveil.cli.telling.words import listing_line
from sousveil.errors import ActorError, InputError
from sousveil.index.query import register_of
from sousveil.ledger import writing
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.lists import add_list


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    actors = typer.Typer(
        help="Which vendors and buyers are known by name.", invoke_without_command=True
    )
    actors.callback()(actors_help)
    actors.command(name="list")(actors_list)
    actors.command(name="show")(actors_show)
    actors.command(name="check")(actors_check)
    actors.command(name="import")(actors_import)
    app.add_typer(actors, name="actors")


def actors_help(context: typer.Context) -> None:
    """Show what can be done with actors."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def actors_list(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """List who is known: to sousveil, to the case, and from official lists."""
    known = _register(folder).actors
    if as_json:
        write_json(known)
        return
    for actor in known:
        lists = ", ".join(dict.fromkeys(listing.list for listing in actor.listings))
        say(plain(actor.name) + (f"  (listed: {plain(lists)})" if lists else ""))
    tell(f"{count_of(len(known), 'actor')}.")


def actors_show(
    name: Annotated[str, typer.Argument(help="One of their names.")],
    *,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what somebody is told by, and which official lists they are on."""
    found = _find(_register(folder), name)
    if as_json:
        write_json([found])
        return
    say(plain(found.name), "bold")
    told_by = {
        "in any case": found.names,
        "as written": found.cased,
        "beside telling words": found.common,
        "but not in": found.never,
        "domains": found.domains,
        "accounts": found.accounts,
    }
    for what, texts in told_by.items():
        if texts:
            say(f"    {what}: {', '.join(plain(text) for text in texts)}")
    if found.reports:
        say("    reports on the systems of others")
    for listing in found.listings:
        say(f"    listed: {listing_line(listing)}", "yellow")


def actors_check(
    files: Annotated[list[Path], typer.Argument(help="Files of actors.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Check files of actors, before they are used."""
    problems: list[tuple[str, str]] = []
    for path in files:
        try:
            told = list(lint(read_actors(path), str(path)))
        except ActorError as error:
            told = [str(error)]
        problems += [(str(path), problem) for problem in told]
    tell_problems(problems, as_json=as_json)


def actors_import(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.")],
    *,
    name: Annotated[str, typer.Option("--list", help="What the list is called.")],
    source: Annotated[str, typer.Option(help="Where it is published: a web address.")] = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in an official list.

    The file is copied whole, and its digest is logged.
    """
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        added = add_list(writer, index, file, name=name, source=source, now=now())
        sync_index(case, index)
    if as_json:
        write_json([added])
        return
    state = "" if added.is_new else "  (already in this case)"
    say(f"{plain(added.name)}: {count_of(added.rows, 'name')}, in {added.path}{state}")
    if added.rows:
        tell("Look whether they are names of companies: sousveil actors list")
    else:
        tell("No name was found in it, so it marks nobody. Is it the right file?", "yellow")


def _register(folder: Path | None) -> Register:
    """Return the register of the case that was named or is around us; ours where there is none."""
    case = chosen_case(folder) if folder is not None else case_around()
    if case is None:
        return shipped_register()
    with open_index(case) as index:
        return register_of(index)


def _find(known: Register, name: str) -> Actor:
    exact = known.named(name)
    if exact is not None:
        return exact
    part = name.casefold()
    near = [actor.name for actor in known.actors if part and part in actor.name.casefold()]
    hint = f" Near it: {', '.join(near[:5])}." if near else " `sousveil actors list` lists them."
    raise InputError(f"{name}: nobody is known by this name.{hint}")
