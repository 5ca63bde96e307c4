"""What a payload holds to read: one document, or those of the files in a package.

Takes bytes as `reader.extract` does and gives a `Reading` for each document, one at a time, so that
a package never lies in memory unpacked. Nothing is raised: what cannot be read says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.errors import ExtractError
from sousveil.extract.packages.parts import parts
from sousveil.extract.reader import extract
from sousveil.model import Document


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read, or why there is none."""

    part: str | None  # path within the package, "docs/api.pdf"; None without one
    payload: bytes  # of the document itself; b"" when it could not be had
    document: Document | None
    problem: str = ""  # why there is no document, in a sentence


def readings(
    payload: bytes, *, media_type: str, charset: str | None, name: str
) -> Iterator[Reading]:
    """Give what can be read of `payload`; takes what `extract` takes.

    What is no package gives exactly one Reading, with `part` None. A package gives one for each
    file that may hold text, and one with `part` "" for what is to be told of the whole of it.
    """
    packed = parts(payload, name=name)
    if packed is None:
        yield _reading(None, payload, media_type, charset, name)
        return
    for part in packed:
        if part.payload is None:
            told = f"{part.path}: {part.problem}" if part.path else part.problem
            yield Reading(part.path, b"", None, told)
        else:
            yield _reading(part.path, part.payload, "", None, part.path)


def _reading(
    part: str | None, payload: bytes, media_type: str, charset: str | None, name: str
) -> Reading:
    try:
        document = extract(payload, media_type=media_type, charset=charset, name=name)
    except ExtractError as error:
        return Reading(part, payload, None, str(error))
    return Reading(part, payload, document)
