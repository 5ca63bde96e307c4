"""Opens a source: a file on this computer, or one that fsspec reaches.

Gives an open binary file that can be read forwards in bounded memory, and its size. What is far
away is fetched in blocks, the next one while the last is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import fsspec

# Of what is far away: large enough that a request's delay is small beside it.
BLOCK_BYTES = 4 * 2**20
# The one being read, the one before it (a record may be looked at twice), and the next.
BLOCKS = 4
_FAR = ("http://", "https://", "s3://")


@contextmanager
def opened(address: str) -> Iterator[tuple[BinaryIO, int]]:
    """Give the file at `address`, and its size in bytes.

    Raises OSError when it cannot be opened, ImportError when what reaches it is not installed.
    """
    if address.startswith(_FAR):
        far = fsspec.open(
            address,
            "rb",
            block_size=BLOCK_BYTES,
            cache_type="background",
            cache_options={"maxblocks": BLOCKS},
        )
        with far as file:
            yield cast(BinaryIO, file), file.size
        return
    path = Path(address)
    if not path.is_file():
        raise FileNotFoundError(f"{address}: no such file")
    with path.open("rb") as file:
        yield file, path.stat().st_size
