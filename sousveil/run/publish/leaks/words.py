"""Leaks in words: in values of ours, in texts that repeat quotes, and in what others published."""

import ipaddress
import json
import re
from collections.abc import Collection, Iterable, Iterator

from sousveil.run.publish.leaks.leak import Leak, Wanted
from sousveil.run.publish.private import Private, Secret

# Searched together; what lies across two pieces is found by looking at the end of one twice.
PIECE_BYTES = 2**20
OVERLAP_BYTES = 2**12  # longer than any name or path

# Members of our JSON that repeat what others wrote; what a package says of itself has none.
THEIRS = frozenset(
    {
        *("exact", "prefix", "suffix", "quote", "passage", "title", "caveats", "reasons", "shown"),
        *("attribution", "trace", "source", "headers", "interim_heads", "certificates"),
    }
)
# A failure whose message repeats an address to which a server would have led us.
_LED_ASTRAY = "refused_address"
_MANIFEST = "datapackage"
_WEB = ("http://", "https://", "urn:")
_PATH = re.compile(rb"file:///|(?<![\w.%/-])/(?:home|Users|root)/[^\s/]|[A-Za-z]:\\+Users\\")
_ADDRESS = re.compile(rb"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")


def in_json(data: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at every string of JSON, or of lines of JSON, that we wrote."""
    theirs = frozenset() if where.startswith(_MANIFEST) else THEIRS
    for line in data.splitlines() if where.endswith(".jsonl") else [data]:
        yield from in_strings(strings(json.loads(line), "", theirs), where, wanted)


def in_strings(told: Iterable[tuple[str, str, bool]], where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at texts, each given with its place and whether it is of our making."""
    for path, text, is_ours in told:
        place = f"{where}: {path}" if path else where
        if is_ours:
            yield from in_value(text, place, wanted)
        else:
            yield from in_theirs([text.encode("utf-8", "replace")], place, wanted)


def strings(
    value: object, path: str, theirs: Collection[str], *, is_ours: bool = True
) -> Iterator[tuple[str, str, bool]]:
    """Yield place and text of each string in JSON, and whether it is of our making.

    What stands below a member named in `theirs` is not.
    """
    if isinstance(value, str):
        yield path, value, is_ours and not value.startswith(_WEB)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, path, theirs, is_ours=is_ours)
    elif isinstance(value, dict):
        repeated = {"message"} if value.get("kind") == _LED_ASTRAY else frozenset()
        for name, inner in value.items():
            place = f"{path}.{name}" if path else name
            is_own = is_ours and name not in theirs and name not in repeated
            yield from strings(inner, place, theirs, is_ours=is_own)


def quoted(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return all that JSON files of ours repeat of others."""
    return b"\n".join(
        text.encode("utf-8", "replace")
        for _, data in files
        for _, text, is_ours in strings(json.loads(data), "", THEIRS)
        if not is_ours
    )


def in_value(text: str, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look for all that is private in words of ours."""
    data = text.encode("utf-8", "replace")
    is_ours = not text.startswith(_WEB)
    yield from (Leak(one.kind, one.what, where, is_ours) for one in _secrets_in(data, wanted))
    if _PATH.search(data):
        yield Leak(Private.PATHS, "a path of a computer", where, is_ours=True)
    for found in _ADDRESS.findall(data) if is_ours else ():
        if _is_private(found.decode(), wanted):
            yield Leak(Private.ADDRESSES, f"the private address {found.decode()}", where, is_ours)


def in_text(data: bytes, where: str, wanted: Wanted, known: bytes) -> Iterator[Leak]:
    """Look at a text of ours that repeats quotes: what stands in one of those is not ours."""
    for one in _secrets_in(data, wanted):
        yield Leak(one.kind, one.what, where, is_ours=not _holds(known, one.text.encode()))


def in_theirs(pieces: Iterable[bytes], where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look for words that tell of us in what others published, whatever its size."""
    kept = b""
    for piece in pieces:
        data = kept + piece
        for one in _secrets_in(data, wanted):
            yield Leak(one.kind, one.what, where, is_ours=False)
        kept = data[-OVERLAP_BYTES:]


def _secrets_in(data: bytes, wanted: Wanted) -> Iterator[Secret]:
    return (one for one in wanted.secrets if _holds(data, one.text.encode()))


def _holds(data: bytes, words: bytes) -> bool:
    """Tell whether `words` stand in `data` by themselves, not within a longer name or address."""
    if words not in data:  # so nearly always, and at the speed of memory
        return False
    return re.search(rb"(?<![\w.])" + re.escape(words) + rb"(?!\w)", data) is not None


def _is_private(address: str, wanted: Wanted) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False  # a version number
    is_watched = any(
        host.rpartition(":")[0] == address or host == address for host in wanted.watched
    )
    return (
        parsed.is_private
        and not parsed.is_loopback
        and not parsed.is_unspecified
        and not is_watched
    )
