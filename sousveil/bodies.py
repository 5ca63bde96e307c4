"""Bodies: how an event is written down, so that parts of it can be withheld and the rest proved.

Takes an event's type and body and gives its line in `events/`, and the reverse. Pure. A line is a
JSON array with a tab before each comma and before the closing bracket, and no tab elsewhere (in
JSON, text has none), so that `cut` takes it apart:

    [BODY<tab>,DISCLOSURE<tab>,DISCLOSURE<tab>]

BODY is RFC 8785 JSON; the log holds its SHA-256. In the place of each value that may one day have
to be withheld (`WITHHOLDABLE`) it holds a commitment, `{"...":"sha256:<64 hexadecimal digits>"}`:
the SHA-256 of a disclosure, `["<salt, 32 hexadecimal digits>",VALUE]`, RFC 8785 JSON as well. The
disclosures follow in the order of their commitments. Whoever is given a body without some of them
checks the rest as before, and sees where something is withheld, but cannot test a guess of it.

As RFC 9901 (SD-JWT) does with elements of arrays (section 4.2.4.2), but for members of objects,
too: names stay, values go. Digests are of the JSON itself and hexadecimal, as `sha256sum` has them,
and no value that is disclosed holds a commitment.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from sousveil.errors import EvidenceError
from sousveil.model import Json

WITHHOLDABLE: Mapping[str, tuple[str, ...]] = {
    "case.opened": ("title", "operator"),
    "watch.added": ("watch.target", "watch.actor", "watch.exit"),
    "watch.changed": ("watch.target", "watch.actor", "watch.exit"),
    "watch.retired": ("target",),
    "visit": ("exit", "requests", "not_shown", "rendering.browser", "repository.ip_address"),
    "around": ("asked.exit", "asked.requests"),
    "import": ("file", "taken_from.archive"),
    "handed-in": ("file", "given_by", "received", "by", "note"),
    "timemap": ("file", "exit", "requests"),
    "memento": ("exit", "requests"),
    "review": ("by", "note", "findings.shown"),
    "translation": ("by", "text"),
    "fact.added": ("by", "note", "fact.fields"),
    "fact.changed": ("by", "note", "fact.fields"),
    "fact.withdrawn": ("by", "note", "fact.fields"),
    "inquiry": ("to", "letter"),
    "inquiry.reply": ("letter",),
    "desk.user": ("name",),
    "published": ("by", "text", "correction"),
    "words.marked": ("words", "by", "note"),
    "picture.marked": ("by", "note"),
    "key.rotated": ("reason",),
    "key.revoked": ("reason",),
    "key.lost": ("reason",),
}
"""What of each type of event may be withheld. Lists on the way to a field are passed through.

Who we are and where we stood: that is ours to tell. What a target sent is not here: who doubts it
must see it. A field that is added here can be withheld from the next event on.
"""

_COMMITMENT = re.compile(rb'\{"\.\.\.":"sha256:([0-9a-f]{64})"\}')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BEFORE_VALUE = len('["",') + 32  # bytes of a disclosure before its value


@dataclass(frozen=True, slots=True)
class Line:
    """A line of `events/`, taken apart; what is in it is not checked yet."""

    body: bytes  # that the log has the digest of
    disclosures: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        """The body's digest, in the form of a log entry."""
        return f"sha256:{hashlib.sha256(self.body).hexdigest()}"


def write_line(kind: str, body: Mapping[str, Any], new_salt: Callable[[], str]) -> bytes:
    """Return the line of an event of type `kind`, without its end.

    `new_salt` gives 128 random bits in hexadecimal, each time others. Raises EvidenceError when
    the body itself holds what looks like a commitment.
    """
    disclosed: dict[bytes, bytes] = {}

    def commitment(value: object) -> Json:
        parts: list[Any] = [new_salt(), value]
        text = rfc8785.dumps(parts)
        digest = hashlib.sha256(text).hexdigest()
        disclosed[digest.encode()] = text
        return {"...": f"sha256:{digest}"}

    committed: Any = dict(body)
    for field in WITHHOLDABLE.get(kind, ()):
        committed = _replaced(committed, field.split("."), commitment)
    text = rfc8785.dumps(committed)
    in_order = _COMMITMENT.findall(text)
    if len(in_order) != len(disclosed):
        raise EvidenceError(f"{kind}: the event holds an object that is written like a commitment.")
    return b"[" + b"\t,".join([text, *(disclosed[digest] for digest in in_order)]) + b"\t]"


def _replaced(value: object, names: Sequence[str], replace: Callable[[object], Json]) -> object:
    """Return JSON with what the path `names` leads to replaced, where there is such a thing."""
    if isinstance(value, list):
        return [_replaced(one, names, replace) for one in value]
    name, *rest = names
    if not isinstance(value, dict) or value.get(name) is None:
        return value
    inner = _replaced(value[name], rest, replace) if rest else replace(value[name])
    return {**value, name: inner}


def read_line(line: bytes) -> Line:
    """Take a line apart. One that is not written as ours has no body that the log knows.

    Nor has a body that lost what stands around it: a line is written in one way.
    """
    line = line.removesuffix(b"\n")
    if not (line.startswith(b"[") and line.endswith(b"\t]")):
        return Line(b"")
    body, *disclosures = line[1:-2].split(b"\t,")
    return Line(body, tuple(disclosures))


def disclosure_problem(line: Line) -> str | None:
    """Return what is wrong with the disclosures of a line that withholds nothing, in words."""
    promised = _COMMITMENT.findall(line.body)
    given = [hashlib.sha256(one).hexdigest().encode() for one in line.disclosures]
    if promised == given:
        return None
    if len(given) < len(promised):
        return f"lacks {len(promised) - len(given)} of the values that its body commits to"
    return "has a value that is not the one that its body commits to"


def merged(line: Line) -> Json:
    """Return the body of a line, all values in place; `disclosure_problem` must know of none."""
    values = iter(line.disclosures)
    whole = _COMMITMENT.sub(lambda _: next(values)[_BEFORE_VALUE:-1], line.body)
    body: Json = json.loads(whole)
    return body


def committed_fields(line: Line) -> list[str]:
    """Return the name of what each commitment of a body stands for, in their order.

    Named as in `WITHHOLDABLE`.
    """
    return list(_fields(json.loads(line.body), ""))


def _fields(value: object, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _fields(one, path)
    elif isinstance(value, dict):
        if value.keys() == {"..."} and _DIGEST.fullmatch(str(value["..."])):
            yield path
            return
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}" if path else name)


def without(line: Line, fields: Collection[str]) -> Line:
    """Return a whole line without the disclosures of the `fields` named."""
    kept = zip(committed_fields(line), line.disclosures, strict=True)
    return Line(line.body, tuple(one for field, one in kept if field not in fields))
