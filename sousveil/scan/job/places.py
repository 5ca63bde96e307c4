"""Places of records that an index names, and what is wanted of them."""

from dataclasses import dataclass
from typing import NamedTuple

from sousveil.errors import InputError


class Place(NamedTuple):
    """Where a record lies."""

    filename: str  # as the index writes it
    offset: int  # bytes of the file as stored
    length: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are wanted; what is empty lets everything pass."""

    languages: tuple[str, ...] = ()  # ISO 639-3; a page that has any of them
    media_types: tuple[str, ...] = ()  # "text/html"; "text/" for all such
    hosts: tuple[str, ...] = ()  # "example.com", with all hosts below it
    since: str = ""  # from here on, as WARC-Date is written: "2024-01" and longer
    until: str = ""  # before


EVERYTHING = Wanted()


def checked_place(place: str, name: object, offset: object, length: object) -> Place:
    """Return a place; raises InputError when what an index tells is none."""
    try:
        numbers = int(str(offset)), int(str(length))
    except ValueError:
        numbers = (-1, -1)
    if not isinstance(name, str) or not name or numbers[0] < 0 or numbers[1] <= 0:
        raise InputError(
            f"{place}: does not tell file, offset and length of a record. Only an index that does"
            " can choose records; scan the files whole, without --index."
        )
    return Place(name, *numbers)
