"""Projects as entities of FollowTheMoney: who buys what of whom, and for how much.

A project is a `Project`; where a supplier or a price is told, it has a `Contract` with its buyer,
and each supplier a `ContractAward`. A supplier whose name does not say that it is a body is left
out: it may be a person. Each entity leads to the capture that its quotes stand in (`proof`).
"""

from collections.abc import Collection, Iterator

from sousveil.jsonform import instant
from sousveil.model import Fact, Field, Json
from sousveil.run.publish.exports.citations import printable
from sousveil.run.publish.exports.entities import (
    archived_in,
    capture_key,
    entity,
    entity_key,
    is_body,
    schema_of,
)
from sousveil.run.publish.exports.told import Told

_MONEY = ("budget", "ceiling")


def projects(told: Told, known: Collection[str]) -> Iterator[Json]:
    """Yield the entities of projects; those whose ids are `known` stand in the export already."""
    seen = set(known)
    for fact in told.facts():
        for one in _entities(fact) if fact.kind == "project" else ():
            if one["id"] not in seen:
                seen.add(one["id"])
                yield one


def _entities(fact: Fact) -> Iterator[Json]:
    source = fact.fields[0].source
    proof = capture_key(source.record, source.url)
    yield entity(
        proof,
        "Document",
        {
            "sourceUrl": [source.url],
            "retrievedAt": [instant(source.captured_at.replace(microsecond=0))],
            "notes": [archived_in(source.record, source.log_index)],
        },
    )
    common = {"sourceUrl": [source.url], "proof": [proof]}
    project, title = entity_key("project", fact.id), _said(fact, "title") or _said(fact, "number")
    money = next((one for name in _MONEY if (one := fact.first(name))), None)
    yield entity(
        project,
        "Project",
        common
        | _amount(money)
        | {
            "name": [title],
            "projectId": [_said(fact, "number")],
            "date": [_said(fact, "published")],
            "summary": list(dict.fromkeys(_quotes(fact))),
            "recordId": [f"urn:sousveil:fact:{fact.id}"],
        },
    )
    buyers = [one.value for one in fact.all("buyer")]
    suppliers = [one.value for one in fact.all("supplier") if is_body(one.value)]
    for name in (*buyers, *suppliers):
        yield entity(entity_key("actor", name), schema_of(name), {"name": [printable(name)]})
    for name in buyers:
        yield _part(project, name, "buyer", common)
    if suppliers or fact.first("price"):
        yield from _contract(
            fact, project, title=title, buyers=buyers, suppliers=suppliers, common=common
        )


def _part(project: str, name: str, role: str, common: dict[str, list[str]]) -> Json:
    return entity(
        entity_key("participant", f"{project} {name} {role}"),
        "ProjectParticipant",
        common | {"project": [project], "participant": [entity_key("actor", name)], "role": [role]},
    )


def _contract(
    fact: Fact,
    project: str,
    *,
    title: str,
    buyers: list[str],
    suppliers: list[str],
    common: dict[str, list[str]],
) -> Iterator[Json]:
    contract = entity_key("contract", fact.id)
    awarded, price = _said(fact, "awarded"), fact.first("price")
    yield entity(
        contract,
        "Contract",
        common
        | _amount(price)
        | {
            "title": [title or f"Contract of project {fact.id}"],
            "project": [project],
            "authority": [entity_key("actor", name) for name in buyers],
            "contractDate": [awarded],
            "procedureNumber": [_said(fact, "number")],
            "classification": [_said(fact, "cpv")],
        },
    )
    for name in suppliers:
        yield entity(
            entity_key("award", f"{fact.id} {name}"),
            "ContractAward",
            common
            | {
                "supplier": [entity_key("actor", name)],
                "contract": [contract],
                "date": [awarded],
            },
        )


def _quotes(fact: Fact) -> Iterator[str]:
    """Yield what a project rests on, without what may name a person."""
    for one in fact.fields:
        if one.name != "supplier" or is_body(one.value):
            yield printable(one.source.exact)


def _said(fact: Fact, name: str) -> str:
    field = fact.first(name)
    return printable(field.value) if field else ""


def _amount(field: Field | None) -> dict[str, list[str]]:
    return {"amount": [field.value], "currency": [field.unit]} if field else {}
