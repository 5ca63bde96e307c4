"""Repair: what an accident left in a case is set aside, and what can be made again is.

Takes a case whose `verify` finds faults, and leaves one that it finds whole, wherever nothing that
was logged is lost; what is lost is named, with the next step. Nothing is ever deleted: what is not
as it should be moves into `set-aside/TIME/` in the case, at its own path there, with a note that
says why. Evidence that verifies is not touched. Steps may be cut short anywhere and done again.

Trust: nothing is made up. Tiles are worked out from entries that give the signed root, a checkpoint
is the one that the signing key remembers, the index comes from the evidence.
"""

from dataclasses import dataclass
from datetime import datetime

from sousveil.case import Case, Wait, locked
from sousveil.model import Fault
from sousveil.run.evidence.archives import Progress
from sousveil.run.repair.bench import Bench
from sousveil.run.repair.events import clear_unlisted, mend_events
from sousveil.run.repair.index import mend_index
from sousveil.run.repair.log import clear_log, mend_log
from sousveil.run.repair.work import clear_pending, clear_root, finish_commit
from sousveil.run.verify import verify_evidence

_RESTORE = "Restore it from a copy of this case, then repair again; only a copy has what it held."


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did, and what it could not."""

    folder: str  # where things were set aside, from the case's folder; "" when nothing was
    aside: tuple[Fault, ...]  # what was set aside, and why
    made: tuple[str, ...]  # what was made again, from the case's folder
    lost: tuple[Fault, ...]  # what is still wrong, with the next step

    @property
    def is_whole(self) -> bool:
        """Tell whether `verify` finds no fault now."""
        return not self.lost


def repair(case: Case, now: datetime, wait: Wait, progress: Progress) -> Repaired:
    """Bring a case into order without deleting anything; return what was done.

    Takes the case's writing place; raises CaseError when another process holds it. Where nothing is
    wrong nothing is written.

    1. The log: its checkpoint, and tiles that its entries tell.   A later step reads it.
    2. The commit that was interrupted, if any, is finished.       It may need what lies about.
    3. What belongs to nothing that was logged is set aside.
    4. The index is made again where it contradicts the evidence, or is missing.
    """
    bench, has_bodies = Bench(case, now), False
    with locked(case, wait):
        head, entries = mend_log(bench)
    problem = finish_commit(bench, wait)
    with locked(case, wait):
        if head is not None:
            head, entries = mend_log(bench)
        if problem is None:
            clear_pending(bench)
        clear_root(bench)
        if head is not None and entries is not None:
            clear_log(bench)
            has_bodies = mend_events(bench, entries)
            clear_unlisted(bench, entries, has_bodies=has_bodies)
        lost = [] if problem is None else [problem]
        lost += [_with_next_step(fault) for fault in verify_evidence(case, progress).faults]
        if has_bodies:
            lost += mend_index(bench, progress, is_whole=not lost)
    return Repaired(bench.shown_folder, tuple(bench.aside), tuple(bench.made), tuple(lost))


def _with_next_step(fault: Fault) -> Fault:
    return Fault(fault.path, f"{fault.problem}. {_RESTORE}")
