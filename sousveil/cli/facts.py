"""Commands for what a dossier states beside its claims: facts, and what people make of them."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.facts import FACT_COLUMNS, fact_cells, tell_fact, tell_whole_fact
from sousveil.cli.telling.screen import count_of, say, tell, write_json
from sousveil.errors import InputError
from sousveil.index.facts import (
    FactFilter,
    fact_of,
    fact_with_sources,
    facts,
)
from sousveil.index.store import Index
from sousveil.jsonform import fact_json, fact_told_json
from sousveil.ledger import Writer, writing
from sousveil.model import FACT_KINDS, Event, FactKind
from sousveil.run.facts import Entry, add, confirm, edit, withdraw
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.publish.exports.tables import MARK, table_line

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A fact's id, or its beginning.")]
ByOption = Annotated[str, typer.Option(help="Who enters it; it is written into the log.")]
NoteOption = Annotated[str, typer.Option(help="Why, in a sentence.")]
FieldOption = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="NAME=VALUE", help="What it says. Repeatable, in order."),
]
QuoteOption = Annotated[
    list[str] | None,
    typer.Option(help="Words that say it, exactly: one for each --field, or one for all."),
]
PlaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--in",
        metavar="PLACE",
        help="Where they stand: a finding's id, an address, or WARC:OFFSET. One each, or for all.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help=_list.__doc__, invoke_without_command=True)
    group.callback()(_list)
    for name, command in (
        ("show", facts_show),
        ("add", facts_add),
        ("edit", facts_edit),
        ("confirm", facts_confirm),
        ("withdraw", facts_withdraw),
    ):
        group.command(name=name)(command)
    app.add_typer(group, name="facts")


def _list(
    context: typer.Context,
    *,
    kind: Annotated[
        list[str] | None, typer.Option(help="project, figure, document, statement.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="candidate, confirmed, withdrawn.")
    ] = None,
    actor: Annotated[list[str] | None, typer.Option(help="Whom it names.")] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table, a row a field.")] = False,
) -> None:
    """List facts beside the claims: tenders, figures, documents, statements, each with its quotes.

    What was read is a candidate until somebody confirms it.
    """
    if context.invoked_subcommand is not None:
        return
    case = chosen_case(folder)
    chosen = FactFilter(
        kind=tuple(kind or ()), status=tuple(status or ()), actor=tuple(actor or ())
    )
    with open_index(case) as index:
        found = facts(index, chosen)
    if as_json:
        write_json(fact_json(one) for one in found)
    elif as_csv:
        lines = [MARK + table_line(FACT_COLUMNS)]
        lines += [table_line(fact_cells(one, field)) for one in found for field in one.fields]
        sys.stdout.buffer.write("".join(lines).encode())
    else:
        for one in found:
            tell_fact(one)
        say(f"{count_of(len(found), 'fact')}.")


def facts_show(
    fact_id: IdArgument, *, folder: CaseOption = None, as_json: JsonOption = False
) -> None:
    """Show a fact with all that it rests on, and what people made of it."""
    case = chosen_case(folder)
    with open_index(case) as index:
        told = fact_with_sources(index, fact_of(index, fact_id))
    if as_json:
        write_json([fact_told_json(told)])
    else:
        tell_whole_fact(told)


def facts_add(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="project, figure, document, statement.")
    ],
    *,
    by: ByOption,
    field: FieldOption = None,
    quote: QuoteOption = None,
    place: PlaceOption = None,
    note: NoteOption = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enter a fact by hand, each field with the exact words of a capture that say it."""
    chosen = _kind(kind)
    entries = _entries(field or [], quote or [], place or [])

    def enter(writer: Writer, index: Index) -> Event:
        return add(writer, index, chosen, entries, by=by, note=note, now=now())

    _enter(folder, enter, as_json=as_json)


def facts_edit(
    fact_id: IdArgument,
    *,
    by: ByOption,
    field: FieldOption = None,
    quote: QuoteOption = None,
    place: PlaceOption = None,
    drop: Annotated[list[str] | None, typer.Option(help="A field to leave out.")] = None,
    note: NoteOption = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change fields of a fact: those given take the place of those of the same names."""
    entries = _entries(field or [], quote or [], place or [])
    if not entries and not drop:
        raise InputError("nothing to change. Give --field NAME=VALUE with --quote, or --drop NAME.")

    def enter(writer: Writer, index: Index) -> Event:
        return edit(
            writer, index, fact_id, entries, dropped=drop or (), by=by, note=note, now=now()
        )

    _enter(folder, enter, as_json=as_json)


def facts_confirm(
    fact_id: IdArgument,
    *,
    by: ByOption,
    note: NoteOption = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm a candidate; its quotes are looked up in the archive first."""

    def enter(writer: Writer, index: Index) -> Event:
        return confirm(writer, index, fact_id, by=by, note=note, now=now())

    _enter(folder, enter, as_json=as_json)


def facts_withdraw(
    fact_id: IdArgument,
    *,
    by: ByOption,
    note: NoteOption = "",
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a fact back, or say that a candidate is none. What was logged stays logged."""

    def enter(writer: Writer, index: Index) -> Event:
        return withdraw(writer, index, fact_id, by=by, note=note, now=now())

    _enter(folder, enter, as_json=as_json)


def _enter(folder: CaseOption, enter: Callable[[Writer, Index], Event], *, as_json: bool) -> None:
    """Let something be entered, and show the fact as it is then."""
    case = chosen_case(folder)
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        event = enter(writer, index)
        fact = fact_of(index, event.body["fact"]["id"])
    if as_json:
        write_json([fact_json(fact)])
    else:
        tell_fact(fact)
        tell("Next: sousveil facts")


def _kind(kind: str) -> FactKind:
    for known in FACT_KINDS:
        if kind == known:
            return known
    raise InputError(f"{kind}: no kind of fact. There are {', '.join(FACT_KINDS)}.")


def _entries(fields: Sequence[str], quotes: Sequence[str], places: Sequence[str]) -> list[Entry]:
    """Pair fields with quotes and places, in the order in which they are given."""
    told = [one.partition("=") for one in fields]
    for name, sign, _ in told:
        if not sign:
            raise InputError(f"--field {name}: write it as NAME=VALUE.")
    return [
        Entry(name, value, quote, place)
        for (name, _, value), quote, place in zip(
            told,
            _for_each("quote", quotes, len(told)),
            _for_each("in", places, len(told)),
            strict=True,
        )
    ]


def _for_each(option: str, given: Sequence[str], count: int) -> Sequence[str]:
    if len(given) == 1:
        return [*given] * count
    if len(given) != count:
        raise InputError(
            f"--{option}: {len(given)} for {count_of(count, 'field')}. Give one for each --field,"
            " in the same order, or one for all."
        )
    return given
