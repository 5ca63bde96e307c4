"""Checks a whole case: its evidence against the log, and its findings against the evidence.

Takes a case, and a way to tell progress; gives what the evidence shows, every fault, and what is to
be told beside. A commit that was interrupted is finished first, where this computer may write.
"""

import sqlite3
from dataclasses import dataclass

import msgspec

from sousveil.case import Case, undisturbed
from sousveil.errors import CaseError, SousveilError
from sousveil.index.file import INDEX_FILE, MissingIndexError
from sousveil.ledger import JOURNAL_FILE, writing
from sousveil.model import Fault
from sousveil.run.evidence.archives import Progress
from sousveil.run.evidence.findings import verify_findings
from sousveil.run.indexing import open_index
from sousveil.run.quotes import quote_reader
from sousveil.run.read.analyse import load_engine
from sousveil.run.verify import Verification, verify_evidence


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a case has shown."""

    evidence: Verification
    faults: tuple[Fault, ...]  # of evidence and findings; none when all is whole
    notes: tuple[str, ...]  # what was done first, in words


def check_case(case: Case, progress: Progress) -> Checked:
    """Verify the evidence of `case` and, where there is an index, what it says was found.

    Writers wait meanwhile. Raises CaseError when another process doesn't let go of the case.
    """
    notes = tuple(_finish_interrupted(case))
    with undisturbed(case):
        found: list[Fault] = []
        evidence = verify_evidence(case, progress, lambda tell: found.extend(_found(case, tell)))
        return Checked(evidence, (*evidence.faults, *found), notes)


def _found(case: Case, progress: Progress) -> list[Fault]:
    try:
        with open_index(case) as index:
            engine = load_engine(case, index)
            reread = quote_reader(case, index, engine)
            return list(verify_findings(case, index, reread, progress, engine=engine.name))
    except MissingIndexError:
        return []
    except (CaseError, sqlite3.Error, msgspec.MsgspecError) as error:
        return [Fault(INDEX_FILE, f"cannot be read: {error}")]


def _finish_interrupted(case: Case) -> list[str]:
    """Finish a commit that was interrupted, where this computer holds the key and may write."""
    if not (case.root / JOURNAL_FILE).exists():
        return []
    try:
        with writing(case):
            return ["an interrupted commit was finished first"]
    except (SousveilError, OSError) as error:
        return [f"an interrupted commit could not be finished: {error}"]
