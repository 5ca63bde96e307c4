"""The ZIP file around an office document, and the XML in it.

Takes bytes, gives the parts' XML as a stream of events and the relations between parts (ECMA-376
part 2, Open Packaging Conventions, sections 6.5 and 7; OpenDocument 1.3 part 2, section 3). Every
part is read under one budget, so a ZIP bomb ends in an ExtractError; a document type declaration,
which neither standard allows and which entity attacks need, is refused. Nothing is ever unpacked
to disk.
"""

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple
from xml.parsers import expat

from sousveil.errors import ExtractError

MAX_PARTS = 50_000  # entries of the ZIP directory; a deck of 1,000 slides has some 5,000
MAX_XML_BYTES = 256 << 20  # unpacked, all parts we read together; a million cells take some 60 MB
MAX_EVENTS = 10_000_000  # in all of them, see `Event`; bounds the time to some 15 seconds
MAX_DEPTH = 1_000  # of elements; Word's nested tables reach 50
_CHUNK = 1 << 16
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # all that the standards allow

# What zipfile raises for bytes that are no ZIP file, as fuzzing found; ValueError for an offset
# before the start or a name that is no text, NotImplementedError for a version of the future.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


class Event(NamedTuple):
    """A piece of XML in document order: an element opens or ends, or text.

    `name` is the local name, for text the text itself. Attributes in a namespace are called
    ":local", others "local": office formats change their namespaces' names, not their words.
    """

    kind: Literal["start", "end", "text"]
    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another."""

    id: str
    type: str  # last segment of its URI: "slide", "notesSlide"
    part: str  # path in the package


_NO_ATTRIBUTES: Mapping[str, str] = {}


class Package:
    """An open ZIP file and what is left of its budget."""

    def __init__(self, payload: bytes) -> None:
        """Read the directory; raises ExtractError for one that is damaged or too long."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(payload))
        except _BROKEN_ZIP as error:
            raise _damaged("the ZIP file", str(error)) from error
        self.parts = frozenset(self._zip.namelist())
        if len(self.parts) > MAX_PARTS:
            raise _too_large(f"{MAX_PARTS} parts")
        self._bytes_left = MAX_XML_BYTES
        self._events_left = MAX_EVENTS

    def events(self, part: str, skip: frozenset[str] = frozenset()) -> Iterator[Event]:
        """Give the XML of a part, without the elements named in `skip` and all in them.

        Raises ExtractError when it is missing, damaged or beyond the budget.
        """
        reader = _Reader(part, skip)
        for chunk in self._chunks(part):
            yield from self._counted(reader.feed(chunk, last=False))
        yield from self._counted(reader.feed(b"", last=True))

    def relations(self, part: str) -> list[Relation]:
        """Return the links of a part within the package ("" for the package's own), in order."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self.parts:
            return []
        found = []
        for event in self.events(path):
            values = event.attributes
            if event.kind == "start" and event.name == "Relationship" and "Target" in values:
                target = posixpath.normpath(posixpath.join("/", folder, values["Target"]))
                kind = values.get("Type", "").rpartition("/")[2]
                if values.get("TargetMode") != "External":
                    found.append(Relation(values.get("Id", ""), kind, target.lstrip("/")))
        return found

    def related(self, part: str, kind: str) -> list[str]:
        """Return the parts that `part` links to as `kind`, those that are there."""
        return [r.part for r in self.relations(part) if r.type == kind and r.part in self.parts]

    def starts_with(self, part: str, limit: int) -> bytes:
        """Return the first bytes of a part, b"" when it isn't there."""
        return next(self._chunks(part), b"")[:limit] if part in self.parts else b""

    def _counted(self, events: list[Event]) -> list[Event]:
        self._events_left -= len(events)
        if self._events_left < 0:
            raise _too_large(f"{MAX_EVENTS} pieces of XML")
        return events

    def _chunks(self, part: str) -> Iterator[bytes]:
        try:
            if self._zip.getinfo(part).compress_type not in _METHODS:
                raise _damaged(part, "packed in a way the standard does not allow")
            with self._zip.open(part) as file:
                while chunk := file.read(_CHUNK):
                    self._bytes_left -= len(chunk)
                    if self._bytes_left < 0:
                        raise _too_large(f"{MAX_XML_BYTES >> 20} MB when unpacked")
                    yield chunk
        except KeyError:
            raise _damaged(part, "missing") from None
        except _BROKEN_ZIP as error:
            raise _damaged(part, str(error)) from error
        except RuntimeError:  # zipfile's word for an entry that needs a password
            raise ExtractError("the file needs a password; the capture itself is kept") from None


class _Reader:
    """Turns a part's bytes into events."""

    def __init__(self, part: str, skip: frozenset[str]) -> None:
        self._part = part
        self._skip = skip
        self._depth = 0
        self._skipped_at = 0  # depth of the element that is skipped; 0 for none
        self._events: list[Event] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._parser = parser

    def feed(self, data: bytes, *, last: bool) -> list[Event]:
        """Return the events that `data` completes."""
        self._events = []
        try:
            self._parser.Parse(data, last)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: its encoding
            raise _damaged(self._part, str(error)) from error
        return self._events

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _damaged(self._part, f"nested deeper than {MAX_DEPTH} elements")
        local = name.rpartition(" ")[2]
        if not self._skipped_at and local in self._skip:
            self._skipped_at = self._depth
        if not self._skipped_at:
            values = {
                f":{key.rpartition(' ')[2]}" if " " in key else key: value
                for key, value in attributes.items()
            }
            self._events.append(Event("start", local, values))

    def _end(self, name: str) -> None:
        if not self._skipped_at:
            self._events.append(Event("end", name.rpartition(" ")[2], _NO_ATTRIBUTES))
        elif self._skipped_at == self._depth:
            self._skipped_at = 0
        self._depth -= 1

    def _text(self, text: str) -> None:
        if not self._skipped_at:
            self._events.append(Event("text", text, _NO_ATTRIBUTES))

    def _refuse_doctype(self, *_: object) -> None:
        raise _damaged(self._part, "it declares a document type, as attacks with entities do")


def _damaged(what: str, why: str) -> ExtractError:
    return ExtractError(f"{what} is damaged ({why}), so it is not read; the capture itself is kept")


def _too_large(what: str) -> ExtractError:
    return ExtractError(
        f"the document has more than {what}, so it is not read; the capture itself is kept"
    )
