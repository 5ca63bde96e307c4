"""Quotes looked up again: what stands in a capture at the place a finding names.

A file of a repository is fetched by git's own hashes: from a commit that the logged references
lead to, through its trees, to the bytes, each hashed anew (capture/git/). The objects come from the
archived bundles, unpacked into a temporary folder of our own: nothing below the case is
written, and its `cache/`, which nobody logged, is not read.
"""

import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from sousveil.capture.git.objects import (
    ReadObject,
    file_proof,
    open_objects,
    parse_commit,
    verify_file_proof,
)
from sousveil.case import Case
from sousveil.claims import Engine
from sousveil.errors import RepositoryError, SousveilError
from sousveil.extract import extract
from sousveil.index.store import Held, Index
from sousveil.model import (
    Capture,
    Claim,
    Commit,
    Document,
    Event,
    Finding,
    RecordRef,
    Source,
)
from sousveil.run.read.looks import Read, read_look
from sousveil.run.read.repositories import commits_logged, make_mirror


@dataclass(frozen=True, slots=True)
class _Repository:
    """A repository as its bundles hold it."""

    read: ReadObject
    commits: frozenset[str]  # that the logged references lead to


@dataclass(frozen=True, slots=True)
class Reread:
    """What a capture shows when it is read again."""

    quote: str  # what stands at the finding's place
    is_found: bool  # whether this version finds there what the finding says


# Events that brought captures of others: their addresses and dates are not those of our requests.
_OF_OTHERS = frozenset({"import", "memento", "handed-in"})


def quote_reader(case: Case, index: Index, engine: Engine) -> Callable[[Finding, Event], Reread]:
    """Return a function that extracts and judges a finding's capture again.

    The event is the one of the log that brought the capture. The function raises ArchiveError,
    ExtractError or RepositoryError when the capture cannot be read, or when the commits that a
    finding names are not what was logged. It holds one repository unpacked, under TMPDIR, as long
    as findings of that repository are asked for; what it holds last goes with the function itself.
    """
    repositories = _Repositories(case, index)
    files: _Last[tuple[Document, frozenset[Claim]]] = _Last()
    looks: _Last[Mapping[RecordRef, Read]] = _Last()

    def in_repository(finding: Finding, source: Source, commit: Commit) -> Reread:
        repository = repositories.get(finding.watch_id or "")
        _check_commits(repository, source)
        place = (finding.watch_id, commit.id, source.path, source.blob, source.read_as)

        def judged() -> tuple[Document, frozenset[Claim]]:
            document = _file(repository, source)
            return document, frozenset(engine.find(document))

        document, claims = files.get(place, judged)
        quote = document.text[finding.claim.start : finding.claim.end]
        return Reread(quote, is_found=finding.claim in claims)

    def in_look(finding: Finding, event: Event) -> Reread:
        record = finding.capture.record
        # Each capture of an import is a look of its own.
        place = (event.index, record if event.type in _OF_OTHERS else None)
        read = looks.get(place, lambda: _look_again(case, finding, event, engine))[record]
        if read.problem is not None:
            raise read.problem
        # Who it is about was told when it was listed, not when it was read.
        told = replace(finding, actor=None, attribution=None)
        return Reread(read.text_at(finding), is_found=told in read.findings)

    def read(finding: Finding, event: Event) -> Reread:
        commit = finding.source.commit
        if commit is None:
            return in_look(finding, event)
        return in_repository(finding, finding.source, commit)

    weakref.finalize(read, repositories.close)
    return read


def _look_again(
    case: Case, finding: Finding, event: Event, engine: Engine
) -> Mapping[RecordRef, Read]:
    """Return what the captures of a look say, by their records."""
    if event.type in _OF_OTHERS:
        captures, address = [finding.capture], finding.capture.url
    else:
        captures = msgspec.convert(event.body["captures"], list[Capture])
        address = event.body["target"]
    held = [
        Held(number, 0, capture, event.index, finding.watch_id, address, None)
        for number, capture in enumerate(captures)
    ]
    read = read_look(case, held, event.body, engine)
    return {one.capture.record: what for one, what in zip(held, read, strict=True)}


class _Repositories:
    """Holds one repository unpacked: the one asked for last."""

    def __init__(self, case: Case, index: Index) -> None:
        self._case, self._index = case, index
        self._unpacked = ExitStack()
        self._held: dict[str, _Repository | SousveilError] = {}

    def get(self, watch_id: str) -> _Repository:
        """Return a watch's repository; raises, each time, what kept it from being unpacked."""
        if watch_id not in self._held:
            self._held.clear()
            self.close()
            try:
                self._held[watch_id] = self._unpacked.enter_context(
                    _unpacked(self._case, self._index, watch_id)
                )
            except SousveilError as error:
                self._held[watch_id] = error  # told for each of its findings, tried once
        found = self._held[watch_id]
        if isinstance(found, SousveilError):
            raise found
        return found

    def close(self) -> None:
        """Remove what was unpacked."""
        self._unpacked.close()


_T = TypeVar("_T")


class _Last(Generic[_T]):
    """Remembers what was made last, and for what."""

    def __init__(self) -> None:
        self._held: list[tuple[object, _T]] = []

    def get(self, place: object, make: Callable[[], _T]) -> _T:
        if not self._held or self._held[0][0] != place:
            self._held[:] = [(place, make())]
        return self._held[0][1]


@contextmanager
def _unpacked(case: Case, index: Index, watch_id: str) -> Iterator[_Repository]:
    with tempfile.TemporaryDirectory(prefix="sousveil-") as folder:
        mirror = Path(folder) / "mirror.git"
        make_mirror(case, index, watch_id, mirror)
        commits = commits_logged(index, watch_id, mirror)
        with open_objects(mirror) as read:
            yield _Repository(read, commits)


def _check_commits(repository: _Repository, source: Source) -> None:
    """Raise RepositoryError unless the commits named are as they lie in the logged history."""
    for commit in (source.commit, source.entered, source.left):
        if commit is None:
            continue
        if commit.id not in repository.commits:
            raise RepositoryError(
                f"commit {commit.id}: no branch or tag that was logged leads to it. The index "
                "or the mirror it was made from was changed; delete cache/ and run `sousveil "
                "reindex`."
            )
        content = repository.read(commit.id).partition(b"\0")[2]
        if parse_commit(commit.id, content) != commit:
            raise RepositoryError(
                f"commit {commit.id}: its dates or its message are not those that the finding "
                "tells. The index was changed; make it again with `sousveil reindex`."
            )


def _file(repository: _Repository, source: Source) -> Document:
    """Return the text of the version of a file that a finding cites."""
    commit, path = source.commit, source.path
    if commit is None or path is None or source.blob is None:
        raise RepositoryError("the finding names no version of a file.")
    proof = file_proof(repository.read, commit.id, path, source.blob)
    data = verify_file_proof(proof, commit.id, path)
    return extract(data, media_type="", charset=None, name=source.read_as or path)
