"""The command that shows what changed at a target between two looks: diff.

Readable without colours: what went stands between [- and -], what came between {+ and +}, as git's
--word-diff writes them, and every line begins with a sign. Captured text is hostile; it passes
through `plain`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from sousveil.changes.diff.values import Change, Diff, Piece, Row
from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.telling.screen import clock, out, plain, say, tell, write_json
from sousveil.errors import InputError
from sousveil.run.differences.difference import (
    Difference,
    difference,
    findings_in,
    rendering_of,
)
from sousveil.run.differences.form import difference_json
from sousveil.run.differences.looks import Look
from sousveil.run.differences.page import page
from sousveil.run.differences.screens import compare_screens
from sousveil.run.differences.wording import (
    hidden,
    member_line,
    no_page_since,
    notes,
    place,
    summary,
)
from sousveil.run.indexing import open_index

# Of one run of text: what stands is there for orientation only, what changed is to be read.
MAX_STANDING_CHARACTERS = 160
MAX_CHANGED_CHARACTERS = 2_000

_SIGNS = {
    Change.SAME: " ",
    Change.EDITED: "~",
    Change.REMOVED: "-",
    Change.ADDED: "+",
    Change.MOVED: ">",
    Change.AWAY: "<",
}
_STYLES = {
    Change.REMOVED: "red",
    Change.ADDED: "green",
    Change.MOVED: "blue",
    Change.AWAY: "blue",
}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(diff)


def diff(
    target: Annotated[
        str, typer.Argument(help="A watch, by target or id, or the address of a page of a site.")
    ],
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="WHEN|N", help="The former look: its number, or a time (UTC)."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="WHEN|N", help="The later look; without it, the newest."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with before and after side by side, pictures too."),
    ] = None,
    with_noise: Annotated[
        bool, typer.Option("--all", help="Show what was learnt to change by itself, too.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what changed at a target between two looks.

    Looks are numbered from 1; -1 is the newest. A time means the last look until then. Without
    --from and --to: the last change.
    """
    case = chosen_case(folder)
    with open_index(case) as index:
        found = difference(case, index, target, since=since, until=until)
        if html is not None:
            shown = [rendering_of(index, look) for look in (found.former, found.later)]
            _write(html, page(found, compare_screens(case, *shown), with_noise=with_noise))
    if as_json:
        write_json([difference_json(found, with_noise=with_noise)])
        return
    _tell(found, with_noise=with_noise)
    if html is not None:
        tell(f"written to {plain(str(html))}")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}). Name another file with --html."
        ) from error


def _tell(found: Difference, *, with_noise: bool) -> None:
    say(plain(found.address), "bold")
    say(f"--- {_look_line(found.former)}", "red")
    say(f"+++ {_look_line(found.later)}", "green")
    context = ""
    for row in found.diff.rows:
        if row.change is Change.SAME or (row.noise is not None and not with_noise):
            continue
        under = found.diff.context(row)
        if under and under != context:
            say(f"@@ {plain(under, 120)}", "cyan")
        context = under
        out.print(_line(found.diff, row))
        _tell_findings(found, row)
    for came, members in ((False, found.members.left), (True, found.members.came)):
        for member in members:
            say(("+ " if came else "- ") + plain(member_line(member, came=came)), "magenta")
    say(summary(found.diff, with_noise=with_noise), "bold")
    quiet = hidden(found.diff)
    if quiet and not with_noise:
        say(f"{quiet}; --all shows them.", "yellow")
    if gone := no_page_since(found):
        say(plain(gone), "yellow")
    for note in notes(found):
        tell(plain(note))


def _tell_findings(found: Difference, row: Row) -> None:
    """Name the findings whose quotes stood in a row, then those that stand there now."""
    now = " ".join(row.text_after.split())
    marked = [("holds" if one.quote in now else "held", one) for one in findings_in(found, row)]
    for verb, finding in sorted(marked, key=lambda one: one[0]):
        say(f"    {verb} finding {finding.id}: “{plain(finding.quote, 120)}”", "bold yellow")


def _look_line(look: Look) -> str:
    return f"look {look.number}, {clock(look.visit.started_at)}, {plain(look.visit.outcome)}"


def _line(diff: Diff, row: Row) -> Text:
    """Return one row as a line; noise that was asked for is dimmed and marked."""
    line = Text(f"{_SIGNS[row.change]} ", style=_STYLES.get(row.change, ""))
    where = place(diff, row)
    if where:
        line.append(f"[moved {plain(where, 200)}] ", "blue")
    if row.noise is not None:
        line.append("[noise] ", "yellow")
    if row.change in {Change.EDITED, Change.MOVED}:
        line.append_text(Text.assemble(*_pieces(row.pieces)))
    else:
        line.append(_cut(row.text_before or row.text_after, MAX_CHANGED_CHARACTERS))
    return line


def _pieces(pieces: tuple[Piece, ...]) -> Iterator[tuple[str, str]]:
    for piece in pieces:
        if not piece.is_changed:
            yield _middle_cut(piece.now), "bold" if piece.is_watched else ""
            continue
        mark = " bold" if piece.is_watched else ""
        if piece.was:
            yield f"[-{_cut(piece.was, MAX_CHANGED_CHARACTERS)}-]", f"red{mark}"
        if piece.now:
            yield f"{{+{_cut(piece.now, MAX_CHANGED_CHARACTERS)}+}}", f"green{mark}"


def _cut(text: str, limit: int) -> str:
    """Return text on one line, with a space kept at either end."""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return head + plain(text, limit) + tail


def _middle_cut(text: str) -> str:
    """Return what stands, without its middle when it is long."""
    half = MAX_STANDING_CHARACTERS // 2
    if len(text) <= MAX_STANDING_CHARACTERS:
        return _cut(text, MAX_STANDING_CHARACTERS)
    return f"{_cut(text[:half], half)}…{_cut(text[-half:], half)}"
