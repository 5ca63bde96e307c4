"""Reaches what is far away, by fsspec: http(s)://, s3://.

Gives a file that is read in blocks (opening.py); a server that gives no parts of a file is read
into a temporary one. Apart, for what it imports costs memory in each process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

import aiohttp
from fsspec.core import url_to_fs
from fsspec.spec import AbstractBufferedFile

from sousveil.scan.file.opening import BLOCK_BYTES, FarFile, SourceError, in_words


@contextmanager
def fetched(address: str) -> Iterator[tuple[BinaryIO, int]]:
    """Give the file at `address`, and its size in bytes; raises SourceError when it cannot be."""
    try:
        files, path = url_to_fs(address)
        with files.open(path, "rb", block_size=BLOCK_BYTES, cache_type="none") as file:
            if size := _size_in_parts(file):
                far = FarFile(file, size, address, _ERRORS)
                try:
                    yield cast("BinaryIO", far), size
                finally:
                    far.close()
                return
        with NamedTemporaryFile(prefix="sousveil-scan-") as whole:
            files.get_file(path, whole.name)
            yield cast("BinaryIO", whole), Path(whole.name).stat().st_size
    except SourceError:
        raise
    except _AT_OPENING as error:
        raise SourceError(f"{address}: {in_words(error)}") from error


def matching(pattern: str) -> list[str]:
    """Return the addresses of the objects that a pattern of an object store stands for, in order.

    Raises SourceError when the store cannot be asked.
    """
    try:
        files, path = url_to_fs(pattern)
        return [f"s3://{one}" for one in sorted(files.glob(path))]
    except _AT_OPENING as error:
        raise SourceError(f"{pattern}: {in_words(error)}") from error


def _size_in_parts(file: AbstractBufferedFile) -> int:
    """Return the size of a file of which parts can be had; 0 when it is not known, or not so."""
    size: int = getattr(file, "size", None) or 0
    if size:
        file.seek(size - 1)
        try:
            file.read(1)
        except ValueError:  # how fsspec says that the server answered with all of it
            return 0
    return size


def _errors() -> tuple[type[Exception], ...]:
    """Return what fsspec lets through of what it is made of."""
    found = [OSError, ValueError, aiohttp.ClientError]
    if find_spec("botocore") is not None:
        found.append(import_module("botocore.exceptions").BotoCoreError)
    return tuple(found)


_ERRORS = _errors()
_AT_OPENING: tuple[type[Exception], ...] = (*_ERRORS, ImportError)
