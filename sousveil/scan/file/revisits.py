"""Revisits: records that say an address gave again what an older record holds (WARC 1.1, 6.7).

Keeps, of every answer of one file, what a revisit may call it by and whether it is worth reading
again; tells at the end which revisits mean which of them. Sixteen bytes a name, for a file may
hold a million answers of which no revisit is ever met.
"""

from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

# 24 MB of names; crawls' files of 1 GB hold some 40,000 answers.
MAX_NAMES = 1_500_000
# Revisits that are kept until the end: 20 MB.
MAX_REVISITS = 50_000

Key: TypeAlias = tuple[str, ...]


class Original(NamedTuple):
    """Where a record lies that revisits mean."""

    offset: int
    is_stored: bool
    is_quiet: bool  # nothing can be found in it, whatever address gives it


class Revisit(NamedTuple):
    """A revisit as the file tells it."""

    url: str
    captured_at: datetime
    status: int | None
    offset: int
    length: int
    refers_to: tuple[int, ...]  # what it calls its original, the surest first


class Names:
    """What the answers of a file may be called by, in the order of the file."""

    def __init__(self) -> None:
        self._hashes, self._places = array("q"), array("q")
        self.revisits: list[Revisit] = []

    def add(self, keys: Iterable[Key], original: Original) -> None:
        """Take the names of an answer, as `archive.foreign.Entry` has them."""
        if len(self._hashes) >= MAX_NAMES:
            return
        place = original.offset << 2 | original.is_stored << 1 | original.is_quiet
        for key in keys:
            self._hashes.append(hash(key))
            self._places.append(place)

    def resolved(self) -> Mapping[Original | None, list[Revisit]]:
        """Return the revisits by what they mean; None for what the file does not hold."""
        wanted = {one for revisit in self.revisits for one in revisit.refers_to}
        places: dict[int, int] = {}
        for name, place in zip(self._hashes, self._places, strict=True) if wanted else ():
            if name in wanted:
                places.setdefault(name, place)
        found: dict[Original | None, list[Revisit]] = {}
        for revisit in self.revisits:
            place = next((places[one] for one in revisit.refers_to if one in places), -1)
            original = None if place < 0 else Original(place >> 2, bool(place & 2), bool(place & 1))
            found.setdefault(original, []).append(revisit)
        return found
