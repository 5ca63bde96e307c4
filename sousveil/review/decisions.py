"""Decisions: what a named person makes of a finding, as the log keeps it.

An event `review` holds the finding as it was shown, so that a decision can be understood, and
learnt from, when a later engine finds it no more. It names nobody but the reviewer: messages of
commits, which may, are left out, and so is who answers for the document.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import msgspec

from sousveil.errors import InputError
from sousveil.model import Commit, Finding, Json, Review

EVENT = "review"

Decision: TypeAlias = Literal["confirmed", "rejected"]
Status: TypeAlias = Literal["open", "confirmed", "rejected", "disputed"]
STATUSES: tuple[Status, ...] = ("open", "confirmed", "rejected", "disputed")

MAX_NAME_CHARACTERS = 100
MAX_NOTE_CHARACTERS = 4_000  # two pages; longer thoughts belong into a file of their own


def review_body(finding: Finding, decision: Decision, by: str, note: str) -> Json:
    """Return the body of the event that logs a decision.

    Raises InputError for a name or a note that is empty, too long, or no UTF-8 text.
    """
    by, note = " ".join(by.split()), note.strip()
    for option, value, limit in (
        ("by", by, MAX_NAME_CHARACTERS),
        ("note", note, MAX_NOTE_CHARACTERS),
    ):
        if len(value) > limit:
            raise InputError(f"--{option}: longer than {limit} characters. Shorten it.")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"--{option}: not UTF-8 text. Write it in UTF-8.") from error
    if not by:
        raise InputError("--by: no name. Say who decides; a name of your choice will do.")
    return {
        "finding_id": finding.id,
        "decision": decision,
        "by": by,
        "note": note,
        "quote_sha256": hashlib.sha256(finding.quote.encode()).hexdigest(),
        "finding": msgspec.to_builtins(_as_shown(finding)),
    }


def status(reviews: Sequence[Review]) -> Status:
    """Return what the decisions of one finding amount to, one decision a person."""
    decisions = {review.decision for review in reviews}
    if len(decisions) > 1:
        return "disputed"
    return decisions.pop() if decisions else "open"


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
