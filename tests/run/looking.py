"""A case that is looked at when a test says so, by a clock that the test sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sousveil.case import Case, open_case
from sousveil.index.former import forget_aside, set_aside
from sousveil.index.query import fates, watches
from sousveil.index.store import Index
from sousveil.index.verdicts import ToldOf, told_of_watch
from sousveil.ledger import writing
from sousveil.model import Fate
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.read.analyse import Analysis, analyse, load_engine
from sousveil.run.visit.visits import visit_all
from tests.commands import sousveil
from tests.sites import Site, case_for

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


def quiet(*_: object) -> None:
    """Show no progress."""


@dataclass
class Looking:
    """A case with a clock of its own."""

    case: Case
    now: datetime = START
    _ticks: int = field(default=0)

    def clock(self) -> datetime:
        """Return the time, a millisecond later each time."""
        self._ticks += 1
        return self.now + timedelta(milliseconds=self._ticks)

    def after(self, **span: float) -> Analysis:
        """Let time pass, then visit every watch and analyse what came."""
        self.now, self._ticks = self.now + timedelta(**span), 0
        case = open_case(self.case.root)
        with writing(case) as writer, open_index(case, create=True) as index:
            sync_index(case, index)
            for _ in visit_all(writer, index, watches(index), self.clock):
                pass
            return analyse(case, index, load_engine(case, index), quiet)

    def fate(self, words: str = "") -> Fate:
        """Return the fate of the one finding whose quote holds these words."""
        with self.index() as index:
            found = sousveil("findings", "--case", self.case.root, "--json").json()
            (finding,) = [one for one in found if words in one["quote"]]
            return fates(index)[finding["id"]]

    def told(self) -> list[ToldOf]:
        """Return what became of each address of each watch."""
        with self.index() as index:
            return [one for watch in watches(index) for one in told_of_watch(index, watch.id)]

    @contextmanager
    def index(self) -> Iterator[Index]:
        """Open the index to read it."""
        with open_index(self.case) as index:
            yield index

    def everything(self) -> tuple[dict[str, Fate], list[ToldOf]]:
        """Return all that is told."""
        with self.index() as index:
            return fates(index), self.told()

    def reindexed(self) -> tuple[dict[str, Fate], list[ToldOf]]:
        """Return all that is told once the index was made again."""
        set_aside(self.case.root)
        with open_index(self.case, create=True) as index:
            sync_index(self.case, index)
            analyse(self.case, index, load_engine(self.case, index), quiet)
        forget_aside(self.case.root)
        return self.everything()


def looking_at(folder: Path, site: Site, *paths: str) -> Looking:
    """Make a case that watches these pages of a site."""
    case = case_for(folder / "case", site)
    for path in paths:
        ran = sousveil("add", "--case", case.root, "--kind", "page", site.url + path)
        assert ran.status == 0, ran.err
    return Looking(case)
