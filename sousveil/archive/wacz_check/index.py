"""The index: whether each line leads to the record it tells of, and each answer has a line.

Takes the CDXJ files of a package, with the `.idx` files that lead into compressed ones, and holds
them against its records. Follows CDXJ 0.1.0; of a compressed index's blocks, WACZ-auth 0.1.0,
"Verification of Partially loaded WACZ".
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sousveil.archive.surt import surt
from sousveil.archive.wacz_check.container import Member, Package, opened
from sousveil.archive.wacz_check.jsontext import number_of, read_object, text_of
from sousveil.archive.wacz_check.layout import ARCHIVE, CDXJ_ENDS, INDEXES, within
from sousveil.archive.wacz_check.lines import lines
from sousveil.archive.wacz_check.records import ENDING_BYTES, address, plain_digest
from sousveil.archive.wacz_check.table import Place, Records
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import ArchiveError
from sousveil.model import Json

# A block of a compressed index has 3,000 lines in common tools, of a kilobyte.
MAX_BLOCK_BYTES = 64 * 2**20
# Of those, an index of a hundred million lines.
MAX_BLOCKS = 100_000

# A record has one line in each index; a package can be made of lines alone.
LINES_A_RECORD, FREE_LINES = 4, 10_000

_LINE = re.compile(rb"(\S+) ([0-9]{14}|[0-9]{17}) (\{.*\})\s*", re.DOTALL)
_IDX_LINE = re.compile(rb"(\S+)(?: [0-9]{1,17})? (\{.*\})\s*", re.DOTALL)
_META = b"!"
_FIELDS = ("url", "digest", "mime", "filename", "offset", "length", "status")
_UNLABELLED = {32: "sha1:", 40: "sha1:", 64: "sha256:"}  # by length; some tools leave the name out
_NO_STATUS = frozenset({"", "-", "0", "200"})  # what tools write of what is no HTTP answer


@dataclass(slots=True)
class _Read:
    """One index file, as far as it was read."""

    name: str
    last: bytes = b""
    number: int = 0
    is_sorted: bool = True


def check_index(
    package: Package,
    records: Records,
    told: Told,
    progress: Callable[[int, int, str], None],
) -> int:
    """Hold every line of every index against the records; return how many lines there are."""
    indexes = within(package.members, INDEXES, CDXJ_ENDS)
    count = 0
    for done, member in enumerate(indexes):
        progress(done, len(indexes), member.name)
        read, most = _Read(member.name), FREE_LINES + LINES_A_RECORD * records.count
        try:
            for line in islice(lines(package.file, member), most):
                count += _check_line(read, line, records, told)
            if read.number == most:
                told.fault(member.name, f"has more than {most:,} lines; the rest was not read")
        except ArchiveError as error:
            told.fault(member.name, str(error))
        if not read.is_sorted:
            told.fault(member.name, "is not sorted: players do not find all of it")
    for member in within(package.members, INDEXES, (".idx",)):
        _check_blocks(package, member, told)
    if indexes:
        for name, offset, url in records.without_line():
            told.odd(
                ARCHIVE + name,
                f"byte {offset}: no line of the index leads to this answer of {cited(url)}",
            )
    return count


def _check_line(read: _Read, line: bytes, records: Records, told: Told) -> bool:
    """Hold a line against the record it leads to; tell whether it is one."""
    read.number += 1
    if line.startswith(_META) or not line.strip():
        return False
    read.is_sorted = read.is_sorted and read.last <= line
    read.last = line
    where = f"line {read.number}"
    found = _LINE.fullmatch(line)
    if found is None:
        told.fault(read.name, f"{where} is no line of an index: {cited(repr(line[:200]))}")
        return False
    try:
        fields = read_object(found[3])
    except ArchiveError as error:
        told.fault(read.name, f"{where} {error}")
        return False
    if missing := [name for name in _FIELDS if name not in fields]:
        told.odd(read.name, f"{where} does not tell {', '.join(missing)}")
    name, offset = text_of(fields.get("filename")), number_of(fields.get("offset"))
    named = name.encode("utf-8", "replace").decode()
    place = records.led_to(named, offset) if offset is not None else None
    if place is None:
        told.fault(read.name, f"{where} leads to no record: {cited(name)}, byte {offset}")
        return True
    for problem in _problems(found[2].decode(), fields, place):
        told.fault(read.name, f"{where}: {problem}")
    key = found[1].decode("utf-8", "replace")
    if key != _key(fields):
        told.odd(read.name, f"{where} is not where its address is looked for: {cited(key)}")
    return True


def _problems(at: str, fields: Json, place: Place) -> list[str]:
    """Return what a line says that its record does not."""
    found = []
    url = text_of(fields.get("url"))
    if address(url) != place.url:
        found.append(f"the record there is of {cited(place.url)}, not of {cited(url)}")
    if at[:14] != place.at:
        found.append(f"the record there is of {place.at or 'no date'}, not of {at[:14]}")
    status = str(fields.get("status") or "")
    if status != place.status and not {status, place.status} <= _NO_STATUS:
        found.append(f"the record there has the status {place.status}, not {cited(status)}")
    length, is_plain = number_of(fields.get("length")), bool(place.unended)
    lengths = {place.length, place.length - ENDING_BYTES} if is_plain else {place.length}
    if "length" in fields and length not in lengths:
        found.append(f"the record there has {place.length:,} bytes, not {length}")
    digest = text_of(fields.get("digest"))
    if digest not in {"", "-"} and _labelled(digest) not in place.digests:
        found.append(f"the record there has another digest than {cited(digest)}")
    stored = text_of(fields.get("recordDigest"))
    known = {f"sha256:{one}" for one in (place.stored, place.unended) if one}
    if stored and plain_digest(stored) not in known:
        found.append(f"the record there has another recordDigest than {cited(stored)}")
    return found


def _labelled(digest: str) -> str:
    label = "" if ":" in digest else _UNLABELLED.get(len(digest), "")
    return plain_digest(label + digest)


def _key(fields: Json) -> str:
    """Return the key under which players look for an answer (CDXJ 0.1.0, "Searchable URL")."""
    url, method = text_of(fields.get("url")), text_of(fields.get("method"))
    if method and method != "GET":
        mark = "&" if "?" in url else "?"
        url = f"{url}{mark}__wb_method={method}&{text_of(fields.get('requestBody'))}"
    return surt(url)


@dataclass(slots=True)
class _Blocks:
    """An `.idx` file, and how far it has told of the compressed index."""

    name: str
    target: str  # the compressed index, below indexes/
    at: int = 0


def _check_blocks(package: Package, idx: Member, told: Told) -> None:
    """Hold each block of a compressed index against the digest that its `.idx` gives."""
    number = 0
    compressed = {one.name.removeprefix(INDEXES): one for one in package.members if one.is_stored}
    blocks = _Blocks(idx.name, f"{idx.name.removeprefix(INDEXES).removesuffix('.idx')}.cdx.gz")
    try:
        for number, line in enumerate(islice(lines(package.file, idx), MAX_BLOCKS), start=1):
            found = _IDX_LINE.fullmatch(line)
            if found is None:
                if line.strip():
                    told.fault(idx.name, f"line {number} is no line of such a file")
                continue
            fields = read_object(found[2])
            blocks.target = text_of(fields.get("filename")) or blocks.target
            if line.startswith(_META):
                continue
            member = compressed.get(blocks.target)
            if member is None:
                told.fault(idx.name, f"line {number} leads into a file that is not here")
                continue
            _check_block(package.file, member, fields, blocks, told)
        if number == MAX_BLOCKS:
            told.fault(idx.name, f"has more than {MAX_BLOCKS:,} lines; the rest was not read")
    except ArchiveError as error:
        told.fault(idx.name, str(error))


def _check_block(file: BinaryIO, member: Member, fields: Json, blocks: _Blocks, told: Told) -> None:
    """Hold one block against what is said of it. Each byte is read once."""
    offset, length = number_of(fields.get("offset")), number_of(fields.get("length"))
    if offset is None or length is None or offset + length > member.size:
        told.fault(blocks.name, f"leads out of {member.name}")
        return
    if offset != blocks.at or length > MAX_BLOCK_BYTES:
        told.odd(
            blocks.name,
            f"does not tell of {member.name} block by block; not all of it can be found",
        )
        if offset < blocks.at or length > MAX_BLOCK_BYTES:
            return
    blocks.at = offset + length
    stated = text_of(fields.get("digest"))
    block = opened(file, member)
    block.seek(offset)
    if (
        stated
        and plain_digest(stated) != f"sha256:{hashlib.sha256(block.read(length)).hexdigest()}"
    ):
        told.fault(
            blocks.name, f"the block at byte {offset} of {member.name} does not have its digest"
        )
