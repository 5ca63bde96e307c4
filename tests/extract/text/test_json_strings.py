"""JSON's strings with their places."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.extract.assemble import Assembly
from sousveil.extract.text.json_strings import MAX_DEPTH, add_json_string, scan_json
from sousveil.model import BlockKind

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def strings_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for key, inner in value.items() for s in (key, *strings_of(inner))]
    return [s for inner in value for s in strings_of(inner)] if isinstance(value, list) else []


def decoded(source: str) -> list[str]:
    found = []
    for string in scan_json(source, 0, len(source)) or ():
        assembly = Assembly(source)
        add_json_string(assembly, string)
        found.append(assembly.close(BlockKind.STRING))
    return found


@given(value=VALUES, escape=st.booleans())
def test_strings_come_out_as_the_standard_library_reads_them(
    *, value: object, escape: bool
) -> None:
    source = json.dumps(value, ensure_ascii=escape)
    expected = strings_of(json.loads(source))
    assert decoded(source) == [
        s.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for s in expected
    ]


@given(st.lists(st.sampled_from('{}[],:"\\u01aé \n'), max_size=14).map("".join))
def test_what_the_standard_library_reads_is_read(source: str) -> None:
    try:
        json.loads(source, strict=False)
    except ValueError:
        return
    assert scan_json(source, 0, len(source)) is not None


@pytest.mark.parametrize(
    "source", ["", "{", "[1,]", '{"a"}', '{"a":1,}', "[1 2]", "nul", '"a', "]", '{"a":[}', ","]
)
def test_what_is_no_json_is_told(source: str) -> None:
    assert scan_json(source, 0, len(source)) is None


def test_pointers_follow_rfc_6901() -> None:
    source = '{"a/b": {"m~n": ["x", {"": "y"}]}}'
    found = scan_json(source, 0, len(source)) or []
    assert [s.pointer for s in found if not s.is_name] == ["/a~1b/m~0n/0", "/a~1b/m~0n/1/"]


def test_json_lines_are_read() -> None:
    assert decoded('{"a":"b"}\n{"c":"d"}\n') == ["a", "b", "c", "d"]


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert decoded(r'["\ud83d\ude00", "\ud83d!"]') == ["😀", "\ufffd!"]


def test_nesting_without_end_is_refused() -> None:
    source = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert scan_json(source, 0, len(source)) is None
