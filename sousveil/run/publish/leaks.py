"""Leaks: whether an output tells of the people behind it what they did not mean to tell.

Takes a finished package, or the folder of a dossier, and what is private (`private.py`), and gives
each place where that stands. Looks at what will be handed out, byte by byte and unpacked, however
it came there. Two things are told apart:

- what *we* add (records of requests, events, what a package says of itself) may hold nothing
  private, no path of a computer, no private address, and no cookie or credential that we sent;
- what *others* published is evidence. A page may name the operator, and print any address; that is
  told, not held against the package, for nobody could hand on such a page otherwise.

A name in another script than it is searched for in, in a picture, or said in other words, is not
found; nor is what a server made of us and sent back.
"""

import html
import ipaddress
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sousveil.archive.coding import MAX_DECODED_BYTES, decode_body
from sousveil.archive.read import split_http
from sousveil.archive.records import Record, RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.capture.browser.hops import LEFT_OUT, SECRET_FIELDS
from sousveil.capture.http.head import parse_head, split_head
from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.run.publish.private import Private, Secret, secrets_of

# Of a record that we wrote, or a file of ours: events of large sites have some megabytes.
MAX_OWN_BYTES = 2**28
# Searched together; what lies across two pieces is found by looking at the end of one twice.
PIECE_BYTES = 2**20
OVERLAP_BYTES = 2**12  # longer than any name or path
MAX_TOLD = 20  # places named one by one; more of them say nothing new

_LISTED = "urn:sousveil:requests:"
_PICTURE = "urn:sousveil:screenshot:"
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
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_ENTRY = re.compile(r"sousveil/entry-[0-9]+\.json")
_OWN_JSON = re.compile(r"(?:sousveil/|datapackage)[^/]*\.jsonl?")


@dataclass(frozen=True, slots=True)
class Leak:
    """Something private in an output."""

    kind: Private
    what: str  # in words: "the operator's name"
    where: str  # file, and the place in it
    is_ours: bool  # not in what others published


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and which private addresses are no secret: those that were watched."""

    secrets: Sequence[Secret]
    watched: Collection[str] = ()  # hosts that the case may reach, with or without a port


def wanted_of(case: Case) -> Wanted:
    """Return what is looked for in what a case hands out; raises what `secrets_of` raises."""
    return Wanted(secrets_of(case), case.settings.allow_hosts)


def judged(leaks: Iterable[Leak], allowed: Collection[Private]) -> list[str]:
    """Return what is to be told of leaks, one line each.

    Raises InputError when one of them is ours and its kind not `allowed`; nothing is written then.
    """
    found = Counter(leaks)
    refused = [one for one in found if one.is_ours and one.kind not in allowed]
    if refused:
        first = refused[0]
        more = f" And {len(refused) - 1} more places." if len(refused) > 1 else ""
        raise InputError(
            f"{first.where}: holds {first.what}. Nothing was written.{more} How to do without it"
            f" stands in docs/how-to/share-safely.md; --allow {first.kind} writes it all the same."
        )
    told = [
        f"{one.where}: holds {one.what}" + ("" if one.is_ours else ", as others published it")
        for one in list(found)[:MAX_TOLD]
    ]
    if len(found) > MAX_TOLD:
        told.append(f"and {len(found) - MAX_TOLD} more places like these")
    return told


# ---------------------------------------------------------------- packages


def in_package(file: BinaryIO, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a package of ours."""
    with zipfile.ZipFile(file) as package:
        names = package.namelist()
        known = _quoted(
            (name, package.read(name)) for name in names if name.startswith("sousveil/finding-")
        )
        donated = _donated(package.read(one) for one in names if _ENTRY.fullmatch(one))
        for name in names:
            if name.startswith("archive/"):
                with package.open(name) as warc:
                    stem = name.partition("/")[2].partition(".warc")[0]
                    yield from _in_warc(
                        cast("BinaryIO", warc), name, wanted, is_ours=stem not in donated
                    )
            elif _OWN_JSON.fullmatch(name):
                yield from _in_json(package.read(name), name, wanted)
            elif name.startswith("sousveil/"):
                yield from _in_text(package.read(name), name, wanted, known)
            else:
                with package.open(name) as listed:
                    pieces = iter(lambda: listed.read(PIECE_BYTES), b"")
                    yield from _in_theirs(pieces, name, wanted)


def in_bag(folder: Path, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a bag of ours, a folder (RFC 8493)."""
    payload = folder / "data"
    donated = _donated(path.read_bytes() for path in payload.glob("sousveil/entry-*.json"))
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        if name.startswith("data/archive/"):
            with path.open("rb") as warc:
                stem = path.name.partition(".warc")[0]
                yield from _in_warc(warc, name, wanted, is_ours=stem not in donated)
        elif path.suffix in {".json", ".jsonl", ".jsonld"}:
            yield from _in_json(path.read_bytes(), name, wanted)
        else:
            yield from _in_text(path.read_bytes(), name, wanted, b"")


def _donated(entries: Iterable[bytes]) -> frozenset[str]:
    """Return the stems of archive files that the case took in from others, by entries of its log.

    Those of other files that lie beside entries say nothing of that.
    """
    told = [json.loads(one) for one in entries]
    return frozenset(
        str(entry["warc"]["path"]).rpartition("/")[2].partition(".warc")[0]
        for entry in told
        if entry.get("type") == "import" and "warc" in entry
    )


def _in_warc(file: BinaryIO, name: str, wanted: Wanted, *, is_ours: bool) -> Iterator[Leak]:
    reader = RecordReader(Unpacked(file))
    for record in reader.records():
        where = f"{name}: {record.head.type} {record.head.get('WARC-Record-ID')}"
        if is_ours:
            yield from _in_fields(record, where, wanted)
            yield from _in_record(record, where, wanted)
        else:
            yield from _in_theirs(decoded(record), where, wanted)
        reader.finish(record)


def _in_fields(record: Record, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at a record's own fields; the address of a server is evidence, not ours."""
    for field, value in record.head.fields:
        if field != "WARC-IP-Address":
            yield from _in_value(value, f"{where}, {field}", wanted)


def _in_record(record: Record, where: str, wanted: Wanted) -> Iterator[Leak]:
    kind, url = record.head.type, record.head.get("WARC-Target-URI")
    if kind == "request":
        yield from _in_request(_own(record), where, wanted)
    elif kind == "warcinfo":
        yield from _in_value(_own(record).decode("utf-8", "replace"), where, wanted)
    elif kind == "metadata" or url.startswith(_LISTED):
        yield from _in_json(_own(record), where, wanted)
    elif url.startswith(_PICTURE):
        yield from in_picture(_own(record), where, wanted)
    else:
        yield from _in_theirs(decoded(record), where, wanted)


def _own(record: Record) -> bytes:
    data = bytearray()
    for piece in record.pieces():
        data += piece
        if len(data) > MAX_OWN_BYTES:
            break
    return bytes(data)


def _in_request(block: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at the fields of a request that we sent; its address and body are a page's doing."""
    end = split_head(block)
    head = block[:end] if end >= 0 else block
    for field, value in parse_head(b"HTTP/1.1 200\r\n" + head.partition(b"\n")[2]).fields:
        if field.lower() in SECRET_FIELDS and value != LEFT_OUT:
            kind = Private.COOKIES if field.lower() == "cookie" else Private.AUTHORIZATION
            yield Leak(kind, f"a field {field} as it was sent", where, is_ours=True)
        yield from _in_value(value, f"{where}, {field}", wanted)


def decoded(record: Record) -> Iterator[bytes]:
    """Yield what others sent, as it was sent and, where that was compressed, unpacked."""
    head, body = split_http(record, record.pieces())
    fields = "\n".join(f"{name}: {value}" for name, value in head.fields)
    yield fields.encode("latin-1", "replace") + b"\n"
    transfer, content = head.get_list("Transfer-Encoding"), head.get_list("Content-Encoding")
    if transfer or content:
        decoded, _ = decode_body(body, transfer, content, MAX_DECODED_BYTES)
        yield decoded
    else:
        yield from body


# ---------------------------------------------------------------- dossiers


def in_folder(folder: Path, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a dossier."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    known = _quoted((path.name, path.read_bytes()) for path in files if path.suffix == ".json")
    for path in files:
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".json":
            yield from _in_json(data, name, wanted)
        elif path.suffix == ".html":
            text = html.unescape(data.decode()).encode("utf-8", "replace")
            yield from _in_text(text, name, wanted, known)
        else:
            yield from in_picture(data, name, wanted)


def in_picture(data: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at the words that a PNG carries beside its pixels (PNG, section 11.3)."""
    at = len(_PNG)
    while data.startswith(_PNG) and at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in _PNG_TEXTS:
            words = _inflated(data[at + 8 : at + 8 + size])
            yield from _in_value(words.decode("utf-8", "replace"), f"{where}, {kind!r}", wanted)
        at += size + 12


def _inflated(words: bytes) -> bytes:
    """Return a text of a PNG with what it holds compressed, if it does."""
    begin = words.find(b"\x78")
    try:
        return words + zlib.decompressobj().decompress(words[begin:], PIECE_BYTES)
    except zlib.error:
        return words


# ---------------------------------------------------------------- words


def _in_json(data: bytes, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at every string of JSON, or of lines of JSON, that we wrote."""
    theirs = frozenset() if where.startswith(_MANIFEST) else THEIRS
    for line in data.splitlines() if where.endswith(".jsonl") else [data]:
        yield from in_strings(strings(json.loads(line), "", theirs), where, wanted)


def in_strings(told: Iterable[tuple[str, str, bool]], where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look at texts, each given with its place and whether it is of our making."""
    for path, text, is_ours in told:
        place = f"{where}: {path}" if path else where
        if is_ours:
            yield from _in_value(text, place, wanted)
        else:
            yield from _in_theirs([text.encode("utf-8", "replace")], place, wanted)


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


def _quoted(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return all that JSON files of ours repeat of others."""
    return b"\n".join(
        text.encode("utf-8", "replace")
        for _, data in files
        for _, text, is_ours in strings(json.loads(data), "", THEIRS)
        if not is_ours
    )


def _in_value(text: str, where: str, wanted: Wanted) -> Iterator[Leak]:
    """Look for all that is private in words of ours."""
    data = text.encode("utf-8", "replace")
    is_ours = not text.startswith(_WEB)
    yield from (Leak(one.kind, one.what, where, is_ours) for one in _secrets_in(data, wanted))
    if _PATH.search(data):
        yield Leak(Private.PATHS, "a path of a computer", where, is_ours=True)
    for found in _ADDRESS.findall(data) if is_ours else ():
        if _is_private(found.decode(), wanted):
            yield Leak(Private.ADDRESSES, f"the private address {found.decode()}", where, is_ours)


def _in_text(data: bytes, where: str, wanted: Wanted, known: bytes) -> Iterator[Leak]:
    """Look at a text of ours that repeats quotes: what stands in one of those is not ours."""
    for one in _secrets_in(data, wanted):
        yield Leak(one.kind, one.what, where, is_ours=not _holds(known, one.text.encode()))


def _in_theirs(pieces: Iterable[bytes], where: str, wanted: Wanted) -> Iterator[Leak]:
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
