"""Times are read as people type them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.cli.moments import parse_moment
from sousveil.errors import InputError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", "2026-11-23T12:00:00+00:00"),
        ("in 2h", "2026-11-23T14:00:00+00:00"),
        ("in 90 m", "2026-11-23T13:30:00+00:00"),
        ("2026-11-24 09:00", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T09:00Z", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24 09:00 UTC", "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T09:00+08:00", "2026-11-24T01:00:00+00:00"),
        ("2026-11-24 09:00 Asia/Shanghai", "2026-11-24T01:00:00+00:00"),
        ("2026-07-24 09:00 Europe/Berlin", "2026-07-24T07:00:00+00:00"),
    ],
)
def test_a_time_is_what_people_mean(typed: str, meant: str) -> None:
    assert parse_moment(typed, NOW, "--sent") == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    "typed", ["", "tomorrow", "in 2 weeks", "25:00", "2026-11-24 09:00 Nowhere/At"]
)
def test_what_is_no_time_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(InputError, match=r"--sent .*not a time\. Write now, in 2h"):
        parse_moment(typed, NOW, "--sent")


def test_a_wrong_year_is_noticed() -> None:
    with pytest.raises(InputError, match="Check the year"):
        parse_moment("2062-11-24", NOW, "--sent")
    with pytest.raises(InputError, match="Check the year"):
        parse_moment("in 9999d", NOW, "--sent")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        at = parse_moment(text, NOW, "--sent")
    except InputError:
        return
    assert abs(at - NOW) <= timedelta(days=366)
