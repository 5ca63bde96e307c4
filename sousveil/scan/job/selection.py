"""Selection: the records that indexes name, so that nothing else is fetched.

Takes indexes (`columnar.py`, `cdxlines.py`), what records are wanted and the files that were named,
and gives the files that hold wanted records, each with the spans of those.
"""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sousveil.errors import InputError
from sousveil.scan.file.values import Source, Span
from sousveil.scan.job.cdxlines import places_in_cdx
from sousveil.scan.job.inputs import source_of
from sousveil.scan.job.places import Place, Wanted

# Each takes a request or a seek of its own: of more, reading the files whole is the faster way.
MAX_RECORDS = 2_000_000

# `cdx-00000.gz` is how Common Crawl's are called.
_CDX = re.compile(r"\.cdxj?(?:\.gz)?$|(?:^|/)cdx-[0-9]{5}\.gz$", re.IGNORECASE)


@dataclass(slots=True)
class _Spans:
    """Offsets and lengths of the records of one file; packed, for there may be millions."""

    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    lengths: "array[int]" = field(default_factory=lambda: array("q"))


def select(
    indexes: Sequence[str], wanted: Wanted, files: Sequence[Source], prefix: str = ""
) -> list[Source]:
    """Return the files that hold wanted records, with their spans, in the order of their names.

    Of `files`, if there are any; else of all that the indexes name. A file is known by its address,
    or else by its last name, if only one has it. Raises InputError for an index that cannot be
    read or lacks what is asked for, and when nothing, or too much, is wanted.
    """
    found: dict[str, _Spans] = {}
    count = 0
    for index in indexes:
        for name, offset, length in _places(index, wanted):
            spans = found.setdefault(name, _Spans())
            spans.offsets.append(offset)
            spans.lengths.append(length)
            count += 1
            if count > MAX_RECORDS:
                raise InputError(
                    f"{index}: more than {MAX_RECORDS:,} records are wanted. Narrow the filters, or"
                    " scan the files whole, which is faster for so many."
                )
    if not found:
        raise InputError("the indexes name no record that is wanted. Widen the filters.")
    return _sources(found, files, prefix)


def _sources(found: Mapping[str, _Spans], files: Sequence[Source], prefix: str) -> list[Source]:
    by_address = {one.address: one for one in files}
    by_name: dict[str, Source | None] = {}
    for one in files:
        last = _last_name(one.address)
        by_name[last] = None if last in by_name else one
    spans: dict[str, tuple[Source, set[tuple[int, int]]]] = {}
    for name in sorted(found):
        source: Source | None = source_of(name, prefix)
        if files and source is not None:
            source = by_address.get(source.address) or by_name.get(_last_name(name))
        if source is not None:
            pairs = zip(found[name].offsets, found[name].lengths, strict=True)
            spans.setdefault(source.address, (source, set()))[1].update(pairs)
    if not spans:
        raise InputError("no record that is wanted lies in the files that were named.")
    return [
        Source(one.name, one.address, tuple(Span(*pair) for pair in sorted(pairs)))
        for one, pairs in spans.values()
    ]


def _last_name(address: str) -> str:
    return address.rpartition("/")[2]


def _places(index: str, wanted: Wanted) -> Iterator[Place]:
    """Yield the place of each record that is wanted."""
    if _CDX.search(index):
        return places_in_cdx(index, wanted)
    # Brings half a second's worth of pyarrow, which a scan without such an index goes without.
    from sousveil.scan.job.columnar import places_in_table  # noqa: PLC0415

    return places_in_table(index, wanted)
