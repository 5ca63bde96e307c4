"""Write: a finished dossier put in place of the one before, or not at all.

Takes a report and a folder, gives the path of its first page. Everything is written beside the
target and then renamed, so that a reader never meets half a dossier. An edition is logged between
the two: no page calls itself one that the log does not know, and what the log knows is put in place
by the next run when a crash came between.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sousveil.dossier.pages import render
from sousveil.dossier.views.told import CELLS, FACTS
from sousveil.dossier.writing.pages import Text
from sousveil.durable import sync_folder
from sousveil.errors import InputError
from sousveil.model import Report, Shown

FIRST_PAGE = "index.html"
PRINTED = "dossier.pdf"
BUNDLED = "evidence.wacz"

# What tells a dossier from a folder of somebody else; in the head of its first page.
GENERATOR = b'<meta name="generator" content="sousveil dossier">'
HEAD_BYTES = 2_000

# The only names a dossier uses, so that what a person added is found before it is lost.
OUR_NAMES = frozenset(
    {
        *(FIRST_PAGE, "style.css", "findings.json", "findings", "pictures"),
        *("evidence.html", "print.html", "errata.html", PRINTED, BUNDLED),
        *(CELLS, FACTS),
    }
)


def write_dossier(
    report: Report,
    folder: Path,
    look_through: Callable[[Path], None] = lambda _: None,
    text: Text | None = None,
    record: Callable[[Path], None] | None = None,
) -> Path:
    """Write `report` as static pages into `folder` and return the path of its index.html.

    `folder` may be absent, empty, or an earlier dossier, which is then replaced as a whole.
    A `text` comes first in it. `look_through` is given the folder with the new one, to add what
    lies beside the pages, before that takes its place; what it raises leaves the earlier one there.
    `record` is given it when nothing in it changes any more and all of it is on the disk; after a
    crash behind that, `finish` puts it in place. Raises InputError if `folder` is anything else, or
    if it cannot be written.
    """
    target, fresh, earlier = _places(folder)
    pages = render(report, text)
    is_recorded = False
    try:
        # 1. Put an earlier dossier back, if a crash within step 5 took it away.
        if earlier.exists() and not target.exists():
            earlier.rename(target)
        # 2. Refuse what is not ours. Nothing was changed.
        _refuse_foreign(target)
        # 3. Write everything beside it. A crash leaves the folder `fresh`, which step 3 clears.
        shutil.rmtree(fresh, ignore_errors=True)
        _write_files(pages, fresh)
        _copy_pictures(report.pictures.values(), fresh / "pictures")
        look_through(fresh)
        # 4. Log it, if it is to be. A crash from here on leaves it complete beside its place.
        if record is not None:
            _sync(fresh)
            record(fresh)
            is_recorded = True
        # 5. Put it in place.
        _replace(target, fresh, earlier)
    except OSError as error:
        raise InputError(
            f"{folder}: the dossier cannot be written: {error.strerror}. "
            "Free some space or choose another folder. An earlier dossier is not lost."
        ) from error
    finally:
        if not is_recorded:
            shutil.rmtree(fresh, ignore_errors=True)  # there is one only if something failed
    return target / FIRST_PAGE


def finish(folder: Path, is_recorded: Callable[[Path], bool]) -> bool:
    """Put in place what a crash left complete beside `folder`; return whether there was such.

    `is_recorded` tells of a folder whether `record` ended on it as it is. Raises InputError as
    `write_dossier`.
    """
    target, fresh, earlier = _places(folder)
    if not fresh.is_dir() or not is_recorded(fresh):
        return False
    _refuse_foreign(target)
    try:
        _replace(target, fresh, earlier)
    except OSError as error:
        raise InputError(
            f"{folder}: the dossier in {fresh} cannot be put in its place: {error.strerror}."
        ) from error
    return True


def _places(folder: Path) -> tuple[Path, Path, Path]:
    """Return where a dossier goes, where it is written first, and where an earlier one waits."""
    target = folder.resolve()
    fresh = target.with_name(f".{target.name}.sousveil-new")
    return target, fresh, target.with_name(f".{target.name}.sousveil-old")


def _replace(target: Path, fresh: Path, earlier: Path) -> None:
    """Take the dossier in place away, put the new one there, then drop the earlier one."""
    if target.exists():
        shutil.rmtree(earlier, ignore_errors=True)
        target.rename(earlier)
    fresh.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(earlier, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
    sync_folder(folder.parent)


def _refuse_foreign(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{target}: is a file. Name a folder for the dossier.")
    names = {entry.name for entry in target.iterdir()}
    if not names:
        return
    first_page = target / FIRST_PAGE
    if not first_page.is_file() or GENERATOR not in _head(first_page):
        raise InputError(f"{target}: exists and is not a dossier. Choose an empty or a new folder.")
    if extra := sorted(names - OUR_NAMES):
        raise InputError(
            f"{target}: holds {extra[0]}, which no dossier wrote and replacing it would delete. "
            "Move it away, or choose another folder."
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as page:
        return page.read(HEAD_BYTES)


def _write_files(pages: Mapping[str, bytes], folder: Path) -> None:
    (folder / "findings").mkdir(parents=True)
    for name, content in pages.items():
        (folder / name).write_bytes(content)


def _copy_pictures(pictures: Iterable[Shown], folder: Path) -> None:
    """Copy each picture's file once; the pages know it by its name."""
    folder.mkdir()
    files = {file.path for each in pictures for file in (each.part, each.whole) if file is not None}
    for path in sorted(files):
        shutil.copyfile(path, folder / path.name)
