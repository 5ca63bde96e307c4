"""What the process that delivers a message is asked and answers, and its limits.

Shared by `send.py`, which asks, and `worker.py`, which runs apart.
"""

from typing import Literal, TypeAlias

import msgspec

CONNECT_SECONDS = 30.0  # a circuit through Tor takes ten and more
SERVICE_SECONDS = 60.0  # for one message, logging in included
WAIT_SECONDS = 90.0  # by the clock, until the process is ended

Outcome: TypeAlias = Literal["delivered", "unknown URL", "not delivered"]


class Way(msgspec.Struct, frozen=True):
    """The SOCKS5 server that everything goes through."""

    host: str
    port: int
    user: str | None
    password: str | None


class Request(msgspec.Struct, frozen=True):
    """A message, and whom to deliver it to. Holds secrets: it goes by a pipe alone."""

    url: str  # as Apprise writes them
    title: str
    body: str
    way: Way | None  # None: straight


class Answer(msgspec.Struct, frozen=True):
    """What came of it: nothing of what was asked is in here."""

    outcome: Outcome
    status: int | None = None  # HTTP status with which a service refused, if that is known
