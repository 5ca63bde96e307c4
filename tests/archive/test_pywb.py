"""pywb as a referee: it plays what we archived, revisits included, by its own index.

pywb is under the GPL: it is installed into an environment of its own and runs as a process.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from sousveil.case import Case
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

PYWB = ("pywb==2.10.0", "setuptools==80.9.0")  # it imports pkg_resources, which later ones lack
TEXT = "The page as it was. " * 200  # long enough to be referred to, not kept twice


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of pywb's programs; skip where it cannot be installed."""
    folder = tmp_path_factory.mktemp("pywb")
    uv = Path(sys.executable).parent / "uv"
    steps: tuple[list[str | Path], ...] = (
        [uv, "venv", "--quiet", "--python", sys.executable, folder],
        [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *PYWB],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, check=False, text=True)
        if done.returncode:
            pytest.skip(f"pywb cannot be installed: {done.stderr[:200]}")
    return folder / "bin"


@contextmanager
def playing(programs: Path, case: Case, folder: Path) -> Iterator[int]:
    """Let pywb index the case's archive and serve it; gives the port."""
    folder.mkdir()
    manager = programs / "wb-manager"
    warcs = sorted(case.root.rglob("archive/**/*.warc.gz"))
    commands: tuple[list[str | Path], ...] = (
        [manager, "init", "all"],
        [manager, "add", "all", *warcs],
    )
    for command in commands:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [programs / "wayback", "-b", "127.0.0.1", "-p", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            try:
                get(port, "/")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        running.terminate()
        running.wait(20)


def get(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@pytest.mark.slow
def test_pywb_shows_each_look_at_a_page_and_not_what_we_say_of_it(
    programs: Path, with_browser: Path, tmp_path: Path
) -> None:
    assert with_browser
    with serve() as site:
        site.pages["/a"] = Page(f"<title>A</title><p>{TEXT}</p>".encode())
        case = case_for(tmp_path / "case", site)
        assert sousveil("add", f"{site.url}/a", "--case", case.root).status == 0
        for _ in range(2):
            assert sousveil("visit", "--all", "--case", case.root).status == 0
    with playing(programs, case, tmp_path / "pywb") as port:
        listed = get(port, f"/all/cdx?url={site.url}/a")
        times = sorted({line.split(" ")[1] for line in listed.splitlines()})
        assert '"mime": "warc/revisit"' in listed
        assert '"mime": "application/json"' not in listed
        for when in (times[0], times[-1]):
            shown = get(port, f"/all/{when}id_/{site.url}/a")
            assert TEXT.strip() in shown
