"""Asks a web server for pages as a browser does, and tells what they took.

Times are those of whoever asks; "cpu" is what the server's process took of the processor, which
other programs on the machine hardly change.
"""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode


@dataclass(slots=True)
class Taken:
    """What requests of one kind took."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float | None = None  # of the server, for all of them
    bytes: int = 0  # of the largest answer, as it was transferred

    @property
    def p50(self) -> float:
        """Return the median, in milliseconds."""
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """Return what 95 of a hundred stay below, in milliseconds."""
        at = min(len(self.seconds) - 1, len(self.seconds) * 95 // 100)
        return sorted(self.seconds)[at] * 1000

    @property
    def cpu(self) -> float | None:
        """Return what one took of the server's processor, in milliseconds."""
        if self.cpu_seconds is None:
            return None
        return self.cpu_seconds / len(self.seconds) * 1000

    def add(self, other: "Taken") -> None:
        """Count other requests with these."""
        self.seconds += other.seconds
        self.bytes = max(self.bytes, other.bytes)


@dataclass(frozen=True, slots=True)
class Aim:
    """What requests are to stay below, 95 of a hundred of them."""

    milliseconds: float
    kilobytes: float


class Asker:
    """A browser that keeps its connection."""

    def __init__(self, host: str, cookie: str) -> None:
        self._connection = HTTPConnection(host, timeout=60)
        self._cookie = cookie

    def ask(self, path: str, taken: Taken, form: dict[str, str] | None = None) -> str:
        """Ask for a page and note what it took; return its text, "" for what came compressed."""
        headers = {"Cookie": self._cookie, "Accept-Encoding": "gzip"}
        if form is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Sec-Fetch-Site": "same-origin",
                "Origin": "null",
                "Accept": "application/json",
            }
        begun = perf_counter()
        method = "GET" if form is None else "POST"
        self._connection.request(method, path, urlencode(form) if form else None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        taken.seconds.append(perf_counter() - begun)
        taken.bytes = max(taken.bytes, len(body))
        assert answer.status == HTTPStatus.OK, f"{path}: {answer.status} {body[-600:].decode()}"
        return body.decode() if answer.headers.get("Content-Encoding") is None else ""


def timed(
    asker: Asker, pages: Sequence[tuple[str, str]], pid: int, rounds: int
) -> dict[str, Taken]:
    """Return what pages, by name, take of the server `pid`: each once to warm up, then so often."""
    taken = {name: Taken() for name, _ in pages}
    for name, path in pages:
        asker.ask(path, Taken())
        before = cpu_seconds(pid)
        for _ in range(rounds):
            asker.ask(path, taken[name])
        taken[name].cpu_seconds = cpu_seconds(pid) - before
    return taken


def cpu_seconds(pid: int) -> float:
    """Return what a process has taken so far: fields 14 and 15 of proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> str:
    """Return how busy the machine is: processes that run or wait to, of the last minute."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def tell(title: str, taken: Mapping[str, Taken], aim: Aim | None = None) -> None:
    """Print what requests took, a row for each kind."""
    print(f"\n{title:40} {'p50 ms':>8} {'p95 ms':>8} {'cpu ms':>8} {'KB':>8}   ({load()})")
    for name, one in taken.items():
        cpu = f"{one.cpu:8.1f}" if one.cpu is not None else f"{'':8}"
        is_over = aim and (one.p95 > aim.milliseconds or one.bytes / 1e3 > aim.kilobytes)
        print(
            f"{name:40} {one.p50:8.1f} {one.p95:8.1f} {cpu} {one.bytes / 1e3:8.1f}"
            + ("  over the aim" if is_over else "")
        )


def tell_ratios(title: str, ours: Mapping[str, Taken], theirs: Mapping[str, Taken]) -> None:
    """Print how many times as long `theirs` took, of what both were asked."""
    print(f"\n{title:40} {'p50':>8} {'p95':>8} {'cpu':>8} {'KB':>8}")
    for name, one in theirs.items():
        own = ours[name]
        cpu = f"{one.cpu / own.cpu:8.1f}" if one.cpu and own.cpu else f"{'':8}"
        sizes = one.bytes / own.bytes
        print(f"{name:40} {one.p50 / own.p50:8.1f} {one.p95 / own.p95:8.1f} {cpu} {sizes:8.1f}")
