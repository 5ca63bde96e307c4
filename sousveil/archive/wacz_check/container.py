"""The container: which files a ZIP holds, where their bytes lie, and that no byte lies elsewhere.

Takes an open file and gives its members. Follows APPNOTE 6.3.10, section 4.3, ZIP64 included. Two
programs that open one ZIP must see the same files: what the list at the end says of a file is held
against what stands where the file begins; files must not overlap, and between them, before them and
behind the list there must be nothing, for no manifest and no signature would cover it.
"""

import copy
import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from zlib_ng import zlib_ng

from sousveil.archive.inflate import RAW_WINDOW, InflateError
from sousveil.archive.unpack import FREE_BYTES, MAX_EXPANSION
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.archive.wacz_check.zip_end import read_end
from sousveil.archive.window import Window
from sousveil.errors import ArchiveError

# Read and inflated at a time.
PIECE_BYTES = 2**18

_LOCAL = struct.Struct("<4s5H3I2H")  # section 4.3.7
_LISTED_BYTES, _LISTED_SIZES_AT = 46, 28  # section 4.3.12
_MAX_DESCRIPTOR = 24  # section 4.3.9, with its signature and sizes of 64 bits
_MAX32 = 2**32 - 1
_ENCRYPTED, _DESCRIBED, _UTF8 = 0x1 | 0x40 | 0x2000, 0x8, 0x800  # section 4.4.4
_UNICODE_PATH = 0x7075  # section 4.6.9: a second name, which some programs take
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LINK, _KIND = 0o120000, 0o170000  # of a file, in Unix
UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    struct.error,
    ValueError,
    LookupError,
    OverflowError,
)
"""What `zipfile` raises at lists that strangers made."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the package, and where its bytes lie."""

    name: str
    start: int  # of its bytes, from the start of the package
    stored_bytes: int
    size: int  # unpacked
    crc: int
    is_stored: bool  # not compressed by the ZIP


@dataclass(frozen=True, slots=True)
class Package:
    """An open package and its files, in the order of its list."""

    file: BinaryIO
    members: tuple[Member, ...]
    is_safe: bool  # whether they can be read: nothing overlaps, no bomb, nothing encrypted


def read_container(file: BinaryIO, told: Told) -> Package:
    """Return the files of the ZIP in `file`; what is wrong with it goes into `told`.

    Raises ArchiveError when there is no list of files that can be read, or it is longer than any
    real one.
    """
    end = read_end(file, told)
    try:
        package = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise ArchiveError(f"its list of files cannot be read: {error}") from error
    listed = package.infolist()
    if not len(listed) == end.count == _lines(file, package.start_dir, end.list_bytes):
        told.fault("", f"its end counts {end.count:,} files, and its list does not fit that")
    if package.start_dir + end.list_bytes != end.list_end:
        told.fault("", "there are bytes between the list of files and the end of the ZIP")
    if end.comment:
        told.odd("", f"the ZIP bears a comment, which nothing signs: {_as_text(end.comment)}")
    members: list[Member] = []
    at, is_safe = 0, True
    for number, entry in enumerate(by_place := sorted(listed, key=lambda one: one.header_offset)):
        following = by_place[number + 1].header_offset if number + 1 < len(by_place) else None
        limit = package.start_dir if following is None else following
        start = _start(file, entry, told) if entry.header_offset >= at else None
        if start is None or start + entry.compress_size > limit:
            told.fault(entry.orig_filename, "overlaps another file of the ZIP, or leaves it")
            is_safe = False
            break
        if entry.header_offset > at:
            where = "before the first file" if at == 0 else "that belong to no file"
            told.fault("", f"byte {at}: {entry.header_offset - at:,} bytes {where}")
        stored_end = start + entry.compress_size
        at = stored_end + _descriptor(file, entry, stored_end, limit)
        members.append(_member(entry, start))
        is_safe = _is_plain(entry, told) and is_safe
    else:
        if at != package.start_dir:
            left = package.start_dir - at
            told.fault("", f"byte {at}: {left:,} bytes that belong to no file")
    is_safe = _is_no_bomb(file, members, told) and is_safe
    order = {entry.header_offset: place for place, entry in enumerate(listed)}
    ordered = sorted(
        zip(by_place, members, strict=False), key=lambda one: order[one[0].header_offset]
    )
    return Package(file, tuple(member for _, member in ordered), is_safe)


def pieces(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Yield a file of the package, unpacked, in pieces; no more than the size that is told of it.

    Raises ArchiveError, at the latest at the end, when the bytes are not what the list says.
    """
    size, crc = 0, 0
    for piece in _raw(file, member) if member.is_stored else _inflated(file, member):
        size += len(piece)
        crc = zlib_ng.crc32(piece, crc)
        if size > member.size:
            raise ArchiveError("unpacks to more bytes than the ZIP says")
        yield piece
    if size != member.size:
        raise ArchiveError(f"unpacks to {size:,} bytes, and the ZIP says {member.size:,}")
    if crc != member.crc:
        raise ArchiveError("was changed: its CRC-32 is not the one in the ZIP")


def opened(file: BinaryIO, member: Member) -> BinaryIO:
    """Return a file that is stored as it is as an open file of its own.

    Several may be read side by side, though they share `file`.
    """
    return io.BufferedReader(Window(file, member.start, member.stored_bytes), PIECE_BYTES)


def read_whole(file: BinaryIO, member: Member, limit: int) -> bytes:
    """Return a file of the package; raises ArchiveError when it is longer than `limit` bytes."""
    if member.size > limit:
        raise ArchiveError(f"is longer than {limit:,} bytes; it was not read")
    return b"".join(pieces(file, member))


def _raw(file: BinaryIO, member: Member) -> Iterator[bytes]:
    at, end = member.start, member.start + member.stored_bytes
    while at < end:
        file.seek(at)  # others read the same file between two pieces
        piece = file.read(min(PIECE_BYTES, end - at))
        if not piece:
            return
        at += len(piece)
        yield piece


def _inflated(file: BinaryIO, member: Member) -> Iterator[bytes]:
    inflate = zlib_ng.decompressobj(RAW_WINDOW)
    left = member.stored_bytes
    try:
        for piece in _raw(file, member):
            left -= len(piece)
            data = piece if left else piece[:-1]
            while data and not inflate.eof:
                yield inflate.decompress(data, PIECE_BYTES)
                data = inflate.unconsumed_tail
            if not left and not inflate.eof:
                yield _last(inflate, piece[-1])
            elif inflate.eof:
                raise ArchiveError("has bytes behind the end of its compressed data")
    except InflateError as error:
        raise ArchiveError(f"cannot be unpacked: {error}") from error
    if not inflate.eof:
        raise ArchiveError("its compressed data breaks off")


def _last(inflate: "zlib_ng._Decompress", byte: int) -> bytes:
    """Return what the last byte of compressed data unpacks to.

    Data ends within it, and programs pass over the bits that are left (RFC 1951, section 3.2.3),
    which all that pack leave at 0; raises ArchiveError when something stands there.
    """
    for bits in range(1, 9):
        trial = copy.copy(inflate)
        try:
            data = trial.decompress(bytes([byte & (1 << bits) - 1]))
        except InflateError:
            continue
        if trial.eof and byte >> bits and data == copy.copy(inflate).decompress(bytes([byte])):
            raise ArchiveError("has bits behind the end of its compressed data")
    return inflate.decompress(bytes([byte]))


def _lines(file: BinaryIO, start: int, size: int) -> int | None:
    """Return how many lines fill the list of files; None when they do not fill it to its end."""
    file.seek(max(0, start))
    data, at, count = file.read(size), 0, 0
    while at + _LISTED_BYTES <= len(data):
        name, extra, comment = struct.unpack_from("<3H", data, at + _LISTED_SIZES_AT)
        at += _LISTED_BYTES + name + extra + comment
        count += 1
    return count if at == size else None


def _start(file: BinaryIO, entry: zipfile.ZipInfo, told: Told) -> int | None:
    """Return where a file's bytes begin; None when no file begins where the list says."""
    file.seek(entry.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        return None
    _, _, flags, method, _, _, crc, stored, size, name_size, extra_size = _LOCAL.unpack(head)
    name = file.read(name_size)
    encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
    if name != entry.orig_filename.encode(encoding, "replace"):
        told.fault(entry.orig_filename, f"bears another name where it begins: {_as_text(name)}")
    same = _UTF8 | _ENCRYPTED | _DESCRIBED
    if method != entry.compress_type or (flags ^ entry.flag_bits) & same:
        told.fault(entry.orig_filename, "is said to be stored otherwise where it begins")
    is_told_later = bool(flags & _DESCRIBED)
    numbers = [(crc, entry.CRC), (stored, entry.compress_size), (size, entry.file_size)]
    if any(here not in {there, _MAX32} for here, there in numbers) and not is_told_later:
        told.fault(entry.orig_filename, "has another size or checksum where it begins")
    for extra in (entry.extra, file.read(extra_size)):
        if _UNICODE_PATH in _extra_kinds(extra):
            told.fault(entry.orig_filename, "bears a second name, which some programs take")
    return int(entry.header_offset + _LOCAL.size + name_size + extra_size)


def _descriptor(file: BinaryIO, entry: zipfile.ZipInfo, at: int, limit: int) -> int:
    """Return how many bytes behind a file tell its size and checksum (section 4.3.9)."""
    if not entry.flag_bits & _DESCRIBED:
        return 0
    forms = ["<I2Q"]
    if max(entry.compress_size, entry.file_size) <= _MAX32:
        forms.append("<3I")
    file.seek(at)
    found = file.read(min(_MAX_DESCRIPTOR, limit - at))
    for form in forms:
        plain = struct.pack(form, entry.CRC, entry.compress_size, entry.file_size)
        if limit - at == len(found) and found in {plain, b"PK\7\x08" + plain}:
            return len(found)
    return 0


def _member(entry: zipfile.ZipInfo, start: int) -> Member:
    return Member(
        name=entry.orig_filename,
        start=start,
        stored_bytes=entry.compress_size,
        size=entry.file_size,
        crc=entry.CRC,
        is_stored=entry.compress_type == zipfile.ZIP_STORED,
    )


def _is_plain(entry: zipfile.ZipInfo, told: Told) -> bool:
    """Tell whether a file can be read by anybody; what is odd about it is noted."""
    name = entry.orig_filename
    if entry.comment:
        told.odd(name, f"bears a comment, which nothing signs: {_as_text(entry.comment)}")
    if entry.external_attr >> 16 & _KIND == _LINK:
        told.fault(name, "is a link to another file")
    if entry.volume:
        told.fault(name, "is said to lie in another part of a ZIP in several")
    if entry.flag_bits & _ENCRYPTED:
        told.fault(name, "is encrypted")
        return False
    if entry.compress_type not in _METHODS:
        told.fault(name, f"is compressed in a way that WACZ does not know ({entry.compress_type})")
        return False
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        told.fault(name, "is stored as it is, yet has two sizes")
        return False
    return True


def _is_no_bomb(file: BinaryIO, members: list[Member], told: Told) -> bool:
    total = sum(member.size for member in members)
    if total <= max(FREE_BYTES, MAX_EXPANSION * file.seek(0, io.SEEK_END)):
        return True
    told.fault("", f"grows more than {MAX_EXPANSION} times when unpacked: a bomb. It was not read")
    return False


def _extra_kinds(extra: bytes) -> set[int]:
    """Return which extra fields there are (section 4.5.1)."""
    kinds, at = set(), 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        kinds.add(kind)
        at += 4 + size
    return kinds


def _as_text(data: bytes) -> str:
    return repr(cited(data.decode("utf-8", "replace")))
