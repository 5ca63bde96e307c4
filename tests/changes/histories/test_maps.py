"""Site maps between two crawls: what is whole is believed, a stub when it lasts."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.histories.maps import Shrunk, SiteMap, maps_between
from tests.conftest import NOW

DAY = timedelta(days=1)
pages = st.frozensets(st.sampled_from([f"https://vendor.example/{n}" for n in range(12)]))


@given(pages, pages, st.sampled_from(["", "was cut short"]))
def test_what_is_told_to_have_left_left_and_a_flawed_map_tells_nothing(
    before: frozenset[str], after: frozenset[str], flaw: str
) -> None:
    compared = maps_between(SiteMap("m", before), SiteMap("m", after, flaw), at=NOW)
    told = {turn.kind: set(turn.items) for turn in compared.turns}
    assert told.get("left_map", set()) in ({*()}, before - after)
    assert told.get("joined_map", set()) in ({*()}, after - before)
    if flaw or not after:
        assert not compared.turns
        assert not compared.is_believed


@given(pages.filter(lambda found: len(found) > 5), st.integers(0, 300))
def test_a_stub_is_believed_after_three_days_and_three_looks(
    before: frozenset[str], hours: int
) -> None:
    stub = SiteMap("m", frozenset(sorted(before)[:1]))
    shrunk = Shrunk(NOW, NOW + timedelta(hours=1), 2)
    at = NOW + timedelta(hours=hours)
    compared = maps_between(SiteMap("m", before), stub, at=at, shrunk=shrunk)
    assert compared.is_believed == (hours >= 72)
    assert bool(compared.turns) == compared.is_believed


def test_looks_within_an_hour_are_one() -> None:
    before = SiteMap("m", frozenset(f"/{number}" for number in range(9)))
    shrunk = None
    for minutes in range(0, 50, 10):
        at = NOW + timedelta(minutes=minutes)
        shrunk = maps_between(before, SiteMap("m", frozenset({"/1"})), at=at, shrunk=shrunk).shrunk
    assert shrunk == Shrunk(NOW, NOW, 1)
