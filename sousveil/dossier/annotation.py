"""Findings as W3C Web Annotations: the form in which a quote travels beside its evidence.

Takes a finding and gives JSON-LD (Web Annotation Data Model, sections 3 and 4). What the model has
no word for stands below `sousveil:`, in the same form as `findings.json`.
"""

from collections.abc import Sequence

from sousveil.jsonform import finding_json, instant
from sousveil.model import Fate, Finding, Json, Review

ANNOTATION_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
# Names without a host: nobody is asked, and no host has to last, for them to mean something.
OWN_CONTEXT = {"sousveil": "urn:sousveil:"}


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
        "@context": [ANNOTATION_CONTEXT, OWN_CONTEXT],
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
