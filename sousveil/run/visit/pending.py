"""Working files in `pending/`: how they are named, what interrupted work leaves, how it goes.

A visit or an import that ends badly (a full disk, a power cut) leaves files there that are no
evidence. Left alone they would keep a full disk full. A service (`sousveil watch`) works beside
other commands, without the case's lock; so it names its files by another word, and neither side
removes what the other is at work on.
"""

import shutil
import tempfile
from pathlib import Path

from sousveil.case import Case, is_watched
from sousveil.ledger import JOURNAL_FILE, TurnWriter, Writer

# Names of what visits, imports and durable writes put into `pending/` while they hold the lock.
_LEFTOVERS = (f"{Writer.scratch}-*", "import-*", "*.tmp")


def new_folder(writer: Writer) -> Path:
    """Return a new folder in `pending/` for the files of one visit."""
    return Path(tempfile.mkdtemp(prefix=f"{writer.scratch}-", dir=writer.case.pending))


def new_file(writer: Writer, warc_path: str) -> Path:
    """Return where the archive file that becomes `warc_path` is written first."""
    return writer.case.pending / f"{writer.scratch}-{Path(warc_path).name}"


def clear_pending(case: Case, scratch: str = Writer.scratch) -> None:
    """Remove what visits and imports left in `pending/`.

    The caller holds the case's lock, or is its service, whose files begin with another `scratch`.
    While there is a journal, a commit has happened whose file may still lie there: files are kept
    for `Writer.recover` then, and only working folders, which no journal names, are removed.
    """
    of_service = (f"{TurnWriter.scratch}-*",)
    names: tuple[str, ...] = of_service
    if scratch == Writer.scratch:
        names = _LEFTOVERS if is_watched(case) else _LEFTOVERS + of_service
    is_committing = (case.root / JOURNAL_FILE).exists()
    for path in [path for name in names for path in case.pending.glob(name)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif not is_committing:
            path.unlink()
