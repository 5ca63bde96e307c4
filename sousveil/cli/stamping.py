"""The command that has others say when the log existed: stamp."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from sousveil.case import locked
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.screen import FOUND_WRONG, progress, say, tell, write_json
from sousveil.cli.telling.stamped import tell_asked
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.calendars import Anchored, ask_calendars, take_header
from sousveil.run.sending import Outside
from sousveil.run.stamping import ENOUGH, Asked, renew, stamp, stamp_all
from sousveil.tlog.timestamps.anchors import MAX_HEADER_BYTES


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="stamp")(stamp_)


def stamp_(
    *,
    renewing: Annotated[
        bool, typer.Option("--renew", help="Have all older stamps stamped anew, due or not.")
    ] = False,
    block_header: Annotated[
        Path | None,
        typer.Option("--block-header", help="Keep the header of a block that a proof leads to."),
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have time-stamping authorities, or Bitcoin, say when the log existed.

    Those in case.toml under [timestamps] are sent a digest of the log's head. What they have
    stamped already is not sent again; stamps that soon stand no more are renewed, and calendars
    asked for what they promised. Exit status 1: one of them gave nothing, which is named; the next
    stamp covers all that waits.
    """
    case = chosen_case(folder)
    if block_header is not None:
        with locked(case, patience(case)):
            _tell(list(take_header(case, _header(block_header), block_header)), as_json=as_json)
        return
    others = case.settings.timestamps
    authorities, calendars = others.authorities, others.calendars
    if not authorities and not calendars:
        raise InputError(
            f"{case.root}: no authority is named in case.toml. Add two under"
            ' [timestamps.authorities], such as: a = { url = "http://tsa.example/tsr" }.'
        )
    with progress("stamping") as bar:
        outside = Outside(now, turn=lambda: locked(case, patience(case)))
        bar(0, note=", ".join([*authorities, *calendars]))
        answers = (
            chain(stamp(case, outside), renew(case, outside))
            if renewing
            else stamp_all(case, outside)
        )
        asked: list[Asked | Anchored] = [*answers, *ask_calendars(case, outside)]
    _tell(asked, as_json=as_json)
    if not asked and not as_json:
        say("Nothing waits: every authority has stamped the newest entry.")
    if 0 < len(authorities) < ENOUGH and not as_json:
        tell("One authority may err or close: name another, independent one.", "yellow")
    if any(one.problem for one in asked):
        raise typer.Exit(FOUND_WRONG)


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_HEADER_BYTES)


def _tell(asked: Sequence[Asked | Anchored], *, as_json: bool) -> None:
    if as_json:
        write_json(_json(one) for one in asked)
    else:
        tell_asked(asked)


def _json(one: Asked | Anchored) -> Json:
    if isinstance(one, Anchored):
        return {
            "event": "anchor",
            "by": one.by,
            "entries": one.entries,
            "block": one.height,
            "at": instant(one.at) if one.at else None,
            "problem": one.problem,
        }
    return {
        "event": "stamp",
        "authority": one.authority,
        "entries": one.entries,
        "renewal": one.is_renewal,
        "at": instant(one.at) if one.at else None,
        "by": one.by,
        "problem": one.problem,
        "clock_ahead_seconds": one.clock_ahead.total_seconds(),
    }
