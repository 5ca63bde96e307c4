"""Where a register comes from: our own file, a case's file, and the official lists of the case.

Reads `vendors.toml` of the package, `actors.toml` beside `case.toml`, and the lists that the log
names. The case's own entries win over ours. A company that only a list knows is told by its full
name; a short name of it counts only beside telling words, for nobody chose it to be unmistakable.

Trust: who can write to the case's folder can change `actors.toml`, hence who is named; a list must
be the file that was logged.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from sousveil.actors.files import MAX_FILE_BYTES, parse_actors
from sousveil.actors.lists import Row, bare, read_list
from sousveil.actors.names import key, without_form
from sousveil.actors.register import Actor, Register
from sousveil.errors import ActorError
from sousveil.model import Listing

ACTORS_FILE = "actors.toml"
LIST_PATH = re.compile(r"lists/[a-z0-9-]{1,80}\.csv")
_VENDORS_FILE = "vendors.toml"
_TELLING_WORDS = 2  # of a listed name: one word alone may mean anything
_TELLING_HANZI = 4  # "翠鸟视觉": two of them alone are an ordinary word


@dataclass(frozen=True, slots=True)
class OfficialList:
    """A list in a case's folder, as the log tells of it."""

    name: str
    source: str  # where it is published; "" when not told
    path: str  # POSIX path below the case folder
    sha256: str  # hexadecimal


@cache
def shipped_register() -> Register:
    """Return the makers that come with sousveil."""
    return Register(_shipped())


@cache
def _shipped() -> tuple[Actor, ...]:
    text = resources.files("sousveil.actors").joinpath(_VENDORS_FILE).read_text("utf-8")
    return parse_actors(text, _VENDORS_FILE)


def case_register(root: Path, lists: Sequence[OfficialList] = ()) -> Register:
    """Return the register of the case in `root`, with the official lists that the log names.

    Raises ActorError when `actors.toml` is malformed, or a list is not the file that was logged.
    """
    own = read_actors(root / ACTORS_FILE) if (root / ACTORS_FILE).exists() else ()
    if not own and not lists:
        return shipped_register()
    renamed = {key(actor.name) for actor in own}
    actors = (*own, *(actor for actor in _shipped() if key(actor.name) not in renamed))
    return Register(with_lists(actors, [(one, _read_logged(root, one)) for one in lists]))


def read_actors(path: Path) -> tuple[Actor, ...]:
    """Return the actors of a file; raises ActorError when it cannot be read or is malformed."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ActorError(
                f"{path}: larger than {MAX_FILE_BYTES} bytes; this is no list of names."
            )
        return parse_actors(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise ActorError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise ActorError(
            f"{path}: is not UTF-8 at byte {error.start}. Save it as UTF-8."
        ) from error


def _read_logged(root: Path, one: OfficialList) -> list[Row]:
    path = root / one.path
    if not LIST_PATH.fullmatch(one.path) or not path.is_file() or path.is_symlink():
        raise ActorError(
            f"{path}: the log names this list, and no such file is there. Put it back."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ActorError(f"{path}: cannot be read ({error.strerror}). Check its rights.") from error
    if hashlib.sha256(data).hexdigest() != one.sha256:
        raise ActorError(
            f"{path}: is not the file that was logged. Put the original back; a newer list is taken"
            " in with `sousveil actors import`."
        )
    return read_list(data, str(path))


def with_lists(
    actors: Sequence[Actor], lists: Iterable[tuple[OfficialList, Sequence[Row]]]
) -> tuple[Actor, ...]:
    """Return the actors with what the lists say of them, and whoever only a list names."""
    known = Register(actors)
    rows_of: dict[Actor, list[tuple[OfficialList, Row]]] = {actor: [] for actor in actors}
    unknown: dict[str, list[tuple[OfficialList, Row]]] = {}
    for one, rows in lists:
        for row in rows:
            text = "\n".join((row.name, *row.aliases))
            named = dict.fromkeys(mention.actor for mention in known.mentions(text))
            for actor in named:
                rows_of[actor].append((one, row))
            if not named and not row.is_sentence:
                unknown.setdefault(key(bare(row.name)), []).append((one, row))
    return (
        *(replace(actor, listings=_listings(rows)) for actor, rows in rows_of.items()),
        *(_listed(rows) for rows in unknown.values()),
    )


def _listings(rows: Sequence[tuple[OfficialList, Row]]) -> tuple[Listing, ...]:
    """Return one listing for each name on each list, since its first entry that still stands.

    A list that is published anew repeats its entries.
    """
    together: dict[tuple[str, str], list[tuple[OfficialList, Row]]] = {}
    for one, row in rows:
        together.setdefault((one.name, key(bare(row.name))), []).append((one, row))
    listings = []
    for entries in together.values():
        standing = [entry for entry in entries if entry[1].until is None] or entries
        one, row = min(standing, key=lambda entry: entry[1].since or "9")
        until = max((entry[1].until or "" for entry in standing), default="") or None
        listings.append(Listing(one.name, row.name, row.since, row.source or one.source, until))
    return tuple(listings)


def _listed(rows: Sequence[tuple[OfficialList, Row]]) -> Actor:
    """Return somebody whom only lists name."""
    name = bare(rows[0][1].name)
    full = dict.fromkeys(
        spelt for _, row in rows for spelt in (bare(row.name), without_form(bare(row.name)))
    )
    short = dict.fromkeys(alias for _, row in rows for alias in row.aliases)
    telling = tuple(filter(_is_telling, full))
    return Actor(
        name=name,
        names=telling,
        common=tuple(text for text in (*full, *short) if text not in telling),
        listings=_listings(rows),
    )


def _is_telling(name: str) -> bool:
    """Whether a name is so long that it means nobody else."""
    hanzi = sum("\u4e00" <= character <= "\u9fff" for character in without_form(name))
    return len(name.split()) >= _TELLING_WORDS or hanzi >= _TELLING_HANZI
