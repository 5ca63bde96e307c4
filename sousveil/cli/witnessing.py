"""The commands of witnesses: be one for the logs of others, and ask one's own."""

from pathlib import Path
from typing import Annotated

import typer

from sousveil.case import locked
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.screen import (
    FOUND_WRONG,
    clock,
    count_of,
    plain,
    progress,
    say,
    tell,
    write_json,
)
from sousveil.cli.telling.stamped import tell_asked
from sousveil.errors import InputError
from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.sending import Outside
from sousveil.run.witnessing import Heard, ask_witnesses
from sousveil.settings import config_folder
from sousveil.witness.folder import (
    Witnessed,
    add_log,
    logs,
    make_key,
    only_one,
    own_key,
    remove_key,
)
from sousveil.witness.server import Witness, WitnessServer

LAST_PORT = 65_535

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        help="The witness's folder; without it, `witness` in your configuration.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    witness = typer.Typer(
        help="Be a witness for the logs of others, or ask the witnesses of your own.",
        invoke_without_command=True,
    )
    witness.callback()(witness_help)
    witness.command(name="key")(witness_key)
    witness.command(name="add")(witness_add)
    witness.command(name="remove")(witness_remove)
    witness.command(name="list")(witness_list)
    witness.command(name="serve")(witness_serve)
    witness.command(name="ask")(witness_ask)
    app.add_typer(witness, name="witness")


def witness_help(context: typer.Context) -> None:
    """Be a witness for the logs of others, or ask the witnesses of your own."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def witness_key(
    *,
    name: Annotated[
        str | None,
        typer.Option(help="Make the key, of this name: an address without its scheme."),
    ] = None,
    folder: FolderOption = None,
) -> None:
    """Print the witness's verifier key, for those whose logs it witnesses.

    A witness has one key for its whole life: whoever loses it, or the folder, begins anew in
    another folder, with another name.
    """
    place = _place(folder)
    signer = make_key(place, name) if name is not None else own_key(place)
    say(signer.verifier_key)


def witness_add(
    origin: Annotated[str, typer.Argument(help="The log's name, as its owner told it.")],
    key: Annotated[str, typer.Argument(help="The log's key, as its owner told it: NAME+ID+KEY.")],
    *,
    folder: FolderOption = None,
) -> None:
    """Let the witness know a log, or one more key of it.

    Both stand in the [log] of the case.toml of its owner. The witness may be serving meanwhile.
    """
    known = add_log(_place(folder), origin, key)
    say(f"{plain(known.origin)} is witnessed from now on, by {count_of(len(known.keys), 'key')}.")


def witness_remove(
    origin: Annotated[str, typer.Argument(help="The log's name.")],
    key: Annotated[str, typer.Argument(help="The key that signs no more: NAME+ID+KEY.")],
    *,
    folder: FolderOption = None,
) -> None:
    """Let a key of a log sign no more, such as one that was stolen.

    Another one must be known. What was cosigned stays, and must be gone on from.
    """
    known = remove_key(_place(folder), origin, key)
    say(f"{plain(known.origin)} is witnessed by {count_of(len(known.keys), 'key')} from now on.")


def witness_list(*, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """List the logs that the witness knows, and how far it saw them grow.

    Exit status 1: the key of a log signed two logs of one size. Both checkpoints are kept.
    """
    known = list(logs(_place(folder)))
    if as_json:
        write_json(_log_json(one) for one in known)
    else:
        for one in known:
            _tell_log(one)
        tell(f"{count_of(len(known), 'log')}.")
    if any(one.refused for one in known):
        raise typer.Exit(FOUND_WRONG)


def witness_serve(
    *,
    listen: Annotated[
        str, typer.Option("--listen", help="The address and port to answer at.")
    ] = "127.0.0.1:8767",
    folder: FolderOption = None,
) -> None:
    """Answer logs that ask to be witnessed, until it is stopped.

    A checkpoint is cosigned when it goes on from the one cosigned last, and refused otherwise. It
    speaks plain HTTP: for the internet, put a server that speaks TLS before it.
    """
    place, address = _place(folder), _address(listen)
    signer = own_key(place)
    with only_one(place):
        known = count_of(len(list(logs(place))), "log")
        witness = Witness(place, signer, now, lambda line: tell(f"{clock(now())}  {plain(line)}"))
        with WitnessServer(address, witness) as server:
            tell(f"{signer.verifier_key}")
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            tell(f"answers at http://{host}:{server.server_port}/ for {known}")
            server.serve_forever()


def witness_ask(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Ask the witnesses that case.toml names to cosign the log as it is now.

    What a witness has seen already is not sent again. Exit status 1: one did not cosign, which is
    told with the reason.
    """
    case = chosen_case(folder)
    if not case.settings.witnesses:
        raise InputError(
            f"{case.root}: no witness is named in case.toml. Add one under [witnesses], such as:"
            ' ours = { url = "https://witness.example/", key = "NAME+ID+KEY" }.'
        )
    with progress("asking") as bar:
        bar(0, note=", ".join(case.settings.witnesses))
        outside = Outside(now, turn=lambda: locked(case, patience(case)))
        heard = list(ask_witnesses(case, outside))
    if as_json:
        write_json(_heard_json(one) for one in heard)
    else:
        tell_asked(heard)
        if not heard:
            say("Nothing waits: every witness has seen the newest entry.")
    if any(one.problem for one in heard):
        raise typer.Exit(FOUND_WRONG)


def _place(folder: Path | None) -> Path:
    return folder if folder is not None else config_folder() / "witness"


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):  # as in URLs, RFC 3986 section 3.2.2
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > LAST_PORT:
        raise InputError(
            f"--listen {text}: is not HOST:PORT, such as 127.0.0.1:8767 or [::1]:8767."
        )
    return host, int(port)


def _tell_log(one: Witnessed) -> None:
    say(plain(one.origin), "bold")
    if one.latest is None or one.cosigned is None:
        say("    not seen yet")
    else:
        seen = "1 entry" if one.latest.size == 1 else f"{one.latest.size:,} entries"
        say(f"    {seen}, {clock(one.cosigned.at)}")
    if one.refused is not None:
        say(f"    FORKED: its key signed two logs of one size: {one.refused}", "bold red")


def _log_json(one: Witnessed) -> Json:
    return {
        "origin": one.origin,
        "keys": [str(key) for key in one.keys],
        "entries": one.latest.size if one.latest else 0,
        "at": instant(one.cosigned.at) if one.cosigned else None,
        "refused": str(one.refused) if one.refused else None,
    }


def _heard_json(one: Heard) -> Json:
    return {
        "event": "witness",
        "witness": one.witness,
        "entries": one.entries,
        "at": instant(one.at) if one.at else None,
        "problem": one.problem,
        "contradicts": one.is_contradiction,
    }
