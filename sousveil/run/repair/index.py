"""The part of a repair that makes again what follows from the evidence: index and model."""

import sqlite3

import msgspec

from sousveil.case import Case
from sousveil.errors import CaseError, SousveilError
from sousveil.index.file import INDEX_FILE
from sousveil.index.store import Index
from sousveil.ledger import (
    log_size,
)
from sousveil.model import Fault
from sousveil.review.casemodel import FILE as MODEL_FILE
from sousveil.run.alerting import keep_feed
from sousveil.run.evidence.archives import Progress
from sousveil.run.evidence.findings import verify_findings
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.learning import model_file_problem, write_model_file
from sousveil.run.quotes import quote_reader
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.repair.bench import Bench


def mend_index(bench: Bench, progress: Progress, *, is_whole: bool) -> list[Fault]:
    """Make the index again, and the case's model beside it, where they contradict the evidence.

    Where that is not whole, an index that can be read is left alone: it may know what is lost.
    Returns why something could not be made, if so.
    """
    case = bench.case
    problem = _index_problem(case, progress, is_whole=is_whole)
    if problem is not None:
        for left in sorted(case.root.glob(f"{INDEX_FILE}*")):
            bench.set_aside(left.name, problem)
    try:
        if problem is not None or _is_behind(case):
            with open_index(case, create=True) as index:
                sync_index(case, index)
                analyse(case, index, load_engine(case, index), progress)
                keep_feed(case, index)
            bench.made.append(INDEX_FILE)
        with open_index(case) as index:
            _mend_model(bench, index)
    except SousveilError as error:
        return [Fault(INDEX_FILE, f"could not be made again: {error}")]
    return []


def _mend_model(bench: Bench, index: Index) -> None:
    wrong = model_file_problem(bench.case, index)
    if wrong is not None:
        if (bench.case.root / MODEL_FILE).exists():
            bench.set_aside(MODEL_FILE, wrong)
        write_model_file(bench.case, index)
        bench.made.append(MODEL_FILE)


def _is_behind(case: Case) -> bool:
    with open_index(case) as index:
        return index.next_event() < log_size(case)


def _index_problem(case: Case, progress: Progress, *, is_whole: bool) -> str | None:
    """Return what is wrong with the index, if anything; it may lag behind the log."""
    try:
        with open_index(case) as index:
            ((state,), *_) = index.rows("PRAGMA quick_check")
            if state != "ok":
                return f"SQLite says: {state}"
            if not is_whole:
                return None
            engine = load_engine(case, index)
            reread = quote_reader(case, index, engine)
            faults = verify_findings(case, index, reread, progress, engine=engine.name)
            return next((one.problem for one in faults if one.path == INDEX_FILE), None)
    except (CaseError, sqlite3.Error, msgspec.MsgspecError) as error:
        return str(error)
