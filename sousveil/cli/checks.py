"""Commands that prove and publish: verify, dossier, doctor."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from sousveil.case import Case, open_case
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.keyed import change_json
from sousveil.cli.telling.packages import verify_file
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.errors import InputError
from sousveil.model import Fault
from sousveil.run.against import hold_against
from sousveil.run.checking import check_case
from sousveil.run.doctor import examine
from sousveil.run.repair import repair
from sousveil.run.stamping import renewal_is_due
from sousveil.run.verify import Verification
from sousveil.tlog.successions import told as told_keys
from sousveil.tlog.timestamps.anchors import told as told_anchors
from sousveil.tlog.timestamps.told import told
from sousveil.tlog.witnesses import told as told_witnessed

_SENTENCE_CHARACTERS = 1_200  # two keys, with words around them


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(verify)
    app.command()(doctor)


def verify(
    path: Annotated[
        Path | None, typer.Argument(help="The case's folder, or a WACZ file of anybody's.")
    ] = None,
    *,
    key: Annotated[
        str | None,
        typer.Option(help="The log's key, as its owner told it: of a package of ours."),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option("--against", help="A checkpoint, .tlog-proof or bundle that somebody kept."),
    ] = None,
    identity: Annotated[
        Path | None, typer.Option(help="Your secret key's file: of a package for you (.age).")
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every byte of the evidence.

    Files against the log, the log against its signature, each quote against its capture; with
    --against, whether the log only grew since that checkpoint. Exit status 1: something is wrong,
    and named.

    A WACZ file, ours or anybody's, is held against itself, and told what it proves, by whom and
    since when, and what not.
    """
    if path is not None and path.is_file():
        if kept is not None:
            raise InputError("--against is for a case. Name the case's folder, or leave it out.")
        verify_file(path, key, identity, as_json=as_json)
        return
    if key is not None:
        raise InputError("--key is for a WACZ file; a case names its key. Leave it out.")
    case = open_case(path) if path is not None else chosen_case(folder)
    result, faults = check_and_tell(case)
    against = hold_against(case, kept) if kept is not None else None
    is_right = not faults and (against is None or against.is_fine)
    if as_json:
        summary = msgspec.to_builtins(result) | {"faults": msgspec.to_builtins(faults)}
        summary["keys"] = [change_json(one) for one in result.keys]
        write_json([{"ok": is_right, **summary, "against": msgspec.to_builtins(against)}])
    else:
        _tell(result, faults)
        if against is not None:
            held = f"Against {plain(str(kept))}: {plain(against.told, 1_200)}"
            say(held, "bold green" if against.is_fine else "bold red")
    if not is_right:
        raise typer.Exit(FOUND_WRONG)


def check_and_tell(case: Case) -> tuple[Verification, tuple[Fault, ...]]:
    """Verify a case, showing how far it is; return what the evidence shows, and every fault."""
    with progress("verifying") as bar:
        checked = check_case(case, bar)
    for note in checked.notes:
        tell(f"note: {plain(note)}")
    return checked.evidence, checked.faults


def _tell(result: Verification, faults: tuple[Fault, ...]) -> None:
    for note in result.notes:
        tell(f"note: {plain(note)}")
    for fault in faults:
        say(f"{plain(fault.path)}: {plain(fault.problem)}", "bold red")
    entries = _entries(result)
    size = f"{result.size_bytes:,} bytes in {count_of(result.files, 'archive file')}"
    if faults:
        tell("After a crash or a full disk, `sousveil doctor --repair` brings it into order.")
        say(f"NOT whole: {count_of(len(faults), 'fault')}. Checked {entries}, {size}.", "red")
        return
    say(f"Whole: {entries}, {size}, every finding in its capture.", "bold green")
    say(f"    log {plain(result.origin)}, root {result.root}")
    say(f"    signed by {plain(result.key)}")
    say("    This shows that nothing was changed since it was logged, and in which order it came.")
    for sentence in told_keys(result.keys, result.witnessed, result.stamps):
        say(f"    {plain(sentence, _SENTENCE_CHARACTERS)}")
    for sentence in told_witnessed(result.witnessed, result.entries):
        say(f"    {plain(sentence)}")
    for sentence in told(result.stamps, result.entries):
        say(f"    {plain(sentence)}")
    for sentence in told_anchors(result.anchors, result.entries):
        say(f"    {plain(sentence, _SENTENCE_CHARACTERS)}")
    if renewal_is_due(result.stamps, now()):
        tell("A stamp soon stands no more. Renew it: sousveil stamp", "yellow")
    if result.stamps or result.witnessed or any(one.at for one in result.anchors):
        say("    It does not show what the servers sent to others.")
        return
    say("    It does not show when to anybody who doubts this computer's clock, nor what the")
    say("    servers sent to others. Time stamps would: name two authorities in case.toml.")


def _entries(result: Verification) -> str:
    return "1 log entry" if result.entries == 1 else f"{result.entries:,} log entries"


def doctor(
    *,
    repairing: Annotated[
        bool, typer.Option("--repair", help="Bring the case into order after an accident.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check what this computer has and lacks, or repair a case.

    --repair finishes what was interrupted, makes again what follows from the evidence, and moves
    what is torn or strange into the case's folder `set-aside`, with a note that says why. Nothing
    is deleted. Exit status 1: something that was logged is lost; what to restore is named.
    """
    if repairing:
        _repair(chosen_case(folder), as_json=as_json)
        return
    checks = examine()
    if as_json:
        write_json(checks)
    else:
        for check in checks:
            mark, style = ("ok  ", "green") if check.ok else ("MISS", "bold red")
            say(f"{mark}  {check.name:<14} {plain(check.found)}", "" if check.ok else style)
            if not check.ok:
                say(f"      {check.advice}")
    if not all(check.ok for check in checks if check.needed):
        raise typer.Exit(FOUND_WRONG)


def _repair(case: Case, *, as_json: bool) -> None:
    with progress("repairing") as bar:
        result = repair(case, now(), patience(case), bar)
    if as_json:
        write_json([{"ok": result.is_whole, **msgspec.to_builtins(result)}])
    else:
        for one in result.aside:
            say(f"set aside: {plain(one.path)}: {plain(one.problem)}")
        for name in result.made:
            say(f"made again: {plain(name)}")
        for fault in result.lost:
            say(
                f"cannot be repaired: {plain(fault.path)}: {plain(fault.problem, 1_200)}",
                "bold red",
            )
        if result.folder:
            tell(f"What was set aside lies in {case.root / result.folder}; its note says why.")
        elif not result.made and result.is_whole:
            say("Nothing is wrong with this case.", "bold green")
    if not result.is_whole:
        raise typer.Exit(FOUND_WRONG)
