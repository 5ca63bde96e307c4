"""Reading: what visits brought is read at once, and people are told of it.

Reads by turns (`turns.py`), so that others write meanwhile; who stops us does so between captures.
"""

from datetime import timedelta
from pathlib import Path

from sousveil.case import Case, locked
from sousveil.claims import Engine
from sousveil.errors import ActorError, OvertakenError, TopicError
from sousveil.index.reviews import logged_model
from sousveil.index.store import Index
from sousveil.index.verdicts import stale_addresses
from sousveil.run.alerting import keep_feed, tell_channels
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.watch.batch import Batch, Outside
from sousveil.run.watch.turns import Turns

# Channels that could not be told are tried again about as often (run/alerting.py).
TELL_AGAIN = timedelta(minutes=1)


class Reader:
    """Reads and tells, batch after batch; keeps the engine, which is dear to make."""

    def __init__(self, outside: Outside) -> None:
        """Make ready; nobody was told anything yet."""
        self._outside = outside
        self._told_at = outside.clock()
        self._engine: tuple[object, Engine] | None = None  # and what it was asked for with

    def read_and_tell(self, case: Case, batch: Batch) -> None:
        """Read what the visits brought, and tell people."""
        is_time = self._outside.clock() - self._told_at >= TELL_AGAIN
        with open_index(case) as index:
            # Polls, too, are looks at what is missed.
            is_news = bool(batch.visits or stale_addresses(index))
        if not is_news and not is_time:
            return

        if is_news:
            with open_index(case, create=True) as index:
                self._read(case, index, batch)
        with locked(case, self._outside.wait), open_index(case, create=True) as index:
            sync_index(case, index)
            keep_feed(case, index)
        # Services far away may take their time; others write meanwhile.
        with open_index(case, create=True) as index:
            batch.delivered = tell_channels(case, index, self._outside.clock)
        self._told_at = self._outside.clock()

    def _read(self, case: Case, index: Index, batch: Batch) -> None:
        """Read what is new, by turns; who stops us does so between captures."""
        turns = Turns(case, index, self._outside.wait, self._outside.stop)

        def progress(_done: int, _total: int, _at: str) -> None:
            if self._outside.stop.is_set():
                raise InterruptedError
            self._outside.progress(batch)

        try:
            with turns.turn():
                sync_index(case, index)
            engine = self._engine_of(case, index)
            batch.analysis = analyse(case, index, engine, progress, turn=turns.turn)
        except OvertakenError as error:
            batch.troubles.append(f"{error} Who made it read what was new; the rest is read next.")
        except (ActorError, TopicError) as error:
            # A file that people edit while we run. Visits need neither, and wait for nobody.
            batch.troubles.append(f"{error} Until then nothing new is read.")

    def _engine_of(self, case: Case, index: Index) -> Engine:
        """Return the engine that the settings, topic files and model ask for; made anew by need."""
        topics = case.settings.topics
        files = [case.root / name for name in topics if name.endswith(".toml")]
        asked = (topics, [_written_at(path) for path in files], logged_model(index))
        if self._engine is None or self._engine[0] != asked:
            self._engine = (asked, load_engine(case, index))
        return self._engine[1]


def _written_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
