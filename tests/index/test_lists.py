"""Lists, matrix and timeline tell what a naive look at every finding tells."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bench.desk_case import BEGIN, Size, write_desk_case
from sousveil.case import open_case
from sousveil.errors import InputError
from sousveil.index.filters import NOBODY, Filter
from sousveil.index.listed import list_findings, names_are_current
from sousveil.index.lists import Listed, captures_page, findings_page, targets_page
from sousveil.index.matrix import matrix
from sousveil.index.query import fates, findings
from sousveil.index.store import Index
from sousveil.index.timeline import Moment, bars, moments
from sousveil.review.decisions import status
from sousveil.run.indexing import open_index

SIZE = Size(12, 120)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        return write_desk_case(folder / "case", SIZE).root


@pytest.fixture
def index(root: Path) -> Iterator[Index]:
    made = Index(root / "index.sqlite")
    yield made
    made.close()


def every(index: Index, chosen: Filter = Filter(), limit: int = 7) -> list[Listed]:  # noqa: B008  # frozen
    page = findings_page(index, chosen, limit=limit)
    told = list(page.rows)
    while page.next:
        page = findings_page(index, chosen, limit=limit, after=page.next)
        told += page.rows
    assert len(told) == page.count
    return told


def test_a_row_says_what_the_rest_of_the_index_says(index: Index) -> None:
    told, known = fates(index), {one.id: one for one in findings(index)}
    listed = every(index)
    assert {one.finding.id for one in listed} == set(known)
    assert all(one.finding == known[one.finding.id] for one in listed)
    assert all(one.fate == told[one.finding.id] for one in listed)
    seen = [one.fate.first_seen for one in listed if one.fate and one.fate.first_seen]
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "chosen",
    [
        Filter(label=("offers", "denies")),
        Filter(trait=("emotion",), lang=("zh",)),
        Filter(actor=("Maker 03", NOBODY)),
        Filter(state=("gone",)),
        Filter(status=("confirmed",)),
        Filter(since=(BEGIN + timedelta(days=1)).date(), until=(BEGIN + timedelta(days=1)).date()),
        Filter(host=("maker-04.example",), kind=("page",)),
    ],
)
def test_a_filter_lets_through_what_a_naive_look_lets_through(index: Index, chosen: Filter) -> None:
    def fits(one: Listed) -> bool:
        finding, claim = one.finding, one.finding.claim
        day = finding.capture.captured_at.date()
        return (
            (not chosen.label or claim.label in chosen.label)
            and (not chosen.trait or claim.trait in chosen.trait)
            and (not chosen.lang or finding.lang.split("-")[0] in chosen.lang)
            and (not chosen.actor or (finding.actor or NOBODY) in chosen.actor)
            and (not chosen.state or one.state in chosen.state)
            and (not chosen.status or one.status in chosen.status)
            and (not chosen.host or any(f"//{host}/" in finding.url for host in chosen.host))
            and (chosen.since is None or day >= chosen.since)
            and (chosen.until is None or day <= chosen.until)
        )

    assert every(index, chosen) == [one for one in every(index) if fits(one)]


def test_the_matrix_counts_every_finding_once(index: Index) -> None:
    naive = Counter((one.finding.actor or NOBODY, one.finding.claim.trait) for one in every(index))
    told = matrix(index, Filter())
    assert {key: cell.count for key, cell in told.cells.items()} == dict(naive)
    assert sum(map(told.of_actor, told.actors)) == sum(map(told.of_trait, told.traits)) == 120
    gone = Counter(one.finding.actor or NOBODY for one in every(index) if one.state == "gone")
    for actor in told.actors:
        cells = [cell for (name, _), cell in told.cells.items() if name == actor]
        assert sum(cell.states["gone"] for cell in cells) == gone[actor]
        assert sum(sum(cell.labels.values()) for cell in cells) == told.of_actor(actor)


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_the_timeline_holds_each_moment_once_in_order(index: Index, limit: int) -> None:
    told: list[Moment] = []
    after = ""
    while True:
        page = moments(index, Filter(), limit=limit, after=after)
        told += page.rows
        if not (after := page.next):
            break
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert len({(one.kind, one.id) for one in told}) == len(told)
    listed = every(index)
    lost = sum(one.fate is not None and one.fate.gone_by is not None for one in listed)
    assert Counter(one.kind for one in told) == Counter(claimed=len(listed), lost=lost)
    drawn = bars(index, Filter())
    assert (sum(b.claimed for b in drawn), sum(b.lost for b in drawn)) == (len(listed), lost)
    reworded = sum(one.state == "reworded" for one in listed)
    assert sum(b.reworded for b in drawn) == reworded
    of_offers = bars(index, Filter(label=("offers",)))
    assert sum(b.reworded for b in of_offers) == sum(
        one.state == "reworded" and one.finding.claim.label == "offers" for one in listed
    )


def test_letters_and_replies_are_drawn_on_their_days_unless_claims_of_a_kind_are_asked_for(
    root: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(root / "index.sqlite", tmp_path / "index.sqlite")
    with closing(sqlite3.connect(copy)) as held, held:
        ((last,),) = held.execute("SELECT substr(max(first_seen), 1, 10) FROM finding")
        held.executemany(
            "INSERT INTO event VALUES (?, ?, ?, x'7b7d', NULL, NULL)",
            [
                (900_000 + number, kind, f"{last}T08:00:00+00:00")
                for number, kind in enumerate(("inquiry", "inquiry.reply", "poll"))
            ],
        )
    with closing(Index(Path(copy))) as index:
        told = {one.begin: (one.letters, one.replies) for one in bars(index, Filter())}
        (span,) = [begin for begin in told if last.startswith(begin)]
        assert (told.pop(span), set(told.values())) == ((1, 1), {(0, 0)})
        assert {one.letters for one in bars(index, Filter(label=("offers",)))} == {0}


def test_targets_and_captures_are_whole(index: Index) -> None:
    page = targets_page(index, Filter(), limit=500)
    assert [one.watch.target for one in page.rows] == sorted(one.watch.target for one in page.rows)
    assert [(one.health, one.findings) for one in page.rows] == [("well", 10)] * 12
    assert targets_page(index, Filter(), "unwell", limit=5).rows == ()
    watch = page.rows[0].watch.id
    captures = captures_page(index, Filter(watch=(watch,)), limit=500).rows
    assert len(captures) == 10
    assert {one.watch_id for one in captures} == {watch}


@pytest.mark.parametrize("after", ["x", "W10", "e30", "WyJhIl0", "WzEsMl0", "ÿ", "W3siYSI6MX1d"])
def test_a_place_that_is_none_is_refused(index: Index, after: str) -> None:
    with pytest.raises(InputError):
        findings_page(index, Filter(), limit=5, after=after)


def test_names_are_told_anew_when_those_who_are_known_change(root: Path) -> None:
    with open_index(open_case(root), create=True) as index:
        assert names_are_current(index)
        known = '[[actor]]\nname = "Halden"\ndomains = ["maker-00.example"]\n'
        (root / "actors.toml").write_text(known)
        assert not names_are_current(index)
        list_findings(index, status)
        assert names_are_current(index)
        assert "Halden" in matrix(index, Filter()).actors
        (root / "actors.toml").unlink()
        list_findings(index, status)
        assert "Halden" not in matrix(index, Filter()).actors
