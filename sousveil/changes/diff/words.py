"""Words: what was edited within one passage.

Takes a passage before and after and gives `Piece`s: the longest common subsequence of the tokens,
made readable. A word that stands alone between two changes joins them, as diff-match-patch's
"semantic cleanup" does, and a watched term of which any part changed changed as a whole, so that
民族 to 种族 never reads 民 to 种.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from rapidfuzz.distance import LCSseq

from sousveil.changes.diff.tokens import has_word, tokens
from sousveil.changes.diff.values import Budget, Piece, Span, Watched

# Tokens of one side times tokens of the other that are compared: 10 MB of memory, 0.1 seconds.
MAX_TOKEN_PAIRS = 80_000_000

# Of one run of text between two changes that stands: so many words, and it is no more than noise
# for the reader if both changes are longer.
MAX_ISLAND_WORDS = 1

_WORD_BITS = 64  # rapidfuzz compares so many tokens in a step


@dataclass(slots=True)
class _Atom:
    """The smallest part that can be marked: one token that stands, or a run that changed."""

    was: tuple[int, int]  # of tokens
    now: tuple[int, int]
    is_changed: bool
    is_watched: bool = False


def edited_pieces(was: str, now: str, watched: Watched, budget: Budget) -> list[Piece] | None:
    """Return what was edited from `was` to `now`; None when they are too long to be compared."""
    before, after = tokens(was), tokens(now)
    pairs = len(before) * len(after)
    if pairs > MAX_TOKEN_PAIRS or not budget.take(len(before) + len(after) + pairs // _WORD_BITS):
        return None
    atoms = _atoms(before, after)
    _sink_islands(atoms, before, after)
    _widen(atoms, (_token_spans(before, watched(was)), _token_spans(after, watched(now))))
    return list(_pieces(atoms, before, after))


def whole(was: str, now: str, watched: Watched) -> Piece:
    """Return a passage that came, went, or was replaced as a whole."""
    return Piece(was, now, is_changed=True, is_watched=bool(watched(was) or watched(now)))


def _atoms(before: Sequence[str], after: Sequence[str]) -> list[_Atom]:
    codes = LCSseq.opcodes([one.strip() for one in before], [one.strip() for one in after])
    atoms: list[_Atom] = []
    for code in codes:
        if code.tag != "equal":
            span = (code.src_start, code.src_end), (code.dest_start, code.dest_end)
            _add_change(atoms, *span)
            continue
        for step in range(code.src_end - code.src_start):
            i, j = code.src_start + step, code.dest_start + step
            atoms.append(_Atom((i, i + 1), (j, j + 1), is_changed=False))
    return atoms


def _add_change(atoms: list[_Atom], was: tuple[int, int], now: tuple[int, int]) -> None:
    """Add a change; what went and what came at one place is one."""
    if atoms and atoms[-1].is_changed:
        last = atoms[-1]
        last.was, last.now = (last.was[0], was[1]), (last.now[0], now[1])
    else:
        atoms.append(_Atom(was, now, is_changed=True))


def _sink_islands(atoms: Sequence[_Atom], before: Sequence[str], after: Sequence[str]) -> None:
    """Let short runs that stand between two changes count as changed."""
    runs = [list(run) for _, run in groupby(atoms, lambda atom: atom.is_changed)]
    for left, run, right in zip(runs, runs[1:], runs[2:], strict=False):
        if run[0].is_changed:
            continue
        standing = [before[atom.was[0]] for atom in run]
        words = sum(map(has_word, standing))
        length = sum(map(len, standing))
        edges = (_length(left[0], before, after), _length(right[0], before, after))
        if not words or (words <= MAX_ISLAND_WORDS and length < min(edges)):
            for atom in run:
                atom.is_changed = True


def _length(atom: _Atom, before: Sequence[str], after: Sequence[str]) -> int:
    sides = ((before, atom.was), (after, atom.now))
    return max(sum(map(len, side[start:end])) for side, (start, end) in sides)


def _token_spans(parts: Sequence[str], spans: Sequence[Span]) -> list[Span]:
    """Return the tokens that each span of characters touches, as spans of tokens."""
    starts = list(accumulate(map(len, parts), initial=0))
    return [(bisect_right(starts, a) - 1, bisect_right(starts, b - 1)) for a, b in spans if a < b]


def _widen(atoms: Sequence[_Atom], spans: tuple[Sequence[Span], Sequence[Span]]) -> None:
    """Let every watched term of which a part changed count as changed, until none is cut."""
    terms = [term for side in (0, 1) for term in _terms(atoms, side, spans[side])]
    of_atom: dict[int, list[range]] = {}
    for term in terms:
        for number in term:
            of_atom.setdefault(number, []).append(term)
    done: set[range] = set()
    waiting = deque(number for number in of_atom if atoms[number].is_changed)
    while waiting:
        for term in of_atom[waiting.popleft()]:
            if term in done:
                continue
            done.add(term)
            for number in term:
                if not atoms[number].is_changed:
                    atoms[number].is_changed = True
                    waiting.append(number)
    for number in of_atom:
        atoms[number].is_watched = True


def _terms(atoms: Sequence[_Atom], side: int, spans: Sequence[Span]) -> Iterator[range]:
    """Give the atoms in which each span of tokens of one side stands."""
    place: dict[int, int] = {}
    for number, atom in enumerate(atoms):
        start, end = (atom.was, atom.now)[side]
        place.update(dict.fromkeys(range(start, end), number))
    for start, end in spans:
        yield range(place[start], place[end - 1] + 1)


def _pieces(atoms: Sequence[_Atom], before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for (is_changed, is_watched), run in groupby(atoms, lambda a: (a.is_changed, a.is_watched)):
        parts = list(run)
        was = "".join(before[parts[0].was[0] : parts[-1].was[1]])
        now = "".join(after[parts[0].now[0] : parts[-1].now[1]])
        bare = was.rstrip(), now.rstrip()
        if is_changed and all(bare) and bare != (was, now):
            yield Piece(*bare, is_changed, is_watched)
            yield Piece(was[len(bare[0]) :], now[len(bare[1]) :], is_changed=False)
        else:
            yield Piece(was, now, is_changed, is_watched)
