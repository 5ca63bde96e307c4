"""The part of a repair that ends work which was interrupted."""

from sousveil.case import LOCKS, Wait, is_watched, locked
from sousveil.errors import SousveilError
from sousveil.ledger import (
    JOURNAL_FILE,
    StrayJournalError,
    TurnWriter,
    writing,
)
from sousveil.model import Fault
from sousveil.run.repair.bench import Bench

_INTERRUPTED = "left by work that was interrupted; nothing in it was reported as done"


def finish_commit(bench: Bench, wait: Wait) -> Fault | None:
    """Finish an interrupted commit; return why it could not be, if so.

    A journal that no commit of this log wrote is set aside.
    """
    case = bench.case
    if not (case.root / JOURNAL_FILE).exists():
        return None
    try:
        with writing(case, wait):
            bench.made.append("what an interrupted commit had begun")
    except StrayJournalError as error:
        with locked(case, wait):
            bench.set_aside(JOURNAL_FILE, str(error))
    except (SousveilError, OSError) as error:
        return Fault(JOURNAL_FILE, f"holds a commit that could not be finished: {error}")
    return None


def clear_pending(bench: Bench) -> None:
    """Set aside working files, but those of a service that is at work now."""
    case = bench.case
    busy = f"{TurnWriter.scratch}-" if is_watched(case) else None
    for path in sorted(case.pending.iterdir()):
        name = f"pending/{path.name}"
        if name not in LOCKS and not (busy and path.name.startswith(busy)):
            bench.set_aside(name, _INTERRUPTED)


def clear_root(bench: Bench) -> None:
    """Set aside files of the case's folder that were being written."""
    for path in sorted(bench.case.root.glob("*.tmp")):
        bench.set_aside(path.name, _INTERRUPTED)
