"""The desk's case: opened anew for each request, so that a page tells what is so now.

Handlers run in worker threads and are plain functions. Each opens the index for itself, read-only:
readers never wait for whoever writes (SQLite in WAL mode), and no connection crosses threads.
Decisions wait for their turn to write, as commands do.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sousveil.case import SETTINGS_FILE, Case, Wait, locked, open_case
from sousveil.errors import BusyError
from sousveil.index.store import Index
from sousveil.ledger import Writer, writing
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.ranking import places, put_later
from sousveil.web.jobs.player import Players
from sousveil.web.jobs.runner import Jobs
from sousveil.web.jobs.store import jobs_folder
from sousveil.web.naming import Naming
from sousveil.web.safety.access import Access

# A visit may hold the case's writing place for hours, `sousveil watch` does for moments. Somebody
# who pressed a key is told after this long that it is not their turn; nothing is lost.
PATIENCE_SECONDS = 10.0
_MOMENT_SECONDS = 0.02


class Desk:
    """One case as the desk serves it."""

    def __init__(self, root: Path, clock: Callable[[], datetime], access: Access) -> None:
        """Serve the case in `root`; raises CaseError when there is none."""
        self.clock = clock
        self.access = access
        self._root = root
        self._opened: tuple[int, Case] | None = None
        self._opening = threading.Lock()
        self._learning = threading.Lock()
        self._naming = Naming(self.case, _patience)
        self.jobs = Jobs(jobs_folder(self.case().settings.origin), root.resolve(), clock)
        self.players = Players()

    def case(self) -> Case:
        """Return the case with the settings that `case.toml` has now; CaseError as `open_case`."""
        with self._opening:
            path = self._root / SETTINGS_FILE
            changed = path.stat().st_mtime_ns if path.exists() else 0
            if self._opened is None or self._opened[0] != changed:
                self._opened = (changed, open_case(self._root))
            return self._opened[1]

    @property
    def title(self) -> str:
        """The case's title, as it was when its settings could last be read."""
        opened = self._opened
        return opened[1].settings.title if opened else ""

    def close(self) -> None:
        """End what runs for the desk."""
        self._naming.close()
        self.jobs.close()
        self.players.close()

    @contextmanager
    def index(self) -> Iterator[Index]:
        """Open the index for one request, to read; raises CaseError when it cannot be used.

        All that the request reads is of one state, whatever is written meanwhile. If names in it
        are not told as they are known now, they will be for a later request.
        """
        with open_index(self.case()) as index:
            index.rows("BEGIN")
            self._naming.heed(index)
            yield index

    @contextmanager
    def writing(self) -> Iterator[tuple[Writer, Index]]:
        """Take the case's turn to write, with its index level with the log before and after.

        Raises BusyError when somebody else writes for longer than a person waits, and as `writing`
        does.
        """
        case = self.case()
        with writing(case, _patience()) as writer, open_index(case, create=True) as index:
            sync_index(case, index)
            yield writer, index
            sync_index(case, index)

    def learn(self) -> None:
        """Put the queue in order by what was decided so far.

        That takes a quarter of a second with a thousand decisions, so it is done after the answer
        and worked out beside the case's turn to write: the next decision does not wait for it.
        """
        if not self._learning.acquire(blocking=False):
            return  # what is under way has read nearly the same
        try:
            with self.index() as index:
                told = list(places(index))
            with locked(self.case(), _patience()), open_index(self.case(), create=True) as index:
                put_later(index, told)
        except BusyError:
            return  # an analysis, which ranks at its end; or else the next lesson comes soon
        finally:
            self._learning.release()


def _patience() -> Wait:
    """Return what waits for the case's turn to write as long as a person does."""
    until = time.monotonic() + PATIENCE_SECONDS

    def wait() -> bool:
        time.sleep(_MOMENT_SECONDS)
        return time.monotonic() < until

    return wait
