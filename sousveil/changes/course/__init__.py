"""Courses: is it really gone? What answers over time amount to, for a page and for a quote."""

from sousveil.changes.course.course import Seen
from sousveil.changes.course.fate import Sight, fate_of
from sousveil.changes.course.verdict import Told, course_of, in_log_order, told_of, verdict_of

__all__ = [
    "Seen",
    "Sight",
    "Told",
    "course_of",
    "fate_of",
    "in_log_order",
    "told_of",
    "verdict_of",
]
