"""Measures a sweep over pages that did not change: part of `make bench`.

All watchers look at the same pages on loopback (`pages.py`), one after the other: once to take them
in, then `--rounds` times, of which the median counts. The baseline of the ratio is the fastest of
the others. sousveil is run as its users run it (`watch --once`): a sweep ends when what it saw is
in the archive and the log, synced.

    python bench/watch.py [--pages 10000] [--rounds 3] [--only sousveil,urlwatch]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.peers import FOLDER, AbsentError
from bench.watchers import Spent, changedetection, spent, urlwatch, webchanges
from sousveil.case import open_case, save_settings

TARGETS_A_COMMAND = 2_000  # arguments of one `sousveil add`


def sousveil(urls: Sequence[str], folder: Path) -> Callable[[], Spent]:
    """Set up a case; the function returned looks once at all pages."""
    program = Path(sys.executable).parent / "sousveil"
    environment = {"SOUSVEIL_CONFIG": str(folder / "config")}
    case = folder / "case"

    def call(*arguments: str) -> Spent:
        return spent([program, *arguments], folder, SOUSVEIL_CASE=str(case), **environment)

    call("init", str(case))
    with _configured(environment):
        made = open_case(case)
        allowed = frozenset({urlsplit(urls[0]).netloc})
        save_settings(made, replace(made.settings, allow_hosts=allowed, browser=False))
    for start in range(0, len(urls), TARGETS_A_COMMAND):
        call("add", *urls[start : start + TARGETS_A_COMMAND])
    return lambda: call("watch", "--once", "--all")


@contextmanager
def _configured(environment: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


WATCHERS: dict[str, Callable[[Sequence[str], Path], Callable[[], Spent]]] = {
    "sousveil": sousveil,
    "urlwatch": urlwatch,
    "webchanges": webchanges,
    "changedetection.io": changedetection,
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default=",".join(WATCHERS))
    given = options.parse_args()
    with _site() as address:
        urls = [f"{address}/page-{number}.html" for number in range(given.pages)]
        rows: dict[str, tuple[Spent, Spent]] = {}
        for name in given.only.split(","):
            try:
                rows[name] = _measured(name, urls, given.rounds)
            except AbsentError as error:
                print(f"{name}: not measured: {error}")
    _print(rows, given.pages)


def _measured(name: str, urls: Sequence[str], rounds: int) -> tuple[Spent, Spent]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=FOLDER, prefix="watch-"))
    try:
        look = WATCHERS[name](urls, folder)
        first = look()
        runs = sorted((look() for _ in range(rounds)), key=lambda one: one.seconds)
    finally:
        shutil.rmtree(folder)
    middle = median(one.seconds for one in runs)
    return first, next(one for one in runs if one.seconds >= middle)


@contextmanager
def _site() -> Iterator[str]:
    command = [sys.executable, str(Path(__file__).with_name("pages.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()


def _print(rows: dict[str, tuple[Spent, Spent]], pages: int) -> None:
    others = [unchanged.seconds for name, (_, unchanged) in rows.items() if name != "sousveil"]
    best = min(others, default=None)
    print(f"\n{pages:,} pages, none of them changed")
    print(
        f"{'':<20}{'first look':>12}{'unchanged':>12}{'pages/s':>10}{'CPU':>9}{'memory':>10}",
        end="",
    )
    print(f"{'best other / this':>20}")
    for name, (first, unchanged) in rows.items():
        ratio = f"{best / unchanged.seconds:.2f}" if best else ""
        print(
            f"{name:<20}{first.seconds:>10.1f} s{unchanged.seconds:>10.1f} s"
            f"{pages / unchanged.seconds:>10,.0f}{unchanged.cpu_seconds:>7.1f} s"
            f"{unchanged.megabytes:>7.0f} MB{ratio:>20}"
        )


if __name__ == "__main__":
    main()
