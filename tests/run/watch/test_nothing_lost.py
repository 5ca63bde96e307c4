"""No look of the service is lost, and none counts twice, wherever it was interrupted."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sousveil.case import Case
from sousveil.ledger import TurnWriter, writing
from sousveil.run.indexing import open_index, sync_index, take_event
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run.watch.moody import Mood, Moody, Time, case_for, keep_watch, logged, moody


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        for number in range(3):
            served.pages[f"/{number}"] = Mood(etag=f'"{number}"')
        yield served


@pytest.fixture
def case(site: Moody, tmp_path: Path) -> Case:
    made = case_for(tmp_path / "case", site)
    targets = [site.url(path) for path in site.pages]
    assert sousveil("add", *targets, "--no-browser", "--case", made.root).status == 0
    return made


def test_a_visit_whose_commit_was_cut_off_is_finished_and_not_made_again(
    site: Moody, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    clock = Time()
    with monkeypatch.context() as patch:
        patch.setattr(TurnWriter, "_apply", cut)  # the journal is written: it has happened
        with pytest.raises(KeyboardInterrupt):
            keep_watch(case, clock)
    keep_watch(case, clock)
    visited = Counter(event.body["target"] for event in logged(case, "visit"))
    assert visited == {site.url(path): 1 for path in site.pages}


def test_what_another_command_has_just_logged_is_its_own_to_project(case: Case) -> None:
    with open_index(case, create=True) as index:
        sync_index(case, index)
        with writing(case) as writer:
            ours = writer.commit("note", {}, now=NOW)
            take_event(case, index, ours)
            writer.commit("note", {}, now=NOW)  # by a command that is about to project it
        take_event(case, index, ours)
        assert index.next_event() == ours.index + 1
