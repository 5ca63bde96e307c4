"""What is committed survives a power cut at any moment, alone or with others."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from sousveil.case import Case, open_case
from sousveil.errors import CaseError, EvidenceError
from sousveil.ledger import JOURNAL_FILE, Draft, Writer, create_case, read_events, writing
from sousveil.ledger.events import MAX_BODY_BYTES
from sousveil.ledger.journal import part_of, write_journal
from sousveil.model import Event
from sousveil.run.verify import verify_evidence
from sousveil.settings import head_path
from tests.disk import STEPS, Moment, recorded

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of all that a power cut may take: a case, and its key beside it."""
    folder = tmp_path / "world"
    folder.mkdir()
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
    return folder


def draft(writer: Writer, number: int, *, warc: bool = False) -> Draft:
    if not warc:
        return Draft("note", {"n": number}, NOW)
    pending = writer.case.pending / f"visit-{number}.warc.gz"
    with pending.open("wb") as file:
        file.write(b"captured %d" % number)
        file.flush()
        os.fsync(file.fileno())
    return Draft("note", {"n": number}, NOW, pending, writer.new_warc_path(NOW))


def one(writer: Writer) -> list[Event]:
    return writer.commit_all([draft(writer, 1, warc=True)])


def several(writer: Writer) -> list[Event]:
    return writer.commit_all([draft(writer, n, warc=n != 2) for n in (1, 2, 3)])


def two_after_another(writer: Writer) -> list[Event]:
    return one(writer) + writer.commit_all([draft(writer, 2), draft(writer, 3, warc=True)])


@dataclass(frozen=True, slots=True)
class Run:
    """What is committed, and how many events a power cut may leave."""

    before: int  # events beside the opening
    work: Callable[[Writer], list[Event]]
    sizes: set[int]


def leftovers(moment: Moment) -> Iterator[Callable[[Path], None]]:
    yield moment.leave_synced
    yield moment.leave_names
    for seed in range(3):
        yield partial(moment.leave_some, chance=random.Random(seed))  # noqa: S311 - a dice


@pytest.mark.parametrize(
    "run",
    [
        Run(0, several, {1, 4}),
        Run(0, two_after_another, {1, 2, 4}),
        # A tile fills, and its partial ones go.
        pytest.param(Run(253, several, {254, 257}), marks=pytest.mark.slow),
    ],
)
def test_a_power_cut_at_any_moment_leaves_all_that_was_reported_and_a_case_that_verifies(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """All unsynced names and contents lost, contents alone, and at random, at every step."""
    case = create_case(world / "case", title="T", operator="", now=NOW)
    reported: list[int] = []
    moments: list[tuple[Moment, int]] = []
    with writing(case) as writer:
        writer.commit_all([draft(writer, n) for n in range(run.before)])
        commit_all = writer.commit_all

        def told(drafts: list[Draft]) -> list[Event]:
            events = commit_all(drafts)
            reported.extend(event.index for event in events)
            return events

        monkeypatch.setattr(writer, "commit_all", told)
        # Before the removal of partial tiles one by one nothing is worth a look.
        steps = set(STEPS) - {"unlink"} if run.before else STEPS
        with recorded(world, lambda moment: moments.append((moment, len(reported))), steps):
            assert [event.body["n"] for event in run.work(writer)] == list(
                range(1, max(run.sizes) - run.before)
            )
    happened = set()
    with monkeypatch.context() as fast:
        fast.setattr(os, "fsync", lambda _: None)
        for moment, count in moments:
            for number, leave in enumerate(leftovers(moment)):
                left = tmp_path / f"left-{number}"
                leave(left)
                fast.setenv("SOUSVEIL_CONFIG", str(left / "config"))
                size = recovered(left / "case")
                assert size >= 1 + run.before + count
                happened.add(size)
                shutil.rmtree(left)
    assert happened == run.sizes
    assert len(moments) > 12


def recovered(root: Path) -> int:
    """Go on with a case that lost power; return how many events it kept, all of them whole."""
    case = open_case(root)
    with writing(case) as writer:
        kept = list(read_events(case))
        assert problems(case) == []
        writer.commit("note", {}, now=LATER)
    assert problems(case) == []
    return len(kept)


def problems(case: Case) -> list[str]:
    return [str(fault) for fault in verify_evidence(case, lambda *_: None).faults]


def test_a_case_that_was_just_made_is_there_after_a_power_cut(
    tmp_path: Path, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: list[Moment] = []
    with recorded(world, moments.append):
        create_case(world / "deep" / "case", title="T", operator="", now=NOW)
    moments[-1].leave_synced(tmp_path / "left")
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "left" / "config"))
    assert recovered(tmp_path / "left" / "deep" / "case") == 1


def test_many_events_come_with_one_journal_and_few_syncs(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    with writing(case) as writer:
        monkeypatch.setattr(os, "fsync", synced.append)
        events = writer.commit_all([Draft("note", {"n": n}, NOW) for n in range(600)])
    assert [event.index for event in events] == list(range(1, 601))
    assert [event.body for event in read_events(case, 1)] == [event.body for event in events]
    assert len(synced) < 250  # the last tile alone comes in 89 widths, as hashes and as entries
    assert problems(case) == []


def test_a_single_commit_syncs_each_file_and_grown_folder_once(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    with writing(case) as writer:
        one(writer)
        again = draft(writer, 2, warc=True)
        monkeypatch.setattr(os, "fsync", noted)
        writer.commit_all([again])
    head = head_path(case.settings.origin)
    assert synced == [
        "pending", "commit.json.tmp", "pending", "01", "2026-01.jsonl", "3", "3", "000.p", "000.p",
        "checkpoint.new", "log", f"{head.name}.tmp", head.parent.name,
    ]  # fmt: skip


def test_no_event_is_added_when_one_of_them_is_too_large(case: Case) -> None:
    drafts = [Draft("note", {}, NOW), Draft("note", {"x": "y" * MAX_BODY_BYTES}, NOW)]
    with writing(case) as writer, pytest.raises(CaseError, match="Nothing was added"):
        writer.commit_all(drafts)
    assert len(list(read_events(case))) == 1


def test_events_of_any_number_are_shared_among_journals_of_bounded_size(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sousveil.ledger.journal.MAX_JOURNAL_BYTES", 1_000)
    with writing(case) as writer:
        writer.commit_all([Draft("note", {"x": "y" * (n % 3) * 600}, NOW) for n in range(20)])
    assert [len(event.body["x"]) for event in read_events(case, 1)] == [
        (n % 3) * 600 for n in range(20)
    ]
    assert problems(case) == []


def test_a_group_that_lost_one_of_its_files_never_happened(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(case) as writer, monkeypatch.context() as cut:
        cut.setattr(writer, "_apply", lambda _: None)
        cut.setattr("sousveil.ledger.writer.make_event", lambda *_: None)
        several(writer)
    (case.pending / "visit-3.warc.gz").unlink()
    with pytest.raises(EvidenceError, match="never reported as done"), writing(case):
        pass
    with writing(case) as writer:
        writer.commit("note", {}, now=NOW)
    assert len(list(read_events(case))) == 2
    assert problems(case) == []


def test_a_journal_of_one_event_as_it_was_written_before_is_still_followed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(case) as writer, monkeypatch.context() as cut:
        journal = writer._journal([part_of(Draft("note", {"n": 1}, NOW))], NOW)
        former = {key: value for key, value in journal.items() if key != "parts"}
        cut.setattr(writer, "_apply", lambda _: None)
        write_journal(case.root / JOURNAL_FILE, former | journal["parts"][0], writer._signer)
    with writing(case):
        assert [event.body["n"] for event in read_events(case, 1)] == [1]
