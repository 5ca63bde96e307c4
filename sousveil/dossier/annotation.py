"""Findings as W3C Web Annotations: the form in which a quote travels beside its evidence.

Takes findings and gives JSON-LD (Web Annotation Data Model, sections 3 to 5). What the model has no
word for stands below `sousveil:`, in the same form as `findings.json`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sousveil.jsonform import finding_json, instant
from sousveil.model import Fate, Finding, Json, Review

ANNOTATION_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
# Names without a host: nobody is asked, and no host has to last, for them to mean something. Our
# own forms are JSON literals (JSON-LD 1.1, section 9.3): their `id` is not the annotation's.
OWN_CONTEXT: Mapping[str, Any] = {
    "@version": 1.1,
    "sousveil": "urn:sousveil:",
    "sousveil:record": {"@type": "@json"},
    "sousveil:finding": {"@type": "@json"},
}
CONTEXTS = (ANNOTATION_CONTEXT, OWN_CONTEXT)


def annotation(
    finding: Finding,
    fate: Fate | None,
    reviews: Sequence[Review],
    *,
    record: Json,
    made_at: str,
) -> Json:
    """Return a finding as an annotation of the page that it quotes.

    `record` says where the quoted answer lies in the package that the annotation is part of,
    `made_at` when that was made (RFC 3339).
    """
    told = finding_json(finding, fate, reviews)
    state = {"type": "TimeState", "sourceDate": instant(finding.capture.captured_at)}
    return {
        "@context": list(CONTEXTS),
        "id": f"urn:sousveil:finding:{finding.id}",
        "type": "Annotation",
        "motivation": "classifying",
        "created": made_at,
        "body": [
            {"type": "TextualBody", "purpose": "classifying", "value": finding.claim.label},
            {"type": "TextualBody", "purpose": "tagging", "value": finding.claim.trait},
        ],
        "target": {
            "type": "SpecificResource",
            "source": finding.url,
            "state": state,
            "selector": told["selectors"],
        },
        "sousveil:record": record,
        "sousveil:finding": told,
    }


def collection(name: str, label: str, items: Sequence[Json], made_at: str) -> Json:
    """Return annotations as a collection with one page (sections 5.1 and 5.2).

    `name` tells the collection from others, `label` is for people. The contexts stand once, above.
    """
    iri = f"urn:sousveil:annotations:{name}"
    form: Json = {
        "@context": list(CONTEXTS),
        "id": iri,
        "type": "AnnotationCollection",
        "label": label,
        "created": made_at,
        "total": len(items),
    }
    if not items:  # a collection without annotations has no page (section 5.1)
        return form
    page = {
        "id": f"{iri}:1",
        "type": "AnnotationPage",
        "partOf": iri,
        "startIndex": 0,
        "items": [
            {name: value for name, value in one.items() if name != "@context"} for one in items
        ],
    }
    return form | {"first": page, "last": page["id"]}
