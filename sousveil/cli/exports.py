"""Commands that hand evidence to others in forms that their tools read: export, bundle."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sousveil.cli.options import AllowOption, CaseOption, JsonOption, chosen_case, now
from sousveil.cli.telling.screen import count_of, plain, progress, say, tell, write_json
from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import InputError
from sousveil.run.indexing import open_index
from sousveil.run.publish.bundles import write_bundle
from sousveil.run.publish.exports import export_wacz
from sousveil.run.publish.exports.bag import write_bag
from sousveil.run.publish.exports.forms import Made, write_form
from sousveil.run.publish.exports.told import Asked, choose
from sousveil.run.publish.marking import marks_of
from sousveil.run.publish.output import Output
from sousveil.run.publish.packages import Exported
from sousveil.run.publish.private import Private
from sousveil.run.publish.sealed import recipients_of
from sousveil.run.publish.withheld import NAMES, Kind, withheld_fields

EncryptOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="Who alone can open it: an age or SSH public key, or a file of them. Repeatable.",
    ),
]


class ExportFormat(StrEnum):
    """What a case can be exported as."""

    WACZ = "wacz"
    BAGIT = "bagit"
    FTM = "ftm"
    ANNOTATIONS = "annotations"
    CSV = "csv"
    PARQUET = "parquet"
    CSL = "csl"
    BIBTEX = "bibtex"
    ICALENDAR = "icalendar"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(export)
    app.command()(bundle)


def export(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Watches, by target or id, or findings, by id; all without."),
    ] = None,
    *,
    form: Annotated[ExportFormat, typer.Option("--format", help="What to write.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new file.")],
    label: Annotated[
        list[str] | None, typer.Option(help="offers, reports, denies, discusses.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Take findings that nobody confirmed, too.")
    ] = False,
    encrypt_to: EncryptOption = None,
    allow: AllowOption = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a case, or a part of it, for other tools.

    Evidence: wacz, for players of web archives; bagit, a folder for archives of documents. What
    was found, confirmed by people: ftm (FollowTheMoney), annotations (W3C), csv, parquet. What
    was captured, for a bibliography: csl, bibtex. What happened, for a calendar: icalendar. All
    of it: json. A file that exists is never overwritten. What would tell of you is named, and
    nothing written. Contacts of people are withheld unless --allow contacts; `sousveil withhold`
    marks others. Archive files, in wacz and bagit, are evidence and stay as they came: what they
    hold is counted.
    """
    case = chosen_case(folder)
    place = Output(output, recipients_of(encrypt_to or []), frozenset(allow or []))
    if form is ExportFormat.WACZ:
        if label or everything:
            raise InputError(
                "--label and --all choose findings, and a WACZ holds captures. Name its watches;"
                " the evidence of single findings is written by `sousveil bundle`."
            )
        with progress(f"writing {form}") as bar:
            exported = export_wacz(case, targets or [], place, now=now(), progress=bar)
        if as_json:
            write_json([exported])
        else:
            _tell(exported)
        return
    asked = Asked(targets or [], label or [], everything=everything)
    with open_index(case) as index, progress(f"writing {form}") as bar:
        is_bag = form is ExportFormat.BAGIT
        is_told = Private.CONTACTS in place.allowed
        concealer = None if is_told else Concealer(marks_of(case))
        told = choose(case, index, asked, now(), _scan_columns, concealer=concealer)
        made = write_bag(told, place, bar) if is_bag else write_form(told, form, place)
    if as_json:
        write_json([made])
    else:
        _tell_made(made)


def _scan_columns() -> Iterable[Any]:
    """Return the columns of a scan's table, which its own extra brings."""
    from sousveil.scan.file.table import SCHEMA  # noqa: PLC0415  # needs pyarrow

    return SCHEMA  # type: ignore[no-any-return]  # pyarrow has no types


def _tell_made(made: Made) -> None:
    for file in made.files:
        say(plain(file))
    for note in made.notes:
        say(f"    {plain(note)}", "yellow")
    tell(f"{count_of(made.findings, 'finding')}, {made.size_bytes:,} bytes")


def bundle(
    findings: Annotated[list[str], typer.Argument(help="Findings, by id.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The new file, *.wacz.")],
    with_decisions: Annotated[
        bool, typer.Option("--with-decisions", help="Prove the decisions on the findings, too.")
    ] = False,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="And name who decided, with their notes.")
    ] = False,
    withhold: Annotated[
        list[Kind] | None, typer.Option(help="What else to withhold; may be given several times.")
    ] = None,
    withhold_field: Annotated[
        list[str] | None, typer.Option(metavar="EVENT.FIELD", help="A single field to withhold.")
    ] = None,
    encrypt_to: EncryptOption = None,
    allow: AllowOption = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one file with the evidence, for a stranger to check.

    It opens in players of web archives and holds the proof that nothing was changed, with a small
    program that checks all of it offline, by Python and OpenSSL alone. The operator, reviewers and
    their notes, exits and letters are withheld, and the rest verifies without them. What would
    tell of you all the same is named, and nothing written.
    """
    case = chosen_case(folder)
    allowed = frozenset(allow or []) | ({Private.REVIEWERS} if with_names else frozenset())
    shown = {kind for kind in Kind if kind.value in [one.value for one in allow or []]}
    shown |= NAMES if with_names else frozenset()
    hidden = withheld_fields(withhold or [], withhold_field or [], shown)
    place = Output(output, recipients_of(encrypt_to or []), allowed)
    with open_index(case) as index, progress("writing the bundle") as bar:
        made = write_bundle(
            case,
            index,
            findings,
            place,
            hidden=hidden,
            with_decisions=with_decisions or with_names,
            now=now(),
            progress=bar,
        )
    if as_json:
        write_json([made])
        return
    _tell(made)
    if encrypt_to:
        tell(f"To check it: sousveil verify {made.file} --identity KEY; to open it: age -d -i KEY")
    else:
        tell(f"How to check it stands in its README: unzip -p {made.file} sousveil/README.md")


def _tell(exported: Exported) -> None:
    say(plain(exported.file))
    for note in exported.notes:
        say(f"    {plain(note)}", "yellow")
    tell(
        f"{exported.archive_files} archive files, {exported.records} records, {exported.pages}"
        f" pages, {exported.size_bytes:,} bytes; proofs in a log of {exported.log_size} entries"
    )
    tell(f"signed with {exported.public_key}")
