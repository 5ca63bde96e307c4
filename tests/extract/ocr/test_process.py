"""Whatever the process that reads pictures does, the caller gets an answer or our own error."""

import sys
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.errors import ExtractError
from sousveil.extract.ocr import process
from sousveil.extract.ocr.answers import Picture
from sousveil.extract.ocr.process import Recogniser
from tests.extract.pictures import draw, encoded, needs_latin, needs_ocr

pytestmark = [needs_ocr, needs_latin]

WORKER = "from sousveil.extract.ocr import worker as w; w.{} = {}; w.main()"
SMALL = encoded(draw(["gate"]).resize((20, 20)))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "reader of pictures broke on it"),
        ("print('{}' * 9, flush=True); input()", "reader of pictures broke on it"),
        ("while True: pass", "not read within 1 seconds"),
        (WORKER.format("MAX_MEMORY_BYTES", 1 << 20), "ran out of its memory"),
    ],
)
def test_a_process_that_crashes_hangs_or_is_flooded_ends_in_an_error(
    code: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_WORKER", (sys.executable, "-c", code))
    monkeypatch.setattr(process, "MAX_SECONDS", 1 if "True" in code else 60)
    reader = Recogniser()
    with pytest.raises(ExtractError, match=message):
        reader.read(SMALL + bytes(8 << 20), "a.png")
    monkeypatch.undo()
    assert reader.read(SMALL, "a.png").lines == []  # by a new process
    reader.close()


def test_one_process_reads_many_pictures_and_a_new_one_follows_an_idle_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = WORKER.format("IDLE_SECONDS", 0.2)
    monkeypatch.setattr(process, "_WORKER", (sys.executable, "-c", code))
    reader = Recogniser()
    assert reader.read(SMALL, "a.png").frames == 1
    first = reader._process
    assert first is not None
    first.wait(timeout=60)
    assert first.returncode == 0
    assert reader.read(SMALL + b"\0", "b.png").frames == 1
    assert reader._process is not first
    reader.close()


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "MAX_BYTES", 10)
    with pytest.raises(ExtractError, match="are more than the 10 read"):
        Recogniser().read(SMALL, "a.png")


WHOLE = encoded(draw(["Gate 7"], size=16))
reader = Recogniser()


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_picture_is_read_or_refused_and_breaks_nothing(at: int, noise: bytes) -> None:
    damaged = WHOLE[:at] + noise + WHOLE[at + len(noise) :]
    with suppress(ExtractError):
        assert isinstance(reader.read(damaged, "a.png"), Picture)
    assert reader._process is not None  # a process that broke was given up


@pytest.fixture(scope="module", autouse=True)
def _end() -> object:
    yield
    reader.close()
