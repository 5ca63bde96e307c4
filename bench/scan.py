"""Measures scanning web archives, against gunzip and against parsing pages: part of `make bench`.

Makes archives as a crawler leaves them (crawl.py), about a gigabyte unpacked, with passages planted
in them; then, by turns, so that what else the machine does weighs on all alike:

    gunzip      isal's igzip, the fastest there is for Python: what all ratios are to
    zlib        the standard library's
    members, records, matching, all
                a scan in this process, one step more each time: members of the file inflated;
                records told apart; bodies searched; those that may hold a term judged
    parsing     warcio, lxml's text and `in`, on a sample: what is commonly done

Then the command itself with one worker and with two, and the most that one process held in memory.
Recall and precision come from an archive of small pages with a passage in each (crawl_plants.py):
`read` is what the finder sees in every page read whole, `scan` what a scan finds; that findings are
those of `analyse` is tried on the same pages. Figures are the best and the median of `--rounds`;
where others use the machine, the CPU seconds tell.

    python bench/scan.py [--size 1GB] [--rounds 5] [--share 0.005] [--topic ethnicity …] [--seed 1]
                         [--write]
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median

from warcio.archiveiterator import ArchiveIterator

from bench.crawl import Archive, archives, plants
from bench.memory import Peak
from bench.peers import FOLDER
from bench.scan_forms import forms
from bench.scan_worth import identity, strays, worth
from sousveil import topics
from sousveil.scan.file.answers import Answers
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import Finder, finder_for
from sousveil.scan.file.members import Members
from sousveil.scan.file.part import PartWriter, part_path
from sousveil.scan.file.tally import Tally
from sousveil.scan.file.values import Job
from sousveil.scan.file.walk import Walk

# Neither tells its types.
_HTML, _IGZIP = import_module("lxml.html"), import_module("isal.igzip")
UNITS = {"MB": 1e6, "GB": 1e9}
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "scan-figures.md"
HEAD = """# What a scan finds

Made by `python bench/scan.py --write`. Into small pages of HTML and JSON a claim was planted each:
about companies that do not exist, from templates in eight languages, by people who knew how the
search works. *whole*: each term stands in one piece, in the charset or the spelling told; *cut*:
every term of the passage is parted as told. *found when read*: pages in which the claim finder sees
a claim when every page is read whole; *share*: how much of that a scan finds, which reads only
pages whose raw bytes may hold a term. Near misses are ordinary sentences with words that look like
terms: race conditions, the gender of nouns, breeds of dogs. What the claim finder is worth on
passages that it has not seen stands in [its own figures](claim-figures.md)."""
FORMS = """Passages from [the training of the claim finder](claim-figures.md), one in four, each
in a page of its own, in a coding and parted in a way that were drawn. They were not written for the
search, and the latest four thousand came after it. What it lets go is read by nobody."""
PIECE_BYTES = 2**20
PARSED = 200  # answers that warcio and lxml read
PARSED_ROUNDS = 2  # it takes as long as all others
PLANT_ROUNDS = 8  # passages of each kind in each language
AIMS = {"all / gunzip": 0.55, "all / parsing": 80, "two workers / one": 1.85, "MB a worker": 150}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way through the archives took."""

    seconds: float
    cpu_seconds: float
    unpacked: int  # bytes


@dataclass(slots=True)
class Counts:
    """Pages that were searched and those that passed, in the last way through."""

    looked_at: int = 0
    passed: int = 0
    findings: int = 0
    records: int = 0


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=_bytes, default=_bytes("1GB"), help="unpacked: 100MB, 1GB")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--share", type=float, default=0.005, help="of captures with a passage")
    options.add_argument("--topic", nargs="+", default=["ethnicity"])
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--write", action="store_true", help="keep the findings' figures in docs/")
    given = options.parse_args()
    begun, job = time.monotonic(), Job(tuple(given.topic))
    made = archives(given.size, given.share, given.seed)
    stored = sum(one.path.stat().st_size for one in made)
    print(f"{len(made)} archives, {stored / 1e6:,.0f} MB stored, made or found in {_since(begun)}")
    finder, counts = _warm(job), Counts()
    costs = _measured(made, finder, job, counts, given.rounds)
    _print_costs(costs, counts)
    _print_workers(made, given.topic)
    small, few = plants(PLANT_ROUNDS, given.seed), plants(1, given.seed)
    parts = [strays(made, finder, job), worth(small, finder, job)]
    parts += [f"{FORMS}\n\n{forms(finder)}", identity(few, finder, job)]
    print("\n" + "\n\n".join(parts))
    if given.write:
        PAGE.write_text("\n\n".join([HEAD, *parts[1:]]) + "\n", "utf-8")
    print(f"\nin all {_since(begun)}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _bytes(text: str) -> int:
    return int(float(text[:-2]) * UNITS[text[-2:].upper()])


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.0f} s"


def _warm(job: Job) -> Finder:
    """Return what is looked for, and print what making it ready takes, kept and not kept."""
    begun, cpu = time.perf_counter(), time.process_time()
    finder = finder_for(job.topics)
    seconds = time.perf_counter() - begun
    print(f"ready after {seconds:.2f} s, {time.process_time() - cpu:.2f} CPU s in this process\n")
    return finder


def _measured(
    made: Sequence[Archive], finder: Finder, job: Job, counts: Counts, rounds: int
) -> Mapping[str, list[Cost]]:
    """Go through the archives in each way, by turns."""
    words = [t.text.strip("*").lower() for name in job.topics for t in topics.load(name).terms]
    nothing = replace(finder, may_hold=lambda _body: False)
    searched = replace(finder, may_hold=lambda body: finder.may_hold(body) and False)
    ways: dict[str, Callable[[Path], int]] = {
        "gunzip": _gunzip,
        "zlib": _zlib,
        "members": _members,
        "records": partial(_scan, finder=nothing, job=job, counts=Counts()),
        "matching": partial(_scan, finder=searched, job=job, counts=Counts()),
        "all": partial(_scan, finder=finder, job=job, counts=counts),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in (*ways, "parsing")}
    for _ in range(rounds):
        counts.looked_at = counts.passed = counts.findings = counts.records = 0
        for name, way in ways.items():
            costs[name].append(_cost(way, [one.path for one in made]))
        if len(costs["parsing"]) < PARSED_ROUNDS:
            costs["parsing"].append(_cost(partial(_parsed, words=words), [made[0].path]))
    return costs


def _cost(way: Callable[[Path], int], paths: Sequence[Path]) -> Cost:
    begun, cpu = time.perf_counter(), time.process_time()
    unpacked = sum(map(way, paths))
    return Cost(time.perf_counter() - begun, time.process_time() - cpu, unpacked)


def _gunzip(path: Path) -> int:
    with _IGZIP.open(path) as file:
        return sum(map(len, iter(partial(file.read, PIECE_BYTES), b"")))


def _zlib(path: Path) -> int:
    with gzip.open(path) as file:
        return sum(map(len, iter(partial(file.read, PIECE_BYTES), b"")))


def _members(path: Path) -> int:
    with path.open("rb") as file:
        return sum(len(member.data) for member in Members(file, 0, path.stat().st_size))


def _scan(path: Path, finder: Finder, job: Job, counts: Counts) -> int:
    """Scan a file as `scan_file` does, with a finder of ours."""
    tally, passed = Tally(), 0

    def may_hold(body: bytes | memoryview) -> bool:
        nonlocal passed
        found = finder.may_hold(body)
        passed += found
        return found

    counted = replace(finder, may_hold=may_hold)
    with (
        tempfile.TemporaryDirectory(prefix="sousveil-scan-") as folder,
        PartWriter(part_path(Path(folder), path.name), counted) as part,
        path.open("rb") as file,
    ):
        answers = Answers(path.name, counted, Filters(job), tally, part)
        Walk(file, path.stat().st_size, answers, tally).whole()
    assert not tally.problems, tally.problems[:3]
    counts.looked_at += tally.looked_at
    counts.passed += passed
    counts.findings += part.count
    counts.records += tally.records
    return tally.unpacked_bytes


def _parsed(path: Path, words: Sequence[str]) -> int:
    """Look for words in the text of some pages, in the way of most scripts that do."""
    unpacked = found = answers = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            body = record.content_stream().read()
            unpacked += len(body)
            if record.rec_type == "response":
                answers += 1
                page = _HTML.document_fromstring(body)
                text = " ".join(page.text_content().split()).lower()
                found += any(word in text for word in words)
            if answers == PARSED:
                break
    return unpacked


def _print_costs(costs: Mapping[str, list[Cost]], counts: Counts) -> None:
    print(
        f"{'':<10}{'s best':>8}{'median':>8}{'CPU s':>8}{'median':>8}"
        f"{'MB/s':>8}{'by CPU':>8}{'/ gunzip':>10}"
    )
    for name, rows in costs.items():
        wall, cpu = [one.seconds for one in rows], [one.cpu_seconds for one in rows]
        print(
            f"{name:<10}{min(wall):>8.2f}{median(wall):>8.2f}{min(cpu):>8.2f}{median(cpu):>8.2f}"
            f"{rows[0].unpacked / min(wall) / 1e6:>8,.0f}"
            f"{rows[0].unpacked / min(cpu) / 1e6:>8,.0f}{_ratio(rows, costs['gunzip']):>10.3f}"
        )
    print(
        f"\n{counts.records:,} records, {counts.looked_at:,} pages, {counts.passed:,} passed"
        f" ({counts.passed / counts.looked_at:.2%}), {counts.findings:,} findings;"
        " a page, in CPU ms:"
    )
    steps = [
        (name, median(one.cpu_seconds for one in costs[name]))
        for name in ("members", "records", "matching", "all")
    ]
    before = 0.0
    for name, seconds in steps:
        ms = (seconds - before) / counts.looked_at * 1e3
        judged = (seconds - before) / max(1, counts.passed) * 1e3
        print(
            f"  {name:<10}{ms:>8.3f}"
            + (f", {judged:.1f} for each that passed" if name == "all" else "")
        )
        before = seconds
    _print_aim("all / gunzip", _ratio(costs["all"], costs["gunzip"]))
    _print_aim("all / parsing", _ratio(costs["all"], costs["parsing"]))


def _ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> float:
    """Return the speed of one in that of another, by CPU seconds: the median of the turns."""
    return median(
        (one.unpacked / one.cpu_seconds) / (other.unpacked / other.cpu_seconds)
        for one, other in zip(ours, theirs, strict=False)
    )


def _print_aim(what: str, value: float) -> None:
    print(f"{what:<20}{value:>8.2f}   aim {AIMS[what]:g}")


def _print_workers(made: Sequence[Archive], names: Sequence[str]) -> None:
    """Run the command by turns with one worker and with two."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    ours, theirs = 0, 0
    for workers in (1, 2, 2, 1):
        took, command, worker = _command(made, names, workers)
        seconds[workers].append(took)
        ours, theirs = max(ours, command), max(theirs, worker)
    _print_aim("two workers / one", min(seconds[1]) / min(seconds[2]))
    _print_aim("MB a worker", theirs / 2**20)
    print(f"MB the command{ours / 2**20:>14.0f}")


def _command(made: Sequence[Archive], names: Sequence[str], workers: int) -> tuple[float, int, int]:
    """Return the seconds of a scan by the command, and the bytes it and its workers held."""
    with tempfile.TemporaryDirectory(prefix="sousveil-scan-") as folder:
        command: list[str | Path] = [Path(sys.executable).parent / "sousveil", "scan"]
        command += [one.path for one in made]
        for name in names:
            command += ["--topic", name]
        command += ["--workers", str(workers), "-o", Path(folder) / "hits.parquet"]
        environment = dict(os.environ, PYTHONPYCACHEPREFIX=str(FOLDER / "bytecode"))
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        begun = time.monotonic()
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
            peak = Peak(running.pid)
            peak.start()
            status = running.wait()
            took = time.monotonic() - begun
            peak.stop()
        assert status == 0, f"sousveil scan ended with {status}"
    of_the_command = peak.resident.pop(running.pid)
    return took, of_the_command, max(peak.resident.values())


if __name__ == "__main__":
    main()
