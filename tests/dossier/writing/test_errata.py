"""What an edition says otherwise than the one before it tells itself."""

from datetime import UTC, datetime

from sousveil.dossier.writing.errata import Change, Edition, changes, errata

AT = datetime(2026, 11, 2, tzinfo=UTC)


def edition(number: int, text: str, correction: str = "") -> Edition:
    return Edition(number, AT, text, correction)


def test_sentences_that_came_went_and_changed_are_told() -> None:
    was = "# Gate\n\nIt tells race. It alarms. It is sold."
    now = "# Gate\n\nIt tells ethnicity. It alarms. It is sold. Two buy it."
    assert changes(was, now) == (
        Change(("It tells race.",), ("It tells ethnicity.",)),
        Change((), ("Two buy it.",)),
    )


def test_lines_broken_otherwise_change_nothing() -> None:
    assert changes("It tells race. It alarms.", "It tells\nrace. It\nalarms.") == ()


def test_a_first_edition_has_no_errata_and_the_latest_comes_first() -> None:
    editions = [edition(1, "A."), edition(2, "B.", "It is B."), edition(3, "C.")]
    assert errata(editions[:1]) == ()
    assert [one.edition.number for one in errata(editions)] == [3, 2]
    assert errata(editions)[1].edition.correction == "It is B."
    assert errata(editions)[1].changes == (Change(("A.",), ("B.",)),)
