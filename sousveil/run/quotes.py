"""Quotes looked up again: what stands in a capture at the place a finding names.

A file of a repository is fetched by git's own hashes: from a commit that the logged references
lead to, through its trees, to the bytes, each hashed anew (capture/gitobjects.py). The objects come
from the archived bundles, unpacked into a temporary folder of our own: nothing below the case is
written, and its `cache/`, which nobody logged, is not read.
"""

import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sousveil.capture.gitobjects import (
    ReadObject,
    file_proof,
    open_objects,
    parse_commit,
    verify_file_proof,
)
from sousveil.case import Case
from sousveil.claims import find
from sousveil.errors import RepositoryError, SousveilError
from sousveil.extract import extract
from sousveil.index.store import Index
from sousveil.model import Claim, Document, Finding, Source
from sousveil.run.analyse import read_document
from sousveil.run.repositories import commits_logged, make_mirror
from sousveil.topics import Topic


@dataclass(frozen=True, slots=True)
class _Repository:
    """A repository as its bundles hold it."""

    read: ReadObject
    commits: frozenset[str]  # that the logged references lead to


@dataclass(frozen=True, slots=True)
class Reread:
    """What a capture shows when it is read again."""

    quote: str  # what stands at the finding's place
    claims: frozenset[Claim]  # all that this version finds in that document


def quote_reader(case: Case, index: Index, topics: Sequence[Topic]) -> Callable[[Finding], Reread]:
    """Return a function that extracts and judges a finding's capture again.

    It raises ArchiveError, ExtractError or RepositoryError when the capture cannot be read, or when
    the commits that a finding names are not what was logged. It holds one repository unpacked,
    under TMPDIR, as long as findings of that repository are asked for; what it holds last goes
    with the function itself.
    """
    unpacked = ExitStack()
    repositories: dict[str, _Repository | SousveilError] = {}
    last: list[tuple[object, Document]] = []
    judged: list[tuple[Document, frozenset[Claim]]] = []

    def repository_of(watch_id: str) -> _Repository:
        if watch_id not in repositories:
            repositories.clear()
            unpacked.close()
            try:
                repositories[watch_id] = unpacked.enter_context(_unpacked(case, index, watch_id))
            except SousveilError as error:
                repositories[watch_id] = error  # told for each of its findings, tried once
        found = repositories[watch_id]
        if isinstance(found, SousveilError):
            raise found
        return found

    def document_of(finding: Finding) -> Document:
        source = finding.source
        if source.commit is None or source.path is None:
            return _last(last, finding.capture.record, lambda: read_document(case, finding.capture))
        repository = repository_of(finding.watch_id or "")
        _check_commits(repository, source)
        place = (finding.watch_id, source.commit.id, source.path, source.blob, source.read_as)
        return _last(last, place, lambda: _file(repository, source))

    def read(finding: Finding) -> Reread:
        document = document_of(finding)
        if not judged or judged[0][0] is not document:
            judged[:] = [(document, frozenset(find(document, topics)))]
        quote = document.text[finding.claim.start : finding.claim.end]
        return Reread(quote, judged[0][1])

    weakref.finalize(read, unpacked.close)
    return read


def _last(
    last: list[tuple[object, Document]], place: object, make: Callable[[], Document]
) -> Document:
    """Return the document at `place`: the one made last, or a new one."""
    if not last or last[0][0] != place:
        last[:] = [(place, make())]
    return last[0][1]


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
