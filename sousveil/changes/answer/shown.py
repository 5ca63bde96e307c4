"""An answer and what a browser made of it: which of the two is judged.

A script may write the whole page, or a firewall may show a browser what it hides from others. Like
is compared with like: the screen with the former screen, where a browser showed both; bytes with
bytes otherwise. Takes two `Answer`s, gives what `what_came` gives. Pure.
"""

from collections import Counter
from dataclasses import dataclass, replace

from sousveil.changes.answer.came import what_came
from sousveil.changes.answer.text import Text, compare
from sousveil.changes.answer.values import NOTHING_ASKED, STANDS_SHARE, AnswerFacts, Around, Came
from sousveil.model import Document


@dataclass(frozen=True, slots=True)
class Answer:
    """What one look brought."""

    facts: AnswerFacts
    document: Document | None  # the text of the answer; None without one
    shown: Document | None = None  # what a browser showed to the end, if one did
    shown_facts: AnswerFacts | None = None  # of the same answer as the browser was given it

    @property
    def texts(self) -> tuple[Document, ...]:
        """What can be searched for a quote."""
        return tuple(one for one in (self.document, self.shown) if one is not None)


def what_answer_came(before: Answer | None, after: Answer, around: Around = NOTHING_ASKED) -> Came:
    """Return what kind of answer came, as `what_came` does."""
    former = before.document if before else None
    if after.shown is None or (before is not None and before.shown is None):
        return what_came(former, after.document, after.facts, around)
    facts = after.shown_facts or after.facts
    on_screen = what_came(before.shown if before else None, after.shown, facts, around)
    if on_screen.is_page or (before is not None and not _is_in_bytes(before)):
        return on_screen
    in_bytes = what_came(former, after.document, after.facts, around)
    if not in_bytes.is_page:
        return on_screen
    reason = f"though a browser was shown something else: {on_screen.reasons[0]}"
    return replace(in_bytes, reasons=(*in_bytes.reasons, reason))


def _is_in_bytes(answer: Answer) -> bool:
    """Whether the bytes hold by themselves most of what a browser showed."""
    if answer.document is None or answer.shown is None:
        return False
    shown, sent = Text(answer.shown), Text(answer.document)
    return compare(shown, sent, Counter()).kept >= STANDS_SHARE
