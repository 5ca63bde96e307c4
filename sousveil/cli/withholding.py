"""Commands for what is withheld from published pages, for the sake of people: withhold."""

from typing import Annotated, Literal

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.reading import one_finding
from sousveil.cli.telling.screen import count_of, plain, say, write_json
from sousveil.dossier.harm.marks import Marks
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.ledger import writing
from sousveil.model import Json
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.publish.marking import box_of, box_told, mark_picture, mark_words, marks_of

ByOption = Annotated[str, typer.Option(help="Who decides it; it is written into the log.")]
NoteOption = Annotated[str, typer.Option(help="Why, in a sentence; it is written into the log.")]
WordsArgument = Annotated[
    str, typer.Argument(metavar="WORDS", help="The words, exactly as they stand.")
]
InOption = Annotated[
    str, typer.Option("--in", metavar="ID", help="In this finding alone; everywhere without.")
]
FindingArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A finding's id, or its beginning.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help=_list.__doc__, invoke_without_command=True)
    group.callback()(_list)
    for name, command in (
        ("words", withhold_words),
        ("show", withhold_show),
        ("picture", withhold_picture),
        ("remove", withhold_remove),
    ):
        group.command(name=name)(command)
    app.add_typer(group, name="withhold")


def _list(
    context: typer.Context, *, folder: CaseOption = None, as_json: JsonOption = False
) -> None:
    """Say what is withheld from published pages, or shown there; without a word, list it.

    Contacts that patterns find are withheld by themselves. Evidence itself is never changed.
    """
    if context.invoked_subcommand is not None:
        return
    marks = marks_of(chosen_case(folder))
    if as_json:
        write_json(_forms(marks))
        return
    for one in marks.words:
        where = f"in {one.finding_id}" if one.finding_id else "everywhere"
        say(f"{one.shown_as} {where}: {plain(one.words)}")
        say(f"    {plain(one.by)}, {instant(one.at)}: {plain(one.note)}")
    for picture in marks.pictures.values():
        boxes = ", ".join(box_told(box) for box in picture.boxes) or "nothing on it is withheld"
        say(f"picture of {picture.finding_id}: {boxes}")
        say(f"    {plain(picture.by)}, {instant(picture.at)}: {plain(picture.note)}")
    number = len(marks.words) + len(marks.pictures)
    say(f"{count_of(number, 'mark')}.")


def withhold_words(
    words: WordsArgument,
    *,
    by: ByOption,
    note: NoteOption,
    finding_id: InOption = "",
    folder: CaseOption = None,
) -> None:
    """Withhold words, such as somebody's name, wherever they stand or in one finding."""
    _mark(words, finding_id, "withheld", by=by, note=note, folder=folder)


def withhold_show(
    words: WordsArgument,
    *,
    by: ByOption,
    note: NoteOption,
    finding_id: InOption = "",
    folder: CaseOption = None,
) -> None:
    """Show words that a pattern withholds, such as a company's switchboard."""
    _mark(words, finding_id, "shown", by=by, note=note, folder=folder)


def withhold_remove(
    words: WordsArgument,
    *,
    by: ByOption,
    note: NoteOption,
    finding_id: InOption = "",
    folder: CaseOption = None,
) -> None:
    """Take back a mark on words: patterns alone decide on them again."""
    _mark(words, finding_id, "unmarked", by=by, note=note, folder=folder)


def _mark(
    words: str,
    finding_id: str,
    shown_as: Literal["withheld", "shown", "unmarked"],
    *,
    by: str,
    note: str,
    folder: CaseOption,
) -> None:
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        finding = one_finding(index, finding_id) if finding_id else None
        mark_words(writer, words, finding, shown_as, by=by, note=note, now=now())
    where = f"in {finding.id}" if finding else "everywhere"
    say(f"{shown_as} {where}: {plain(words)}")


def withhold_picture(
    finding_id: FindingArgument,
    *,
    by: ByOption,
    note: NoteOption,
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEFT,TOP,RIGHT,BOTTOM",
            help="To paint over, in pixels of the whole picture. Repeatable; none: it needs none.",
        ),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="As if nobody had looked at it yet.")
    ] = False,
    folder: CaseOption = None,
) -> None:
    """Say that you looked at a finding's picture, and which parts of it are painted over.

    The whole picture lies in the `pictures` folder of a draft, which has its pixels.
    """
    if forget and box:
        raise InputError("--forget: takes no --box. Leave one of them out.")
    case = chosen_case(folder)
    boxes = None if forget else [box_of(one) for one in box or []]
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        finding = one_finding(index, finding_id)
        mark_picture(writer, finding, boxes, by=by, note=note, now=now())
    if boxes is None:
        say(f"picture of {finding.id}: nobody has looked at it")
    else:
        say(f"picture of {finding.id}: {len(boxes)} painted over")


def _forms(marks: Marks) -> list[Json]:
    words = [
        {"words": one.words, "shown_as": one.shown_as, "finding": one.finding_id or None}
        | {"by": one.by, "at": instant(one.at), "note": one.note, "log_index": one.log_index}
        for one in marks.words
    ]
    pictures = [
        {"picture": one.sheet[0], "page": one.sheet[1], "finding": one.finding_id}
        | {"boxes": [[b.left, b.top, b.right, b.bottom] for b in one.boxes]}
        | {"by": one.by, "at": instant(one.at), "note": one.note, "log_index": one.log_index}
        for one in marks.pictures.values()
    ]
    return [*words, *pictures]
