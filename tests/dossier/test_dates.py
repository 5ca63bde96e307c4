"""The dossier says what time stamps prove, and without any that nothing proves a date."""

from dataclasses import replace
from datetime import UTC, datetime

from sousveil.dossier.pages import render
from sousveil.model import Stamp
from tests.dossier.reports import made_up_report

STAMP = Stamp(
    file="log/timestamps/7-a.tsr",
    authority="a",
    by="Stamp House",
    at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
    entries=7,
    root="Root House",
    root_sha256="ab" * 32,
    is_trusted=True,
    stands_until=datetime(2031, 1, 1, tzinfo=UTC),
)


def front_page(*stamps: Stamp) -> str:
    return render(replace(made_up_report(), stamps=stamps))["index.html"].decode()


def test_without_a_stamp_no_date_is_proved() -> None:
    assert "the log does not prove a date" in front_page()


def test_a_stamp_tells_since_when_the_log_existed_says_who() -> None:
    page = front_page(STAMP)
    assert (
        "The first 7 entries of the log existed by 2026-11-23 07:00:00 UTC, says Stamp House under"
        f" the root Root House, SHA-256 {'ab' * 32}, which this computer trusts. This stamp stands"
        " until 2031-01-01."
    ) in page
    assert "perhaps long before" in page
    assert "the log does not prove a date" not in page


def test_a_root_that_only_the_case_knows_is_told_as_that() -> None:
    assert "which this computer does not know" in front_page(replace(STAMP, is_trusted=False))


def test_a_certificate_can_have_any_name() -> None:
    page = front_page(replace(STAMP, by="</dd><bait>\u202e", root="<bait>"))
    assert "<bait>" not in page
    assert "\u202e" not in page
