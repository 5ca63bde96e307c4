"""Answers: is it really gone? What kind of answer came, and what answers over time amount to."""

from sousveil.changes.answer.came import what_came
from sousveil.changes.answer.course import Seen, verdict_of_one
from sousveil.changes.answer.quote import Standing, standing_of
from sousveil.changes.answer.values import (
    ABSENCES,
    PAGES,
    QUIET,
    AnswerFacts,
    Around,
    Came,
    Kind,
    Other,
)
from sousveil.changes.answer.verdict import Told, verdict_of

__all__ = [
    "ABSENCES",
    "PAGES",
    "QUIET",
    "AnswerFacts",
    "Around",
    "Came",
    "Kind",
    "Other",
    "Seen",
    "Standing",
    "Told",
    "standing_of",
    "verdict_of",
    "verdict_of_one",
    "what_came",
]
