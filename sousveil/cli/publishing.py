"""The command that publishes: dossier."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from sousveil.capture.browser import find_browser
from sousveil.capture.browser.printing import print_page
from sousveil.case import Case
from sousveil.cli.checks import check_and_tell
from sousveil.cli.options import AllowOption, CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.dossier import write_dossier
from sousveil.dossier.write import BUNDLED, PRINTED
from sousveil.dossier.writing.pages import Text
from sousveil.errors import CaseError, InputError
from sousveil.index.query import unread
from sousveil.index.store import Index
from sousveil.ledger import writing
from sousveil.run.indexing import open_index
from sousveil.run.publish.bundles import write_bundle
from sousveil.run.publish.leaks import in_folder, judged, wanted_of
from sousveil.run.publish.output import Output
from sousveil.run.publish.private import Private
from sousveil.run.publish.reports import make_report
from sousveil.run.publish.withheld import withheld_fields
from sousveil.run.publish.written import (
    TEXT_FILE,
    judged_text,
    log_edition,
    next_edition,
    read_text,
)
from sousveil.run.read.analyse import load_engine

_PROBLEM_CHARACTERS = 1_000


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(dossier)


def dossier(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    *,
    text_file: Annotated[
        Path | None,
        typer.Option("--text", help=f"Your text; {TEXT_FILE} in the case's folder by itself."),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF beside it; needs a browser.")] = False,
    bundle: Annotated[
        bool, typer.Option("--bundle", help="The evidence of what the text cites beside it.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Log the text as an edition that goes out.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who publishes it; for --publish.")] = "",
    correction: Annotated[
        str, typer.Option(help="What was wrong with the edition before; for --publish.")
    ] = "",
    allow: AllowOption = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a report that opens without a network, around your own text where there is one.

    In a text each statement of fact cites its evidence, [@f:ID]; it is refused, sentence by
    sentence, where a citation is not confirmed or does not verify, or a quote is not exact.

    It names nobody; --allow operator puts who answers for the case above it, --allow reviewers
    shows translations, which are never without their translator's name. What would tell of you all
    the same is named, and nothing written.
    """
    _check_options(by, correction, publish=publish)
    case = chosen_case(folder)
    path = text_file or case.root / TEXT_FILE
    source = read_text(path) if text_file or path.exists() else None
    if source is None and (publish or pdf or bundle):
        raise InputError(
            f"{path}: there is no text. --publish, --pdf and --bundle are for one. Write it first:"
            " docs/how-to/write-the-dossier.md tells how."
        )
    allowed = frozenset(allow or [])
    result, faults = check_and_tell(case)
    when = now()
    with open_index(case) as index, TemporaryDirectory(prefix="sousveil-") as pictures:
        _require_read(case, index)
        edition = next_edition(case, source or "", correction, when) if publish else None
        text = None
        if source is not None:
            text, problems = judged_text(case, index, faults, source, publishing=edition)
            _require_none(path, problems)
            text = replace(text, has_bundle=bundle)
        report = make_report(
            case,
            index,
            faults,
            when,
            Path(pictures),
            operator=case.settings.operator if Private.OPERATOR in allowed else "",
            stamps=result.stamps,
            with_translations=Private.REVIEWERS in allowed,
        )
        beside = partial(_add_beside, case, index, text, allowed, pdf=pdf, bundle=bundle, when=when)
        page = write_dossier(report, output, beside, text)
    if edition and text:
        with writing(case, patience(case)) as writer:
            log_edition(writer, edition, text, page.parent, by)
    if as_json:
        told = {"page": str(page), "findings": len(report.findings), "faults": len(faults)}
        write_json([told | ({"edition": edition.number} if edition else {})])
    else:
        say(f"{page}")
        tell(f"{count_of(len(report.findings), 'finding')}; {result.entries:,} log entries checked")
        if edition:
            tell(f"Edition {edition.number} is in the log, with its whole text.")
        elif text:
            tell("A draft: `--publish --by NAME` logs it as an edition.")
    if faults:
        found = count_of(len(faults), "fault")
        tell(f"The evidence has {found}, and the dossier says so.", "bold red")
        raise typer.Exit(FOUND_WRONG)


def _check_options(by: str, correction: str, *, publish: bool) -> None:
    if publish and not by.strip():
        raise InputError("--publish: say who publishes it, with --by NAME.")
    if not publish and (by or correction):
        raise InputError("--by and --correction are for --publish. Add it, or leave them out.")


def _require_read(case: Case, index: Index) -> None:
    if unread(index, load_engine(case, index).name):
        raise CaseError(
            f"{case.root}: some captures are not read yet by this version, so the dossier would"
            " leave things out. Run `sousveil analyse` first."
        )


def _require_none(path: Path, problems: Sequence[str]) -> None:
    """Tell what stands against a text; raises InputError when anything does."""
    for problem in problems:
        say(f"{plain(str(path))}: {plain(problem, _PROBLEM_CHARACTERS)}", "red")
    if problems:
        raise InputError(
            f"{path}: {count_of(len(problems), 'problem')}, named above. Nothing was written."
        )


def _add_beside(
    case: Case,
    index: Index,
    text: Text | None,
    allowed: frozenset[Private],
    folder: Path,
    *,
    pdf: bool,
    bundle: bool,
    when: datetime,
) -> None:
    """Look through a new dossier for what is private; then add what lies beside its pages."""
    for line in judged(in_folder(folder, wanted_of(case)), allowed):
        tell(f"note: {plain(line)}", "yellow")
    if text is None:
        return
    if bundle:
        with progress("bundling the evidence") as bar:
            write_bundle(
                case,
                index,
                sorted(text.cited),
                Output(folder / BUNDLED, (), allowed),
                hidden=withheld_fields((), (), frozenset()),
                with_decisions=False,
                now=when,
                progress=bar,
            )
    if pdf:
        browser = find_browser()
        (folder / PRINTED).write_bytes(print_page(browser, folder / "print.html"))
