"""A case keeps what was committed, whatever dies when."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import rfc8785

from sousveil.case import Case, open_case
from sousveil.durable import file_sha256
from sousveil.errors import CaseError, EvidenceError, LogError
from sousveil.ledger import create_case, read_events, writing
from sousveil.settings import head_path, key_path
from sousveil.tlog.audit import check
from sousveil.tlog.log import entries
from tests.killed import Arm, is_killed

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_new_case_opens_with_an_entry_that_names_its_key(case: Case) -> None:
    (opened,) = read_events(open_case(case.root))
    assert opened.type == "case.opened"
    assert opened.body["key"] == case.settings.key
    assert opened.time == NOW
    assert check(case.log, case.settings.key) == []


def test_the_signing_key_lies_outside_the_case_and_is_its_owners_alone(case: Case) -> None:
    key = key_path(case.settings.origin)
    assert not key.is_relative_to(case.root)
    assert key.stat().st_mode & 0o777 == 0o600


def test_an_entry_holds_digests_and_not_what_happened(case: Case) -> None:
    with writing(case) as writer:
        writer.commit("note", {"text": "the secret target"}, now=NOW)
    raw = list(entries(case.log, 2))[1]
    assert b"secret" not in raw
    assert rfc8785.dumps(json.loads(raw)) == raw
    assert sorted(json.loads(raw)) == ["body", "time", "type", "v"]


def test_equal_bodies_have_different_digests_so_that_guesses_cannot_be_tested(case: Case) -> None:
    with writing(case) as writer:
        for _ in range(2):
            writer.commit("note", {"text": "same"}, now=NOW)
    first, second = (json.loads(entry) for entry in list(entries(case.log, 3))[1:])
    assert first["body"] != second["body"]


def test_a_file_enters_the_archive_with_its_digest_in_the_log(case: Case) -> None:
    pending = case.pending / "x.warc.gz"
    pending.write_bytes(b"captured")
    with writing(case) as writer:
        path = writer.new_warc_path(NOW)
        event = writer.commit("visit", {}, now=NOW, warc=pending, warc_path=path)
    assert event.warc == path
    assert path.startswith("archive/2026/01/20260102T030405Z-")
    assert file_sha256(case.root / path) == event.warc_sha256
    assert not pending.exists()


def test_events_come_back_in_order_across_months_and_a_clock_that_goes_back(case: Case) -> None:
    times = [NOW, NOW + timedelta(days=40), NOW + timedelta(days=5)]
    with writing(case) as writer:
        for number, at in enumerate(times):
            writer.commit("note", {"number": number}, now=at)
    assert [event.body.get("number") for event in read_events(case)] == [None, 0, 1, 2]
    assert [event.index for event in read_events(case, 2)] == [2, 3]


def test_a_changed_body_is_noticed_by_name(case: Case) -> None:
    with writing(case) as writer:
        writer.commit("note", {"text": "before"}, now=NOW)
    path = case.root / "events" / "2026-01.jsonl"
    path.write_bytes(path.read_bytes().replace(b"before", b"after!"))
    with pytest.raises(EvidenceError, match=r"2026-01\.jsonl: the body of log entry 1"):
        list(read_events(case))


def test_only_one_process_writes_at_a_time(case: Case) -> None:
    second = writing(open_case(case.root))
    with writing(case), pytest.raises(CaseError, match="another sousveil is writing"):
        second.__enter__()


def test_without_the_key_nothing_is_written_and_the_message_says_where_it_belongs(
    case: Case,
) -> None:
    key_path(case.settings.origin).unlink()
    with pytest.raises(LogError, match="signing key is missing"), writing(case):
        pass
    assert len(list(read_events(case))) == 1


def test_an_older_copy_of_a_case_takes_nothing_more(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.root, tmp_path / "copy")
    with writing(case) as writer:
        writer.commit("note", {}, now=NOW)
    with (
        pytest.raises(EvidenceError, match="has 1 entries, but its key signed 2"),
        writing(open_case(tmp_path / "copy")),
    ):
        pass
    assert head_path(case.settings.origin).exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("title = ", "not valid TOML"),
        ("", "title is missing"),
        ('title = "T"\ncolour = "red"\n[log]\norigin = "a"\nkey = "b"', "unknown setting colour"),
        ('title = "T"\n[log]\norigin = "a"', "log.key is missing"),
        ('title = "T"\ntopics = "x"\n[log]\norigin = "a"\nkey = "b"', "topics must be a list"),
        ('title = "T"\n[capture]\ndelay_seconds = -1\n[log]\norigin = "a"\nkey = "b"', "0 or more"),
    ],
)
def test_wrong_settings_are_refused_by_name(case: Case, text: str, word: str) -> None:
    (case.root / "case.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=word):
        open_case(case.root)


def test_a_folder_that_is_no_case_or_not_there_or_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="not a case"):
        open_case(tmp_path)
    with pytest.raises(CaseError, match="no such folder"):
        open_case(tmp_path / "missing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(CaseError, match="not empty"):
        create_case(tmp_path / "full", title="T", operator="", now=NOW)


def commit_visit(root: Path, arm: Arm) -> None:
    """Commit a visit; it may be killed from the moment on at which all is captured."""
    case = open_case(root)
    with writing(case) as writer:
        pending = case.pending / "visit.warc.gz"
        pending.write_bytes(b"captured")
        arm()
        now = datetime(2026, 1, 3, tzinfo=UTC)
        path = writer.new_warc_path(now)
        writer.commit("visit", {"n": 1}, now=now, warc=pending, warc_path=path)


def test_a_commit_killed_at_any_step_is_whole_or_never_happened(case: Case, tmp_path: Path) -> None:
    """SIGKILL before and after each sync, rename and removal of a commit, one run each."""
    happened = set()
    for stop in range(1, 200):
        copy = tmp_path / f"copy-{stop}"
        shutil.copytree(case.root, copy)
        head = head_path(case.settings.origin)
        remembered = head.read_bytes()
        killed = is_killed(
            stop, ("fsync", "replace", "rename", "unlink"), partial(commit_visit, copy)
        )
        reopened = open_case(copy)
        with writing(reopened) as writer:
            events = list(read_events(reopened))
            assert check(reopened.log, case.settings.key) == []
            writer.commit("note", {}, now=NOW + timedelta(days=2))
        happened.add(len(events))
        if not killed:
            assert len(events) == 2
        if len(events) == 2:
            assert events[1].body["n"] == 1
            assert file_sha256(copy / str(events[1].warc)) == events[1].warc_sha256
        assert check(reopened.log, case.settings.key) == []
        shutil.rmtree(copy)
        head.write_bytes(remembered)
        if not killed:
            break
    assert not killed, "the loop must reach a run that was not killed"
    assert happened == {1, 2}
    assert stop > 10
