"""What others read in our JSON-LD (1.1): a reader of it, not our own schema, is asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.run.publish.exported import World, world

# What the words that we use stand for by the Web Annotation Vocabulary: its own context cannot be
# fetched where there is no network.
TERMS: dict[str, Any] = {
    "oa": "http://www.w3.org/ns/oa#",
    "as": "http://www.w3.org/ns/activitystreams#",
    "dc": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "id": "@id",
    "type": "@type",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{
        name: f"oa:{name}"
        for name in (
            "Annotation",
            "SpecificResource",
            "TextualBody",
            "TimeState",
            "FragmentSelector",
        )
    },
    **{name: f"oa:{name}" for name in ("TextQuoteSelector", "TextPositionSelector")},
    "AnnotationCollection": "as:OrderedCollection",
    "AnnotationPage": "as:OrderedCollectionPage",
    **{
        name: {"@id": f"oa:{iri}", "@type": "@id"}
        for name, iri in (
            *(("body", "hasBody"), ("target", "hasTarget"), ("source", "hasSource")),
            *(("selector", "hasSelector"), ("state", "hasState")),
        )
    },
    **{name: f"oa:{name}" for name in ("exact", "prefix", "suffix")},
    **{name: {"@id": f"oa:{name}", "@type": "xsd:nonNegativeInteger"} for name in ("start", "end")},
    **{
        name: {"@id": f"oa:{iri}", "@type": "@vocab"}
        for name, iri in (("motivation", "motivatedBy"), ("purpose", "hasPurpose"))
    },
    "classifying": "oa:classifying",
    "tagging": "oa:tagging",
    "value": "rdf:value",
    **{
        name: {"@id": iri, "@type": "xsd:dateTime"}
        for name, iri in (("created", "dc:created"), ("sourceDate", "oa:sourceDate"))
    },
    "conformsTo": {"@id": "dc:conformsTo", "@type": "@id"},
    "label": "rdfs:label",
    "total": {"@id": "as:totalItems", "@type": "xsd:nonNegativeInteger"},
    "items": {"@id": "as:items", "@type": "@id", "@container": "@list"},
    **{name: {"@id": f"as:{name}", "@type": "@id"} for name in ("first", "last", "partOf")},
    "startIndex": {"@id": "as:startIndex", "@type": "xsd:nonNegativeInteger"},
}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.mark.slow
def test_a_reader_of_json_ld_takes_every_word_of_the_annotations(
    watched: World, tmp_path: Path
) -> None:
    rdflib = pytest.importorskip("rdflib", reason="in the group slow, with followthemoney")
    told = watched.exported_json("annotations", tmp_path / "a.jsonld")
    theirs, ours = told["@context"]
    assert theirs == "http://www.w3.org/ns/anno.jsonld"
    form = told | {"@context": [TERMS, ours]}
    graph = rdflib.Graph().parse(data=json.dumps(form), format="json-ld")
    oa = rdflib.Namespace("http://www.w3.org/ns/oa#")
    annotations = list(graph.subjects(rdflib.RDF.type, oa.Annotation))
    assert {str(one) for one in annotations} == {one["id"] for one in told["first"]["items"]}
    for item in told["first"]["items"]:
        (target,) = graph.objects(rdflib.URIRef(item["id"]), oa.hasTarget)
        assert str(graph.value(target, oa.hasSource)) == item["target"]["source"]
        quotes = {str(graph.value(one, oa.exact)) for one in graph.objects(target, oa.hasSelector)}
        assert item["sousveil:finding"]["quote"] in quotes
        (kept,) = graph.objects(rdflib.URIRef(item["id"]), rdflib.URIRef("urn:sousveil:finding"))
        assert kept.datatype == rdflib.RDF.JSON
        assert json.loads(str(kept)) == item["sousveil:finding"]
    # A word that no context knows is dropped in silence.
    known = set(TERMS) | {"sousveil:record", "sousveil:finding", "@context"}
    assert _names(told) <= known


def _names(value: object) -> set[str]:
    """Return all names of members but those within our own forms, which are literals."""
    if isinstance(value, list):
        return {name for one in value for name in _names(one)}
    if not isinstance(value, dict):
        return set()
    own = {"@context", "sousveil:record", "sousveil:finding"}
    inner = (name for key, one in value.items() if key not in own for name in _names(one))
    return {*value, *inner}
