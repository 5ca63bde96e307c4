"""Traces: the fate of each quote across its copies, and its story in sentences."""

from sousveil.changes.trace.story import copy_line, story
from sousveil.changes.trace.trace import Known, trace_all

__all__ = ["Known", "copy_line", "story", "trace_all"]
