"""Decisions: what named people make of findings, as the log keeps it.

An event `review` holds each finding that it serves as it was shown, so that a decision can be
understood, and learnt from, when a later engine finds it no more. It names nobody but the reviewer:
messages of commits, which may, are left out, and so is who answers for the document. To take a
decision back is an event, too: nothing of what was decided ever leaves the log.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import msgspec

from sousveil.errors import InputError
from sousveil.index.reviews import person
from sousveil.index.translations import quote_digest
from sousveil.model import Commit, Finding, Json, Review

EVENT = "review"
TRANSLATION = "translation"

Decision: TypeAlias = Literal["confirmed", "rejected"]
Status: TypeAlias = Literal["open", "confirmed", "rejected", "disputed"]
STATUSES: tuple[Status, ...] = ("open", "confirmed", "rejected", "disputed")

MAX_NAME_CHARACTERS = 100
MAX_NOTE_CHARACTERS = 4_000  # two pages; longer thoughts belong into a file of their own
MAX_TRANSLATION_CHARACTERS = 8_000  # a quote has 2,000 at most, and languages differ in length
MAX_LANG_CHARACTERS = 35  # RFC 5646, section 4.4.1

# Findings that one event serves: some 5 kB each, and a body may have 16 MiB.
MAX_SERVED = 500


def review_body(
    findings: Sequence[Finding],
    decision: Decision,
    by: str,
    note: str,
    settles: Iterable[int] = (),
) -> Json:
    """Return the body of the event that logs one decision on findings that say the same.

    `findings` are one to MAX_SERVED; `settles` the log entries of the decisions that disagree, if
    this one settles between them. Raises InputError for a name or a note that is empty, too long,
    or no UTF-8 text.
    """
    if not 1 <= len(findings) <= MAX_SERVED:
        raise InputError(
            f"one decision serves 1 to {MAX_SERVED} findings, not {len(findings)}. Make several."
        )
    return {
        "decision": decision,
        "by": name_of(by),
        "note": checked("note", note, MAX_NOTE_CHARACTERS),
        "findings": [
            {
                "id": finding.id,
                "quote_sha256": quote_digest(finding),
                "shown": msgspec.to_builtins(_as_shown(finding)),
            }
            for finding in findings
        ],
        "settles": sorted(settles),
    }


def withdrawal_body(entries: Iterable[int], by: str, note: str) -> Json:
    """Return the body of the event by which `by` takes back decisions of theirs.

    `entries` are those of the log that hold them. What the same person had decided before counts
    again. Raises InputError as `review_body`.
    """
    return {
        "decision": "withdrawn",
        "by": name_of(by),
        "note": checked("note", note, MAX_NOTE_CHARACTERS),
        "withdraws": sorted(entries),
    }


def translation_body(finding: Finding, text: str, lang: str, by: str) -> Json:
    """Return the body of the event that logs what a quote says in another language.

    Raises InputError for a text, a language tag or a name that is empty, too long, or malformed.
    """
    lang = checked("lang", lang, MAX_LANG_CHARACTERS)
    if not lang or not all(part.isascii() and part.isalnum() for part in lang.split("-")):
        raise InputError(f"--lang {lang}: no language tag. Write one such as en, zh-Hans or ug.")
    text = checked("text", text, MAX_TRANSLATION_CHARACTERS)
    if not text:
        raise InputError("the translation is empty. Write what the quote says.")
    return {
        "finding_id": finding.id,
        "quote_sha256": quote_digest(finding),
        "text": text,
        "lang": lang,
        "by": name_of(by),
    }


def status(reviews: Sequence[Review]) -> Status:
    """Return what the decisions of one finding amount to, one decision a person.

    The one rule for what counts as confirmed. While a decision is sealed, others have yet to read.
    Decisions that differ are a dispute, unless the latest one that settles settles between them;
    what it does not name was decided without it, and weighs as before.
    """
    if any(review.decision == "sealed" for review in reviews):
        return "open"
    settled = max((one for one in reviews if one.settles), key=_entry, default=None)
    if settled is not None:
        reviews = [one for one in reviews if one.log_index not in settled.settles]
    decisions = {review.decision for review in reviews}
    if decisions == {"confirmed"}:
        return "confirmed"
    if decisions == {"rejected"}:
        return "rejected"
    return "disputed" if decisions else "open"


def disagreeing(reviews: Sequence[Review]) -> tuple[int, ...]:
    """Return the log entries of the decisions that a decision made now would settle between."""
    return tuple(one.log_index for one in reviews) if status(reviews) == "disputed" else ()


def is_third(reviews: Sequence[Review], by: str) -> bool:
    """Whether `by` has not yet decided on findings that others have."""
    return bool(reviews) and all(person(one.by) != person(by) for one in reviews)


def _entry(review: Review) -> int:
    return review.log_index


def name_of(by: str) -> str:
    """Return a person's name as the log keeps it; raises InputError for one that is none."""
    by = checked("by", " ".join(by.split()), MAX_NAME_CHARACTERS)
    if not by:
        raise InputError("--by: no name. Say who decides; a name of your choice will do.")
    return by


def checked(option: str, value: str, limit: int) -> str:
    """Return what was given as an option, stripped; InputError if it is too long, or no UTF-8."""
    value = value.strip()
    if len(value) > limit:
        raise InputError(f"--{option}: longer than {limit} characters. Shorten it.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"--{option}: not UTF-8 text. Write it in UTF-8.") from error
    return value


def _as_shown(finding: Finding) -> Finding:
    source = finding.source
    source = replace(
        source,
        commit=_without_message(source.commit),
        entered=_without_message(source.entered),
        left=_without_message(source.left),
    )
    return replace(finding, source=source, imprint=(), attribution=None)


def _without_message(commit: Commit | None) -> Commit | None:
    return replace(commit, message="") if commit else None
