"""What the terminal shows: results on standard output, everything else on standard error.

Captured text is hostile: no control character of it reaches a terminal (an escape sequence in a
page title must not paint over our own words). `plain` also keeps it to one line of bounded length.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sousveil.web.jobs.progress import Noted
from sousveil.web.jobs.progress import Progress as HowFar

FOUND_WRONG = 1  # exit status: done, and something was found wrong


class _Output(Console):
    """Standard output, whose reader (`head`, a pager) may have enough before we are done."""

    def on_broken_pipe(self) -> None:
        stop_writing()


def stop_writing() -> NoReturn:
    """End quietly: whoever read our output has gone, and nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


out = _Output(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# Bidirectional overrides and isolates, which can make a line read other than it is (UAX 9).
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, limit: int = 400) -> str:
    """Return `text` on one line, safe for a terminal, cut after `limit` characters."""
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _visible(line)


def _visible(text: str) -> str:
    """Return `text` with every control character but the line feed written out."""
    return "".join(c if c == "\n" or _is_harmless(c) else f"<U+{ord(c):04X}>" for c in text)


def _is_harmless(character: str) -> bool:
    return character not in _BIDI and unicodedata.category(character) not in {"Cc", "Cs"}


def say(text: str, style: str = "") -> None:
    """Print a line of results; what is not ours in `text` has been through `plain`."""
    out.print(Text(_visible(text), style=style))


def tell(text: str, style: str = "dim") -> None:
    """Print a line about what is going on, on standard error."""
    err.print(Text(_visible(text), style=style))


def complain(message: str) -> None:
    """Print the one line that says what went wrong and what to do."""
    err.print(Text.assemble(("sousveil: ", "bold red"), plain(message, limit=2_000)))


def write_json(values: Iterable[Any]) -> None:
    """Print each value as one line of JSON."""
    try:
        for value in values:
            line = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
            # A lone surrogate of a hostile page has no UTF-8 form: it is written as an escape.
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        stop_writing()


def tell_problems(problems: Sequence[tuple[str, str]], *, as_json: bool) -> None:
    """Tell what a check found, as (file, problem); ends the command with 1 when it found any."""
    if as_json:
        write_json({"file": file, "problem": problem} for file, problem in problems)
    else:
        for _, problem in problems:
            say(plain(problem))
        say(f"{count_of(len(problems), 'problem')}.")
    if problems:
        raise typer.Exit(FOUND_WRONG)


def count_of(number: int, thing: str) -> str:
    """Return "1 record" or "2 records"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def clock(at: datetime) -> str:
    """Return a time as people write it: "2026-11-23 06:37 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def is_followed() -> bool:
    """Tell whether somebody looks on: at a terminal, or at the desk that runs this command."""
    return err.is_terminal or bool(Noted())


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator["Bar"]:
    """Show a person what goes on, how much of it is done and how long it takes yet.

    On standard error, while the block runs.
    """
    # No markup: what is at hand is named by strangers, and "[/b]" is no tag of ours.
    described = TextColumn("{task.description}", markup=False)
    left = TimeRemainingColumn(compact=True)
    columns = (SpinnerColumn(), described, BarColumn(), MofNCompleteColumn(), left)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield Bar(bar, title, total)


class Bar:
    """One progress bar."""

    def __init__(self, bar: Progress, title: str, total: int | None) -> None:
        self._bar = bar
        self._title = title
        self._noted = Noted()
        self._noted(HowFar(title, total=total))
        self._task = bar.add_task(title, total=total)

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show that `done` of `total` is behind us, and what is at hand."""
        described = f"{self._title} {plain(note, 60)}" if note else self._title
        self._bar.update(self._task, completed=done, total=total, description=described)
        self._noted(HowFar(self._title, done, total, plain(note, 60)))
