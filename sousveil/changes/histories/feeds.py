"""Feeds: entries that were taken out, and entries that were rewritten in place.

Takes what two looks read of a feed and gives `Turn`s. A feed shows its newest entries: one that
slides out at the old end is not taken out. Taken out is what left while older entries stay: two of
them where new ones came, for an entry may be pinned to the feed for ever. A feed of which most
entries leave, or are reworded, at once was built anew, and shows nothing; nor does one that was cut
short.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from sousveil.changes.answer.text import words_of
from sousveil.changes.histories.refs import MAX_EACH, MAX_ITEMS
from sousveil.extract.feeds import Feed, FeedEntry
from sousveil.model import Turn

# A feed of which a larger share changed at once was built anew, from this number of entries on.
REBUILT_SHARE = 0.5
MIN_REBUILT = 3

# Entries older than one that left which must stay, where new ones came.
OLDER_BESIDE_NEW = 2

LEFT_CONFIDENCE = 0.85
LEFT_UNDATED_CONFIDENCE = 0.7  # its place among the others alone tells its age
EDITED_CONFIDENCE = 0.9

MAX_SHOWN_CHARACTERS = 400  # of what an edit took out or brought

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


def feeds_between(before: Feed, after: Feed) -> tuple[Turn, ...]:
    """Return which entries of `before` were taken out, and which were edited."""
    if not (after.is_whole and after.entries and before.is_whole):
        return ()
    stays = _stays(before.entries, after.entries)
    return (*_left(before.entries, after.entries, stays), *_edited(stays))


_Stays = dict[FeedEntry, FeedEntry]


def _stays(before: Sequence[FeedEntry], after: Sequence[FeedEntry]) -> _Stays:
    """Return the entries that stay, each with what it is now: by its id, address, or headline."""
    stays: _Stays = {}
    for marks in (_ids, _addresses, _headlines):
        there = {mark: entry for entry in reversed(after) for mark in marks(entry)}
        for entry in before:
            found = next((there[mark] for mark in marks(entry) if mark in there), None)
            if entry not in stays and found is not None:
                stays[entry] = found
    return stays


def _ids(entry: FeedEntry) -> tuple[object, ...]:
    return (entry.id,)


def _addresses(entry: FeedEntry) -> tuple[object, ...]:
    return (entry.href,) if entry.href else ()


def _headlines(entry: FeedEntry) -> tuple[object, ...]:
    """Return what a feed leaves as it was that gives its entries new ids and addresses."""
    return ((entry.title, entry.at),) if entry.title and entry.at else ()


def _left(before: Sequence[FeedEntry], after: Sequence[FeedEntry], stays: _Stays) -> Iterator[Turn]:
    came = len(after) - len(set(stays.values()))
    needed = OLDER_BESIDE_NEW if came > 0 else 1
    is_dated = all(entry.at is not None for entry in before)
    older = _older(before, stays, is_dated=is_dated)
    left = [
        entry
        for entry, count in zip(before, older, strict=True)
        if entry not in stays and count >= needed
    ]
    if len(left) >= MIN_REBUILT and len(left) > REBUILT_SHARE * (len(left) + len(stays)):
        return
    reasons = ["it left while older entries stay: it did not slide out at the end"]
    confidence = LEFT_CONFIDENCE
    if not is_dated:
        reasons.append("not every entry has a date: its place tells its age")
        confidence = LEFT_UNDATED_CONFIDENCE
    if len(left) > MAX_EACH:
        hrefs = tuple(entry.href for entry in left)[:MAX_ITEMS]
        subject = f"{len(left)} entries"
        yield Turn("entry_left", subject, "", "", hrefs, len(left), confidence, tuple(reasons))
        return
    for entry in left:
        yield Turn(
            "entry_left",
            entry.title or entry.id,
            before=entry.text[:MAX_SHOWN_CHARACTERS],
            items=(entry.href,),
            count=1,
            confidence=confidence,
            reasons=tuple(reasons),
        )


def _older(before: Sequence[FeedEntry], stays: _Stays, *, is_dated: bool) -> list[int]:
    """Return how many older entries stay, for each; without dates, how many stay on either side.

    Of both sides the side with fewer counts: which end is the old one nobody says.
    """
    if is_dated:
        dates = sorted(entry.at for entry in stays if entry.at)
        return [bisect_left(dates, entry.at) for entry in before if entry.at]
    above = list(accumulate((entry in stays for entry in before), initial=0))
    return [min(count, above[-1] - count) for count in above[:-1]]


def _edited(stays: _Stays) -> Iterator[Turn]:
    edited = [(old, new) for old, new in stays.items() if _words(old) != _words(new)]
    if len(edited) >= MIN_REBUILT and len(edited) > REBUILT_SHARE * len(stays):
        return
    for old, new in edited[:MAX_EACH]:
        was, now = _differing(old, new), _differing(new, old)
        yield Turn(
            "entry_edited",
            old.title or old.id,
            before=was,
            after=now,
            items=(new.href,),
            count=1,
            confidence=EDITED_CONFIDENCE,
            reasons=("the feed gives the same entry with other words",),
        )


def _words(entry: FeedEntry) -> tuple[list[str], list[str]]:
    return words_of(entry.title), words_of(entry.text)


def _differing(entry: FeedEntry, other: FeedEntry) -> str:
    """Return what `entry` says and `other` does not, by sentences, cut."""
    known = set(_sentences(other))
    told = [one for one in _sentences(entry) if one not in known]
    return " ".join(told)[:MAX_SHOWN_CHARACTERS]


def _sentences(entry: FeedEntry) -> list[str]:
    return [entry.title, *(one.strip() for one in _SENTENCE.split(entry.text) if one.strip())]
