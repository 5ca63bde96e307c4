"""Rules that tell what became of a quote: ours, and those beside which it is measured.

A status-code rule, a rule by text difference, and EDGI's rules, written from their issues'
descriptions: an answer whose title says "not found" or that led to the front page is a 404, blocked
and failed captures are left out, and a page is gone when 14 days brought nothing but errors.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from bench.absence_pairs import Row, letters
from sousveil.changes.answer import AnswerFacts, Came, Kind, standing_of, what_came
from sousveil.changes.course import Seen, verdict_of
from sousveil.changes.looks import Probe
from sousveil.model import Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://vendor.example/page"
HOURS = (0, 1, 6, 24, 48, 96, 192, 340, 360)  # of looks, after the first that differs

Rule: TypeAlias = Callable[[Row, str, int], Verdict]
"""(row, quote, looks made since the page was first different) -> what became of the quote"""


def came_of(row: Row) -> Came:
    """Return what we say came in place of the former page."""
    status = 404 if row.after is None else 200
    facts = AnswerFacts([Probe(URL, status, None)], source=row.source)
    return what_came(row.before, row.after, facts)


def ours(came: dict[str, Came], rows: Sequence[Row]) -> Rule:
    """Return our rule, for these pairs."""
    stands = {
        (row.id, quote): standing_of(quote, row.before, row.after)[0]
        for row in rows
        if row.after is not None and came[row.id].is_page
        for quote in row.left + row.stay
    }

    def rule(row: Row, quote: str, looks: int) -> Verdict:
        answer, standing = came[row.id], stands.get((row.id, quote))
        hours = [hour for hour in HOURS[:looks] if hour < row.lasts]
        course = [
            Seen(START + timedelta(hours=hour), number, answer, standing)
            for number, hour in enumerate(hours, 1)
        ]
        first = Seen(START - timedelta(hours=24), 0, Came(Kind.PAGE, 0.95, ("seen",)))
        return verdict_of([first, *course]).verdict

    return rule


def by_status(row: Row, quote: str, looks: int) -> Verdict:
    """Tell it by the status code alone."""
    del quote, looks
    return Verdict.REMOVED if row.after is None else Verdict.PRESENT


def by_difference(row: Row, quote: str, looks: int) -> Verdict:
    """Tell it by the text alone."""
    del looks
    if row.after is None:
        return Verdict.REMOVED
    return Verdict.PRESENT if quote in row.after.text else Verdict.QUOTE_REMOVED


def edgi(row: Row, quote: str, looks: int) -> Verdict:
    """Tell it by EDGI's rules."""
    hours = HOURS[looks - 1]
    status = _effective_status(row)
    if status in {404, 410}:
        lasted = min(hours, row.lasts) >= 14 * 24
        return Verdict.REMOVED if lasted else Verdict.UNKNOWN
    if status >= 400:  # noqa: PLR2004  # RFC 9110 section 15.5
        return Verdict.BLOCKED
    assert row.after is not None
    return Verdict.PRESENT if letters(quote) in letters(row.after.text) else Verdict.QUOTE_REMOVED


def _effective_status(row: Row) -> int:
    if row.after is None:
        return 404
    lines = row.after.text.strip().splitlines()
    title = (row.after.title or (lines[0] if lines else "")).casefold()
    if "not found" in title or re.search(r"\b404\b", title):
        return 404
    if "access denied" in title or "forbidden" in title or re.search(r"\b(?:403|429)\b", title):
        return 403
    return 500 if re.search(r"\b50\d\b", title) or "error" in title else 200
