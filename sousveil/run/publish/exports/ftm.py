"""FollowTheMoney: companies and what was captured of them, for Aleph, OpenSanctions' tools and kin.

JSON Lines, an entity each: an actor is a `Company` where sousveil's register knows it as a maker,
an `Organization` where only the case names it; a capture is a document by its media type, with its
digest in a note (`contentHash` is SHA-1, and means a file in Aleph's own store); a `Documentation`
says that a document has a statement about an actor. FollowTheMoney has no entity for a claim: the
quotes with their selectors are annotations in the file beside it, whose ids stand in `recordId`.
Ids follow from what is named, so that the next export has the same.

Projects follow (`projects.py`). No person becomes an entity; an account on a forge may be one, and
is none either.
"""

import json
from collections.abc import Iterator

from sousveil.jsonform import instant
from sousveil.model import Json
from sousveil.run.publish.exports.citations import printable
from sousveil.run.publish.exports.entities import (
    archived_in,
    capture_key,
    entity,
    entity_key,
    may_be_entity,
    schema_of,
)
from sousveil.run.publish.exports.projects import projects
from sousveil.run.publish.exports.told import Captured, Statement, Told
from sousveil.run.visit.records import SOFTWARE

_SCHEMATA = {
    "text/html": "HyperText",
    "application/xhtml+xml": "HyperText",
    "application/pdf": "Pages",
    "text/plain": "PlainText",
}


def ftm(told: Told) -> bytes:
    """Return the entities, a line each: actors, documents, then what ties them."""
    documents: dict[str, Captured] = {}
    for one in told.captures():
        documents.setdefault(capture_key(one.capture.record, one.capture.url), one)
    actors = _actors(told)
    lines = [*_actor_entities(told, actors), *map(_document, documents.values())]
    lines += [
        _link(said, actors[said.finding.actor or ""])
        for said in told.statements
        if said.finding.actor in actors
    ]
    lines += projects(told, known={one["id"] for one in lines})
    return b"".join(
        json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for line in lines
    )


def _actors(told: Told) -> dict[str, str]:
    """Return the ids of the actors that become entities, by name."""
    named = {one.finding.actor for one in told.statements}
    if not told.is_part:
        named |= {watch.actor for watch in told.watches}
    public = (name for name in named if name and may_be_entity(name))
    return {name: entity_key("actor", name) for name in sorted(public)}


def _actor_entities(told: Told, actors: dict[str, str]) -> Iterator[Json]:
    hosts: dict[str, set[str]] = {}
    for watch in told.watches:
        if watch.actor and watch.target.startswith(("http://", "https://")):
            hosts.setdefault(watch.actor, set()).add(watch.target)
    for name, key in actors.items():
        properties = {"name": [name], "sourceUrl": sorted(hosts.get(name, ()))}
        yield entity(key, schema_of(name), properties)


def _document(one: Captured) -> Json:
    capture, record = one.capture, one.capture.record
    return entity(
        capture_key(record, capture.url),
        _SCHEMATA.get(capture.media_type, "Document"),
        {
            "title": [printable(one.title)],
            "sourceUrl": [capture.url],
            "retrievedAt": [instant(capture.captured_at.replace(microsecond=0))],
            "mimeType": [capture.media_type],
            "publisher": [one.publisher or ""],
            "crawler": [SOFTWARE],
            "notes": [archived_in(record, one.log_index), one.caveat],
        },
    )


def _link(one: Statement, actor: str) -> Json:
    finding = one.finding
    return entity(
        entity_key("finding", finding.id),
        "Documentation",
        {
            "document": [capture_key(finding.capture.record, finding.capture.url)],
            "entity": [actor],
            "role": [f"{finding.claim.label} {finding.claim.trait}"],
            "summary": [printable(finding.quote)],
            "date": [f"{finding.capture.captured_at:%Y-%m-%d}"],
            "recordId": [f"urn:sousveil:finding:{finding.id}"],
            "status": [one.status],
            "sourceUrl": [finding.url],
        },
    )
