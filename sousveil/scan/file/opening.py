"""Opens a source: a file on this computer, or one that fsspec reaches (remote.py).

Gives an open binary file that can be read and sought in bounded memory, and its size. What is far
away is fetched in blocks, the next one while the last is read, each several times if need be.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from io import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import BinaryIO

# Of what is far away: large enough that a request's delay is small beside it.
BLOCK_BYTES = 4 * 2**20
# The one being read and the two before it, for a record may be looked at twice; one comes ahead.
BLOCKS = 3
# Times a block is asked for; an object store that is busy says so for a second or two.
ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.5
FAR = ("http://", "https://", "s3://")


class SourceError(OSError):
    """A source that cannot be opened, or breaks off while it is read."""


@contextmanager
def opened(address: str) -> Iterator[tuple[BinaryIO, int]]:
    """Give the file at `address`, and its size in bytes.

    Raises SourceError when it cannot be opened; reading what is far away may raise it, too.
    """
    if not address.lower().startswith(FAR):
        path = Path(address)
        if not path.is_file():
            raise SourceError(f"{address}: no such file")
        try:
            with path.open("rb") as file:
                yield file, path.stat().st_size
        except PermissionError as error:
            raise SourceError(f"{address}: {error.strerror}") from error
        return
    # Needs libraries of 15 MB that take a third of a second, which files at hand go without.
    from sousveil.scan.file.remote import fetched  # noqa: PLC0415

    with fetched(address) as (file, size):
        yield file, size


class FarFile:
    """What is far away, read in blocks by a thread of its own."""

    def __init__(
        self, file: BinaryIO, size: int, address: str, errors: tuple[type[Exception], ...]
    ) -> None:
        """`errors`: what reading `file` raises where another attempt may help."""
        self._file, self._size, self._address, self._errors = file, size, address, errors
        self._at = 0
        self._blocks: dict[tuple[int, int], bytes] = {}  # (start, end) -> bytes, the oldest first
        self._ahead: tuple[tuple[int, int], Future[bytes]] | None = None
        self._thread = ThreadPoolExecutor(1, "fetch")

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown(cancel_futures=True)

    def seek(self, place: int, whence: int = SEEK_SET) -> int:
        """Go to a place, counted from the beginning, from here, or from the end."""
        self._at = place + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seekable(self) -> bool:
        """Tell `zipfile` that it may seek."""
        return True

    def load(self, start: int, end: int) -> None:
        """Fetch just these bytes, if they are few: they are read next, and none around them."""
        if start < end <= start + BLOCK_BYTES:
            block = self._thread.submit(self._fetch, start, end).result()
            self._keep((start, end), block)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; raises SourceError when they cannot be had."""
        end = self._size if size < 0 else min(self._at + size, self._size)
        pieces = []
        while self._at < end:
            (start, _), block = self._block(self._at)
            piece = block[self._at - start : end - start]
            pieces.append(piece)
            self._at += len(piece)
        return b"".join(pieces)

    def _block(self, place: int) -> tuple[tuple[int, int], bytes]:
        for span, block in self._blocks.items():
            if span[0] <= place < span[1]:
                return span, block
        start = place - place % BLOCK_BYTES
        span = (start, min(start + BLOCK_BYTES, self._size))
        if self._ahead is not None and self._ahead[0] == span:
            block = self._ahead[1].result()
        else:
            block = self._thread.submit(self._fetch, *span).result()
        self._keep(span, block)
        if span[1] < self._size:
            after = (span[1], min(span[1] + BLOCK_BYTES, self._size))
            self._ahead = after, self._thread.submit(self._fetch, *after)
        return span, block

    def _keep(self, span: tuple[int, int], block: bytes) -> None:
        self._blocks[span] = block
        while len(self._blocks) > BLOCKS:
            del self._blocks[next(iter(self._blocks))]

    def _fetch(self, start: int, end: int) -> bytes:
        wait = FIRST_WAIT_SECONDS
        for attempt in range(ATTEMPTS):
            try:
                self._file.seek(start)
                block: bytes = self._file.read(end - start)
                if len(block) == end - start:
                    return block
                problem = f"{len(block)} bytes came of {end - start}"
            except self._errors as error:
                problem = in_words(error)
            if attempt + 1 < ATTEMPTS:
                time.sleep(wait)
                wait *= 2
        raise SourceError(f"{self._address}, from byte {start} on: {problem}")


def in_words(error: Exception) -> str:
    """Return what an error says, in one line."""
    # Whatever keeps fsspec from a file over HTTP, it calls missing, and tells why in the cause.
    while isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        if getattr(error.__cause__, "status", None) == HTTPStatus.NOT_FOUND:
            break
        error = error.__cause__
    if isinstance(error, FileNotFoundError):  # whose words are the address once more
        return "no such file"
    return " ".join(str(error).split()) or type(error).__name__
