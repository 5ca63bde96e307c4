"""The ledger: the one way in which evidence enters a case, and how its events are read back.

`opening` makes a case and holds its one writing place, `writer` commits there by way of a `journal`
that outlives a crash, `events` reads back what was committed, and `head` notices a log that lost
its newest part.

An entry of the log is RFC 8785 JSON: `{"body": "sha256:...", "time": ..., "type": ..., "v": 1}`
and, if the event brought a file, `"warc": {"bytes", "path", "sha256"}`. The body, at the beginning
of the matching line of `events/` (`bodies.py`), carries a random salt, so that whoever sees the log
cannot test guesses of what is watched.

Trust: who can write to a case's folder can add to it, and can throw away its newest part; without
the signing key (kept outside, settings.py) they cannot make `verify` accept a changed past, nor
make the key's holder write elsewhere.
"""

from sousveil.ledger.events import event_lines, log_size, make_event, read_events
from sousveil.ledger.head import head_problem
from sousveil.ledger.journal import JOURNAL_FILE, Draft, StrayJournalError
from sousveil.ledger.opening import TurnWriter, create_case, finish_key_change, writing
from sousveil.ledger.writer import Writer

__all__ = [
    "JOURNAL_FILE",
    "Draft",
    "StrayJournalError",
    "TurnWriter",
    "Writer",
    "create_case",
    "event_lines",
    "finish_key_change",
    "head_problem",
    "log_size",
    "make_event",
    "read_events",
    "writing",
]
