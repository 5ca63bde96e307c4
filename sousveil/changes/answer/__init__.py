"""Answers: what kind of answer came, and how a quote stands in it."""

from sousveil.changes.answer.came import what_came
from sousveil.changes.answer.outcome import judge_address, judge_import, verdict_of_one
from sousveil.changes.answer.quote import Standing, is_in_source, standing_of, stands
from sousveil.changes.answer.shown import Answer, what_answer_came
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

__all__ = [
    "ABSENCES",
    "PAGES",
    "QUIET",
    "Answer",
    "AnswerFacts",
    "Around",
    "Came",
    "Kind",
    "Other",
    "Standing",
    "is_in_source",
    "judge_address",
    "judge_import",
    "standing_of",
    "stands",
    "verdict_of_one",
    "what_answer_came",
    "what_came",
]
