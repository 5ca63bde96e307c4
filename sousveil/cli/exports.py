"""Commands that hand evidence to others in forms that their tools read: export, bundle."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.casework import now
from sousveil.cli.options import CaseOption, JsonOption, chosen_case
from sousveil.cli.telling.screen import plain, progress, say, tell, write_json
from sousveil.run.indexing import open_index
from sousveil.run.publish.bundles import write_bundle
from sousveil.run.publish.exports import export_wacz
from sousveil.run.publish.packages import Exported
from sousveil.run.publish.withheld import NAMES, Kind, withheld_fields


class ExportFormat(StrEnum):
    """What a case can be exported as."""

    WACZ = "wacz"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(export)
    app.command()(bundle)


def export(
    targets: Annotated[list[str] | None, typer.Argument(help="Watches, by target or id.")] = None,
    *,
    form: Annotated[ExportFormat, typer.Option("--format", help="What to write.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new file.")],
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write captures, with their proof, for other tools.

    wacz: one file that ReplayWeb.page and other players of web archives open, with the WARC files
    of the watches named, or of the whole case with its imports. A file that exists is never
    overwritten.
    """
    case = chosen_case(folder)
    with progress(f"writing {form}") as bar:
        exported = export_wacz(case, targets or [], output, now=now(), progress=bar)
    if as_json:
        write_json([exported])
    else:
        _tell(exported)


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
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one file with the evidence, for a stranger to check.

    It opens in players of web archives and holds the proof that nothing was changed, with a small
    program that checks all of it offline, by Python and OpenSSL alone. The operator, reviewers and
    their notes, exits and letters are withheld; the rest verifies without them.
    """
    case = chosen_case(folder)
    shown = NAMES if with_names else frozenset()
    hidden = withheld_fields(withhold or [], withhold_field or [], shown)
    with open_index(case) as index, progress("writing the bundle") as bar:
        made = write_bundle(
            case,
            index,
            findings,
            output,
            hidden=hidden,
            with_decisions=with_decisions or with_names,
            now=now(),
            progress=bar,
        )
    if as_json:
        write_json([made])
        return
    _tell(made)
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
