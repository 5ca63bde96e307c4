"""The commands of a case's signing key: show, rotate, lost, passphrase, backup."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.moments import parse_moment
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.keyed import change_json
from sousveil.cli.telling.screen import clock, plain, say, tell, write_json
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.keys import (
    KeyState,
    back_up,
    key_state,
    replace_lost,
    rotate,
    set_passphrase,
)
from sousveil.settings import key_path
from sousveil.tlog.passphrase import new_passphrase

_KEY_CHARACTERS = 1_200  # a verifier key, with words around it

ReasonOption = Annotated[str, typer.Option(help="Why; it stands in the log.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    key = typer.Typer(
        help="Show the key that signs a case's log, let another follow it, protect it, copy it.",
        invoke_without_command=True,
    )
    key.callback()(key_help)
    key.command(name="show")(key_show)
    key.command(name="rotate")(key_rotate)
    key.command(name="lost")(key_lost)
    key.command(name="passphrase")(key_passphrase)
    key.command(name="backup")(key_backup)
    app.add_typer(key, name="key")


def key_help(context: typer.Context) -> None:
    """Show the key that signs a case's log, let another follow it, protect it, copy it."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def key_show(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Show which key signs the log, since when, where it lies, and which ones it followed.

    No passphrase is asked for. `sousveil verify` checks what the log says of its keys.
    """
    _show(key_state(chosen_case(folder)), as_json=as_json)


def key_rotate(
    *,
    reason: ReasonOption = "",
    stolen: Annotated[
        str | None,
        typer.Option(
            "--stolen-since",
            metavar="WHEN",
            help="Somebody else may have the present one, since then: it is revoked.",
        ),
    ] = None,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a new key follow the present one, which signs for it a last time.

    From then on the new one alone signs, and the old one is removed from this computer. Tell the
    new one to those who hold evidence of this case, and to its witnesses.
    """
    case, at = chosen_case(folder), now()
    since = parse_moment(stolen, at, "--stolen-since") if stolen is not None else None
    state = rotate(case, _text(reason), at, patience(case), stolen_since=since)
    _show(state, as_json=as_json)
    _tell_others(state)


def key_lost(
    *,
    reason: ReasonOption = "",
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Protect the new key by a passphrase.")
    ] = False,
    folder: CaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a new key follow one that is gone, or whose passphrase is forgotten.

    The old key cannot sign for it. So `sousveil verify` will say, from here on, that the log's
    continuity rests on its witnesses and on checkpoints that others kept, not on a signature.
    """
    case = chosen_case(folder)
    told = new_passphrase() if passphrase else None
    state = replace_lost(case, _text(reason), now(), patience(case), passphrase=told)
    _show(state, as_json=as_json)
    _tell_others(state)


def key_passphrase(
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Store it without one.")] = False,
    folder: CaseOption = None,
) -> None:
    """Set or change the passphrase of the key file, or remove it.

    The key stays the same. A service that runs must be told the new one, and started anew.
    """
    case = chosen_case(folder)
    set_passphrase(case, patience(case), remove=remove)
    say("The key file has no passphrase." if remove else "The key file has its new passphrase.")


def key_backup(
    output: Annotated[Path, typer.Argument(help="The new file.")], *, folder: CaseOption = None
) -> None:
    """Write a copy of the key, for a second computer or for the safe.

    Under a passphrase in any case: the key file's own, or a new one. `age --decrypt` opens it.
    """
    case = chosen_case(folder)
    back_up(case, output)
    say(f"{output}")
    name = key_path(case.settings.origin).name
    tell(f"On another computer it belongs to its folder of keys, as {name}, readable by you alone.")


def _show(state: KeyState, *, as_json: bool) -> None:
    if as_json:
        write_json([_json(state)])
        return
    say(plain(str(state.key), _KEY_CHARACTERS), "bold")
    say(f"    signs since {clock(state.since)}")
    say(f"    SHA-256 of the public key: {_fingerprint(state)}")
    if not state.is_here:
        say(f"    not on this computer; it would lie in {plain(str(state.path))}", "yellow")
    else:
        guarded = "protected by a passphrase" if state.is_protected else "without a passphrase"
        say(f"    in {plain(str(state.path))}, {guarded}")
    for one in state.changes:
        why = {"key.rotated": "followed", "key.revoked": "revoked, and followed"}.get(
            one.kind, "lost, and followed"
        )
        say(f"    {why} at entry {one.size - 1:,}, {clock(one.at)}: {plain(str(one.former))}")


def _json(state: KeyState) -> Json:
    return {
        "key": str(state.key),
        "id": state.key.key_id.hex(),
        "public_key_sha256": _fingerprint(state),
        "since": instant(state.since),
        "path": str(state.path),
        "here": state.is_here,
        "protected": state.is_protected,
        "changes": [change_json(one) for one in state.changes],
    }


def _fingerprint(state: KeyState) -> str:
    return sha256(state.key.public_key).hexdigest()


def _tell_others(state: KeyState) -> None:
    tell("Tell the new key to those who check this case, by another way than with the evidence.")
    tell(f"Each witness must know it: sousveil witness add {state.key.name} '{state.key}'")


def _text(reason: str) -> str:
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--reason {reason}: not UTF-8 text. Write it in UTF-8.") from error
    return reason
