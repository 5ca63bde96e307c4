"""The command that has others say when the log existed: stamp."""

from itertools import chain
from typing import Annotated

import typer

from sousveil.case import locked
from sousveil.cli.casework import now
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, patience
from sousveil.cli.telling.screen import FOUND_WRONG, progress, say, tell, write_json
from sousveil.cli.telling.stamped import tell_asked
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.sending import Outside
from sousveil.run.stamping import ENOUGH, Asked, renew, stamp, stamp_all


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(name="stamp")(stamp_)


def stamp_(
    *,
    renewing: Annotated[
        bool, typer.Option("--renew", help="Have all older stamps stamped anew, due or not.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have time-stamping authorities say when the log existed.

    Those in case.toml under [timestamps] are sent a digest of the log's head. What they have
    stamped already is not sent again; stamps that soon stand no more are renewed. Exit status 1: an
    authority gave none, which is named; the next stamp covers all that waits.
    """
    case = chosen_case(folder)
    authorities = case.settings.timestamps.authorities
    if not authorities:
        raise InputError(
            f"{case.root}: no authority is named in case.toml. Add two under"
            ' [timestamps.authorities], such as: a = { url = "http://tsa.example/tsr" }.'
        )
    with locked(case, patience(case)), progress("stamping") as bar:
        outside = Outside(now)
        bar(0, note=", ".join(authorities))
        answers = (
            chain(stamp(case, outside), renew(case, outside))
            if renewing
            else stamp_all(case, outside)
        )
        asked = list(answers)
    if as_json:
        write_json(_json(one) for one in asked)
    else:
        tell_asked(asked)
        if not asked:
            say("Nothing waits: every authority has stamped the newest entry.")
        if len(authorities) < ENOUGH:
            tell("One authority may err or close: name another, independent one.", "yellow")
    if any(one.problem for one in asked):
        raise typer.Exit(FOUND_WRONG)


def _json(one: Asked) -> Json:
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
