"""The watch by a clock that is wrong, and hosts whose clocks are: what is told, and how soon."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.index.notices import notices
from sousveil.run.indexing import open_index
from tests.commands import sousveil
from tests.run.watch.moody import DATE, TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody
from tests.run.watch.test_made_again import dump

CLAIM = "<p>Our camera recognises the ethnicity of each visitor and raises an alarm.</p>"
GONE = Mood("<h1>Not found</h1>", status=404)
DAY = timedelta(days=1)
TOLD = ("look", "told", "fate")


class Wrong(Time):
    """A clock that can be put ahead of the true time, `at`."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        served.pages |= {"/": Mood(), "/page": Mood(CLAIM + TEXT * 30, etag='"v1"')}
        yield served


@pytest.fixture
def case(site: Moody, tmp_path: Path) -> Case:
    made = case_for(tmp_path / "case", site)
    assert sousveil("add", site.url("/page"), "--every", "12h", "--case", made.root).status == 0
    return made


def told(case: Case) -> list[str]:
    with open_index(case) as index:
        return [one.kind for one in reversed(notices(index, 99))]


def test_a_page_that_was_away_while_our_clock_ran_days_ahead_was_never_gone(
    site: Moody, case: Case
) -> None:
    clock = Wrong()
    site.date = lambda: format_datetime(clock.at, usegmt=True)
    page = site.pages["/page"]
    keep_watch(case, clock, days=2)
    site.pages["/page"] = GONE
    keep_watch(case, clock, days=0.75)
    clock.ahead = 5 * DAY
    keep_watch(case, clock, days=0.75)
    clock.ahead = timedelta()
    site.pages["/page"] = page
    keep_watch(case, clock, days=9)
    assert told(case) == ["found", "held", "back"]
    with open_index(case) as index:
        before = dump(index)
    assert sousveil("reindex", "--case", case.root).status == 0
    with open_index(case) as index:
        after = dump(index)
    assert [after[table] for table in TOLD] == [before[table] for table in TOLD]


def test_a_host_whose_date_stands_still_cannot_keep_its_removal_from_being_told(
    site: Moody, case: Case
) -> None:
    clock = Time()
    site.date = lambda: DATE
    keep_watch(case, clock, days=1)
    site.pages["/page"] = GONE
    keep_watch(case, clock, days=5)
    assert told(case) == ["found", "held", "gone"]
    assert len(logged(case, "visit")) < 4 * 6, "four looks a day, and no more"
