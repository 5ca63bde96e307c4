"""How the verification of a package reads in a terminal, or as JSON."""

from dataclasses import replace
from pathlib import Path

import msgspec
import typer

from sousveil.cli.options import now
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
from sousveil.run.package.proved import not_proved, proved
from sousveil.run.package.verify import PackageVerification, verify_package
from sousveil.run.publish.sealed import SEALED_SUFFIX, unsealed

_SENTENCE_CHARACTERS = 1_200  # a key and a digest, with words around them


def verify_file(path: Path, key: str | None, identity: Path | None, *, as_json: bool) -> None:
    """Check a WACZ file and say what it proves; ends the command with 1 when anything is wrong.

    One that is encrypted is opened with the secret key in the file `identity`, into a private
    folder that goes with the command. Raises InputError when it cannot be opened.
    """
    if path.suffix == SEALED_SUFFIX:
        if identity is None:
            raise InputError(
                f"{path}: is encrypted. Name your secret key's file with --identity, or open it"
                f" with `age -d -i KEY {path} > {path.stem}`."
            )
        with unsealed(path, identity) as plain, progress("verifying") as bar:
            result = replace(
                verify_package(plain, key=key, now=now(), progress=bar), file=str(path)
            )
    elif identity is not None:
        raise InputError(f"{path}: is not encrypted; --identity is for *{SEALED_SUFFIX}.")
    else:
        with progress("verifying") as bar:
            result = verify_package(path, key=key, now=now(), progress=bar)
    if as_json:
        told = {"proved": list(proved(result)), "not_proved": list(not_proved(result))}
        write_json([{"ok": not result.faults, **msgspec.to_builtins(result), **told}])
    else:
        _tell(result)
    if result.faults:
        raise typer.Exit(FOUND_WRONG)


def _tell(result: PackageVerification) -> None:
    for remark in result.remarks:
        tell(f"note: {_line(remark.path, remark.problem)}")
    for fault in result.faults:
        say(_line(fault.path, fault.problem), "bold red")
    holds = result.holds
    maker = plain(result.software) or "a program that does not say its name"
    checked = f"{count_of(holds.files, 'file')}, {count_of(holds.records, 'record')}, by {maker}"
    if result.faults:
        say(f"NOT whole: {count_of(len(result.faults), 'fault')}. Checked {checked}.", "red")
        return
    say(f"Whole: {checked}.", "bold green")
    say(f"    SHA-256 of the file: {result.sha256}")
    say("Proved:")
    for sentence in proved(result):
        say(f"    {plain(sentence, _SENTENCE_CHARACTERS)}")
    say("Not proved:")
    for sentence in not_proved(result):
        say(f"    {plain(sentence, _SENTENCE_CHARACTERS)}")


def _line(path: str, problem: str) -> str:
    return f"{plain(path)}: {plain(problem)}" if path else plain(problem)
