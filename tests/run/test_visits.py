"""No target keeps the others from being visited, and a bad end leaves nothing behind."""

import errno
import os
import shutil
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.capture.git.run import require_git
from sousveil.capture.http.fetch import WireSettings, fetch
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import Draft, Writer, read_events
from sousveil.model import Event, FailureKind
from sousveil.run.visit import clones
from sousveil.run.visit.pending import clear_pending
from sousveil.watch.targets import MAX_URL_LENGTH
from tests.commands import sousveil
from tests.conftest import NOW, Commit, Git

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@contextmanager
def answering(answer: Callable[[int], bytes]) -> Iterator[str]:
    """Serve, on loopback, `answer(n)` to the n-th request, whatever is asked; give the host."""
    asked = iter(range(1_000_000))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer(next(asked)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def allow(case: Case, host: str, tabs: int = 3) -> None:
    settings = replace(case.settings, allow_hosts=frozenset({host}), delay_seconds=0.0, tabs=tabs)
    save_settings(case, settings)


def logged(case: Case, kind: str) -> list[Event]:
    return [event for event in read_events(open_case(case.root)) if event.type == kind]


def left_in_pending(case: Case) -> set[str]:
    return {path.name for path in case.pending.iterdir()} - {"lock"}


def far_away(number: int) -> bytes:
    """Redirect, again and again, to an address of 97 KB beyond ASCII."""
    place = f"/{number}/{'é' * 48_000}".encode()
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
    return head + place + b"\r\nRetry-After: " + b"9" * 97_000 + b"\r\n\r\n"


def archive(path: Path) -> Path:
    with WarcWriter(path, path.name, software="t", user_agent="t", now=NOW) as warc:
        warc.write_resource("https://a.example/", NOW, "text/plain", b"nothing of note")
    return path


def test_endless_redirects_to_long_addresses_are_an_outcome_and_the_next_is_visited(
    case: Case,
) -> None:
    with answering(far_away) as hostile, answering(lambda _: OK) as calm:
        save_settings(
            case,
            replace(case.settings, allow_hosts=frozenset({hostile, calm}), delay_seconds=0.0),
        )
        sousveil("add", f"http://{hostile}/", f"http://{calm}/", "--case", case.root)
        ran = sousveil("visit", "--case", case.root, "--json")
    assert ran.status == 0, ran.err
    assert {visit["target"]: visit["verdict"] for visit in ran.json()} == {
        f"http://{hostile}/": "unknown",
        f"http://{calm}/": "present",
    }
    assert max(len(str(event.body)) for event in logged(case, "visit")) < 100_000
    assert left_in_pending(case) == set()
    assert sousveil("verify", case.root).status == 0


def test_a_redirect_to_a_long_address_is_told_in_part_and_not_followed(tmp_path: Path) -> None:
    with answering(far_away) as host:
        (only,) = fetch(
            f"http://{host}/",
            settings=WireSettings(user_agent="t"),
            allowed=frozenset({host}),
            folder=tmp_path,
            clock=lambda: datetime.now(UTC),
        )
    assert only.failure is not None
    assert only.failure.kind is FailureKind.BAD_REDIRECT
    assert "characters" in only.failure.message
    assert len(only.location or "") == MAX_URL_LENGTH


def test_a_repository_with_more_branches_than_an_entry_holds_is_an_outcome(
    case: Case, repository: Path, commit: Commit, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, "one", {"a": b"a"})
    for number in range(20):
        git(repository, "tag", f"v{number}")
    sousveil("add", repository, "--case", case.root)
    with monkeypatch.context() as patch:
        patch.setattr(clones, "MAX_REFS_BYTES", 1_000)
        ran = sousveil("visit", "--all", "--case", case.root, "--json")
    (visit,) = ran.json()
    assert (ran.status, visit["verdict"], visit["captures"]) == (0, "unreachable", 0)
    assert "22 branches and tags" in visit["outcome"]
    # What could not be told then is captured whole once it can be.
    again = sousveil("visit", "--all", "--case", case.root, "--json").json()
    assert again[0]["captures"] == 1


def test_a_repository_made_again_in_another_object_format_stops_no_other(
    case: Case, repository: Path, commit: Commit, git: Git
) -> None:
    commit(repository, "one", {"a": b"a"})
    with answering(lambda _: OK) as host:
        allow(case, host)
        sousveil("add", repository, "--case", case.root)
        assert sousveil("visit", "--case", case.root).status == 0
        shutil.rmtree(repository / ".git")
        git(repository, "init", "--quiet", "--object-format=sha256")
        commit(repository, "again", {"a": b"b"})
        sousveil("add", f"http://{host}/", "--case", case.root)
        ran = sousveil("visit", "--all", "--case", case.root, "--json")
    assert ran.status == 0, ran.err
    told = {
        line["target"]: (line["verdict"], line["outcome"])
        for line in ran.json()
        if line["event"] == "visit"
    }
    assert told[f"http://{host}/"][0] == "present"
    verdict, outcome = told[str(repository)]
    assert verdict == "unreachable"
    assert "sha" in outcome


def test_without_git_nobody_is_asked_and_no_target_is_blamed(
    case: Case, repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit(repository, "one", {"a": b"a"})
    sousveil("add", repository, "--case", case.root)
    require_git.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = sousveil("visit", "--case", case.root)
    require_git.cache_clear()
    assert ran.status == 2
    assert "install git" in ran.err
    assert logged(case, "visit") == []


def test_a_server_that_asks_for_rest_is_left_for_later(case: Case) -> None:
    rest = b"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\nRetry-After: 3600\r\n\r\n"
    with answering(lambda _: rest) as host:
        allow(case, host, tabs=1)
        sousveil("add", f"http://{host}/1", f"http://{host}/2", "--case", case.root)
        first = sousveil("visit", "--case", case.root, "--json")
        second = sousveil("visit", "--case", case.root, "--json")
    assert [line["target"] for line in first.json()] == [f"http://{host}/1"]
    assert f"left for later: http://{host}/2: the server asked for rest until 2" in first.err
    assert [line["target"] for line in second.json()] == [f"http://{host}/2"]


def test_visits_that_end_while_another_is_kept_are_committed_together(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_all, groups = Writer.commit_all, list[int]()

    def slow(writer: Writer, drafts: Sequence[Draft]) -> list[Event]:
        if not groups:
            time.sleep(1.0)  # the other pages come meanwhile
        groups.append(len(drafts))
        return commit_all(writer, drafts)

    with answering(lambda _: OK) as host:
        allow(case, host)
        targets = [f"http://{host}/{number}" for number in range(3)]
        assert sousveil("add", "--case", case.root, *targets).status == 0
        monkeypatch.setattr(Writer, "commit_all", slow)
        assert sousveil("visit", "--case", case.root, "--all").status == 0
    assert sum(groups) == 3
    assert len(groups) <= 2
    assert {event.body["target"] for event in logged(case, "visit")} == set(targets)
    assert sousveil("verify", case.root).status == 0
    assert left_in_pending(case) == set()


def test_what_interrupted_work_left_is_removed_by_the_next_visit_or_import(
    case: Case, tmp_path: Path
) -> None:
    def leave() -> None:
        (case.pending / "visit-a").mkdir()
        (case.pending / "visit-a" / "1.body").write_bytes(b"half")
        for name in ("visit-a.warc.gz", "import-b.copy", "commit.json.tmp"):
            (case.pending / name).write_bytes(b"half")

    sousveil("add", "http://127.0.0.1:9/", "--case", case.root)
    leave()
    assert sousveil("visit", "--case", case.root).status == 0
    assert left_in_pending(case) == set()
    leave()
    warc = archive(tmp_path / "a.warc.gz")
    assert sousveil("import", warc, "--case", case.root).status == 0
    assert left_in_pending(case) == set()


@pytest.mark.parametrize("command", ["visit", "import"])
def test_a_full_disk_is_not_kept_full(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    warc = archive(tmp_path / "a.warc.gz")
    sousveil("add", "http://127.0.0.1:9/", "--case", case.root)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        named = [warc] if command == "import" else []
        assert sousveil(command, *named, "--case", case.root).status == 2
    assert left_in_pending(case) == set()


def test_the_file_of_a_commit_that_has_happened_is_kept_until_it_is_in_its_place(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warc = archive(tmp_path / "a.warc.gz")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_place_warcs", full)
        assert sousveil("import", warc, "--case", case.root).status == 2
        names = {Path(name).suffix for name in left_in_pending(case)}
        assert names == {".json", ".copy"}  # no working folder
        clear_pending(case)
        assert {Path(name).suffix for name in left_in_pending(case)} == names
    assert sousveil("import", warc, "--case", case.root).status == 0
    assert len(logged(case, "import")) == 1
    assert left_in_pending(case) == set()
    assert sousveil("verify", case.root).status == 0


def test_an_archive_whose_name_is_not_utf8_is_taken_in(case: Case, tmp_path: Path) -> None:
    warc = archive(tmp_path / "a.warc.gz").rename(tmp_path / os.fsdecode(b"\xff.warc.gz"))
    ran = sousveil("import", warc, "--case", case.root, "--json")
    assert ran.status == 0, ran.err
    assert ran.json()[0]["file"].endswith("\\xff.warc.gz")
    (event,) = logged(case, "import")
    assert event.body["file"] == "\\xff.warc.gz"
