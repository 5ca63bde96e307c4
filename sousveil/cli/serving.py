"""The command that opens the desk: serve."""

import getpass
import socket
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from sousveil.cli.casework import now
from sousveil.cli.options import CaseOption, chosen_case
from sousveil.cli.telling.screen import say, tell
from sousveil.errors import InputError
from sousveil.web.app import make_app
from sousveil.web.desk import Desk
from sousveil.web.safety import User
from sousveil.web.safety.access import Access

LOOPBACK = "127.0.0.1"
PORT = 8734  # of no service that IANA knows; the next free one where it is taken
MAX_PORTS = 20

# A browser opens six connections to a host; a newsroom has some dozens of them.
MAX_CONNECTIONS = 500
# Of a request's line and headers. Ours are short; what browsers send besides is a few kB.
MAX_HEADER_BYTES = 32 * 1024
GOODBYE_SECONDS = 3


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(serve)


def serve(
    *,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Where; without it, a free one.")
    ] = None,
    opening: Annotated[
        bool, typer.Option("--open/--no-open", help="Whether to open it in your browser.")
    ] = True,
    folder: CaseOption = None,
) -> None:
    """Open the desk: read the case, and decide on what was found, in your browser.

    On this computer alone: the link that is printed lets one browser in, once. Ends at Ctrl-C.
    """
    case = chosen_case(folder)
    with _listening(port) as listener:
        host = f"{LOOPBACK}:{listener.getsockname()[1]}"
        operator = User(case.settings.operator or getpass.getuser(), "editor")
        access = Access(operator, {host})
        app = make_app(Desk(case.root, now, access))
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        say(f"The desk: http://{host}/enter?link={access.new_link()}", "bold green")
        tell("The link works once. Ctrl-C ends the desk.")
        with _opened(f"http://{host}/enter?link={access.new_link()}", opening=opening):
            uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _listening(port: int | None) -> Iterator[socket.socket]:
    """Listen at a port of this computer; raises InputError when it is taken."""
    tried = [port] if port is not None else [*range(PORT, PORT + MAX_PORTS), 0]
    for one in tried:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, one))
        except OSError:
            listener.close()
            continue
        with listener:
            yield listener
        return
    raise InputError(f"port {port} is taken. Name another with --port, or leave it out.")


@contextmanager
def _opened(link: str, *, opening: bool) -> Iterator[None]:
    """Open a link in the user's browser, by way of a file that nobody else can read.

    A program's arguments can be seen by everybody on this computer; a link among them could be
    used by somebody else first.
    """
    if not opening:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="sousveil-") as folder:
        page = Path(folder) / "desk.html"
        page.touch(mode=0o600)
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><title>The desk</title>'
            f'<meta http-equiv="refresh" content="0; url={link}"><a href="{link}">The desk</a>',
            encoding="utf-8",
        )
        webbrowser.open(page.as_uri())
        yield
