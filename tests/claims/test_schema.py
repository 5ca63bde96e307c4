"""Properties of schemas in JSON and YAML: one finding each, quoted by what tells."""

import json

import pytest

from sousveil import topics
from sousveil.claims import find
from sousveil.extract import extract

ALL = tuple(topics.load(name) for name in topics.shipped())
ENUM = ["han", "uyghur", "tibetan", "other"]
DESCRIPTION = "Predicted ethnicity of the detected face"


def quotes(source: str, name: str = "openapi.json") -> list[str]:
    read = extract(source.encode(), media_type="", charset="utf-8", name=name)
    return [read.text[c.start : c.end] for c in find(read, ALL)]


def schema(**ethnicity: object) -> dict[str, object]:
    properties = {
        "age": {"type": "integer", "description": "Estimated age in years"},
        "ethnicity": {"type": "string", **ethnicity},
        "blur": {"type": "number"},
    }
    return {"Face": {"type": "object", "required": ["ethnicity"], "properties": properties}}


def api(**ethnicity: object) -> str:
    return json.dumps({"components": {"schemas": schema(**ethnicity)}})


@pytest.mark.parametrize("order", [1, -1])
def test_a_property_is_one_finding_quoted_by_its_description(order: int) -> None:
    parts = {"enum": ENUM, "description": DESCRIPTION}
    assert quotes(api(**dict(list(parts.items())[::order]))) == [DESCRIPTION]


def test_a_property_without_description_is_quoted_from_its_name_to_its_last_value() -> None:
    assert quotes(api(enum=ENUM)) == ["ethnicity\ntype\nstring\nenum\nhan\nuyghur\ntibetan\nother"]


def test_a_description_that_tells_nothing_gives_way_to_the_values() -> None:
    assert quotes(api(enum=ENUM, description="Attribute of the face"))[0].endswith("\nother")


def test_quotes_of_long_properties_are_bounded() -> None:
    [values] = quotes(api(enum=[*ENUM, *(f"group_{n}" for n in range(200))]))
    assert values.startswith("ethnicity\n")
    assert len(values) <= 300
    [told] = quotes(api(description=f"{'The score is a number. ' * 30}{DESCRIPTION}."))
    assert told == f"{DESCRIPTION}."


def test_two_properties_are_two_findings() -> None:
    both = schema(enum=ENUM, description=DESCRIPTION) | {
        "Crowd": {"properties": {"mood": {"description": "Emotion recognised in the face"}}}
    }
    source = json.dumps({"components": {"schemas": both}})
    assert quotes(source) == [DESCRIPTION, "Emotion recognised in the face"]


def test_a_property_in_yaml_is_one_finding() -> None:
    source = f"""components:
  schemas:
    Face:
      properties:
        ethnicity:
          type: string
          enum:
            - han
            - uyghur
            - tibetan
          description: {DESCRIPTION}
        blur:
          type: number
"""
    assert quotes(source, "openapi.yaml") == [DESCRIPTION]
