"""What interrupted work leaves in `pending/`, and how it is removed.

A visit or an import that ends badly (a full disk, a power cut) leaves files there that are no
evidence. Left alone they would keep a full disk full.
"""

import shutil

from sousveil.case import Case
from sousveil.ledger import JOURNAL_FILE

# Names of what visits, imports and durable writes put into `pending/`.
_LEFTOVERS = ("visit-*", "import-*", "*.tmp")


def clear_pending(case: Case) -> None:
    """Remove what visits and imports left in `pending/`; the caller holds the case's lock.

    While there is a journal, a commit has happened whose file may still lie there: files are kept
    for `Writer.recover` then, and only working folders, which no journal names, are removed.
    """
    is_committing = (case.root / JOURNAL_FILE).exists()
    for path in [path for name in _LEFTOVERS for path in case.pending.glob(name)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif not is_committing:
            path.unlink()
