"""The files within a package: ZIP, JAR, AAR, wheel, NuGet, APK, tarball, and packages in them.

Takes bytes, gives a `Part` for each file that may hold text, with its path; what is not read is
told with the reason. Files that hold none for people (compiled code, icons, fonts, models) are
counted and told in one line. The limits are in `budget.py`; nothing is ever unpacked to disk, so a
path is a name and leads nowhere.
"""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sousveil.errors import ExtractError
from sousveil.extract.formats import binary_kind, name_suffix
from sousveil.extract.office.documents import is_office
from sousveil.extract.packages.budget import MAX_DEPTH, MAX_WORKED, Budget, Entry
from sousveil.extract.packages.tarballs import (
    HEAD_BYTES,
    Unpacked,
    is_tar,
    single_entry,
    tar_entries,
)
from sousveil.extract.packages.zips import zip_entries

MIN_PICTURE_BYTES = 20_000  # smaller ones are icons; a scanned page has 50,000
MAX_TOLD = 100  # files that are told one by one; an encrypted package may hold 20,000

_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
)
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # after the level: a first block, or none
_LEFT_OUT = {
    suffix: kind
    for kind, suffixes in (
        ("compiled code", "class so dll dylib a lib o obj exe dex pyc pyd wasm jnilib node ko pdb"),
        ("compiled code", "arsc sig rsa dsa ec"),
        ("fonts", "ttf otf ttc woff woff2 eot"),
        ("sound and video", "mp3 wav ogg aac m4a mp4 avi mov mkv webm flv h264 h265 yuv"),
        ("models", "onnx tflite pb pth pt caffemodel mnn rknn tnn nb om bmodel npy npz"),
    )
    for suffix in suffixes.split()
}
_PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp", "ico", "icns", "tif", "tiff"})
_NO_TEXT = (  # what a file without a telling name is, by its signature
    ("application/x-executable", "compiled code"),
    ("application/x-msdownload", "compiled code"),
    ("application/java-vm", "compiled code"),
    ("font/", "fonts"),
)
_COMPILED_XML = b"\x03\0\x08\0"  # Android's layouts in an APK
_COMPRESSED = frozenset({"gz", "bz2", "xz"})
_WORKED = ("application/pdf", "application/x-ole-storage", "image/")
_FURNITURE = ("__MACOSX/", ".DS_Store", "/._")  # what macOS adds to each file


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a package, or why it is not read."""

    path: str  # "docs/api.pdf", in a package within "inner.zip/readme.md"; "" for the whole package
    payload: bytes | None  # None: not read
    problem: str = ""  # why not, in words that follow the path


def parts(payload: bytes, *, name: str) -> Iterator[Part] | None:
    """Give the files within a package, in its order; None when `payload` is none.

    An office document is no package. `name` is the URL or path, from which a file packed by itself
    has its name. Raises nothing on the way: what is damaged, packed too deep or over a limit comes
    as a Part without payload. No path comes twice.
    """
    kind = _package_kind(payload)
    return _Walk(name).parts(payload, kind) if kind else None


def is_package(start: bytes) -> bool:
    """Whether what begins so may be a package, or an office document; 512 bytes tell."""
    return is_tar(start[:HEAD_BYTES]) or start.startswith(tuple(mark for mark, _ in _SIGNATURES))


def part_payload(payload: bytes, path: str, *, name: str) -> bytes:
    """Return the bytes of one file of a package; raises ExtractError when it isn't there."""
    for part in parts(payload, name=name) or ():
        if part.path == path and part.payload is not None:
            return part.payload
    raise ExtractError(f"{name}: there is no file {path} in it that can be read")


def _package_kind(payload: bytes) -> str:
    """Return "zip", "gzip", "bzip2", "xz" or "tar"; "" for what is no package."""
    if is_tar(payload[:HEAD_BYTES]):
        return "tar"
    kind = next((kind for mark, kind in _SIGNATURES if payload.startswith(mark)), "")
    if kind == "bzip2" and not payload[4:].startswith(_BZIP2_BLOCK):
        return ""
    return "" if kind == "zip" and is_office(payload) else kind


class _Walk:
    """A way through a package: what is left of the limits, what was left out and seen so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._budget = Budget()
        self._told = 0
        self._left_out: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()

    def parts(self, payload: bytes, kind: str) -> Iterator[Part]:
        """Give the files of the whole package, and last what was left out."""
        yield from self._safely(payload, kind, "", 1)
        if self._left_out:
            counts = sorted(self._left_out.items())
            told = ", ".join(f"{count} of {what}" for what, count in counts)
            yield Part("", None, f"files that hold no text for people are not read: {told}")
        if self._told > MAX_TOLD:
            yield Part("", None, f"{self._told - MAX_TOLD} more files are not read, as those told")

    def _safely(self, payload: bytes, kind: str, at: str, depth: int) -> Iterator[Part]:
        """Give the files of the package at a path; a damaged one does not end the outer one."""
        try:
            for entry in self._entries(payload, kind, at):
                path = self._unique(f"{at}/{entry.path}" if at else entry.path)
                if entry.payload is None:
                    yield from self._problem(path, entry.problem)
                else:
                    yield from self._taken(path, entry.payload, depth)
        except ExtractError as error:
            yield from self._problem(at, str(error))

    def _entries(self, payload: bytes, kind: str, at: str) -> Iterator[Entry]:
        if kind == "zip":
            return zip_entries(payload, self._budget, self._wants)
        if kind == "tar":
            return tar_entries(io.BytesIO(payload), self._budget, self._wants)
        unpacked = Unpacked(payload, kind)
        if is_tar(unpacked.head()):
            return tar_entries(unpacked, self._budget, self._wants)
        return iter([single_entry(unpacked, _bare_name(at or self._name), self._budget)])

    def _wants(self, path: str, size: int) -> bool:
        """Whether a file is worth unpacking, by its name and size; counts what is left out."""
        if not size or any(mark in f"/{path}" for mark in _FURNITURE):
            return False
        suffix = name_suffix(path)
        is_icon = suffix in _PICTURES and size < MIN_PICTURE_BYTES
        kind = "icons" if is_icon else _LEFT_OUT.get(suffix)
        if kind is not None:
            self._left_out[kind] += 1
        return kind is None

    def _taken(self, path: str, payload: bytes, depth: int) -> Iterator[Part]:
        """Give what a file is: itself, the files in it, or nothing if it shows to hold no text."""
        signature = binary_kind(payload[:HEAD_BYTES], "")
        left_out = next((what for mark, what in _NO_TEXT if signature.startswith(mark)), None)
        if payload.startswith(_COMPILED_XML):
            left_out = "compiled code"
        inner = _package_kind(payload)
        if left_out is not None:
            self._left_out[left_out] += 1
        elif inner and depth < MAX_DEPTH:
            yield from self._safely(payload, inner, path, depth + 1)
        elif inner:
            yield from self._problem(path, f"it lies in more than {MAX_DEPTH} packages")
        elif signature.startswith(_WORKED) and not self._budget.may_work():
            yield from self._problem(path, f"it comes after {MAX_WORKED} that take long to read")
        else:
            yield Part(path, payload)

    def _problem(self, path: str, problem: str) -> Iterator[Part]:
        self._told += 1
        if self._told <= MAX_TOLD:
            yield Part(path, None, problem)

    def _unique(self, path: str) -> str:
        """Return a path that no file had before: a ZIP file may give two files one name."""
        while self._seen[path]:
            self._seen[path] += 1
            path = f"{path} ({self._seen[path]})"
        self._seen[path] = 1
        return path


def _bare_name(name: str) -> str:
    """Return the name of what a compressed file holds: "map.xml" for "…/map.xml.gz?v=1"."""
    try:
        path = urlsplit(name).path if "://" in name[:16] else name
    except ValueError:  # addresses in archives of others may be none (RFC 3986, section 3.2.2)
        path = name
    last = path.replace("\\", "/").rpartition("/")[2]
    stem, _, suffix = last.rpartition(".")
    return stem if stem and suffix.lower() in _COMPRESSED else last or "content"
