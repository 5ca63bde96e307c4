"""Inputs: which archive files the words of a command line name.

Takes paths, folders, patterns, addresses (http, https, s3) and lists of any of these, and gives a
`Source` for each file, in the order in which they were named. A file of this computer is named as
it was given and opened by its whole path, so that a manifest tells of no folder of ours that the
user did not type. A list is a text file of one path or address a line, such as Common Crawl's
`warc.paths.gz`, whose lines are paths below an address that `prefix` tells.
"""

import gzip
import io
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from sousveil.errors import InputError
from sousveil.run.visit.archives import archives_in
from sousveil.scan.file.opening import SourceError
from sousveil.scan.file.opening import opened as opened_source
from sousveil.scan.file.values import Source

# Ten crawls of Common Crawl with 100,000 files each; more is a list of something else.
MAX_FILES = 1_000_000
MAX_LINE_CHARACTERS = 4_096  # of a list; paths have some hundred

# What is raised where something cannot be opened or read.
FAULTS = (OSError, ValueError, ImportError)

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SCHEMES = ("http://", "https://", "s3://")
_LISTS = (".paths", ".txt", ".paths.gz", ".txt.gz")
_PATTERN = re.compile(r"[*?\[]")


def find_sources(inputs: Sequence[str], prefix: str = "") -> list[Source]:
    """Return the files that `inputs` name, each once.

    Folders are walked for archives by their names' endings, patterns (`*`, `?`, `[…]`, `**`) are
    spread, in order. `@FILE`, and a file whose name ends as lists' do, is a list; lines of lists
    are files. `prefix` goes before lines that are no addresses, and before nothing else. Raises
    InputError for what is not there, holds no archive, or cannot be read.
    """
    named: dict[str, Source] = {}
    for source in _all_sources(inputs, prefix):
        named.setdefault(source.address, source)
        if len(named) > MAX_FILES:
            raise InputError(f"more than {MAX_FILES:,} files are named. Scan them in parts.")
    return list(named.values())


def source_of(name: str, prefix: str = "") -> Source:
    """Return the source that a line of a list, or of an index, names."""
    if _is_address(name):
        return Source(name, _checked(name))
    if prefix and _is_address(prefix):
        address = _checked(prefix.rstrip("/") + "/" + name.lstrip("/"))
        return Source(address, address)
    return _file(Path(prefix) / name)


@contextmanager
def opened(address: str, *, is_gzip: bool = False) -> Iterator[BinaryIO]:
    """Open a path or an address for reading.

    Raises InputError when it cannot be opened, and when reading it fails.
    """
    try:
        with opened_source(address) as (file, _):
            yield cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_gzip else file
    except (*FAULTS, EOFError, zlib.error) as error:
        raise InputError(f"{address}: {unreadable(error)}") from error


def unreadable(error: Exception) -> str:
    """Return in words, with what to do, why an address cannot be read."""
    if isinstance(error, ImportError):
        return "no support for such addresses is installed. Install `sousveil[s3]`."
    if isinstance(error, FileNotFoundError):
        return "no such file. Check its name."
    if isinstance(error, SourceError):  # which begins with the address
        return f"{str(error).partition(': ')[2]}. Check its name."
    told = str(error) or type(error).__name__
    return f"cannot be read ({' '.join(told.split())})."


def _all_sources(inputs: Sequence[str], prefix: str) -> Iterator[Source]:
    for text in inputs:
        if text.startswith("@"):
            yield from _listed(text[1:], prefix)
        elif text.lower().endswith(_LISTS) and not Path(text).is_dir():
            yield from _listed(text, prefix)
        elif _is_address(text):
            yield from _remote(_checked(text))
        else:
            yield from _local(text)


def _is_address(text: str) -> bool:
    return _ADDRESS.match(text) is not None


def _checked(address: str) -> str:
    if not address.isprintable() or not address.lower().startswith(_SCHEMES):
        raise InputError(f"{address!r}: only http://, https:// and s3:// addresses are read.")
    return address


def _local(text: str) -> Iterable[Source]:
    path = Path(text)
    if not path.exists() and _PATTERN.search(text):
        whole, base = path.parts, Path(path.anchor)
        found = sorted(base.glob(str(Path(*whole[1:] if path.anchor else whole))))
        files = archives_in([one for one in found if one.is_file()])
        if not files:
            raise InputError(f"{text}: no file has such a name.")
    else:
        files = archives_in([path])
    return map(_file, files)


def _file(path: Path) -> Source:
    # A name that is not UTF-8 is written in hexadecimal, so that a manifest can hold it.
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return Source(name, str(path.absolute()))


def _remote(address: str) -> Iterable[Source]:
    """Return the address itself, or what a pattern of an object store stands for."""
    if not address.startswith("s3://") or not _PATTERN.search(address):
        return [Source(address, address)]
    # Half of what a scan of files at hand would have to import.
    from sousveil.scan.file.remote import matching  # noqa: PLC0415

    try:
        found = matching(address)
    except FAULTS as error:
        raise InputError(f"{address}: {unreadable(error)}") from error
    if not found:
        raise InputError(f"{address}: no object has such a name.")
    return [Source(one, one) for one in found]


def _listed(place: str, prefix: str) -> Iterator[Source]:
    with opened(place, is_gzip=place.lower().endswith(".gz")) as file:
        lines = io.TextIOWrapper(file, "utf-8", errors="surrogateescape")
        number = 0
        while line := lines.readline(MAX_LINE_CHARACTERS + 1):
            number += 1
            if len(line) > MAX_LINE_CHARACTERS:
                raise InputError(
                    f"{place}, line {number}: longer than {MAX_LINE_CHARACTERS:,} characters. A"
                    " list has one path or address a line."
                )
            if name := line.strip():
                if _is_address(place) and not (prefix or _is_address(name)):
                    raise InputError(
                        f"{place}, line {number}: {name} is a path. Say with --prefix below which"
                        " address it lies; Common Crawl's is https://data.commoncrawl.org/."
                    )
                yield source_of(name, prefix)
