"""Bundles: the evidence of single findings as one file, which a stranger checks without us.

A WACZ with the archive files that hold the quotes, the answers without them and all that these
refer to, so that it replays by itself; in `sousveil/` the log entries with their proofs and events,
each finding as an annotation, and `verify_bundle.py`, one file to read and to run. What is to be
withheld of the events is left out of them, and they prove what they did before (`bodies.py`).

`write` makes it, `needed` tells which entries of the log it must hold, `readme` says how to check
it by hand.
"""

from sousveil.run.publish.bundles.needed import events_at, needed_entries
from sousveil.run.publish.bundles.write import write_bundle

__all__ = ["events_at", "needed_entries", "write_bundle"]
