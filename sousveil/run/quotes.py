"""Quotes looked up again: what stands in a capture at the place a finding names.

A file of a repository is fetched by git's own hashes: from the commit's id through its trees to the
bytes, each hashed anew (capture/gitobjects.py).
"""

from collections.abc import Callable

from sousveil.capture.gitobjects import file_proof, verify_file_proof
from sousveil.case import Case
from sousveil.extract import extract
from sousveil.index.store import Index
from sousveil.model import Document, Finding
from sousveil.run.analyse import read_document
from sousveil.run.repositories import ensure_mirror


def quote_reader(case: Case, index: Index) -> Callable[[Finding], str]:
    """Return a function that extracts a finding's capture again and gives what stands there.

    It raises ArchiveError, ExtractError or RepositoryError when the capture cannot be read.
    """
    last: list[tuple[object, Document]] = []

    def document_of(finding: Finding) -> Document:
        place = (finding.capture.record, finding.source.commit, finding.source.path)
        if not last or last[0][0] != place:
            last[:] = [(place, _document(case, index, finding))]
        return last[0][1]

    def read(finding: Finding) -> str:
        return document_of(finding).text[finding.claim.start : finding.claim.end]

    return read


def _document(case: Case, index: Index, finding: Finding) -> Document:
    source = finding.source
    if source.commit is None or source.path is None:
        return read_document(case, finding.capture)
    mirror = ensure_mirror(case, index, finding.watch_id or "")
    objects = file_proof(mirror, source.commit.id, source.path)
    data = verify_file_proof(objects, source.commit.id, source.path)
    return extract(data, media_type="", charset=None, name=source.read_as or source.path)
