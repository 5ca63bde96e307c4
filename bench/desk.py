"""What the desk costs a reader of a large case, beside Datasette on the same SQLite file.

Makes a case of 1,000 targets, 100,000 captures and 100,000 findings (bench/desk_case.py), opens the
real `sousveil serve` on it and asks for each page as a browser does; then with fifty people reading
while decisions are written. Where others share the machine, look at the processor's time ("cpu").
`make bench` runs it; its premises are asserted.
"""

import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from bench.desk_case import TARGETS, Size, write_desk_case
from bench.peers import AbsentError, installed

DATASETTE = "datasette==0.65.1"
START_SECONDS = 60
ROUNDS = 30  # of each page
READERS, READING_SECONDS, THINKING_SECONDS = 50, 20.0, 2.0
DECISIONS_EVERY = 0.5  # seconds

AIM_MILLISECONDS, AIM_KILOBYTES = 50.0, 150.0

PAGES = (
    ("today", "/"),
    ("review", "/review"),
    ("findings", "/findings"),
    ("findings, filtered", "/findings?label=denies&trait=religion&state=gone"),
    ("findings of an actor", "/findings?actor=Maker+07&lang=zh"),
    ("targets", "/targets"),
    ("captures", "/captures"),
    ("actors", "/actors"),
    ("timeline", "/timeline"),
    ("timeline of an actor", "/timeline?actor=Maker+07"),
    ("search, a rare word", "/search?q=version+77"),
    ("search, of every page", "/search?q=face"),
    ("search, 2 characters", f"/search?q={quote('民族')}"),
    ("search, phrase and filter", f"/search?q={quote('“face with a confidence”')}&label=denies"),
    ("api findings", "/api/findings"),
)
PEER_PAGES = (
    ("findings", "/index/finding?_size=50"),
    ("findings, filtered", "/index/finding?_size=50&label=denies&trait=religion&state=gone"),
    ("findings of an actor", "/index/finding?_size=50&actor=Maker+07&lang=zh-Hans"),
    ("captures", "/index/capture?_size=50&_sort_desc=captured_at"),
    ("search, a rare word", "/index?sql=" + quote(
        "select p.address, p.text from word join passage p on p.id = word.rowid"
        " where word match 'version AND 77' order by rank limit 20")),
)  # fmt: skip


@dataclass(slots=True)
class Taken:
    """What requests of one kind took."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0  # of the server, for all of them
    bytes: int = 0  # of the largest answer, as it was transferred

    @property
    def p50(self) -> float:
        """Return the median, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def cpu(self) -> float:
        """Return what one took of the server's processor, in milliseconds."""
        return self.cpu_seconds / len(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """Return what 95 of a hundred stay below, in milliseconds."""
        return (
            sorted(self.seconds)[min(len(self.seconds) - 1, len(self.seconds) * 95 // 100)] * 1000
        )


@dataclass(frozen=True, slots=True)
class Asker:
    """A browser that keeps its connection."""

    connection: HTTPConnection
    cookie: str

    def ask(self, path: str, taken: Taken, form: dict[str, str] | None = None) -> str:
        """Ask for a page and note what it took; return its text."""
        headers = {"Cookie": self.cookie, "Accept-Encoding": "identity"}
        if form is None:
            headers["Accept-Encoding"] = "gzip"
        else:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
                "Origin": "null",
                "Accept": "application/json",
            }
        begun = time.perf_counter()
        method = "GET" if form is None else "POST"
        self.connection.request(method, path, urlencode(form) if form else None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        taken.seconds.append(time.perf_counter() - begun)
        taken.bytes = max(taken.bytes, len(body))
        assert answer.status == 200, f"{path}: {answer.status} {body[-400:]!r}"  # noqa: PLR2004  # OK
        return body.decode() if answer.headers.get("Content-Encoding") is None else ""


def main() -> None:
    """Make the case unless a folder is named, and print what its pages take."""
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        os.environ.setdefault("SOUSVEIL_CONFIG", str(Path(folder) / "config"))
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "case"
        if not root.exists():
            begun = time.monotonic()
            write_desk_case(root, Size())
            print(f"case of {TARGETS:,} targets made in {time.monotonic() - begun:.0f} s")
        _tell_index(root)
        with _desk(root) as (pid, host, cookie):
            asker = Asker(HTTPConnection(host, timeout=60), cookie)
            _tell("sousveil serve", _timed(asker, PAGES, pid))
            _tell_keys(asker)
            _tell_many(host, cookie)
        _tell_peer(root)


def _tell_index(root: Path) -> None:
    size = (root / "index.sqlite").stat().st_size
    with sqlite3.connect(f"file:{root}/index.sqlite?mode=ro", uri=True) as db:
        counts = {
            name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("capture", "finding", "passage")
        }
        ((text,),) = db.execute("SELECT sum(length(CAST(text AS BLOB))) FROM passage").fetchall()
        ((words,),) = db.execute("SELECT sum(length(block)) FROM word_data").fetchall()
    told = ", ".join(f"{count:,} {name}s" for name, count in counts.items())
    print(f"index: {size / 1e6:,.0f} MB; {told}")
    print(f"search: {words / text:.2f} bytes of words a byte of text ({text / 1e6:,.0f} MB)")


def _timed(asker: Asker, pages: Sequence[tuple[str, str]], pid: int) -> dict[str, Taken]:
    taken = {name: Taken() for name, _ in pages}
    for name, path in pages:
        asker.ask(path, Taken())
        before = _cpu_seconds(pid)
        for _ in range(ROUNDS):
            asker.ask(path, taken[name])
        taken[name].cpu_seconds = _cpu_seconds(pid) - before
    return taken


def _cpu_seconds(pid: int) -> float:
    """Return what a process has taken so far: fields 14 and 15 of proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tell(title: str, taken: dict[str, Taken]) -> None:
    print(f"\n{title:28} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'KB':>8}")
    for name, one in taken.items():
        missed = one.p95 > AIM_MILLISECONDS or one.bytes / 1e3 > AIM_KILOBYTES
        print(
            f"{name:28} {one.p50:8.1f} {one.p95:8.1f} {one.cpu:8.1f} {one.bytes / 1e3:8.1f}"
            + ("  over the aim" if missed else "")
        )


def _tell_keys(asker: Asker) -> None:
    """Go through the queue as the keys do: the next card, and a decision."""
    page = asker.ask("/review", Taken())
    ids = list(dict.fromkeys(re.findall(r'data-id="([0-9a-f]{12})"', page)))
    (token,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
    cards, decisions = Taken(), Taken()
    for one in ids[:ROUNDS]:
        asker.ask(f"/review/card/{one}", cards)
        form = {"csrf": token, "finding": one, "decision": "confirm", "note": "", "back": "queue"}
        asker.ask("/review/decide", decisions, form)
    _tell("keys of the queue", {"the next card": cards, "a decision": decisions})


def _tell_many(host: str, cookie: str) -> None:
    """Let fifty people read for a while, with decisions written meanwhile."""
    taken, wrote = [Taken() for _ in range(READERS)], Taken()
    until = time.monotonic() + READING_SECONDS

    def read(number: int) -> None:
        asker = Asker(HTTPConnection(host, timeout=60), cookie)
        time.sleep(THINKING_SECONDS * number / READERS)
        turn = number
        while time.monotonic() < until:
            asker.ask(PAGES[turn % len(PAGES)][1], taken[number])
            turn += 1
            time.sleep(THINKING_SECONDS)

    def write() -> None:
        asker = Asker(HTTPConnection(host, timeout=60), cookie)
        page = asker.ask("/review", Taken())
        ids = list(dict.fromkeys(re.findall(r'data-id="([0-9a-f]{12})"', page)))
        (token,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
        for one in ids:
            if time.monotonic() > until:
                return
            form = {"csrf": token, "finding": one, "decision": "reject", "note": "", "back": ""}
            asker.ask("/review/decide", wrote, form)
            time.sleep(DECISIONS_EVERY)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = Taken(
        [one for each in taken for one in each.seconds], bytes=max(one.bytes for one in taken)
    )
    _tell(
        f"{READERS} readers, a page each {THINKING_SECONDS:.0f} s",
        {f"{len(every.seconds)} pages": every, f"{len(wrote.seconds)} decisions": wrote},
    )


@contextmanager
def _desk(root: Path) -> Iterator[tuple[int, str, str]]:
    """Open the desk; give its process, its host and the cookie of a session."""
    command = [sys.executable, "-m", "sousveil", "serve", "--no-open", "--port", "0"]
    running = subprocess.Popen(
        [*command, "--case", str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert running.stdout is not None
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found is not None, "the desk did not start"
        link = urlsplit(found.group())
        yield running.pid, link.netloc, _entered(link.netloc, f"{link.path}?{link.query}")
    finally:
        running.terminate()
        running.wait(START_SECONDS)


def _entered(host: str, path: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = HTTPConnection(host, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.headers["Set-Cookie"].partition(";")[0]
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the desk did not start"
            time.sleep(0.1)


def _tell_peer(root: Path) -> None:
    try:
        program = installed(DATASETTE, setuptools="setuptools<81")
    except AbsentError as absent:
        print(f"\nDatasette: {absent}")
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [program, "-m", "datasette", str(root / "index.sqlite"), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        asker = Asker(HTTPConnection("127.0.0.1", port, timeout=60), "")
        _tell(DATASETTE, _timed(asker, PEER_PAGES, running.pid))
    finally:
        running.terminate()
        running.wait(START_SECONDS)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the peer did not start"
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    main()
