"""Options and arguments that several commands share."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sousveil.case import SETTINGS_FILE, Case, Wait, open_case
from sousveil.cli.telling.screen import plain, tell
from sousveil.errors import CaseError
from sousveil.run.publish.private import Private

# `sousveil watch` writes for moments and reads for seconds; a visit may go on for hours.
PATIENCE_SECONDS = 30.0
_MOMENT_SECONDS = 0.05

CaseOption = Annotated[
    Path | None,
    typer.Option(
        "--case",
        envvar="SOUSVEIL_CASE",
        help="The case's folder; without it, the folder you are in.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]
AllowOption = Annotated[
    list[Private] | None,
    typer.Option(help="What of yours may be in it, which is refused otherwise. Repeatable."),
]


def chosen_case(folder: Path | None) -> Case:
    """Open the case that was named, or the one around the current folder."""
    if folder is not None:
        return open_case(folder)
    case = case_around()
    if case is not None:
        return case
    raise CaseError(
        f"{Path.cwd()}: not in a case. Go into a case's folder, name one with --case, or make one"
        " with `sousveil init PATH`."
    )


def case_around() -> Case | None:
    """Open the case that the current folder is in; None when it is in none."""
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return open_case(candidate)
    return None


def patience(case: Case) -> Wait:
    """Return how a command waits for its turn to write: up to half a minute, and it says so."""
    begun: list[float] = []

    def wait() -> bool:
        if not begun:
            begun.append(time.monotonic())
        elif len(begun) == 1:
            tell(f"waiting for another sousveil to finish writing to {plain(str(case.root))}")
            begun.append(0.0)
        time.sleep(_MOMENT_SECONDS)
        return time.monotonic() - begun[0] < PATIENCE_SECONDS

    return wait


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
