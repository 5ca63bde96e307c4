from dataclasses import replace

from sousveil.dossier.summary import summary
from sousveil.dossier.view import arrange
from tests.dossier.reports import DENIAL, EDITED, UYGHUR, held_fate, made_up_report

REPORT = made_up_report()


def test_the_summary_says_what_was_said_what_vanished_and_what_was_looked_at() -> None:
    assert summary(arrange(REPORT)) == (
        (
            "This dossier quotes 9 statements about inferring or targeting a protected trait of "
            "people (ethnicity), concerning 5 named actors: 6 offer such a capability, 1 reports "
            "that somebody has one, 1 denies or withdraws it and 1 discusses the subject."
        ),
        (
            "4 of them have vanished since: 1 reworded, 2 no longer in the page or file that "
            "stands there and 1 gone with the page."
        ),
        "1 of them could not be seen at the latest look, which does not show that it is gone.",
        "5 addresses were visited 50 times between 2 November 2026 and 20 November 2026.",
    )


def test_what_is_missing_and_not_confirmed_is_told_apart_from_what_vanished() -> None:
    fates = {**REPORT.fates, EDITED.id: held_fate()}
    told = summary(arrange(replace(REPORT, fates=fates)))
    assert told[1].startswith("3 of them have vanished since: 2 no longer in")
    assert told[2] == (
        "1 of them was missing when last looked for, which later looks have yet to confirm: "
        "1 reworded."
    )


def test_one_statement_that_stands_is_told_in_the_singular() -> None:
    report = replace(REPORT, findings=(DENIAL,), watches=REPORT.watches[-1:])
    assert summary(arrange(report)) == (
        (
            "This dossier quotes 1 statement about inferring or targeting a protected trait of "
            "people (ethnicity), concerning 1 named actor: 1 denies or withdraws it."
        ),
        "None of them is known to have vanished since it was first seen.",
        "1 address was visited 10 times between 2 November 2026 and 20 November 2026.",
    )


def test_an_import_without_watches_has_no_sentence_on_looks() -> None:
    assert len(summary(arrange(replace(REPORT, findings=(UYGHUR,), watches=())))) == 2


def test_what_people_decided_is_counted_and_nobody_is_named() -> None:
    decided = replace(REPORT, decided={UYGHUR.id: "confirmed"}, rejected=2, lost=1)
    told = summary(arrange(decided))
    assert "People have confirmed 1 statement." in told
    assert "2 more passages are left out: people rejected them." in told
    assert "1 confirmed statement is left out: this version does not find it." in told
