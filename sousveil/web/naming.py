"""Naming: the rows' names are brought level with those whom the case knows, without being asked.

`actors.toml` is a file that people edit, and a target may be given to another actor at the desk:
neither is followed by an analysis. Whoever asks for a page then begins the work. It is done beside
the answers, a share at a time with pauses between, so that decisions get their turn to write and
pages the processor.
"""

import logging
import threading
from collections.abc import Callable

from sousveil.case import Case, Wait, locked
from sousveil.errors import BusyError, SousveilError
from sousveil.index.listed import list_some, names_are_current, register_digest
from sousveil.index.store import Index
from sousveil.review.decisions import status
from sousveil.run.indexing import open_index

# Findings told anew at once: some 50 ms of work, for which a decision may wait.
SHARE = 250
PAUSE_SECONDS = 0.05

_LOG = logging.getLogger("sousveil.desk")


class Naming:
    """The work of one desk."""

    def __init__(self, case: Callable[[], Case], patience: Callable[[], Wait]) -> None:
        """Be ready; `patience` gives what waits for the turn to write."""
        self._case, self._patience = case, patience
        self._turn = threading.Lock()
        self._worker: threading.Thread | None = None
        self._end = threading.Event()
        self._refused = ""  # those known by name that could not be read

    def heed(self, index: Index) -> None:
        """Begin to tell names anew unless the rows tell them as they are known now."""
        if names_are_current(index):
            return
        known = register_digest(index)
        with self._turn:
            is_at_work = self._worker is not None and self._worker.is_alive()
            if is_at_work or self._end.is_set() or known == self._refused:
                return
            self._worker = threading.Thread(
                target=self._tell, args=(known,), name="naming", daemon=True
            )
            self._worker.start()

    def close(self) -> None:
        """End after the share that is under way."""
        self._end.set()
        with self._turn:
            worker = self._worker
        if worker is not None:
            worker.join()

    def _tell(self, known: str) -> None:
        try:
            while not self._end.is_set() and not self._tell_some():
                self._end.wait(PAUSE_SECONDS)
        except BusyError:
            return  # an analysis, which does the same; or else the next page begins again
        except (SousveilError, OSError) as error:
            self._refused = known
            _LOG.warning("Names are told as before: %s", error)

    def _tell_some(self) -> bool:
        """Tell the names of a share anew; return whether all are told."""
        case = self._case()
        with locked(case, self._patience()), open_index(case, create=True) as index:
            return list_some(index, status, SHARE)
