import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes import spans
from sousveil.changes.spans import Quote, Step, follow

QUOTES = [Quote("ethnicity", "race", text, 0) for text in "abc"]
# Blob "05" holds quotes 0 and 2, and so on: every set of the three has its blob.
HOLDS = {
    f"{bits:02}": tuple(quote for at, quote in enumerate(QUOTES) if bits >> at & 1)
    for bits in range(1, 8)
}
BLOBS = [None, *HOLDS]
PATHS = [b"x", b"y"]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Step], dict[str, dict[bytes, str | None]]]:
    """Commits with any parents among those before, and what each holds at each path."""
    steps: list[Step] = []
    trees: dict[str, dict[bytes, str | None]] = {}
    for number in range(draw(st.integers(1, 12))):
        earlier = [step.commit for step in steps]
        parents = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if steps else []
        before = trees[parents[0]] if parents else dict.fromkeys(PATHS)
        changed = draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(BLOBS)))
        changed = {path: blob for path, blob in changed.items() if before[path] != blob}
        steps.append(Step(f"c{number}", tuple(parents), changed))
        trees[f"c{number}"] = before | changed
    return steps, trees


def holds(tree: dict[bytes, str | None], path: bytes, quote: Quote) -> bool:
    return quote in HOLDS.get(tree[path] or "", ())


@given(histories())
def test_every_span_is_what_the_commits_themselves_show(
    history: tuple[list[Step], dict[str, dict[bytes, str | None]]],
) -> None:
    steps, trees = history
    parents = {step.commit: step.parents for step in steps}
    tip = steps[-1].commit
    told = list(follow(steps, HOLDS, [tip]))
    standing = [(one.span.path, one.span.quote) for one in told if one.ending is None]
    assert sorted(standing, key=repr) == sorted(
        ((path, quote) for path in PATHS for quote in QUOTES if holds(trees[tip], path, quote)),
        key=repr,
    )
    for one in told:
        path, quote, entered = one.span.path, one.span.quote, one.span.entered
        assert holds(trees[entered], path, quote)
        assert not any(holds(trees[parent], path, quote) for parent in parents[entered])
        if one.ending is None:
            assert one.blob == trees[tip][path]
            continue
        assert not holds(trees[one.ending.left], path, quote)
        assert one.ending.last in parents[one.ending.left]
        assert one.blob == trees[one.ending.last][path]
        assert quote in HOLDS[one.blob]


@given(histories())
def test_a_quote_is_told_by_one_tip_only_and_its_spans_come_in_order(
    history: tuple[list[Step], dict[str, dict[bytes, str | None]]],
) -> None:
    steps, _ = history
    told = list(follow(steps, HOLDS, [step.commit for step in reversed(steps)]))
    by_quote: dict[tuple[bytes, Quote], list[spans.Told]] = {}
    for one in told:
        by_quote.setdefault((one.span.path, one.span.quote), []).append(one)
    for several in by_quote.values():
        assert len({one.tip for one in several}) == 1
        orders = [one.span.order for one in several]
        assert orders == sorted(orders)


@given(st.lists(st.sampled_from(BLOBS), max_size=30))
def test_on_one_line_a_span_lasts_as_long_as_the_quote_is_there(line: list[str | None]) -> None:
    steps = [
        Step(f"c{at}", (f"c{at - 1}",) if at else (), {b"x": blob}) for at, blob in enumerate(line)
    ]
    expected = []
    for quote in QUOTES:
        there = [quote in HOLDS.get(blob or "", ()) for blob in line]
        for at, now in enumerate(there):
            if now and not (at and there[at - 1]):
                end = next((to for to in range(at, len(line)) if not there[to]), None)
                expected.append((quote, f"c{at}", None if end is None else f"c{end}"))
    told = follow(steps, HOLDS, [steps[-1].commit]) if steps else ()
    found = [
        (one.span.quote, one.span.entered, one.ending.left if one.ending else None) for one in told
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_a_quote_that_comes_and_goes_for_ever_costs_linear_time_and_keeps_the_latest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spans, "MAX_ENDED_OF_PATH", 50)
    steps = [
        Step(f"c{at}", (f"c{at - 1}",) if at else (), {b"x": "01" if at % 2 else None})
        for at in range(20_000)
    ]
    began = time.perf_counter()
    told = list(follow(steps, HOLDS, ["c19999"]))
    assert time.perf_counter() - began < 20
    assert len(told) == 51
    assert told[-2].span.entered == "c19997"
