"""The command that opens the desk: serve."""

import getpass
import ipaddress
import logging
import socket
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sousveil.case import Case
from sousveil.cli.options import CaseOption, chosen_case, now
from sousveil.cli.telling.screen import err, plain, say, tell
from sousveil.errors import InputError
from sousveil.run.indexing import open_index
from sousveil.signing import unlock
from sousveil.web.app import make_app
from sousveil.web.desk import Desk
from sousveil.web.safety import User
from sousveil.web.safety.access import Access
from sousveil.web.safety.team import Team
from sousveil.web.safety.users import users_file
from sousveil.web.server import make_server

PORT = 8734  # or one of the next, where it is taken
MAX_PORTS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the desk is, and how it is reached there."""

    at: str  # an address of this computer
    port: int | None  # None: a free one
    name: str  # as browsers call the host, if not by that address
    certificate: Path | None
    key: Path | None
    behind_proxy: bool

    @property
    def is_tls(self) -> bool:
        """Whether browsers speak TLS to it."""
        return self.certificate is not None or self.behind_proxy

    def host(self, port: int) -> str:
        """Return what a browser calls it (the Host header)."""
        if self.behind_proxy:
            return self.name
        host = self.name or (f"[{self.at}]" if ":" in self.at else self.at)
        return f"{host}:{port}"


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
    team: Annotated[
        bool, typer.Option("--team", help="For several people, who come in by password.")
    ] = False,
    at: Annotated[
        str, typer.Option(help="Of a team: the address of this computer to listen at.")
    ] = "127.0.0.1",
    name: Annotated[
        str, typer.Option(help="Of a team: the host's name, as their browsers call it.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", help="Of a team: PEM, with its chain.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--tls-key", help="Of a team: the certificate's key, PEM.")
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Of a team: a proxy here speaks TLS for us.")
    ] = False,
    folder: CaseOption = None,
) -> None:
    """Open the desk: read the case, and decide on what was found, in your browser.

    On this computer alone: the link that is printed lets one browser in, once. With --team people
    come in by name and password (`sousveil users`); beyond this computer only by TLS. Ends at
    Ctrl-C.
    """
    case = chosen_case(folder)
    place = Place(at, port, name, certificate, key, behind_proxy)
    _check(place, team=team)
    unlock(case)  # here, at the terminal, and not at somebody's first decision
    with open_index(case):
        pass  # one that is missing, or of another version, is told here and not on each page
    _tell_what_happens()
    with _listening(place) as listener, ExitStack() as open_now:
        host = place.host(listener.getsockname()[1])
        access = _access(case, host, place, team=team)
        desk = open_now.enter_context(closing(Desk(case.root, now, access)))
        server = make_server(
            make_app(desk),
            certificate=certificate,
            key=key,
            behind_proxy=behind_proxy,
        )
        address = access.origins[host]
        if team:
            say(f"The desk: {address}/", "bold green")
            server.run(sockets=[listener])
            return
        say(f"The desk: {address}/enter?link={access.new_link()}", "bold green")
        tell("The link works once. Ctrl-C ends the desk.")
        with _opened(f"{address}/enter?link={access.new_link()}", opening=opening):
            server.run(sockets=[listener])


def _check(place: Place, *, team: bool) -> None:
    """Refuse what would let others in; raises InputError."""
    try:
        address = ipaddress.ip_address(place.at)
    except ValueError as error:
        raise InputError(
            f"--at {place.at}: not an IP address. Name one of this computer."
        ) from error
    if (place.certificate is None) != (place.key is None):
        raise InputError("--tls-certificate and --tls-key go together. Name both files.")
    is_plain = place.certificate is None and not place.behind_proxy
    if not team and (not address.is_loopback or not is_plain or place.name):
        raise InputError("without --team the desk is for this computer alone. Add --team.")
    if not address.is_loopback and is_plain:
        raise InputError(
            "beyond this computer the desk is served by TLS alone: name --tls-certificate and"
            " --tls-key, or add --behind-proxy if a proxy on this computer speaks TLS for it."
        )
    if not place.name and (address.is_unspecified or place.behind_proxy):
        raise InputError("name the host with --name, as people's browsers call it.")


def _access(case: Case, host: str, place: Place, *, team: bool) -> Access:
    """Return who may come in; raises InputError when nobody may."""
    scheme = "https" if place.is_tls else "http"
    if not team:
        operator = User(case.settings.operator or getpass.getuser(), "editor")
        return Access([host], scheme=scheme, operator=operator)
    users = Team(users_file(case.settings.origin))
    if not users.accounts():
        raise InputError("nobody may come in yet. Add people: sousveil users add NAME.")
    return Access([host], scheme=scheme, team=users)


def _tell_what_happens() -> None:
    """Tell on standard error who comes in, and what goes wrong."""

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = plain(record.getMessage())
            tell(f"{now():%H:%M:%S} {text}", "yellow" if record.levelno > logging.INFO else "dim")
            if record.exc_info:
                err.print_exception(max_frames=20)

    for name in ("sousveil.desk", "uvicorn.error"):
        logging.getLogger(name).addHandler(Told())
    logging.getLogger("sousveil.desk").setLevel(logging.INFO)


@contextmanager
def _listening(place: Place) -> Iterator[socket.socket]:
    """Listen at a port of this computer; raises InputError when it is taken."""
    family = socket.AF_INET6 if ":" in place.at else socket.AF_INET
    tried = [place.port] if place.port is not None else [*range(PORT, PORT + MAX_PORTS), 0]
    problem = ""
    for port in tried:
        # asyncio sends at once (TCP_NODELAY) on sockets that name TCP; on others an answer's body
        # waits 40 ms for the browser to acknowledge its head.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((place.at, port))
            listener.listen()  # from here on the port is ours, and the link can be followed
        except OSError as error:
            listener.close()
            problem = f"{place.at}, port {port}: {error.strerror}"
            continue
        with listener:
            yield listener
        return
    raise InputError(f"{problem}. Name another with --port, or leave it out.")


@contextmanager
def _opened(link: str, *, opening: bool) -> Iterator[None]:
    """Open a link in the user's browser, by way of a file that nobody else can read.

    A program's arguments can be seen by everybody on this computer; somebody else could use a link
    that is among them first. Where there is no terminal there is nobody to open it for.
    """
    if not opening or not err.is_terminal:
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
