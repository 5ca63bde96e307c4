"""Sousveil from a program: what a case holds, what a file says, whether evidence is whole.

For example::

    from sousveil.api import Case, read_file, scan_file, verify

    case = Case.open("acme")
    for found in case.findings(labels=["offers"]):
        print(found.finding.url, found.finding.quote)

Values are those of `sousveil.model`; every error is a `sousveil.errors.SousveilError` that says
what, where and what to do. Nothing here writes into a case: use the commands for that, for whoever
acts is named in the log.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from sousveil.case import Case as OpenedCase
from sousveil.case import open_case
from sousveil.errors import InputError
from sousveil.index.query import visits, watches
from sousveil.model import Event, Fault, Finding, Visit, Watch
from sousveil.run.checking import check_case
from sousveil.run.found import Found, found
from sousveil.run.indexing import open_index
from sousveil.run.package.proved import not_proved, proved
from sousveil.run.package.verify import verify_package
from sousveil.run.read.reading import read_file as _read_file
from sousveil.scan.file.values import FileReport, Job, Source, Span
from sousveil.topics import load, shipped

__all__ = [
    "Case",
    "Event",
    "Fault",
    "FileReport",
    "Finding",
    "Found",
    "Job",
    "Source",
    "Span",
    "Verdict",
    "Visit",
    "Watch",
    "read_file",
    "scan_file",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether evidence is whole."""

    faults: tuple[Fault, ...]  # every one that was found: which file, and what is wrong
    proved: tuple[str, ...]  # in sentences; of a package
    not_proved: tuple[str, ...]
    entries: int | None  # of the log, all of them checked; None for a package

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Case:
    """A case, for reading."""

    _case: OpenedCase

    @classmethod
    def open(cls, folder: str | PathLike[str]) -> "Case":
        """Open the case in `folder`; raises CaseError when there is none."""
        return cls(open_case(Path(folder)))

    @property
    def root(self) -> Path:
        """Return the case's folder."""
        return self._case.root

    def watches(self) -> list[Watch]:
        """Return what is watched, and what was."""
        with open_index(self._case) as index:
            return watches(index)

    def visits(self, watch: Watch) -> list[Visit]:
        """Return the visits to a watch, the oldest first."""
        with open_index(self._case) as index:
            return list(visits(index, watch.id))

    def findings(
        self,
        *,
        labels: Collection[str] = (),
        actor: str = "",
        statuses: Collection[str] = (),
    ) -> list[Found]:
        """Return what was found, with what became of it and what people decided.

        `labels`: offers, reports, denies, discusses. `actor`: part of a name, in any case.
        `statuses`: open, confirmed, rejected, disputed. All when none is named; raises InputError
        for a word that is none of these.
        """
        with open_index(self._case) as index:
            return list(found(index, labels=labels, actor=actor, statuses=statuses))

    def verify(self) -> Verdict:
        """Check every byte of the evidence, and each quote against its capture."""
        checked = check_case(self._case, _silent)
        return Verdict(checked.faults, (), (), checked.evidence.entries)


def verify(path: str | PathLike[str]) -> Verdict:
    """Check a case, by its folder, or a WACZ file, ours or anybody's.

    Raises CaseError or ArchiveError when it is neither; what is wrong with it is in the verdict.
    """
    path = Path(path)
    if path.is_dir():
        return Case.open(path).verify()
    result = verify_package(path, key=None, now=datetime.now(UTC), progress=_silent)
    return Verdict(result.faults, tuple(proved(result)), tuple(not_proved(result)), None)


def read_file(path: str | PathLike[str], *, topics: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return what is found in one file (a page, document or source file), without a case.

    `topics` are names of shipped topics or paths of topic files; all that are shipped when none is
    named. Raises InputError when the file cannot be read.
    """
    read = _read_file(Path(path), [load(name) for name in topics or shipped()])
    if read.problem is not None:
        raise InputError(read.problem)
    return read.findings


def scan_file(source: Source, folder: str | PathLike[str], job: Job) -> FileReport:
    """Search one web archive; write its findings as Parquet below `folder`, and account for it.

    What is wrong with the file is in the report, never an exception. Arguments and result can be
    pickled, so that any engine can run it. Raises TopicError or InputError for a job
    that cannot be done, and InputError without the extra `scan`.
    """
    try:
        from sousveil.scan.file.scan import scan_file as scan  # noqa: PLC0415  # needs an extra
    except ImportError as error:
        raise InputError(
            f"scans need {error.name}. Install it: pip install 'sousveil[scan]'"
        ) from error
    return scan(source, Path(folder), job)


def _silent(done: int, total: int, what: str) -> None:
    """Tell nobody of progress."""
