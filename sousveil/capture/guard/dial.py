"""Dialling: a connection that the guard has allowed, straight or through an exit.

Takes a host, a port and the way out, and gives a connected socket with the address it leads to,
or the `Failure` to record. A name is resolved once and the connection made to exactly what was
judged; through an exit the name goes to the exit and our resolver never hears it. Runs on an
asyncio loop without ever blocking it.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from sousveil.capture.guard.exits import EXIT_SECONDS, TARGET_REPLIES, Exit, reach
from sousveil.capture.guard.socks import SocksError, Talk, ask_connect, reply_words
from sousveil.model import Failure, FailureKind

T = TypeVar("T")

# All addresses of a host together; a far server answers within seconds.
CONNECT_SECONDS = 20.0
# Of a host's addresses that many are tried, so that each gets a fair part of the time.
MAX_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Dialled:
    """A connection; the socket is the caller's to close."""

    sock: socket.socket  # not blocking
    ip_address: str | None  # of the host; None through an exit, which does not tell


async def dial(
    host: str, port: int, *, allowed: frozenset[str], exit_: Exit | None, resolver: Executor
) -> Dialled | Failure:
    """Connect to `host` and `port` if the guard allows it; `resolver` does what blocks.

    An exit that is down, or will not serve us, is a Failure of kind EXIT that names it: nothing
    was learnt of the host, and nothing goes there another way.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.run_in_executor(resolver, reach, host, port, allowed, exit_)
    if isinstance(addresses, Failure):
        return addresses
    if exit_ is not None:
        return await _dial_through(exit_, host, port, resolver)
    return await _connect(addresses, port, host)


async def converse(sock: socket.socket, talk: Talk[T]) -> T:
    """Hold a talk over `sock` and return what was agreed.

    Reads not a byte beyond it. Raises SocksError, also when the other side hangs up, and OSError.
    """
    loop = asyncio.get_running_loop()
    say, wanted = next(talk)
    while True:
        if say:
            await loop.sock_sendall(sock, say)
        heard = b""
        while len(heard) < wanted:
            piece = await loop.sock_recv(sock, wanted - len(heard))
            if not piece:
                raise SocksError("it hung up in the middle of the talk.")
            heard += piece
        try:
            say, wanted = talk.send(heard)
        except StopIteration as end:
            agreed: T = end.value
            return agreed


async def _dial_through(exit_: Exit, host: str, port: int, resolver: Executor) -> Dialled | Failure:
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.run_in_executor(resolver, exit_.addresses)
    except OSError as error:
        return Failure(FailureKind.EXIT, f"{exit_} was not found ({error}); nothing was asked")
    found = await _connect(addresses, exit_.port, str(exit_))
    if isinstance(found, Failure):
        return Failure(FailureKind.EXIT, f"{found.message}; nothing was asked without it")
    with ExitStack() as on_failure:
        on_failure.enter_context(found.sock)
        try:
            async with asyncio.timeout(EXIT_SECONDS):
                await converse(found.sock, ask_connect(host, port, exit_.credentials))
        except (SocksError, OSError) as error:
            return _refused(exit_, host, error)
        on_failure.pop_all()
    return Dialled(found.sock, None)


def _refused(exit_: Exit, host: str, error: SocksError | OSError) -> Failure:
    reply = error.reply if isinstance(error, SocksError) else None
    if reply is not None and (kind := TARGET_REPLIES.get(reply)):
        return Failure(
            kind, f"{host}: not reached through {exit_}, which says {reply_words(reply)}"
        )
    words = str(error) or f"no answer in {EXIT_SECONDS:g} seconds"
    return Failure(
        FailureKind.EXIT, f"{exit_} does not lead to {host} ({words}); nothing was asked without it"
    )


async def _connect(addresses: Sequence[str], port: int, whom: str) -> Dialled | Failure:
    """Connect to the first of `addresses` that answers; `whom` names them in the failure."""
    tried = addresses[:MAX_ADDRESSES]
    failure = Failure(FailureKind.CONNECT, f"{whom}: there is no address to connect to")
    for address in tried:
        try:
            async with asyncio.timeout(CONNECT_SECONDS / len(tried)):
                return Dialled(await _connected(address, port), address)
        except TimeoutError:
            failure = Failure(FailureKind.TIMEOUT, f"{whom}: {address} does not answer")
        except OSError as error:
            failure = Failure(FailureKind.CONNECT, f"{whom}: no connection to {address} ({error})")
    return failure


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as on_failure:
        sock = on_failure.enter_context(socket.socket(family, socket.SOCK_STREAM))
        sock.settimeout(0)
        # What comes is passed on at once; waiting to fill a packet would only slow pages down.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
        on_failure.pop_all()
    return sock
