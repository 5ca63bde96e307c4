"""The command that finds words in what pages say and said: search."""

from datetime import datetime
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.telling.screen import clock, plain, say, tell, write_json
from sousveil.index.filters import filter_from
from sousveil.index.search.find import MAX_HITS, Hit, search
from sousveil.index.search.question import ask
from sousveil.jsonform import hit_json
from sousveil.run.indexing import open_index

LISTED = 20  # a screen


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command(name="search")(search_)


def search_(
    text: Annotated[
        list[str],
        typer.Argument(help="Words; “a phrase”, begin*, -without, /a pattern/."),
    ],
    *,
    actor: Annotated[list[str] | None, typer.Option(help="Whose system it is about.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="offers, reports, denies, discusses.")
    ] = None,
    trait: Annotated[list[str] | None, typer.Option(help="Such as ethnicity.")] = None,
    lang: Annotated[list[str] | None, typer.Option(help="Language, such as zh.")] = None,
    host: Annotated[list[str] | None, typer.Option(help="Of the address.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="page, text, data, code, pdf, office, picture.")
    ] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="stands, held, reworded, moved, gone, unclear.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="open, confirmed, rejected, disputed.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Seen then or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Seen then or earlier.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_HITS, help="Passages shown.")] = LISTED,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search all text that was ever read, former versions too.

    Words of two Chinese characters are found. A passage that no look shows any more is told as
    such.
    """
    days = {"since": since, "until": until}
    chosen = filter_from(
        [
            *((name, one) for name, values in (
                ("actor", actor), ("label", label), ("trait", trait), ("lang", lang),
                ("host", host), ("kind", kind), ("state", state), ("status", status),
            ) for one in values or ()),
            *((name, f"{day:%Y-%m-%d}") for name, day in days.items() if day),
        ]
    )  # fmt: skip
    question = ask(" ".join(text))
    case = chosen_case(folder)
    with open_index(case) as index:
        told = search(index, question, chosen, limit=limit)
    if as_json:
        write_json(hit_json(hit) for hit in told.hits)
        return
    for hit in told.hits:
        _tell(hit)
    more = "" if told.is_whole else "more than "
    say(f"{more}{told.count:,} {'passage' if told.count == 1 else 'passages'}.")
    if len(told.hits) < told.count:
        tell(f"Shown are {len(told.hits)}: --limit shows more.")


def _tell(hit: Hit) -> None:
    """Print a passage in two lines: where and when, and what stands around the first match."""
    part = f"  {plain(hit.part)}" if hit.part else ""
    when = f"seen {clock(hit.first_seen)}"
    if not hit.stands:
        when = f"former: last seen {clock(hit.last_seen)}"
    say(f"{plain(hit.address)}{part}  {when}", "dim" if hit.stands else "magenta")
    text, _, _ = hit.snippet()
    say(f"    {plain(text)}")
    for one in hit.findings:
        say(f"    finding {one}", "green")
