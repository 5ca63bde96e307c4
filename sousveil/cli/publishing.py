"""The command that publishes: dossier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from sousveil.dossier.harm.conceal import Concealer
from sousveil.dossier.harm.remains import Remains, lines, remains
from sousveil.dossier.write import BUNDLED, PRINTED
from sousveil.dossier.writing.errata import Edition
from sousveil.dossier.writing.pages import Text
from sousveil.errors import CaseError, InputError
from sousveil.index.query import unread
from sousveil.index.store import Index
from sousveil.ledger import writing
from sousveil.model import Fault, Json, Report, Stamp
from sousveil.run.indexing import open_index
from sousveil.run.publish.bundles import write_bundle
from sousveil.run.publish.contacts import contacts_in
from sousveil.run.publish.covering import covers
from sousveil.run.publish.leaks import in_folder, judged, wanted_of
from sousveil.run.publish.marking import marks_of
from sousveil.run.publish.output import Output
from sousveil.run.publish.private import Private
from sousveil.run.publish.reports import make_report
from sousveil.run.publish.withheld import withheld_fields
from sousveil.run.publish.written import (
    TEXT_FILE,
    finish_edition,
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
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder to write.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Tell what is withheld and what remains; write nothing.")
    ] = False,
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

    Contacts of people are withheld, and boxes painted over that `sousveil withhold` drew. What
    remains is told; to publish, --allow pictures agrees to those that nobody looked at, and --allow
    contacts to what the records of a bundle hold.
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
    if check == (output is not None):
        raise InputError("--output names the folder to write, and --check writes none. Give one.")
    cut_off = finish_edition(case, output) if output else None
    if cut_off:
        tell(
            f"Edition {cut_off.number} was logged when a run was cut off. Its pages are there now."
        )
        if publish and cut_off.text == source:
            return
    result, faults = check_and_tell(case)
    asked = _Asked(
        path, source, output, by, correction, frozenset(allow or []), now(), pdf=pdf, bundle=bundle
    )
    with open_index(case) as index:
        _require_read(case, index)
        made = _make(case, index, asked, faults, result.stamps)
    if as_json:
        write_json([_form(made, faults)])
    else:
        if made.page:
            say(f"{made.page}")
        number = count_of(len(made.report.findings), "finding")
        tell(f"{number}; {result.entries:,} log entries checked")
        if made.edition:
            tell(f"Edition {made.edition.number} is in the log, with its whole text.")
        elif made.page and source is not None:
            tell("A draft: `--publish --by NAME` logs it as an edition.")
        _tell_remains(made.left)
    if faults:
        found = count_of(len(faults), "fault")
        tell(f"The evidence has {found}, and the dossier says so.", "bold red")
        raise typer.Exit(FOUND_WRONG)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    path: Path  # of the text
    source: str | None  # the text; None without one
    output: Path | None  # None to write nothing
    by: str  # who publishes it; "" for a draft
    correction: str
    allowed: frozenset[Private]
    when: datetime
    pdf: bool
    bundle: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of it."""

    report: Report
    left: Remains
    page: Path | None = None  # None when nothing was to be written
    edition: Edition | None = None


def _make(
    case: Case,
    index: Index,
    asked: _Asked,
    faults: tuple[Fault, ...],
    stamps: tuple[Stamp, ...],
) -> _Made:
    """Judge the text, conceal what tells of people, and write what may be written."""
    marks = marks_of(case)
    concealer = Concealer(marks)
    edition = (
        next_edition(case, asked.source or "", asked.correction, asked.when) if asked.by else None
    )
    text = None
    if asked.source is not None:
        text, problems = judged_text(
            case, index, faults, asked.source, concealer, publishing=edition
        )
        _require_none(asked.path, problems)
        text = replace(text, has_bundle=asked.bundle)
    with TemporaryDirectory(prefix="sousveil-") as pictures:
        report = make_report(
            case,
            index,
            faults,
            asked.when,
            Path(pictures),
            operator=case.settings.operator if Private.OPERATOR in asked.allowed else "",
            stamps=stamps,
            with_translations=Private.REVIEWERS in asked.allowed,
            looked_at=marks.pictures,
            cover=partial(covers, case, index, concealer),
        )
        report = concealer.report(report)
        left = remains(report, concealer.met, marks)
        if asked.output is None:
            return _Made(report, left)
        if edition:
            _require_agreed(Private.PICTURES, left, asked.allowed)

        def beside(folder: Path) -> None:
            """Add what lies beside the pages, and hold its records against what was agreed to."""
            nonlocal left
            _add_beside(case, index, text, asked, folder)
            left = replace(left, records=contacts_in(folder / BUNDLED) if asked.bundle else {})
            if edition:
                _require_agreed(Private.CONTACTS, left, asked.allowed)

        def record(folder: Path) -> None:
            if edition and text:
                with writing(case, patience(case)) as writer:
                    log_edition(writer, edition, text, folder, by=asked.by, remains=left)

        page = write_dossier(report, asked.output, beside, text, record if edition else None)
    return _Made(report, left, page, edition)


def _check_options(by: str, correction: str, *, publish: bool) -> None:
    if publish and not by.strip():
        raise InputError("--publish: say who publishes it, with --by NAME.")
    if not publish and (by or correction):
        raise InputError("--by and --correction are for --publish. Add it, or leave them out.")


def _form(made: _Made, faults: Sequence[Fault]) -> Json:
    left = made.left
    told: Json = {"findings": len(made.report.findings), "faults": len(faults)}
    told |= {"page": str(made.page)} if made.page else {}
    told |= {"edition": made.edition.number} if made.edition else {}
    return told | {
        "withheld": dict(left.withheld),
        "shown": [one.exact for one in left.shown],
        "painted": left.painted,
        "covered": left.covered,
        "pictures_nobody_looked_at": list(left.unseen),
        "in_records": dict(left.records),
    }


def _require_agreed(kind: Private, left: Remains, allowed: frozenset[Private]) -> None:
    """Raise InputError for what remains in an edition and nobody agreed to, having told it."""
    if kind in left.agreed and kind not in allowed:
        _tell_remains(left)
        raise InputError(
            f"{kind}: what remains of people is named above. Nothing was written. Withhold it, or"
            f" agree with --allow {kind}, which the log will tell."
        )


def _tell_remains(left: Remains) -> None:
    for line in lines(left):
        tell(plain(line, _PROBLEM_CHARACTERS))


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


def _add_beside(case: Case, index: Index, text: Text | None, asked: _Asked, folder: Path) -> None:
    """Look through a new dossier for what is private; then add what lies beside its pages."""
    for line in judged(in_folder(folder, wanted_of(case)), asked.allowed):
        tell(f"note: {plain(line)}", "yellow")
    if text is None:
        return
    if asked.bundle:
        with progress("bundling the evidence") as bar:
            write_bundle(
                case,
                index,
                sorted(text.cited),
                Output(folder / BUNDLED, (), asked.allowed),
                hidden=withheld_fields((), (), frozenset()),
                with_decisions=False,
                now=asked.when,
                progress=bar,
            )
    if asked.pdf:
        browser = find_browser()
        (folder / PRINTED).write_bytes(print_page(browser, folder / "print.html"))
