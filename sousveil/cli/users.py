"""Commands that say who may come into the desk of a team: users add, change, remove, list.

Who may decide in the case, and since when, is of the case's history: it is logged, with names and
roles and nothing else (the event "desk.user"). That somebody comes in is not: their decisions are
logged, each with its author, and when people work is nobody's business.
"""

import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import pyotp
import typer

from sousveil.case import Case
from sousveil.cli.options import CaseOption, JsonOption, chosen_case, now, patience
from sousveil.cli.telling.screen import plain, say, tell, write_json
from sousveil.errors import InputError
from sousveil.index.reviews import person
from sousveil.jsonform import instant
from sousveil.ledger import writing
from sousveil.model import Json
from sousveil.run.indexing import open_index, sync_index
from sousveil.web.safety.users import (
    Account,
    changing_users,
    checked_name,
    hash_password,
    read_users,
    users_file,
)

EVENT = "desk.user"


class RoleWord(StrEnum):
    """What a user may do, each what those before it may."""

    READER = "reader"
    REVIEWER = "reviewer"
    EDITOR = "editor"


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As decisions name them.")]
RoleOption = Annotated[RoleWord | None, typer.Option(help="What they may do.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    users = typer.Typer(help="Who may come into the desk of a team.", no_args_is_help=True)
    users.command(name="add")(add)
    users.command(name="change")(change)
    users.command(name="remove")(remove)
    users.command(name="list")(list_)
    app.add_typer(users, name="users")


def add(
    name: NameArgument,
    *,
    role: RoleOption = RoleWord.REVIEWER,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Also ask for a code of their telephone.")
    ] = False,
    folder: CaseOption = None,
) -> None:
    """Let somebody come in; their password is asked for, or read from standard input."""
    case = chosen_case(folder)
    kept = checked_name(name)
    if person(kept) in read_users(users_file(case.settings.origin)):
        raise InputError(f"{kept}: there already. Use `sousveil users change`.")
    account = Account(
        kept,
        (role or RoleWord.REVIEWER).value,
        hash_password(_asked_password()),
        now(),
        pyotp.random_base32() if second_factor else "",
    )
    _put(case, account, "added")
    _tell_second_factor(case, account)


def change(
    name: NameArgument,
    *,
    role: RoleOption = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new one.")] = False,
    second_factor: Annotated[
        bool | None,
        typer.Option("--second-factor/--no-second-factor", help="A new one, or none."),
    ] = None,
    folder: CaseOption = None,
) -> None:
    """Change somebody's role, password or second factor; they have to come in again."""
    case = chosen_case(folder)
    account = _known(case, name)
    if role is not None:
        account = replace(account, role=role.value)
    if password:
        account = replace(account, password=hash_password(_asked_password()))
    if second_factor is not None:
        secret = pyotp.random_base32() if second_factor else ""
        account = replace(account, second_factor=secret, last_code=0)
    _put(case, replace(account, since=now()), "changed")
    if second_factor:
        _tell_second_factor(case, account)


def remove(name: NameArgument, *, folder: CaseOption = None) -> None:
    """Let somebody in no more, from their next request on; their decisions stay."""
    case = chosen_case(folder)
    _put(case, _known(case, name), "removed")


def list_(*, folder: CaseOption = None, as_json: JsonOption = False) -> None:
    """Show who may come in."""
    accounts = read_users(users_file(chosen_case(folder).settings.origin)).values()
    if as_json:
        write_json(_json(account) for account in accounts)
        return
    for account in accounts:
        factor = "password and code" if account.second_factor else "password"
        say(f"{account.role:<9} {plain(account.name)}  ({factor})")
    if not accounts:
        tell("Nobody yet: sousveil users add NAME")


def _known(case: Case, name: str) -> Account:
    account = read_users(users_file(case.settings.origin)).get(person(name))
    if account is None:
        raise InputError(f"{name}: not a user. See `sousveil users list`.")
    return account


def _put(case: Case, account: Account, what: str) -> None:
    """Log a change of who may come in, then make it: a crash between leaves a change undone."""
    body = {
        "what": what,
        "name": account.name,
        "role": account.role,
        "second_factor": bool(account.second_factor),
    }
    with writing(case, patience(case)) as writer, open_index(case, create=True) as index:
        sync_index(case, index)
        writer.commit(EVENT, body, now=now())
        sync_index(case, index)
    with changing_users(users_file(case.settings.origin)) as accounts:
        accounts.pop(person(account.name), None)
        if what != "removed":
            accounts[person(account.name)] = account
    say(f"{what}: {plain(account.name)}, {account.role}")


def _asked_password() -> str:
    """Return the password that was typed, twice, or that standard input has on its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _tell_second_factor(case: Case, account: Account) -> None:
    """Print what the user's telephone needs; this is the only time that it is shown."""
    if not account.second_factor:
        return
    title = f"sousveil {case.settings.title}"
    address = pyotp.TOTP(account.second_factor).provisioning_uri(
        name=account.name, issuer_name=title
    )
    say(f"Second factor, for an app such as Aegis or FreeOTP: {address}")
    tell("It is shown this once. Give it to nobody else.")


def _json(account: Account) -> Json:
    return {
        "name": account.name,
        "role": account.role,
        "second_factor": bool(account.second_factor),
        "since": instant(account.since),
    }
