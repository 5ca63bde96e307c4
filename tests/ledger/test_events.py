"""Lines of the events are found from any number on, without those before them being taken apart."""

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.case import Case
from sousveil.ledger.events import event_lines
from sousveil.settings import Settings

MONTH = st.lists(st.binary(max_size=40).map(lambda one: one.replace(b"\n", b"")), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    months=st.lists(MONTH, max_size=3), end=st.sampled_from([b"\n", b""]), piece=st.integers(1, 90)
)
def test_lines_from_a_number_on_are_those_that_follow_as_many_lines(
    months: list[list[bytes]], end: bytes, piece: int
) -> None:
    with TemporaryDirectory() as folder, mock.patch("sousveil.ledger.events._PASSED_BYTES", piece):
        case = Case(Path(folder), Settings("", "", (), "", ""))
        (case.root / "events").mkdir()
        for number, lines in enumerate(months, 1):
            text = b"\n".join(lines) + end
            (case.root / "events" / f"2026-{number:02}.jsonl").write_bytes(text)
        every = list(event_lines(case))
        for start in range(len(every) + 2):
            assert list(event_lines(case, start)) == list(islice(every, start, None))
