"""The desk beside another process that writes: nothing is refused for it, or is half done."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.desk_case import Size, write_desk_case
from sousveil.case import Case, locked
from sousveil.index import file as index_file
from sousveil.index.file import make_or_open
from sousveil.ledger import read_events
from sousveil.run.indexing import open_index
from sousveil.web import desk as module
from tests.web.desks import CSRF, Client, served
from tests.web.test_review import IDS

PAGES = ("/", "/review", "/findings", "/targets", "/captures", "/actors", "/timeline")

# Takes its turns as the watch does: an event, then much in the index, again and again.
WRITER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from sousveil.case import open_case
from sousveil.ledger import TurnWriter
from sousveil.run.indexing import open_index, take_event

def wait():
    time.sleep(0.005)
    return True

case = open_case(Path(sys.argv[1]))
with open_index(case, create=True) as index:
    writer = TurnWriter(case, wait, lambda event: take_event(case, index, event))
    for number in range(1_000_000):
        writer.commit("note", {"text": "x" * 3_000}, now=datetime.now(UTC))
        with index.transaction():
            index.change("INSERT OR REPLACE INTO stale SELECT id || ? FROM finding", number % 7)
        print(number, flush=True)
        time.sleep(0.005)
"""


@pytest.fixture
def case(tmp_path: Path, own_config: Path) -> Case:
    assert own_config
    return write_desk_case(tmp_path / "case", Size(8, 160))


@contextmanager
def a_writer(case: Case) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(case.root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield process
        assert process.poll() is None, "the other writer failed"
        process.terminate()
        drain.join(10)


def decided(case: Case) -> list[str]:
    """Return the findings on which the log holds a decision."""
    events = read_events(case, wanted=lambda _, kind: kind == "review")
    return [served["id"] for event in events for served in event.body["findings"]]


def test_every_page_is_read_and_every_decision_taken(case: Case) -> None:
    with served(case.root) as desk, a_writer(case), ThreadPoolExecutor(5) as people:
        done = threading.Event()

        def read(client: Client) -> set[int]:
            told = set[int]()
            while not done.is_set():
                told |= {client.get(page).status for page in PAGES}
            return told

        reading = [people.submit(read, desk.client("reader", f"Rea {n}")) for n in range(4)]
        ada = desk.client()
        page = ada.get("/review").text
        token, ids = CSRF.search(page), IDS.findall(page)[:24]
        assert token is not None
        form = {"csrf": token[1], "decision": "confirm"}
        try:
            statuses = [
                ada.send_form("/review/decide", form | {"finding": one}).status for one in ids
            ]
        finally:
            done.set()
        assert set(statuses) == {303}
        assert set.union(*(one.result() for one in reading)) == {200}
    assert decided(case) == ids
    with open_index(case) as index:
        rows = index.rows("SELECT id FROM finding WHERE decided = 'confirmed' AND readings = 1")
    assert {one for (one,) in rows} == set(ids)


def test_while_somebody_else_writes_for_long_a_decision_is_refused_whole(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(index_file, "BUSY_SECONDS", 0.1)
    with served(case.root) as desk:
        ada = desk.client()
        (first, *_) = IDS.findall(ada.get("/review").text)

        def decide() -> tuple[int, str]:
            answer = ada.post("/review/decide", finding=first, decision="confirm")
            return answer.status, answer.text

        with locked(case):
            status, text = decide()
        assert (status, "another sousveil is writing to this case" in text) == (503, True)
        other = make_or_open(case.root / "index.sqlite")
        other.execute("BEGIN IMMEDIATE")
        status, text = decide()
        assert (status, "another sousveil is writing to the index" in text) == (503, True)
        assert decided(case) == []
        other.execute("ROLLBACK")
        other.close()
        assert decide()[0] == 303
    assert decided(case) == [first]
