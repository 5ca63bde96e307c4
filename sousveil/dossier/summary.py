"""The summary: a dossier in a few sentences, for the head of its first page."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sousveil.dossier.view import Statement, View
from sousveil.dossier.wording import (
    LABEL_VERBS,
    MISSING_COUNTS,
    VERDICT_COUNTS,
    count,
    day,
    listing,
)
from sousveil.model import Report


def summary(view: View) -> tuple[str, ...]:
    """Return the sentences that sum a dossier up: what was said, what vanished, what was seen."""
    statements = view.statements
    labels = Counter(statement.finding.claim.label for statement in statements)
    actors = {statement.finding.actor for statement in statements} - {None}
    traits = sorted({statement.finding.claim.trait for statement in statements})
    if not statements:
        nothing = "No statement about inferring a protected trait of people was found."
        return (nothing, *_review_sentences(view.report))
    kinds = listing(
        f"{labels[label]} {verbs[labels[label] != 1]}"
        for label, verbs in LABEL_VERBS.items()
        if labels[label]
    )
    quoted = count(len(statements), "statement")
    about = f"about inferring or targeting a protected trait of people ({listing(traits)})"
    whose = f"concerning {count(len(actors), 'named actor')}"
    return (
        f"This dossier quotes {quoted} {about}, {whose}: {kinds}.",
        _loss_sentence(statements),
        *_missing_sentence(statements),
        *_unclear_sentence(statements),
        *_review_sentences(view.report),
        *_looks_sentence(view.report),
    )


def _loss_sentence(statements: Sequence[Statement]) -> str:
    lost = Counter(s.fate.verdict for s in statements if s.state == "gone" and s.fate)
    if not lost:
        return "None of them is known to have vanished since it was first seen."
    ways = listing(
        f"{lost[verdict]} {words}" for verdict, words in VERDICT_COUNTS.items() if lost[verdict]
    )
    verb = "has" if lost.total() == 1 else "have"
    return f"{lost.total()} of them {verb} vanished since: {ways}."


def _missing_sentence(statements: Sequence[Statement]) -> Iterable[str]:
    held = [s.fate for s in statements if s.state == "missing" and s.fate]
    missing = Counter(fate.pending for fate in held)
    if missing:
        ways = listing(
            f"{missing[verdict]} {words}"
            for verdict, words in MISSING_COUNTS.items()
            if missing[verdict]
        )
        verb = "was" if missing.total() == 1 else "were"
        yield (
            f"{missing.total()} of them {verb} missing when last looked for, which later looks "
            f"have yet to confirm: {ways}."
        )


def _unclear_sentence(statements: Sequence[Statement]) -> Iterable[str]:
    unclear = sum(statement.state == "unclear" for statement in statements)
    if unclear:
        yield (
            f"{unclear} of them could not be seen at the latest look, which does not show that "
            f"{'it is' if unclear == 1 else 'they are'} gone."
        )


def _review_sentences(report: Report) -> Iterable[str]:
    """Say how many passages people looked at, and what was left out of these pages for it."""
    confirmed = sum(told == "confirmed" for told in report.decided.values())
    if confirmed:
        yield f"People have confirmed {count(confirmed, 'statement')}."
    if report.rejected:
        left_out = _left_out(report.rejected, "more passage")
        yield f"{left_out}: people rejected {_them(report.rejected)}."
    if report.lost:
        left_out = _left_out(report.lost, "confirmed statement")
        yield f"{left_out}: this version does not find {_them(report.lost)}."


def _left_out(number: int, thing: str) -> str:
    return f"{count(number, thing)} {'is' if number == 1 else 'are'} left out"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _looks_sentence(report: Report) -> Iterable[str]:
    looks = [(watched.watch, visit) for watched in report.watches for visit in watched.visits]
    times = [visit.started_at for _, visit in looks]
    if times:
        seen = {visit.address or watch.target for watch, visit in looks}
        seen |= {watched.watch.target for watched in report.watches}
        addresses = count(len(seen), "address", "addresses")
        times_in_words = count(len(times), "time")
        first, last = day(min(times)), day(max(times))
        when = f"on {first}" if first == last else f"between {first} and {last}"
        yield f"{addresses} {'was' if len(seen) == 1 else 'were'} visited {times_in_words} {when}."
