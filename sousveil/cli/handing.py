"""The command that keeps documents which somebody gave to the investigator: hand-in."""

from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.news import just_revised, tell_analysis
from sousveil.cli.telling.screen import plain, progress, say, tell, write_json
from sousveil.cli.telling.stamped import stamp_and_tell
from sousveil.ledger import writing
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.handed_in import HandedIn, hand_in, provenance, read_document


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command(name="hand-in")(hand_in_)


def hand_in_(
    files: Annotated[list[Path], typer.Argument(help="PDF, office files, pictures, text.")],
    *,
    given_by: Annotated[
        str, typer.Option("--from", help="Who gave it: a name, or a word that only you can read.")
    ],
    by: Annotated[str, typer.Option(help="Who hands it in; it is written into the log.")],
    received: Annotated[str, typer.Option(help="The day it was received: 2026-03-01.")] = "",
    note: Annotated[str, typer.Option(help="What else is known of where it comes from.")] = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep documents that somebody gave you.

    They were captured from nowhere, and nothing says so: the log vouches that these bytes were here
    from now on, and has who gave them as your word, which bundles withhold. Documents tell of who
    made them (authors' names, printers' marks), and are handed on whole.
    """
    case = chosen_case(folder)
    told = provenance(given_by, received, by, note, now())
    kept: list[HandedIn] = []
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        engine = load_engine(case, index)
        try:
            for path in files:
                kept.append(
                    hand_in(writer, index, read_document(path), told, file=path.name, now=now())
                )
                sync_index(case, index)
        finally:
            if as_json:
                write_json(kept)
            for one in () if as_json else kept:
                _tell(one)
        stamp_and_tell(case, now)
        with progress("reading") as bar:
            result = analyse(case, index, engine, bar)
        tell_analysis(result, index, just_revised(result), as_json=as_json)


def _tell(one: HandedIn) -> None:
    state = "handed in" if one.is_new else "was handed in before; nothing was added"
    say(f"{plain(one.file)}: {state}, log entry {one.log_index}")
    tell(f"    {one.size_bytes:,} bytes, SHA-256 {one.sha256}")
