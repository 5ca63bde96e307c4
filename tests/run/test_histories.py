"""What happens to repositories, sites and feeds as a whole is told once, with its evidence."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.changes.histories.words import sentence
from sousveil.index.histories import happenings, lost_with
from sousveil.index.notices import notices
from sousveil.index.query import fates, findings, watches
from sousveil.ledger import writing
from sousveil.model import Happening, Verdict
from sousveil.run.indexing import open_index, sync_index
from sousveil.run.read.analyse import analyse, load_engine
from sousveil.run.visit.visits import visit_all
from tests.capture.test_git import serving
from tests.commands import sousveil
from tests.conftest import NOW
from tests.sites import Page, case_for, serve

Git = Callable[..., str]
Commit = Callable[..., str]

CLAIM = b"class Face {\n  private String ethnicity; // ethnicity of the detected face\n}\n"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Days:
    """Visits on days of a made-up calendar, each read at once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.now = NOW

    def visit(self, after: timedelta = DAY) -> list[Happening]:
        """Look at everything once more and return what this look shows."""
        self.now += after
        known = {one.id for one in told(self.case)}
        with writing(self.case) as writer, open_index(self.case, create=True) as index:
            sync_index(self.case, index)
            for _ in visit_all(writer, index, watches(index), lambda: self.now):
                pass
            sync_index(self.case, index)
            analyse(self.case, index, load_engine(self.case, index), lambda *_: None)
        return [one for one in told(self.case) if one.id not in known]


def told(case: Case) -> list[Happening]:
    with open_index(case, create=True) as index:
        return happenings(index)


def kinds(shown: list[Happening]) -> list[str]:
    return [one.turn.kind for one in shown]


def fates_of(case: Case) -> set[Verdict]:
    with open_index(case) as index:
        return {fate.verdict for fate in fates(index).values()}


def watch(case: Case, target: str | Path, *options: str) -> Days:
    done = sousveil("add", target, *options, "--case", case.root)
    assert done.status == 0, done.err
    return Days(open_case(case.root))


def check_and_make_again(case: Case) -> None:
    """The evidence is whole, and an index that is made again tells the same."""
    before = told(case)
    done = sousveil("verify", case.root)
    assert done.status == 0, done.out
    assert sousveil("reindex", "--case", case.root).status == 0
    assert told(case) == before


# ---------------------------------------------------------------- repositories


def test_commits_dropped_by_force_stay_provable_and_the_quote_is_told(
    case: Case, repository: Path, git: Git, commit: Commit
) -> None:
    start = commit(repository, "start", {"README": b"Face attributes.\n"})
    dropped = commit(repository, "add", {"Face.java": CLAIM})
    days = watch(case, repository)
    assert days.visit() == []
    git(repository, "reset", "--hard", "--quiet", start)
    new = commit(repository, "tidy", {"README": b"Attributes.\n"})
    (rewritten,) = days.visit()
    assert rewritten.turn.kind == "rewritten"
    assert (rewritten.turn.subject, rewritten.turn.before) == ("refs/heads/main", dropped)
    assert (rewritten.turn.after, rewritten.turn.items) == (new, (dropped,))
    with open_index(case) as index:
        lost = lost_with(index, [rewritten])[rewritten.id]
        (notice,) = [one for one in notices(index, 100) if one.kind == "history"]
    assert {one.source.path for one in lost} == {"Face.java"}
    quote = lost[0].quote
    said = sentence(rewritten, [f"“{one.quote}”" for one in lost])
    assert said.startswith("The history of main was rewritten: 1 commit is reached by no branch")
    assert quote in said
    assert quote in notice.text
    assert "main" not in notice.text
    assert notice.log_index == rewritten.log_index
    shown = sousveil("changes", "--why", "--case", case.root).out
    assert f"{said}\n    {repository}  between " in shown
    line = sousveil("changes", "--json", "--case", case.root).json()[-1]
    assert (line["happened"], line["text"], line["items"]) == ("rewritten", said, [dropped])
    assert line["findings"] == [one.id for one in lost]
    quiet = sousveil("changes", "--since", "2030-01-01", "--case", case.root).out
    assert "No quote went missing since 2030-01-01" in quiet
    assert "no branch or tag of the repository reaches it any more" in shown
    check_and_make_again(days.case)
    again = sousveil("show", lost[0].id, "--case", case.root).out
    assert quote in again
    assert dropped in again


def test_a_branch_that_only_goes_on_is_nothing_to_tell(
    case: Case, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"README": b"1"})
    days = watch(case, repository)
    days.visit()
    commit(repository, "more", {"README": b"2"})
    git(repository, "branch", "next")
    git(repository, "tag", "v1")
    assert days.visit() == []
    git(repository, "branch", "-D", "next", "--quiet")
    (deleted,) = days.visit()
    assert deleted.turn.kind == "branch_deleted"
    assert deleted.turn.items == ()
    assert "reached by other branches" in sentence(deleted)


def test_tags_that_are_moved_deleted_or_made_anew_are_told_apart(
    case: Case, repository: Path, git: Git, commit: Commit
) -> None:
    first = commit(repository, "start", {"README": b"1"})
    for tag in ("v1", "v2", "v3"):
        git(repository, "tag", "-m", tag, tag)
    second = commit(repository, "more", {"README": b"2"})
    days = watch(case, repository)
    days.visit()
    git(repository, "tag", "--force", "-m", "moved", "v1", second)
    git(repository, "tag", "--force", "-m", "said again", "v2", first)
    git(repository, "tag", "-d", "v3")
    moved, deleted = sorted(days.visit(), key=lambda one: one.turn.subject)
    assert (moved.turn.kind, moved.turn.before, moved.turn.after) == ("tag_moved", first, second)
    assert sentence(moved) == f"Tag v1 was moved from commit {first[:12]} to {second[:12]}."
    assert (deleted.turn.kind, deleted.turn.subject) == ("tag_deleted", "refs/tags/v3")
    check_and_make_again(days.case)


def test_a_branch_that_was_renamed_is_no_removal(
    case: Case, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"Face.java": CLAIM})
    days = watch(case, repository)
    days.visit()
    git(repository, "branch", "-m", "main", "trunk")
    (renamed,) = days.visit()
    assert sentence(renamed) == "Branch main is called trunk now."
    with open_index(case) as index:
        assert {one.source.reach for one in findings(index)} == {"head"}


def test_a_copy_that_lost_objects_lost_no_branch(
    case: Case, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"README": b"1"})
    git(repository, "checkout", "--quiet", "-b", "side")
    side = commit(repository, "side", {"README": b"2"})
    git(repository, "checkout", "--quiet", "main")
    days = watch(case, repository)
    days.visit()
    (repository / ".git" / "objects" / side[:2] / side[2:]).unlink()
    shutil.rmtree(days.case.cache)  # where a copy of it lies
    assert days.visit() == []


@pytest.fixture
def served(case: Case, repository: Path, commit: Commit, git: Git) -> Iterator[tuple[Days, Path]]:
    """A repository served over HTTP, looked at once."""
    commit(repository, "start", {"Face.java": CLAIM})
    root = repository.parent / "served"
    root.mkdir()
    git(root, "clone", "--quiet", "--bare", str(repository), "sdk.git")
    with serving(root) as (port, _):
        hosts = frozenset({f"127.0.0.1:{port}"})
        save_settings(case, replace(case.settings, allow_hosts=hosts, delay_seconds=0.0))
        days = watch(case, f"http://127.0.0.1:{port}/sdk.git")
        assert days.visit() == []
        yield days, root / "sdk.git"


def test_a_deleted_repository_is_held_until_it_stays_away(served: tuple[Days, Path]) -> None:
    days, repository = served
    repository.rename(repository.with_suffix(".away"))
    assert [kinds(days.visit()) for _ in range(3)] == [[], [], []]
    assert fates_of(days.case) == {Verdict.PRESENT}
    (gone,) = days.visit()
    assert gone.turn.kind == "repository_gone"
    assert gone.since == NOW + DAY
    assert days.visit() == []
    assert fates_of(days.case) == {Verdict.REMOVED}
    repository.with_suffix(".away").rename(repository)
    assert kinds(days.visit()) == ["repository_back"]
    assert fates_of(days.case) == {Verdict.PRESENT}
    check_and_make_again(days.case)


def test_one_answer_that_there_is_no_repository_is_not_told(served: tuple[Days, Path]) -> None:
    days, repository = served
    repository.rename(repository.with_suffix(".away"))
    assert days.visit() == []
    repository.with_suffix(".away").rename(repository)
    assert days.visit() == []


def test_an_emptied_repository_waits_a_week(served: tuple[Days, Path], git: Git) -> None:
    days, repository = served
    shutil.rmtree(repository)
    git(repository.parent, "init", "--quiet", "--bare", "sdk.git")
    shown = [kinds(days.visit()) for _ in range(8)]
    assert shown == [[]] * 7 + [["repository_gone"]]


def test_a_repository_that_asks_for_a_password_is_private_or_gone(
    tmp_path: Path, repository: Path, commit: Commit, git: Git
) -> None:
    commit(repository, "start", {"Face.java": CLAIM})
    with serve() as site:
        days = Days(case_for(tmp_path / "dumb", site))
        git(tmp_path, "clone", "--quiet", "--bare", str(repository), "dumb.git")
        git(tmp_path / "dumb.git", "update-server-info")
        for path in (tmp_path / "dumb.git").rglob("*"):
            if path.is_file():
                name = path.relative_to(tmp_path / "dumb.git")
                site.pages[f"/dumb.git/{name}"] = Page(
                    path.read_bytes(), "application/octet-stream"
                )
        site.pages["/dumb.git/info/refs?service=git-upload-pack"] = site.pages[
            "/dumb.git/info/refs"
        ]
        watch(days.case, f"{site.url}/dumb.git")
        days = Days(open_case(days.case.root))
        assert days.visit() == []
        site.pages.update(dict.fromkeys(site.pages, Page(b"", status=401)))
        assert days.visit() == []
        (closed,) = days.visit(HOUR)
        assert closed.turn.kind == "repository_closed"
        assert closed.turn.reasons[0].startswith("the server asks for a password")
