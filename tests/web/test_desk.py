"""The desk's case: one state of the index for a request, and a turn to write like anybody's."""

import pytest

from sousveil.case import locked
from sousveil.errors import CaseError
from sousveil.index.query import finding_ids
from sousveil.run.indexing import open_index
from sousveil.web import desk as module
from tests.web.desks import Served


def test_a_request_reads_one_state_whatever_is_written_meanwhile(desk: Served) -> None:
    with desk.desk.index() as index:
        before = finding_ids(index)
        with open_index(desk.case, create=True) as writing, writing.transaction():
            writing.change("DELETE FROM sighting")
        assert finding_ids(index) == before != frozenset()
    with desk.desk.index() as index:
        assert finding_ids(index) == frozenset()


def test_a_decision_waits_for_its_turn_and_then_says_so(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    with (
        locked(desk.case),
        pytest.raises(CaseError, match="another sousveil is writing"),
        desk.desk.writing(),
    ):
        pytest.fail("it was not our turn")


def test_what_is_written_is_in_the_index_at_once(desk: Served) -> None:
    with desk.desk.writing() as (writer, index):
        event = writer.commit("note", {"text": "lamp"}, now=desk.clock())
        assert index.next_event() == event.index
    with desk.desk.index() as index:
        assert index.next_event() == event.index + 1


def test_settings_are_those_that_the_file_has_now(desk: Served) -> None:
    file = desk.case.root / "case.toml"
    file.write_text(file.read_text().replace('title = "Test"', 'title = "Lamps"'))
    assert desk.case.settings.title == "Lamps"
    assert "<bdi>Lamps</bdi>" in desk.client().get("/").text
