"""Other programs that do a part of our work, run from environments of their own below .cache/bench.

They are installed from the package index when they are first wanted; a peer that cannot be is a row
that says so. None of their code is part of this repository or imported by it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".cache" / "bench"
WARCPROX = "warcprox==2.13.1"
ARCHIVEBOX = "archivebox==0.7.4"
DATASETTE = "datasette==0.65.1"
INSTALL_SECONDS = 300
START_SECONDS = 30
# Written out within a second; an idle file is closed when the proxy ends.
END_SECONDS = 60
ARCHIVEBOX_SECONDS = 600
# ArchiveBox refuses to run as root; so it runs as nobody then, who must be able to read its Python.
SYSTEM_PYTHON = "/usr/bin/python3"
_AS_NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
_NOBODY = 65534
# As much as sousveil keeps: answers (by wget), the page's DOM and its picture; no one else's help.
_ARCHIVEBOX_OPTIONS = {
    "SAVE_WARC": "True",
    "SAVE_WGET": "True",
    "SAVE_DOM": "True",
    "SAVE_SCREENSHOT": "True",
    **dict.fromkeys(
        (
            "SAVE_ARCHIVE_DOT_ORG",
            "SAVE_TITLE",
            "SAVE_FAVICON",
            "SAVE_PDF",
            "SAVE_SINGLEFILE",
            "SAVE_READABILITY",
            "SAVE_MERCURY",
            "SAVE_HTMLTOTEXT",
            "SAVE_GIT",
            "SAVE_MEDIA",
            "SAVE_HEADERS",
            "USE_NODE",
            "USE_YOUTUBEDL",
            "CHROME_SANDBOX",
        ),
        "False",
    ),
}

# It refuses 127.0.0.1 and has no option for that.
_WARCPROX_MAIN = """
import sys
from warcprox import main, warcproxy
warcproxy.WarcProxyHandler.allow_localhost = True
main.main(sys.argv)
"""


class AbsentError(Exception):
    """A peer that cannot be run here, and why."""


def installed(
    requirement: str, *, python: str = sys.executable, setuptools: str = "setuptools"
) -> Path:
    """Return the Python of an environment that has `requirement`; raises AbsentError.

    `setuptools` is which of them it has, for programs that need an old one.
    """
    folder = FOLDER / requirement.partition("=")[0]
    program = folder / "bin" / "python"
    done = folder / "installed"
    if done.exists():
        return program
    uv = Path(sys.executable).parent / "uv"
    steps: tuple[list[str | Path], ...] = (
        [uv, "venv", "--quiet", "--clear", "--python", python, folder],
        [uv, "pip", "install", "--quiet", "--python", program, requirement, setuptools],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise AbsentError(f"{requirement} could not be installed") from error
    done.touch()
    return program


@contextmanager
def warcprox(folder: Path) -> Iterator[str]:
    """Run warcprox, which writes WARC files into `folder`; gives the proxy's URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments: list[str | Path] = [
        *(installed(WARCPROX), "-c", _WARCPROX_MAIN, "-b", "127.0.0.1", "-p", str(port)),
        *("-d", "warcs", "-z", "-g", "sha256", "-j", os.devnull, "--stats-db-file", os.devnull),
        *("-c", "ca.pem", "--certs-dir", "certs", "-q"),
    ]
    running = subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(END_SECONDS)


@contextmanager
def datasette(database: Path) -> Iterator[tuple[int, str]]:
    """Serve a SQLite file by Datasette; gives its process and its host. Raises AbsentError.

    It suggests no facets, which costs it some queries a page, and may take its time.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments: list[str | Path] = [
        *(installed(DATASETTE, setuptools="setuptools<81"), "-m", "datasette", database),
        *("--port", str(port), "--setting", "suggest_facets", "off"),
        *("--setting", "sql_time_limit_ms", "10000"),
    ]
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield running.pid, f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(END_SECONDS)


def archivebox(urls: Sequence[str], folder: Path, browser: Path) -> float:
    """Have ArchiveBox keep `urls` in `folder`; return the seconds it took without its set-up."""
    program, before = installed(ARCHIVEBOX, python=SYSTEM_PYTHON), []
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
        before = list(_AS_NOBODY)
    options = (
        os.environ | _ARCHIVEBOX_OPTIONS | {"HOME": str(folder), "CHROME_BINARY": str(browser)}
    )

    def run(*arguments: str, given: str = "") -> None:
        try:
            subprocess.run(
                [*before, program, "-m", "archivebox", *arguments],
                cwd=folder,
                env=options,
                input=given.encode(),
                capture_output=True,
                check=True,
                timeout=ARCHIVEBOX_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise AbsentError(f"archivebox {arguments[0]}: {error}") from error

    run("init")
    begun = time.monotonic()
    run("add", "--depth=0", given="\n".join(urls))
    return time.monotonic() - begun


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise AbsentError("it did not start") from None
            time.sleep(0.1)
        else:
            return
