"""Endpoints and their parameters, declared once: requests are read by it and OpenAPI made of it.

A parameter's form is a JSON Schema (OpenAPI 3.1, "Schema Object") of the few words that `read`
knows; what it refuses is what the description does not allow.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

from sousveil.errors import InputError
from sousveil.index.filters import MAX_CHARACTERS, MAX_CHOICES, STATES, STATUSES
from sousveil.index.lists import HEALTH, MAX_PAGE
from sousveil.index.search.find import MAX_HITS
from sousveil.index.search.passages import KINDS
from sousveil.index.search.question import MAX_QUESTION_CHARACTERS
from sousveil.index.store import Index
from sousveil.model import LABELS, Json

DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query."""

    name: str
    says: str  # for people
    schema: Json = field(default_factory=lambda: {"type": "string"})
    is_many: bool = False  # may be given several times: any of them
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What a request asks for, checked."""

    values: Sequence[tuple[str, str]]

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a parameter."""
        return dict(self.values).get(name, default)

    @property
    def limit(self) -> int:
        """Return how many rows are asked for."""
        return int(self.one("limit", str(DEFAULT_LIMIT)))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that answers in JSON."""

    path: str  # "/api/findings/{id}"
    says: str
    parameters: tuple[Parameter, ...]
    answer: Json  # schema of what comes
    handle: Callable[[Index, Given, Request], object]


def _choice(name: str, says: str, known: Sequence[str] = ()) -> Parameter:
    schema: Json = {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS}
    if known:
        schema = {"type": "string", "enum": list(known)}
    return Parameter(name, says, schema, is_many=True)


_DAY = {"type": "string", "format": "date", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

WATCH = Parameter(
    "watch", "Id of a target.", {"type": "string", "pattern": "^[0-9a-f]{12}$"}, is_many=True
)
SINCE = Parameter("since", "On this day (UTC) or later.", _DAY)
UNTIL = Parameter("until", "On this day (UTC) or earlier.", _DAY)
FILTER = (
    _choice("actor", "Whose system it is about, by name; “(nobody)” where nobody is named."),
    _choice("label", "What is said.", LABELS),
    _choice("trait", "Which trait, such as ethnicity."),
    _choice("lang", "Language (BCP 47), with all that begins with it."),
    _choice("host", "Host of the address, with its port if it has one."),
    _choice("kind", "Kind of document.", KINDS),
    _choice("state", "What became of it.", STATES),
    _choice("status", "What people decided.", STATUSES),
    WATCH,
    SINCE,
    UNTIL,
)
AFTER = Parameter(
    "after",
    "Where the page begins: `next` of the one before.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 4_000},
)
LIMIT = Parameter(
    "limit",
    f"Rows of a page; {DEFAULT_LIMIT} if not told.",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
)
OFFSET = Parameter(
    "offset", "Hits to leave out.", {"type": "integer", "minimum": 0, "maximum": MAX_HITS}
)
QUESTION = Parameter(
    "q",
    "Words, “a phrase”, begin*, -without, /a pattern/.",
    {"type": "string", "minLength": 1, "maxLength": MAX_QUESTION_CHARACTERS},
    is_required=True,
)
FROM = Parameter(
    "from",
    "The first entry, from 0.",
    {"type": "integer", "minimum": 0, "maximum": 999_999_999},
)
HEALTH_IS = Parameter("health", "How a target is.", {"type": "string", "enum": list(HEALTH)})


def given(request: Request, parameters: Sequence[Parameter]) -> Given:
    """Return what a request asks for; raises InputError for what is not described."""
    known = {one.name: one for one in parameters}
    seen: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise InputError(f"{name[:MAX_CHARACTERS]}: there is no such parameter.")
        seen.setdefault(name, []).append(value)
    for one in parameters:
        values = seen.get(one.name, [])
        if one.is_required and not values:
            raise InputError(f"{one.name}: is missing. {one.says}")
        if len(values) > (MAX_CHOICES if one.is_many else 1):
            raise InputError(f"{one.name}: given too often.")
        for value in values:
            _check(one, value)
    return Given(tuple((name, value) for name, values in seen.items() for value in values))


def _check(one: Parameter, value: str) -> None:
    schema: Mapping[str, object] = one.schema
    problem = ""
    if schema["type"] == "integer":
        low, high = int(str(schema["minimum"])), int(str(schema["maximum"]))
        is_number = re.fullmatch(r"-?[0-9]{1,9}", value) is not None
        if not is_number or not low <= int(value) <= high:
            problem = f"is a whole number from {low} to {high}"
    elif "enum" in schema and value not in (known := list(map(str, _list(schema["enum"])))):
        problem = f"is one of {', '.join(known)}"
    elif "pattern" in schema and not re.fullmatch(str(schema["pattern"])[1:-1], value):
        problem = f"has the form {schema['pattern']}"
    elif not _int(schema, "minLength", 0) <= len(value) <= _int(schema, "maxLength", len(value)):
        problem = f"has at most {schema.get('maxLength')} characters, and some"
    if problem:
        raise InputError(f"{one.name}: {problem}.")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _int(schema: Mapping[str, object], name: str, default: int) -> int:
    value = schema.get(name, default)
    return value if isinstance(value, int) else default
