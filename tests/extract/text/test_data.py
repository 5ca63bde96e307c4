"""JSON and YAML into blocks."""

from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.text.data import json_text, yaml_blocks
from sousveil.model import BlockKind

YAML = """openapi: 3.0.0
paths:
  /face/detect:  # main
    get:
      description: |
        Detects faces
        and ethnicity.

      tags:
        - race
        - name: nation
          x: "a # b"
"""


def test_json_becomes_fields_and_strings_with_pointers() -> None:
    source = '{"face": {"ethnicity": "\\u4eba\\u79cd", "n": 5, "e": ""}}'
    read = json_text(source)
    assert read is not None
    text, offsets, blocks = read.finish()
    assert [(b.kind, b.context, text[b.start : b.end]) for b in blocks] == [
        (BlockKind.FIELD, "/face", "face"),
        (BlockKind.FIELD, "/face/ethnicity", "ethnicity"),
        (BlockKind.STRING, "/face/ethnicity", "人种"),
        (BlockKind.FIELD, "/face/n", "n"),
        (BlockKind.FIELD, "/face/e", "e"),
    ]
    assert source[offsets[text.index("种")] :].startswith("\\u79cd")


def test_yaml_becomes_fields_and_strings_with_pointers() -> None:
    found = [(b.kind, b.context, YAML[b.start : b.end]) for b in yaml_blocks(YAML)]
    get = "/paths/~1face~1detect/get"
    assert found == [
        (BlockKind.FIELD, "/openapi", "openapi"),
        (BlockKind.STRING, "/openapi", "3.0.0"),
        (BlockKind.FIELD, "/paths", "paths"),
        (BlockKind.FIELD, "/paths/~1face~1detect", "/face/detect"),
        (BlockKind.COMMENT, "/paths/~1face~1detect", "# main"),
        (BlockKind.FIELD, get, "get"),
        (BlockKind.FIELD, f"{get}/description", "description"),
        (BlockKind.STRING, f"{get}/description", "Detects faces\n        and ethnicity."),
        (BlockKind.FIELD, f"{get}/tags", "tags"),
        (BlockKind.STRING, f"{get}/tags/0", "race"),
        (BlockKind.FIELD, f"{get}/tags/1/name", "name"),
        (BlockKind.STRING, f"{get}/tags/1/name", "nation"),
        (BlockKind.FIELD, f"{get}/tags/1/x", "x"),
        (BlockKind.STRING, f"{get}/tags/1/x", '"a # b"'),
    ]


def test_elements_of_yaml_sequences_are_counted_where_their_dashes_stand() -> None:
    source = "a:\n- x\n- - y\n  - z\n- b: v\n  c: w\nd:\n  - u\n"
    places = [(b.context, source[b.start : b.end]) for b in yaml_blocks(source)]
    assert [place for place in places if place[1] in "xyzvwu"] == [
        ("/a/0", "x"),
        ("/a/1/0", "y"),
        ("/a/1/1", "z"),
        ("/a/2/b", "v"),
        ("/a/2/c", "w"),
        ("/d/0", "u"),
    ]


@given(st.lists(st.sampled_from([*"ab人:-#|>\"' \n\r\t{[", ": ", "- ", "\n  "])).map("".join))
def test_any_yaml_gives_ordered_blocks_that_lie_on_it(source: str) -> None:
    position = 0
    for block in yaml_blocks(source):
        assert position <= block.start < block.end <= len(source)
        position = block.end
