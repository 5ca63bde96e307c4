"""JSON of strangers is read in one way only, or refused."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.wacz_check.jsontext import instant_of, number_of, read_object
from sousveil.errors import ArchiveError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), values))
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert read_object(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ArchiveError):
        read_object(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b"[]",
        b"",
        b'{"a": "\xff"}',
        b'{"a":' * 100_000,
        b"9" * 100_000,
        b'{"a": ' + b"9" * 100_000 + b"}",
    ],
)
def test_what_programs_read_in_several_ways_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        read_object(data)


def test_a_number_may_stand_as_text_and_has_its_bounds() -> None:
    assert [number_of(one) for one in (0, "0", 7, "007", 2**63 - 1)] == [0, 0, 7, 7, 2**63 - 1]
    for none in (-1, "-1", 2**63, "9" * 19, 1.0, True, None, "", "x", "٣"):
        assert number_of(none) is None, none


def test_times_are_told_with_their_offset() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for text in ("2026-03-01T12:00:00Z", "2026-03-01t14:00:00.000+02:00", "2026-03-01 12:00:00z"):
        assert instant_of(text) == noon, text
    for none in ("2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", 7, "0001-01-01T00:00:00+14:00"):  # fmt: skip  # noqa: E501
        assert instant_of(none) is None, none
