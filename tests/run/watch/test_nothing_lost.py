"""No look of the service is lost, and none counts twice, wherever it was interrupted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.index.verdicts import stale_addresses
from sousveil.ledger import TurnWriter, writing
from sousveil.run import alerting
from sousveil.run.indexing import open_index, sync_index, take_event
from sousveil.settings import Alerts, Channel
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run.watch.moody import TEXT, Mood, Moody, Time, case_for, keep_watch, logged, moody


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


def test_while_people_are_told_others_get_their_turn_and_tell_nobody_twice(
    site: Moody, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(
        case, replace(case.settings, alerts=Alerts(channels={"desk": Channel("desk", "json://x")}))
    )
    site.pages["/0"] = Mood("<p>Our camera recognises the ethnicity of each visitor.</p>" + TEXT)
    sent: list[int] = []

    def send_each(told: Case, channels: Sequence[Channel], *_: object) -> list[None]:
        sent.append(len(channels))
        if len(sent) == 1:
            ran = sousveil("alerts", "send", "--case", told.root)
            assert (ran.status, "another sousveil is telling it" in ran.err + ran.out) == (1, True)
            assert sousveil("add", site.url("/new"), "--case", told.root).status == 0
        return [None] * len(channels)

    monkeypatch.setattr(alerting, "send_each", send_each)
    batches = keep_watch(open_case(case.root), Time())
    assert next(batch.delivered.told for batch in batches if batch.delivered) == {"desk": 1}
    assert sent == [1]
    assert "pending/" not in sousveil("verify", case.root).err


@pytest.mark.parametrize("broken", ["actors.toml", "own.toml"])
def test_a_file_that_people_break_keeps_nothing_from_being_visited_and_read_later(
    case: Case, broken: str
) -> None:
    topics = ("ethnicity", "own.toml") if broken == "own.toml" else ("ethnicity",)
    save_settings(case, replace(case.settings, topics=topics))
    (case.root / broken).write_text("[[")
    (batch,) = keep_watch(open_case(case.root), Time())
    assert len(batch.visits) == 3
    assert any(broken in trouble for trouble in batch.troubles)
    (case.root / broken).unlink()
    save_settings(case, replace(case.settings, topics=("ethnicity",)))
    keep_watch(open_case(case.root), Time())
    with open_index(case) as index:
        assert stale_addresses(index) == []
        assert index.rows("SELECT count(*) FROM capture WHERE engine IS NULL") == [(0,)]
