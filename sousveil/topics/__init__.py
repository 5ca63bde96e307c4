"""Topic files: what claims to look for, as data.

`load` gives a `Topic`, `shipped` the names that come with sousveil, `check` the faults of a file
in words; `distinct` refuses two of one name. The cues that every topic shares lie in `cues/` and
are read by `topics.cues`.
"""

from sousveil.topics.load import KINDS, Term, Topic, check, distinct, load, shipped

__all__ = ["KINDS", "Term", "Topic", "check", "distinct", "load", "shipped"]
