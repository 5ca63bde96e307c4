"""What is counted with every row is what counting the rows gives, whatever was done to them."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.desk_case import Size, fate_of, write_desk_case
from sousveil.index.counts import count_findings, days, sorts
from sousveil.index.filters import NOBODY, Filter
from sousveil.index.listed import list_findings, put_fate_of
from sousveil.index.query import fates, findings
from sousveil.index.store import Index
from sousveil.review.decisions import status

SORT = "coalesce(actor, ''), trait, label, state, decided, readings"


@pytest.fixture
def index(tmp_path: Path, own_config: Path) -> Iterator[Index]:
    assert own_config
    case = write_desk_case(tmp_path / "case", Size(6, 60))
    opened = Index(case.root / "index.sqlite", create=True)
    yield opened
    opened.close()


def assert_counted(index: Index) -> None:
    kept = index.rows("SELECT * FROM finding_count")
    by_sort = index.rows(f"SELECT {SORT}, count(*) FROM finding GROUP BY {SORT}")
    assert sorted(kept) == sorted(by_sort)
    seen = Counter(day for (day,) in index.rows("SELECT substr(first_seen, 1, 10) FROM finding"))
    lost = Counter(
        day
        for (day,) in index.rows("SELECT substr(gone_by, 1, 10) FROM finding WHERE gone_by > ''")
    )
    told = [row for row in days(index, "0", "9") if row[1:] != (0, 0)]
    assert told == [(day, seen[day], lost[day]) for day in sorted(seen | lost)]


def test_counts_follow_each_change_of_a_row(index: Index) -> None:
    assert_counted(index)
    chance, found = random.Random(5), findings(index)  # noqa: S311  # no secrets
    with index.transaction():
        put_fate_of(index, [fate_of(one, chance) for one in found])
    assert_counted(index)
    for number, one in enumerate(found[::3]):
        decided = ("confirmed", "rejected", "open")[number % 3]
        index.change(
            "UPDATE finding SET decided = ?, readings = readings + 1 WHERE id = ?", decided, one.id
        )
    assert_counted(index)
    known = '[[actor]]\nname = "Halden"\ndomains = ["maker-00.example"]\n'
    (index.folder / "actors.toml").write_text(known)
    list_findings(index, status)
    assert ("Halden",) in index.rows("SELECT DISTINCT actor FROM finding_count WHERE findings > 0")
    assert_counted(index)


def test_what_is_found_no_more_is_counted_no_more_and_has_no_fate(index: Index) -> None:
    gone, rest = findings(index)[0], len(findings(index)) - 1
    with index.transaction():
        index.change("DELETE FROM sighting WHERE finding_id = ?", gone.id)
        index.change("INSERT INTO unlisted VALUES (?)", gone.id)
        list_findings(index, status)
    assert_counted(index)
    assert count_findings(index, Filter()) == rest
    assert gone.id not in fates(index)
    assert len(fates(index)) == rest


@pytest.mark.parametrize(
    "chosen",
    [
        Filter(actor=("Maker 03", NOBODY), label=("denies", "offers")),
        Filter(state=("gone",), trait=("emotion",)),
        Filter(status=("open",)),
    ],
)
def test_counted_is_what_a_filter_lets_through(index: Index, chosen: Filter) -> None:
    """A host that all share makes the same filter go through the rows themselves."""
    hosts = tuple({host for (host,) in index.rows("SELECT host FROM finding")})
    through_rows = Filter(chosen.actor, chosen.label, chosen.trait, (), hosts, (), chosen.state)
    if not chosen.status:
        assert count_findings(index, chosen) == count_findings(index, through_rows)
        assert set(sorts(index, chosen)) == set(sorts(index, through_rows))
    else:
        assert count_findings(index, chosen) == len(findings(index))
