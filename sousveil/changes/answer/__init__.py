"""Answers: is it really gone? What kind of answer came, and what answers over time amount to."""

from sousveil.changes.answer.came import what_came
from sousveil.changes.answer.course import Seen, verdict_of_one
from sousveil.changes.answer.fate import Sight, fate_of
from sousveil.changes.answer.outcome import judge_address, judge_import
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
from sousveil.changes.answer.verdict import Told, course_of, in_log_order, told_of, verdict_of

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
    "Seen",
    "Sight",
    "Standing",
    "Told",
    "course_of",
    "fate_of",
    "in_log_order",
    "is_in_source",
    "judge_address",
    "judge_import",
    "standing_of",
    "stands",
    "told_of",
    "verdict_of",
    "verdict_of_one",
    "what_answer_came",
    "what_came",
]
