"""The `sousveil` command: its subcommands, and how errors become one line and an exit status.

Exit status: 0 done; 1 done, and something was found wrong; 2 refused, with a one-line reason.
"""

import gc
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import msgspec
import typer

import sousveil
from sousveil.cli.sections import Sections
from sousveil.cli.telling.screen import complain, say
from sousveil.errors import SousveilError
from sousveil.web.jobs.tie import heed_tie

REFUSED = 2
INTERRUPTED = 130  # as shells report SIGINT
# Objects made before garbage is looked for; Python's 700 costs a tenth of a start, for what a
# command makes first, its words to look for, it keeps.
YOUNG_OBJECTS = 10_000

MODULES = {
    "opening": {"init", "add"},
    "casework": {"visit", "import", "analyse", "reindex"},
    "watching": {"watch", "targets", "retire"},
    "reading": {"findings", "show", "topics"},
    "searching": {"search"},
    "tracing": {"changes"},
    "differences": {"diff"},
    "files": {"read"},
    "scanning": {"scan"},
    "actors": {"actors"},
    "reviewing": {"review", "queue", "model"},
    "agreeing": {"translate", "agreement"},
    "facts": {"facts"},
    "inquiring": {"inquiry"},
    "alerting": {"alerts"},
    "checks": {"verify", "doctor"},
    "publishing": {"dossier"},
    "withholding": {"withhold"},
    "stamping": {"stamp"},
    "keys": {"key"},
    "witnessing": {"witness"},
    "exports": {"export", "bundle"},
    "mementos": {"timemap"},
    "handing": {"hand-in"},
    "trying": {"try"},
    "serving": {"serve"},
    "users": {"users"},
    "story": {"demo"},
}
"""The modules of this folder, with the commands that each adds; `sections.py` orders the help."""


def _app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command with its subcommands; those that were not asked for may lack.

    Modules are imported by need: who reads a file does not wait for what drives a browser.
    """
    app = typer.Typer(
        name="sousveil",
        cls=Sections,
        help="Keeps watch on those who build systems that infer protected traits of people.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(version)
    for module in _modules(arguments):
        import_module(f"sousveil.cli.{module}").register(app)
    return app


def _modules(arguments: Sequence[str]) -> Iterable[str]:
    """Return the modules of the commands that are named.

    All when none is, for the help; all for the demo, too, which runs the other commands.
    """
    if list(arguments) == ["--version"]:
        return []
    arguments = [*arguments, *_line_to_complete()]
    named = [m for m, names in MODULES.items() if not names.isdisjoint(arguments)]
    return MODULES if not named or "story" in named else named


def _line_to_complete() -> list[str]:
    """Return the words of the line that a shell asks to complete; none unless it does."""
    told = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    return told.split() if "_SOUSVEIL_COMPLETE" in os.environ else []


def version(
    context: typer.Context,
    *,
    case: Annotated[Path | None, typer.Option("--case", help="The case's folder.")] = None,
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Keep watch on those who build systems that infer protected traits of people."""
    if case is not None:
        os.environ["SOUSVEIL_CASE"] = str(case)  # as if the command itself had been told
    if show:
        say(f"sousveil {sousveil.__version__}")
    elif context.invoked_subcommand is None:
        say(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    given = sys.argv[1:] if arguments is None else arguments
    heed_tie()
    try:
        status = _app(given)(args=given, prog_name="sousveil", standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message().rstrip(".")
        complain(f"{message}. Add --help to the command to see what it takes.")
        status = REFUSED
    except typer.Abort:  # Ctrl-C or Ctrl-D where something was asked for
        status = INTERRUPTED
    except SousveilError as error:
        complain(str(error))
        status = REFUSED
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        complain(
            f"the index cannot be used ({error}). Unless the disk is full, make it again with"
            " `sousveil reindex`; no evidence is in it."
        )
        status = REFUSED
    except OSError as error:
        what = error.strerror or str(error)
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{what}. Nothing that was reported as done is lost.")
        status = REFUSED
    if status == INTERRUPTED:
        complain("stopped; what was reported as done is kept.")
    sys.exit(status or 0)
