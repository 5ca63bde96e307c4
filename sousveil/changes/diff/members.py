"""Members: the fields, enumeration members and endpoints that a document declares.

Takes a document and gives what an interface is made of; `changed_members` takes two and lists what
came and went. Of JSON and YAML the place tells what a name is (OpenAPI 3.1, sections 4.8.8 and
4.8.24; JSON Schema 2020-12), source code is read by `declarations.py`, and endpoints are found in
any text that writes them as HTTP does: a method and a path.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sousveil.changes.diff.declarations import Declarations
from sousveil.changes.diff.values import Member, MemberKind
from sousveil.model import BlockKind, Document

# Of one document; the largest SDK header declares 9,000.
MAX_MEMBERS = 50_000
MAX_PATH_CHARACTERS = 300

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_ENDPOINT = re.compile(
    r"\b(?P<method>GET|POST|PUT|PATCH|DELETE)\s+(?:https?://[^\s/\"'<>]{1,255})?"
    rf"(?P<path>/[\w./{{}}:~%-]{{1,{MAX_PATH_CHARACTERS}}})"
    r"|(?:@(?P<mapped>Get|Post|Put|Patch|Delete)Mapping\(\s*(?:value\s*=\s*)?"
    r"|\.(?P<routed>get|post|put|patch|delete|GET|POST|PUT|PATCH|DELETE)\(\s*)"
    rf"[\"'`](?P<route>/[^\s\"'`]{{0,{MAX_PATH_CHARACTERS}}})"
    r"|\brpc\s+(?P<call>[A-Za-z_]\w{0,99})\s*\("
)
# What has no source text that people open in an editor.
_WITHOUT_LINES = frozenset({"rendered", "pdf", "office", "image"})

_NUMBER = re.compile(r"[0-9]+")
_FLOW = re.compile(r"[^\[\],\"'\s][^\[\],\"']*")


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """What came and went, in the order of the documents."""

    came: tuple[Member, ...] = ()
    left: tuple[Member, ...] = ()
    strange: tuple[str, ...] = ()  # what was not understood, in sentences


@dataclass(frozen=True, slots=True)
class _Read:
    """What one document declares."""

    members: Sequence[Member]
    strange: int  # items that fit no rule
    is_cut: bool


def changed_members(before: Document, after: Document) -> MemberChanges:
    """Return the fields, enumeration members, constants and endpoints that came and went.

    The order, the line and the type of a field make no difference. Empty for two documents that
    declare nothing.
    """
    former, later = _read(before), _read(after)
    had = {_identity(one) for one in former.members}
    has = {_identity(one) for one in later.members}
    strange = []
    if former.strange or later.strange:
        count = max(former.strange, later.strange)
        strange.append(
            f"{count:,} items of structures or enumerations fit no rule and are left out."
        )
    if former.is_cut or later.is_cut:
        strange.append(f"Only the first {MAX_MEMBERS:,} declarations were read.")
    return MemberChanges(
        came=tuple(_once(one for one in later.members if _identity(one) not in had)),
        left=tuple(_once(one for one in former.members if _identity(one) not in has)),
        strange=tuple(strange),
    )


def _identity(member: Member) -> tuple[str, str, str]:
    return member.kind, member.of, member.name


def _once(members: Iterator[Member]) -> Iterator[Member]:
    seen: dict[tuple[str, str, str], Member] = {}
    for one in members:
        seen.setdefault(_identity(one), one)
    yield from seen.values()


def _read(document: Document) -> _Read:
    members = list(_endpoints(document))
    strange = 0
    if document.format == "json":
        members += _data(document)
    else:
        read = Declarations()
        read.read(_code_lines(document))
        members += read.members
        strange = read.strange
    members.sort(key=lambda one: one.line or 0)
    if document.format in _WITHOUT_LINES:
        members = [replace(one, line=None) for one in members]
    return _Read(members[:MAX_MEMBERS], strange, len(members) > MAX_MEMBERS)


def _code_lines(document: Document) -> Iterator[tuple[str, int, str]]:
    for block in document.blocks:
        if block.kind is BlockKind.CODE:
            start = block.start
            for text in document.text[block.start : block.end].splitlines(keepends=True):
                yield text, document.line(start), block.context
                start += len(text)


def _endpoints(document: Document) -> Iterator[Member]:
    for block in document.blocks:
        for found in _ENDPOINT.finditer(document.text, block.start, block.end):
            line = document.line(found.start())
            if found["call"]:
                yield Member("endpoint", f"rpc {found['call']}", "", line)
                continue
            method = found["method"] or found["mapped"] or found["routed"]
            path = found["path"] or found["route"]
            yield Member("endpoint", f"{method.upper()} {path.rstrip('.')}", "", line)


def _data(document: Document) -> Iterator[Member]:
    pointers = {block.context for block in document.blocks if block.kind is BlockKind.FIELD}
    is_schema = any(
        pointer in {"/openapi", "/swagger", "/$schema"} or pointer.endswith("/properties")
        for pointer in pointers
    )
    for block in document.blocks:
        steps = [_unescaped(step) for step in block.context.split("/")[1:]]
        text = document.text[block.start : block.end]
        told: tuple[MemberKind, str, str] | None = None
        if block.kind is BlockKind.FIELD:
            told = _schema_field(steps) if is_schema else _plain_field(steps)
        elif block.kind is BlockKind.STRING:
            yield from _values(steps, text, document.line(block.start))
        if told is not None:
            yield Member(*told, document.line(block.start))


def _unescaped(step: str) -> str:
    """Undo the escapes of a JSON Pointer's step (RFC 6901 section 4)."""
    return step.replace("~1", "/").replace("~0", "~")


def _schema_field(steps: Sequence[str]) -> tuple[MemberKind, str, str] | None:
    match steps:
        case ["paths", path, method] if method in _METHODS:
            return "endpoint", f"{method.upper()} {path}", ""
        case [*above, "properties", name]:
            return "field", name, _owner(above)
    return None


def _plain_field(steps: Sequence[str]) -> tuple[MemberKind, str, str] | None:
    names = [step for step in steps if not _NUMBER.fullmatch(step)]
    return ("field", names[-1], ".".join(names[:-1])) if names else None


def _values(steps: Sequence[str], text: str, line: int) -> Iterator[Member]:
    """Give what a string value declares: members of an `enum`, the name of a parameter."""
    match steps:
        case [*above, "enum", number] if _NUMBER.fullmatch(number):
            yield Member("member", text, _owner(above), line)
        case [*above, "enum"] if text.startswith("["):  # a flow sequence of YAML
            for found in _FLOW.finditer(text):
                yield Member("member", found[0].strip(), _owner(above), line)
        case ["paths", path, *method, "parameters", _, "name"]:
            yield Member("field", text, " ".join([*(one.upper() for one in method), path]), line)


def _owner(steps: Sequence[str]) -> str:
    """Return the name of the schema at a place, with the property in it: "Face.race"."""
    match steps:
        case ["paths", path, method, *_] if method in _METHODS:
            start = f"{method.upper()} {path}"
        case ["components", "schemas", name, *_] | ["definitions" | "$defs", name, *_]:
            start = name
        case _:
            start = ""
    inner = [name for above, name in pairwise(steps) if above == "properties"]
    return ".".join(filter(None, [start, *inner]))
