"""Noise: what changes by itself, learnt from several captures of one page.

Takes captures other than the two that are compared, and gives what changed between them while the
rest stood:
- a *slot*, which is what lies between two blocks that stand in all of them, is volatile when its
  text was another at most looks, or came back after it had changed: advertisements, teasers;
- a *form*, which is a block with its figures, dates and tokens taken out, is volatile when these
  were others at most looks: clocks, counters, "viewed 1,234 times";
- a block that went and came back, or came and went, *returns*.
`quieten` marks the rows of a diff that only show such changes. It never marks one in which a
watched term or a finding's quote stands, nor a passage that had stood for long: a claim that
somebody takes down is no advertisement. Nothing is learnt from fewer than three captures.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise

from sousveil.changes.answer.words import date_words
from sousveil.changes.diff.compare import compared_texts
from sousveil.changes.diff.tokens import tokens
from sousveil.changes.diff.values import Change, Diff, Noise, Row
from sousveil.model import Document

# Two looks show one change, which may be an edit; three show that it happens again.
MIN_CAPTURES = 3

# Of the steps from one look to the next, how many must show another text.
MIN_CHANGED_SHARE = 0.6

# A slot that holds more of the page than this is not a teaser: it is the page.
MAX_SLOT_SHARE = 0.25
MIN_SLOT_BLOCKS = 4  # a short page may have an advertisement, too

# A block that stood in so many captures running, and in this share of all, belongs to the page.
LONG_STANDING = 3
LONG_STANDING_SHARE = 0.6

# A slot that suddenly holds more than this many times what it ever held is something new.
MAX_GROWTH = 2

# Letters and digits in a row that are no word of any language: a token of a session.
MIN_TOKEN_CHARACTERS = 24

_FIGURE = "#"


@dataclass(frozen=True, slots=True)
class Volatile:
    """What changes by itself on one page. Empty when too few captures were seen."""

    slots: frozenset[tuple[str, str]] = frozenset()  # the blocks before and behind, "" at an end
    sizes: tuple[tuple[tuple[str, str], int], ...] = ()  # of each slot: the most blocks it held
    stable: frozenset[str] = frozenset()  # blocks that stand in every capture
    forms: frozenset[str] = frozenset()
    returning: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()  # blocks that belong to the page, volatile or not
    captures: int = 0  # that this was learnt from


def learn(captures: Sequence[Document]) -> Volatile:
    """Return what changed by itself in captures of one page, the oldest first."""
    looks = [_blocks(document) for document in captures]
    if len(looks) < MIN_CAPTURES:
        return Volatile(captures=len(looks))
    present = [frozenset(look) for look in looks]
    stable = frozenset.intersection(*present)
    slots, sizes = _slots(looks, stable)
    return Volatile(
        slots=slots,
        sizes=sizes,
        stable=stable,
        forms=_forms(looks),
        returning=frozenset(_returning(present)),
        standing=frozenset(_long_standing(present)),
        captures=len(looks),
    )


def quieten(diff: Diff, volatile: Volatile, quotes: Sequence[str]) -> Diff:
    """Return the diff with the rows marked that show noise; no text of it changes.

    `quotes` are those of findings: a row that holds one, or a part of one, is never noise.
    """
    if volatile.captures < MIN_CAPTURES:
        return diff
    guarded = [key for quote in quotes if (key := _key(quote))]
    crowded = _crowded(diff, volatile)
    rows, before = [], ""
    ahead = _stable_ahead(diff.rows, volatile.stable)
    for row, behind in zip(diff.rows, ahead, strict=True):
        slot = (before, behind)
        place = slot in volatile.slots and slot not in crowded
        noise = _noise(row, volatile, in_place=place)
        rows.append(
            row if noise is None or _is_guarded(row, guarded) else replace(row, noise=noise)
        )
        if row.change is Change.SAME and _key(row.text_after) in volatile.stable:
            before = _key(row.text_after)
    return replace(diff, rows=tuple(rows))


def form(text: str) -> str:
    """Return a text with its figures, dates and tokens taken out: "viewed # times"."""
    return " ".join(_masked(token.strip()) for token in tokens(text))


def _masked(word: str) -> str:
    is_token = word.isascii() and len(word) >= MIN_TOKEN_CHARACTERS
    if is_token or word.casefold() in date_words() or any(map(str.isdigit, word)):
        return _FIGURE
    return word


def _key(text: str) -> str:
    return " ".join(text.split())


def _blocks(document: Document) -> list[str]:
    return [_key(text) for text in compared_texts(document)]


def _slots(
    looks: Sequence[Sequence[str]], stable: AbstractSet[str]
) -> tuple[frozenset[tuple[str, str]], tuple[tuple[tuple[str, str], int], ...]]:
    """Return the volatile slots, and how much each slot held at most."""
    held: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
    for look in looks:
        for slot, content in _contents(look, stable):
            held[slot].append(content)
    largest = {slot: max(map(len, contents)) for slot, contents in held.items()}
    limit = max(MIN_SLOT_BLOCKS, MAX_SLOT_SHARE * min(map(len, looks)))
    found = (
        slot
        for slot, contents in held.items()
        # A slot that stands more than once in a page, or not in each look, is no place.
        if len(contents) == len(looks) and largest[slot] <= limit and _changes(contents)
    )
    return frozenset(found), tuple(largest.items())


def _contents(
    look: Sequence[str], stable: AbstractSet[str]
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    before, content = "", []
    for key in (*look, ""):
        if key and key not in stable:
            content.append(key)
            continue
        yield (before, key), tuple(content)
        before, content = key, []


def _changes(values: Sequence[object]) -> bool:
    """Whether a value was another at most looks, or came back after it had changed."""
    steps = sum(one != other for one, other in pairwise(values))
    if steps >= 2 and steps >= MIN_CHANGED_SHARE * (len(values) - 1):  # noqa: PLR2004  # twice is again
        return True
    runs = [one for one, other in zip(values, (*values[1:], None), strict=True) if one != other]
    return len(runs) > len(set(runs))


def _forms(looks: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the forms whose figures were others at most looks."""
    by_form: dict[str, list[frozenset[str]]] = defaultdict(list)
    for look in looks:
        texts = defaultdict(set)
        for key in look:
            if _FIGURE in (formed := form(key)):
                texts[formed].add(key)
        for formed, keys in texts.items():
            by_form[formed].append(frozenset(keys))
    return frozenset(
        formed
        for formed, values in by_form.items()
        if len(values) == len(looks) and _changes(values)
    )


def _returning(present: Sequence[AbstractSet[str]]) -> Iterator[str]:
    """Give the blocks that went and came back, or came and went."""
    for key in frozenset().union(*present):
        seen = [key in look for look in present]
        if sum(one != other for one, other in pairwise(seen)) > 1:
            yield key


def _long_standing(present: Sequence[AbstractSet[str]]) -> Iterator[str]:
    for key in frozenset().union(*present):
        longest = run = 0
        for look in present:
            run = run + 1 if key in look else 0
            longest = max(longest, run)
        if longest >= max(LONG_STANDING, LONG_STANDING_SHARE * len(present)):
            yield key


def _stable_ahead(rows: Sequence[Row], stable: AbstractSet[str]) -> list[str]:
    """Return, for each row, the next block that stands on both sides and in every capture."""
    ahead, behind = [], ""
    for row in reversed(rows):
        ahead.append(behind)
        if row.change is Change.SAME and _key(row.text_after) in stable:
            behind = _key(row.text_after)
    return ahead[::-1]


def _crowded(diff: Diff, volatile: Volatile) -> frozenset[tuple[str, str]]:
    """Return the slots that hold far more in one of the two documents than they ever held."""
    sizes = dict(volatile.sizes)
    return frozenset(
        slot
        for document in (diff.before, diff.after)
        for slot, content in _contents(_blocks(document), volatile.stable)
        if len(content) > MAX_GROWTH * max(1, sizes.get(slot, 0))
    )


def _noise(row: Row, volatile: Volatile, *, in_place: bool) -> Noise | None:
    """Return as what noise a row would count."""
    if row.change is Change.SAME:
        return None
    was, now = _key(row.text_before), _key(row.text_after)
    if row.is_edited and form(was) == form(now) and form(now) in volatile.forms:
        return Noise.FIGURES
    if was in volatile.standing:
        return None
    if in_place:
        return Noise.PLACE
    if all(key in volatile.returning for key in (was, now) if key):
        return Noise.RETURNING
    return None


def _is_guarded(row: Row, quotes: Sequence[str]) -> bool:
    """Whether a watched term, a quote or a part of one stands in a row."""
    if any(piece.is_watched for piece in row.pieces):
        return True
    sides = [key for text in (row.text_before, row.text_after) if (key := _key(text))]
    return any(quote in side or side in quote for quote in quotes for side in sides)
