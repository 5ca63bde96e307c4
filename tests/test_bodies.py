"""A body shows what was disclosed of it, vouches for it, and tells nothing of what was not."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sousveil.bodies import (
    WITHHOLDABLE,
    Line,
    committed_fields,
    disclosure_problem,
    merged,
    read_line,
    without,
    write_line,
)
from sousveil.errors import EvidenceError

REVIEW = {"by": "Ruth Example", "note": "Seen on paper, too.", "decision": "confirmed", "n": [1]}

scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def salts() -> Callable[[], str]:
    numbers = count()
    return lambda: hashlib.sha256(b"%d" % next(numbers)).hexdigest()[:32]


@st.composite
def events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An event with some of the fields that its type may withhold, and with others."""
    kind = draw(st.sampled_from([*WITHHOLDABLE, "crawl"]))
    body: dict[str, Any] = draw(st.dictionaries(st.text(), values, max_size=3))
    for field in WITHHOLDABLE.get(kind, ()):
        head, _, rest = field.partition(".")
        if not rest:
            body[head] = draw(values)
        elif draw(st.booleans()):
            body[head] = [{rest: draw(values), "n": n} for n in range(draw(st.integers(0, 3)))]
        else:
            body[head] = {rest: draw(values)}
    return kind, body


@given(events())
def test_what_is_written_is_read_back(event: tuple[str, dict[str, Any]]) -> None:
    kind, body = event
    line = read_line(write_line(kind, body, salts()) + b"\n")
    assert disclosure_problem(line) is None
    assert merged(line) == body


@given(events())
def test_a_line_is_json_whose_first_value_is_what_the_log_has_the_digest_of(
    event: tuple[str, dict[str, Any]],
) -> None:
    text = write_line(*event, salts())
    body, *disclosures = json.loads(text)
    line = read_line(text)
    assert line.body == rfc8785.dumps(body)
    assert [json.loads(one) for one in line.disclosures] == disclosures
    first = text.split(b"\t")[0][1:]  # cut -f 1 | cut -c 2-
    assert line.digest == f"sha256:{hashlib.sha256(first).hexdigest()}"


@given(events(), st.data())
def test_any_part_can_be_withheld_and_the_body_stays_the_one_that_was_logged(
    event: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    kind, body = event
    whole = read_line(write_line(kind, body, salts()))
    fields = committed_fields(whole)
    assert len(fields) == len(whole.disclosures)
    assert set(fields) <= set(WITHHOLDABLE.get(kind, ()))
    hidden = data.draw(st.sets(st.sampled_from(fields))) if fields else set()
    rest = without(whole, hidden)
    assert rest.digest == whole.digest
    assert len(rest.disclosures) == sum(field not in hidden for field in fields)
    promised = re.findall(rb"sha256:([0-9a-f]{64})", rest.body)
    for one in rest.disclosures:
        assert hashlib.sha256(one).hexdigest().encode() in promised
    assert (disclosure_problem(rest) is None) == (len(rest.disclosures) == len(whole.disclosures))


@given(events(), st.data())
def test_any_changed_bit_of_a_line_is_found(
    event: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text = write_line(*event, salts())
    digest = read_line(text).digest
    changed = bytearray(text)
    changed[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    line = read_line(bytes(changed))
    assert line.digest != digest or disclosure_problem(line) is not None


@given(st.binary())
def test_any_bytes_are_a_line_that_is_judged(data: bytes) -> None:
    line = read_line(data)
    assert line.digest.startswith("sha256:")
    if disclosure_problem(line) is None and not line.disclosures:
        assert b'{"...":"sha256:' not in line.body or len(line.body) < 80


def test_what_is_withheld_leaves_its_name_and_nothing_else() -> None:
    line = without(read_line(write_line("review", REVIEW, secrets.token_urlsafe)), {"by", "note"})
    assert b"Ruth" not in line.body
    assert b"paper" not in line.body
    assert (json.loads(line.body)["decision"], line.disclosures) == ("confirmed", ())
    assert committed_fields(line) == ["by", "note"]


def test_the_same_value_never_has_the_same_digest() -> None:
    first = read_line(write_line("review", REVIEW, lambda: secrets.token_hex(16)))
    again = read_line(write_line("review", REVIEW, lambda: secrets.token_hex(16)))
    assert first.body != again.body


def other(line: Line) -> tuple[bytes, ...]:
    """Return the disclosures of the same event, written another time."""
    return read_line(write_line("review", merged(line), lambda: "0" * 32)).disclosures


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda line: line.disclosures[::-1], "not the one"),
        (lambda line: (*line.disclosures, line.disclosures[0]), "not the one"),
        (lambda line: (line.disclosures[0], line.disclosures[0]), "not the one"),
        (lambda line: (*line.disclosures, b'["%s","x"]' % (b"0" * 32)), "not the one"),
        (lambda line: (line.disclosures[0].replace(b"Ruth", b"Rita"), line.disclosures[1]), "not"),
        (other, "not the one"),
        (lambda line: line.disclosures[:1], "lacks 1 of the values"),
        (lambda _: (), "lacks 2 of the values"),
    ],
)
def test_disclosures_cannot_be_swapped_added_altered_or_lost(
    attack: Callable[[Line], tuple[bytes, ...]], words: str
) -> None:
    line = read_line(write_line("review", REVIEW, salts()))
    told = disclosure_problem(Line(line.body, attack(line)))
    assert told is not None
    assert words in told


@pytest.mark.parametrize("kind", ["review", "crawl"])
def test_a_body_that_holds_what_looks_like_a_commitment_is_not_written(kind: str) -> None:
    planted = {"refs": {"...": f"sha256:{'0' * 64}"}}
    with pytest.raises(EvidenceError, match="like a commitment"):
        write_line(kind, REVIEW | planted, salts())


def test_a_value_that_is_disclosed_may_look_like_a_commitment() -> None:
    body = REVIEW | {"note": {"...": f"sha256:{'0' * 64}"}}
    line = read_line(write_line("review", body, salts()))
    assert disclosure_problem(line) is None
    assert merged(line) == body


def test_a_body_without_its_frame_is_no_line_of_ours() -> None:
    line = write_line("note", {"text": "x"}, salts())
    assert read_line(line).body == line[1:-2]
    assert read_line(line[1:-2]).digest != read_line(line).digest
