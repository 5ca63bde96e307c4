"""Names: whether what a package calls its files is safe to unpack, and means one file everywhere.

Takes names and tells what is wrong with them. Follows APPNOTE, section 4.4.17 (no drive, no leading
slash, slashes forward), and what the file systems of others do: some know no difference of case, or
of the ways to compose an accented letter.
"""

import re
import unicodedata
from collections.abc import Iterable

from sousveil.archive.wacz_check.told import Told

# What Linux, Windows and macOS take in one part of a path, and of all of it.
MAX_PART, MAX_NAME = 255, 1_024

_DRIVE = re.compile(r"[A-Za-z]:")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, invisible marks, line breaks


def check_names(names: Iterable[str], told: Told) -> None:
    """Tell which names are dangerous, and which stand for more than one file."""
    seen: dict[str, str] = {}
    for name in names:
        for problem in _problems(name):
            told.fault(name, problem)
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if folded not in seen:
            seen[folded] = name
        elif seen[folded] == name:
            told.fault(name, "two files of the ZIP have this name")
        else:
            problem = "has the name of another file, but for case or accents"
            told.fault(name, f"{problem}: {seen[folded]!r}")


def _problems(name: str) -> Iterable[str]:
    parts = name.removesuffix("/").split("/")
    if any(unicodedata.category(one) in _HIDDEN for one in name):
        yield f"has characters in its name that nobody sees: {name!a}"
    if name.startswith("/") or _DRIVE.match(name):
        yield "is named as a file outside the package: its name is absolute"
    if ".." in parts:
        yield "is named as a file outside the package: '..'"
    if "\\" in name:
        yield "has a backslash in its name, which some systems take for a folder"
    if "" in parts or "." in parts:
        yield "has an empty part in its name, or '.'"
    if len(name) > MAX_NAME or any(len(part) > MAX_PART for part in parts):
        yield f"has a name longer than {MAX_PART} characters a part, or {MAX_NAME} in all"
