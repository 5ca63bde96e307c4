"""Measures how fast a large case is verified, against `sha256sum`: part of `make bench`.

Makes a case (large_case.py), then reads the same files by `sha256sum` and by `sousveil verify`, as
its users run it, by turns: once with the files out of memory, as far as a program may ask for that
(posix_fadvise), then `--rounds` times with them in it. Printed are seconds, CPU seconds, peak
memory of all processes together and the ratio of the speeds; before and after that, what else a
case of that size costs: its index made and opened, one more event, the proof of one entry. The aim
is a ratio of 0.5, and 50 ms for a proof. Before it ends, it throws the case away. On a machine that
does other work meanwhile, the CPU seconds tell more than the ratio.

The full case needs 12 GB of disk, and on two cores some 10 minutes to make and 5 to measure.

    python bench/verify.py [--events 1000000] [--gigabytes 10] [--rounds 1] [--keep]
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.large_case import END, Size, write_case
from bench.memory import Peak
from bench.peers import FOLDER
from sousveil.case import Case, open_case
from sousveil.index.query import findings
from sousveil.ledger import writing
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.publish.packages import proof_files, signed_head
from sousveil.run.visit.watches import watches_in_log
from sousveil.tlog.proof import verify_proof

PROOFS = 50  # of entries all over the log
EVIDENCE = ("archive", "events", "log")


@dataclass(frozen=True, slots=True)
class Row:
    """One program over all files once."""

    name: str
    is_cold: bool
    seconds: float
    cpu_seconds: float
    peak_bytes: int  # of all its processes together


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--gigabytes", type=float, default=10)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--keep", action="store_true", help="leave the case for another run")
    given = options.parse_args()
    size = Size(given.events, int(given.gigabytes * 1e9))
    with _case(size, is_kept=given.keep) as case:
        files = _evidence(case)
        total = sum(path.stat().st_size for path in files)
        print(f"{given.events:,} events, {len(files):,} files, {total / 1e9:.2f} GB\n")
        _print_index(case)
        rows = list(_runs(case, files, given.rounds))
        for row in rows:
            _print(row, total)
        for is_cold in (True, False):
            _print_ratio(rows, is_cold=is_cold)
        _print_proof(case)


@contextmanager
def _case(size: Size, *, is_kept: bool) -> Iterator[Case]:
    """Give a case of a size, made or found, with a configuration of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = FOLDER / f"verify-{size.events}-{size.bytes}"
    before = os.environ.get("SOUSVEIL_CONFIG")
    os.environ["SOUSVEIL_CONFIG"] = str(folder / "config")
    try:
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            begun = time.monotonic()
            write_case(folder / "case", size, lambda told: print(f"\r{told}", end="", flush=True))
            print(f", made in {time.monotonic() - begun:.0f} s")
            (folder / "made").touch()
        yield open_case(folder / "case")
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)
        del os.environ["SOUSVEIL_CONFIG"]
        if before is not None:
            os.environ["SOUSVEIL_CONFIG"] = before


def _evidence(case: Case) -> list[Path]:
    return sorted(
        path for name in EVIDENCE for path in (case.root / name).rglob("*") if path.is_file()
    )


def _runs(case: Case, files: Sequence[Path], rounds: int) -> Iterator[Row]:
    with tempfile.NamedTemporaryFile("w", prefix="sousveil-verify-") as listed:
        listed.write("\0".join(map(str, files)))
        listed.flush()
        programs: dict[str, list[str | Path]] = {
            "sha256sum": ["xargs", "-0", "-a", listed.name, "sha256sum"],
            "sousveil verify": [Path(sys.executable).parent / "sousveil", "verify", case.root],
        }
        environment = _as_installed()
        subprocess.run(
            [*programs["sousveil verify"], "--help"],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        os.sync()  # what is not on disk yet cannot be forgotten
        for is_cold in (True, *[False] * rounds):
            for name, command in programs.items():
                if is_cold:
                    _forget(files)
                yield _spent(name, command, environment, is_cold=is_cold)


def _as_installed() -> dict[str, str]:
    """Return an environment in which programs find their bytecode, as those of users do."""
    environment = dict(os.environ, PYTHONPYCACHEPREFIX=str(FOLDER / "bytecode"))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _spent(
    name: str, command: Sequence[str | Path], environment: Mapping[str, str], *, is_cold: bool
) -> Row:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
        peak = Peak(running.pid)
        peak.start()
        status = running.wait()
        seconds = time.monotonic() - begun
        peak.stop()
    assert status == 0, f"{name} ended with {status}"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row(name, is_cold, seconds, cpu, peak.own)


def _forget(files: Sequence[Path]) -> None:
    """Ask the system to hold no content of the files in memory."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _print(row: Row, total: int) -> None:
    state = "cold" if row.is_cold else "warm"
    print(
        f"{row.name:<16}{state}{row.seconds:>9.1f} s{row.cpu_seconds:>9.1f} CPU s"
        f"{total / row.seconds / 1e6:>8,.0f} MB/s{row.peak_bytes / 2**20:>8,.0f} MiB"
    )


def _print_ratio(rows: Sequence[Row], *, is_cold: bool) -> None:
    ours, theirs = (
        [row for row in rows if (row.name, row.is_cold) == (name, is_cold)]
        for name in ("sousveil verify", "sha256sum")
    )
    turns = list(zip(ours, theirs, strict=True))
    speed = median(their.seconds / our.seconds for our, their in turns)
    cpu = median(our.cpu_seconds / their.cpu_seconds for our, their in turns)
    state = "cold" if is_cold else "warm"
    print(f"{state}: {speed:.2f} of sha256sum's speed, {cpu:.1f} times its CPU seconds")


def _print_index(case: Case) -> None:
    """Make the index of the case's events, and tell what that and opening it took."""
    with _timed("index made"), open_index(case, create=True) as index:
        sync_index(case, index)
    with _timed("index opened, findings read"), open_index(case) as index:
        findings(index)
    with _timed("targets read from the log"):
        watches_in_log(case)
    with _timed("one more event"), writing(case) as writer:
        writer.commit("note", {"more": True}, now=END)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    begun, cpu = time.perf_counter(), time.process_time()
    yield
    seconds = time.perf_counter() - begun
    print(f"{what:<28}{seconds:>9.3f} s{time.process_time() - cpu:>9.3f} CPU s")


def _print_proof(case: Case) -> None:
    """Prove entries all over the log, each as if it were the only one, and check the proofs."""
    seconds = []
    head = signed_head(case)
    for number in range(0, head.size, head.size // PROOFS):
        begun = time.perf_counter()
        files = dict(proof_files(case, head, {number}))
        entry = files[f"sousveil/entry-{number}.json"]
        proof = files[f"sousveil/entry-{number}.tlog-proof"]
        assert verify_proof(proof, entry, case.settings.key)[0] == number
        seconds.append(time.perf_counter() - begun)
    usual, most = median(seconds) * 1e3, max(seconds) * 1e3
    print(f"proof of one entry: {usual:.1f} ms, at most {most:.1f} ms")


if __name__ == "__main__":
    main()
