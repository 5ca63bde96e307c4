"""The command that asks addresses once, before they are watched: try."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now
from sousveil.cli.telling.screen import count_of, plain, progress, say, tell, write_json
from sousveil.durable import write_durably
from sousveil.run.indexing import open_index
from sousveil.run.read.analyse import load_engine
from sousveil.run.visit.trying import Tried, try_watches
from sousveil.watch.targets import DEFAULT_EVERY, kind_of_target, make_watch


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command(name="try")(try_)


def try_(
    targets: Annotated[list[str], typer.Argument(help="Addresses, 20 at most.")],
    *,
    kind: Annotated[str, typer.Option(help="What they are, as of `add`.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write what came as JSON Lines.")
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask addresses once, and tell what answers, before you watch them.

    Status, kind, size, redirects, robots.txt, and the claims in it. The site sees a visitor, by the
    case's exit if it has one; no scripts are run. Nothing is kept: it is no evidence. If what you
    see may vanish, `sousveil add` it and `sousveil visit` at once.
    """
    case = chosen_case(folder)
    watches = [
        make_watch(one, kind=kind_of_target(kind), every=DEFAULT_EVERY, actor=None, now=now())
        for one in targets
    ]
    with open_index(case) as index:
        engine = load_engine(case, index)
    told: list[Tried] = []
    with progress("trying", len(watches)) as bar:
        for one in try_watches(case.settings, watches, engine, clock=now):
            told.append(one)
            bar(len(told), len(watches), one.address)
            if not as_json:
                _tell(one)
    if as_json:
        write_json(told)
    if output is not None:
        lines = b"".join(msgspec.json.encode(one) + b"\n" for one in told)
        write_durably(output, lines)
    tell("Nothing of this was kept.")


def _tell(one: Tried) -> None:
    say(plain(one.address), "bold" if one.is_there else "yellow")
    for hop in one.hops:
        say(f"    leads to {plain(hop)}")
    came = f", {one.media_type or 'kind not told'}, {one.size_bytes:,} bytes" if one.status else ""
    say(f"    {plain(one.outcome + came)}")
    if one.robots:
        say(f"    robots.txt {plain(one.robots.removeprefix('robots.txt '))}")
    if one.title:
        say(f"    “{plain(one.title)}”")
    if one.note:
        say(f"    {plain(one.note)}", "yellow")
    if one.is_there:
        say(f"    {count_of(one.claims, 'claim') if one.claims else 'no claim found'}")
    for said in one.said:
        say(f"      {plain(said.label)}, {plain(said.trait)}: “{plain(said.quote)}”")
