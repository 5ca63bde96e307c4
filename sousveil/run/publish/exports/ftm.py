"""FollowTheMoney: companies and what was captured of them, for Aleph, OpenSanctions' tools and kin.

JSON Lines, an entity each: an actor is a `Company` where sousveil's register knows it as a maker,
an `Organization` where only the case names it; a capture is a document by its media type, with its
digest in a note (`contentHash` is SHA-1, and means a file in Aleph's own store); a `Documentation`
says that a document has a statement about an actor. FollowTheMoney has no entity for a claim: the
quotes with their selectors are annotations in the file beside it, whose ids stand in `recordId`.
Ids follow from what is named, so that the next export has the same.

No person becomes an entity. An account on a forge may be a person, and is none either.
"""

import hashlib
import json
from collections.abc import Iterator

from sousveil.actors import shipped_register
from sousveil.actors.address import FORGES
from sousveil.jsonform import instant
from sousveil.model import Capture, Json
from sousveil.run.publish.exports.citations import printable
from sousveil.run.publish.exports.told import Captured, Statement, Told
from sousveil.run.visit.records import SOFTWARE

ID_DIGITS = 40  # as FollowTheMoney's own SHA-1 keys

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
        documents.setdefault(_document_id(one.capture), one)
    actors = _actors(told)
    lines = [*_actor_entities(told, actors), *map(_document, documents.values())]
    lines += [
        _link(said, actors[said.finding.actor or ""])
        for said in told.statements
        if said.finding.actor in actors
    ]
    return b"".join(
        json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for line in lines
    )


def _actors(told: Told) -> dict[str, str]:
    """Return the ids of the actors that become entities, by name."""
    named = {one.finding.actor for one in told.statements}
    if not told.is_part:
        named |= {watch.actor for watch in told.watches}
    return {name: _id("actor", name) for name in sorted(filter(None, named)) if _is_public(name)}


def _is_public(name: str) -> bool:
    """Tell whether a name is not that of an account, which may be a person's."""
    return name.partition("/")[0] not in FORGES


def _actor_entities(told: Told, actors: dict[str, str]) -> Iterator[Json]:
    makers = {one.name for one in shipped_register().actors if not one.reports}
    hosts: dict[str, set[str]] = {}
    for watch in told.watches:
        if watch.actor and watch.target.startswith(("http://", "https://")):
            hosts.setdefault(watch.actor, set()).add(watch.target)
    for name, entity_id in actors.items():
        properties = {"name": [name], "sourceUrl": sorted(hosts.get(name, ()))}
        yield _entity(entity_id, "Company" if name in makers else "Organization", properties)


def _document(one: Captured) -> Json:
    capture, record = one.capture, one.capture.record
    where = (
        f"Archived in {record.warc}, record {record.record_id.strip('<>')},"
        f" SHA-256 {record.digest.removeprefix('sha256:')}; logged as entry {one.log_index}."
    )
    return _entity(
        _document_id(capture),
        _SCHEMATA.get(capture.media_type, "Document"),
        {
            "title": [printable(one.title)],
            "sourceUrl": [capture.url],
            "retrievedAt": [instant(capture.captured_at.replace(microsecond=0))],
            "mimeType": [capture.media_type],
            "publisher": [one.publisher or ""],
            "crawler": [SOFTWARE],
            "notes": [where],
        },
    )


def _link(one: Statement, actor: str) -> Json:
    finding = one.finding
    return _entity(
        _id("finding", finding.id),
        "Documentation",
        {
            "document": [_document_id(finding.capture)],
            "entity": [actor],
            "role": [f"{finding.claim.label} {finding.claim.trait}"],
            "summary": [printable(finding.quote)],
            "date": [f"{finding.capture.captured_at:%Y-%m-%d}"],
            "recordId": [f"urn:sousveil:finding:{finding.id}"],
            "status": [one.status],
            "sourceUrl": [finding.url],
        },
    )


def _entity(entity_id: str, schema: str, properties: dict[str, list[str]]) -> Json:
    told = {name: [one for one in values if one] for name, values in properties.items()}
    return {
        "id": entity_id,
        "schema": schema,
        "properties": {name: values for name, values in told.items() if values},
    }


def _document_id(capture: Capture) -> str:
    return _id("capture", f"{capture.record.digest} {capture.url}")


def _id(kind: str, name: str) -> str:
    digest = hashlib.sha256(f"{kind}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"sousveil-{digest[:ID_DIGITS]}"
