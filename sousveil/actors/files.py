"""Loads files of actors: TOML in, `Actor` values out. The format is strict.

Takes the text of `vendors.toml`, or of a case's `actors.toml`, and the place to name in messages.
TOML 1.0 (tomllib).
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from sousveil.actors.names import folded
from sousveil.actors.register import Actor
from sousveil.errors import ActorError

MAX_FILE_BYTES = 1_000_000  # ours has 20 kB; a larger file is no list of names
MAX_NAME_CHARACTERS = 100  # official lists have names of 90

_LISTS = ("names", "cased", "common", "never", "domains", "accounts")
_KEYS = {"name", "reports", *_LISTS}
# A host in lower case, with the path under which its pages are this actor's, if not all are.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?:/\S*)?")
_ACCOUNT = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]+/[^/\s]+")
_SHORTEST_ASCII = 3  # letters of a name that is told in any case: "ZTE" is one, "HP" everywhere
_SHORTEST = 2


def parse_actors(text: str, place: str) -> tuple[Actor, ...]:
    """Return the actors of a file; raises ActorError that names the place and the next step."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ActorError(f"{place}: not valid TOML: {error}. Correct that line.") from error
    tables = data.get("actor")
    if set(data) != {"actor"} or not isinstance(tables, list):
        raise ActorError(f"{place}: must hold [[actor]] tables and nothing else. Write [[actor]].")
    return tuple(_actor(table, f"{place}: actor {n}") for n, table in enumerate(tables, start=1))


def lint(actors: tuple[Actor, ...], place: str) -> Iterator[str]:
    """Yield what is sound but surely not meant, a line each: names given twice, or too short."""
    seen: dict[str, str] = {}
    for actor in actors:
        told = dict.fromkeys((*actor.names, *actor.cased, *actor.common))
        for text in (*told, *actor.domains, *(account.casefold() for account in actor.accounts)):
            before = seen.setdefault(folded(text), actor.name)
            if before != actor.name:
                yield f"{place}: {actor.name}: {text!r} is {before}'s too; keep one of the two."
        for text in actor.names:
            if len(text) < (_SHORTEST_ASCII if text.isascii() else _SHORTEST):
                yield f"{place}: {actor.name}: {text!r} is too short; put it under `common`."


def _actor(table: object, place: str) -> Actor:
    if not isinstance(table, dict):
        raise ActorError(f"{place}: must be a table. Write [[actor]].")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise ActorError(f"{place}: unknown key {unknown[0]!r}. Known: {', '.join(sorted(_KEYS))}.")
    name = table.get("name")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME_CHARACTERS:
        raise ActorError(f'{place}: name must be a short text. Add name = "…".')
    place = f"{place} ({name})"
    reports = table.get("reports", False)
    if not isinstance(reports, bool):
        raise ActorError(f"{place}: reports must be true or false.")
    told = {key: _texts(table, key, place) for key in _LISTS}
    for domain in told["domains"]:
        if not _DOMAIN.fullmatch(domain):
            raise ActorError(f'{place}: {domain!r} is no domain. Write "acme.example".')
    for account in told["accounts"]:
        if not _ACCOUNT.fullmatch(account):
            raise ActorError(f'{place}: {account!r} is no account. Write "github.com/acme".')
    if name not in (*told["cased"], *told["common"], *told["names"]):
        told["names"] = (name, *told["names"])
    return Actor(
        name,
        told["names"],
        told["cased"],
        told["common"],
        told["never"],
        told["domains"],
        told["accounts"],
        reports=reports,
    )


def _texts(table: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    texts = table.get(key, [])
    if not isinstance(texts, list):
        raise ActorError(f'{place}: {key} must be a list of texts. Write {key} = ["…"].')
    for text in texts:
        is_text = isinstance(text, str) and 0 < len(text.strip()) <= MAX_NAME_CHARACTERS
        if not is_text or text != text.strip():
            raise ActorError(f"{place}: {key}: {text!r} is no name. Write a short text in quotes.")
    return tuple(texts)
