"""Private things: what tells of the people, the computer and the ways out behind a case.

Gathers the words that no output may hold unless its maker says so. Reads the case, the system's
user and host name and its own addresses; asks nobody on the network. `leaks.py` looks for them.
"""

import getpass
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sousveil.case import Case
from sousveil.ledger import read_events
from sousveil.settings import key_path


class Private(StrEnum):
    """Kinds of what an output may not hold unless it is allowed."""

    OPERATOR = "operator"
    REVIEWERS = "reviewers"
    PATHS = "paths"
    USER = "user"
    HOST = "host"
    ADDRESSES = "addresses"
    EXITS = "exits"
    COOKIES = "cookies"
    AUTHORIZATION = "authorization"
    # Not of us, but of those whom evidence tells of.
    CONTACTS = "contacts"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Secret:
    """Words that tell of us."""

    kind: Private
    text: str
    what: str  # in words: "the operator's name"


# Shorter ones stand in any text by chance.
_LEAST_CHARACTERS = 4
# Names that thousands of computers have tell of nobody.
_ANYBODY = frozenset({"root", "user", "admin", "nobody", "ubuntu", "debian", "localhost", "runner"})
_ANYBODYS_FOLDERS = frozenset({"/root", "/home"})
# Types of events that name people, and the field that does.
_NAMED = {
    "review": "by",
    "translation": "by",
    "desk.user": "name",
    "fact.added": "by",
    "fact.changed": "by",
    "fact.withdrawn": "by",
    "published": "by",
    "words.marked": "by",
    "picture.marked": "by",
}
# Documentation addresses (RFC 5737, RFC 3849): a socket that is to send there learns from which
# address it would, and nothing is sent.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD_PORT = 9


def secrets_of(case: Case) -> list[Secret]:
    """Return what tells of those behind a case, the longest words first.

    Raises EvidenceError when the case's events cannot be read.
    """
    found = {one.text: one for one in _secrets(case) if len(one.text) >= _LEAST_CHARACTERS}
    return sorted(found.values(), key=lambda one: -len(one.text))


def _secrets(case: Case) -> Iterator[Secret]:
    told = read_events(case, wanted=lambda _, kind: kind in _NAMED)
    for name in sorted({str(event.body[_NAMED[event.type]]) for event in told}):
        yield Secret(Private.REVIEWERS, name, "a reviewer's name")
    yield Secret(Private.OPERATOR, case.settings.operator, "the operator's name")
    home, keys = Path.home(), key_path(case.settings.origin).parent
    for path, what in (
        (keys, "the folder of the signing key"),
        (home, "the home folder"),
        (case.root.resolve(), "the case's folder"),
    ):
        if str(path) not in _ANYBODYS_FOLDERS:
            yield Secret(Private.PATHS, str(path), what)
    for kind, name, what in (
        (Private.USER, getpass.getuser(), "the user's name"),
        (Private.HOST, socket.gethostname(), "this computer's name"),
    ):
        if name.lower() not in _ANYBODY:
            yield Secret(kind, name, what)
    for address in _own_addresses():
        yield Secret(Private.ADDRESSES, address, "this computer's address")
    for exit_ in case.settings.exits.values():
        yield Secret(
            Private.EXITS, f"{exit_.host}:{exit_.port}", f"the address of exit {exit_.name}"
        )
        for word in exit_.credentials or ():
            yield Secret(Private.EXITS, word, f"a credential of exit {exit_.name}")


def _own_addresses() -> Iterator[str]:
    for family, elsewhere in _ELSEWHERE:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            try:
                asked.connect((elsewhere, _DISCARD_PORT))
            except OSError:
                continue  # no way out by this family, so no address either
            own = str(asked.getsockname()[0])
        if not ipaddress.ip_address(own).is_loopback:
            yield own
