"""The process that delivers a message: Apprise, which speaks to some hundred services.

Run as `python -m sousveil.alerts.worker`, with a `Request` as JSON on standard input; writes an
`Answer` on standard output. It first sees to it that nothing of this computer is told along with
the message (its name, its time zone), and, where there is an exit, that every connection goes
through it and every name is resolved there. `send.py` is the caller.
"""

import contextlib
import logging
import re
import socket
import sys
from collections.abc import Callable
from typing import Any

import apprise
import msgspec
import socks

from sousveil.alerts.answers import CONNECT_SECONDS, SERVICE_SECONDS, Answer, Request, Way

# What mail programs call themselves who do not tell a server the name of their computer.
NOBODY = "localhost.localdomain"

_STATUS = re.compile(r"\berror=([1-5]\d\d)\b")  # so Apprise ends what it says of an HTTP answer

AddressInfo = tuple[int, int, int, str, tuple[str, int]]


def main() -> None:
    """Answer one request."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    vars(socket).update(getfqdn=lambda _="": NOBODY)  # smtplib greets with it (RFC 5321, 4.1.1.1)
    if request.way is not None:
        go_through(request.way)
    with contextlib.redirect_stdout(sys.stderr):  # the answer alone goes to our caller
        answer = deliver(request)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


def go_through(way: Way) -> None:
    """Let every connection of this process go through a SOCKS5 server (RFC 1928), for good.

    Names are handed to it as they are. What cannot go through it fails: nothing goes straight.
    """
    ((family, _, _, _, (address, *_)), *_) = socket.getaddrinfo(
        way.host, way.port, type=socket.SOCK_STREAM
    )

    def unresolved(host: str, port: int, *_: object, **__: object) -> list[AddressInfo]:
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, int(port)))]

    def refuse(*_: object) -> str:
        raise socket.gaierror(socket.EAI_FAIL, "names are resolved by the exit")

    socks.set_default_proxy(
        socks.SOCKS5, address, way.port, rdns=True, username=way.user, password=way.password
    )
    lookups: dict[str, Callable[..., Any]] = dict.fromkeys(
        ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"), refuse
    )
    vars(socket).update(lookups, socket=socks.socksocket, getaddrinfo=unresolved)


def deliver(request: Request) -> Answer:
    """Hand the message to Apprise, and tell what came of it."""
    log = _Statuses()
    for logger in (logging.getLogger("apprise"), logging.getLogger()):
        logger.handlers = [log]  # nothing else of what Apprise says leaves this process
    notifier = apprise.Apprise(asset=discreet())
    if not notifier.add(request.url):
        return Answer("unknown URL")
    for service in notifier:
        service.socket_connect_timeout = max(service.socket_connect_timeout, CONNECT_SECONDS)
        service.socket_read_timeout = max(service.socket_read_timeout, CONNECT_SECONDS)
    if notifier.notify(title=request.title, body=request.body, body_format="text"):
        return Answer("delivered")
    return Answer("not delivered", log.status)


def discreet() -> apprise.AppriseAsset:
    """Return how Apprise appears: as itself, like to all its users, and nothing of ours.

    No picture is linked, which services would load; no key is made; nothing is stored; nothing is
    sent on to where a service redirects us; times are written in UTC.
    """
    return apprise.AppriseAsset(
        async_mode=False,
        http_redirects=False,
        image_url_logo="",
        image_url_mask="",
        language="en",
        pem_autogen=False,
        pgp_autogen=False,
        service_timeout=SERVICE_SECONDS,
        storage_mode="memory",
        timezone="UTC",
    )


class _Statuses(logging.Handler):
    """Keeps the last HTTP status that Apprise complained of."""

    status: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if found := _STATUS.search(record.getMessage()):
            self.status = int(found[1])


if __name__ == "__main__":
    main()
