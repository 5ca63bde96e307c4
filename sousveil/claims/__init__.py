"""The claim finder: passages in, claims with label, trait, quote, score and reasons out.

`find` reads a document, `judge` one passage as a whole; both decide with the same features
(`features`) and model (`model`). An `Engine` is one way of reading, with a name of its own. `maybe`
tells in one quick pass over raw bytes whether a file can hold a term at all. What the labels mean
stands in the labelling guide, docs/reference.
"""

from sousveil.claims.engine import Engine, engine_for
from sousveil.claims.finder import DISCUSSES_BAR, THRESHOLD, find
from sousveil.claims.judgement import Judgement, judge
from sousveil.claims.prefilter import maybe

__all__ = [
    "DISCUSSES_BAR",
    "THRESHOLD",
    "Engine",
    "Judgement",
    "engine_for",
    "find",
    "judge",
    "maybe",
]
