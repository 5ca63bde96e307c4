"""Repositories of a case that came from somebody else: what git may touch, what counts as proof."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.capture.git import objects as gitobjects
from sousveil.case import Case, open_case
from sousveil.changes import versions
from sousveil.errors import CaseError, RepositoryError
from sousveil.index.query import findings, unreadable, watches
from sousveil.ledger import read_events
from sousveil.model import Commit as CommitMade
from sousveil.model import Event, Finding
from sousveil.run.indexing import open_index
from sousveil.run.quotes import quote_reader
from sousveil.run.read.analyse import load_engine
from sousveil.run.read.repositories import ensure_mirror, mirror_path
from tests.commands import sousveil

Git = Callable[..., str]
Commit = Callable[..., str]

FIELD = b"class Face {\n  private String ethnicity; // ethnicity of the detected face\n}\n"


@pytest.fixture
def read_case(case: Case, repository: Path, commit: Commit) -> Case:
    """A case that has read a repository of two commits."""
    commit(repository, "start", {"README": b"Face attributes.\n"})
    commit(repository, "add", {"Face.java": FIELD})
    assert sousveil("add", "--case", case.root, repository).status == 0
    ran = sousveil("visit", "--case", case.root)
    assert ran.status == 0, ran.err
    return open_case(case.root)


def mirror_of(case: Case) -> Path:
    (mirror,) = case.cache.glob("*.git")
    return mirror


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def first_finding(case: Case) -> Finding:
    with open_index(case) as index:
        return next(found for found in findings(index) if found.source.path == "Face.java")


def quote(case: Case, finding: Finding) -> str:
    with open_index(case) as index:
        return quote_reader(case, index, load_engine(case, index))(
            finding, event_of(case, finding)
        ).quote


def event_of(case: Case, finding: Finding) -> Event:
    return next(event for event in read_events(case) if event.index == finding.log_index)


# ---------------------------------------------------------------- what verification touches


@pytest.mark.parametrize("planted", ["mirror", "cache"])
def test_verification_writes_nothing_where_a_planted_link_leads(
    read_case: Case, tmp_path: Path, git: Git, planted: str
) -> None:
    project = tmp_path / "project"
    name = mirror_of(read_case).name
    shutil.rmtree(read_case.cache)
    if planted == "mirror":
        read_case.cache.mkdir()
        mirror_path(read_case, name.removesuffix(".git")).symlink_to(project / name)
    else:
        read_case.cache.symlink_to(project)
    project.mkdir()
    git(project, "init", "--quiet", "--bare", name)
    git(project / name, "config", "core.mine", "kept")
    before = contents(project)
    ran = sousveil("verify", read_case.root)
    assert ran.status == 0, ran.out
    assert contents(project) == before


def test_verification_needs_no_cache_and_leaves_nothing_behind(
    read_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(read_case.cache)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert quote(read_case, first_finding(read_case)) == first_finding(read_case).quote
    assert not read_case.cache.exists()
    assert list(scratch.iterdir()) == []


# ---------------------------------------------------------------- what reading touches


def link_cache(mirror: Path, elsewhere: Path) -> Path:
    mirror.parent.rename(elsewhere)
    mirror.parent.symlink_to(elsewhere)
    return mirror.parent


def link_mirror(mirror: Path, elsewhere: Path) -> Path:
    mirror.rename(elsewhere)
    mirror.symlink_to(elsewhere)
    return mirror


def link_config(mirror: Path, elsewhere: Path) -> Path:
    elsewhere.write_text("[user]\n")
    (mirror / "config").unlink()
    (mirror / "config").symlink_to(elsewhere)
    return mirror / "config"


def link_references(mirror: Path, elsewhere: Path) -> Path:
    elsewhere.mkdir()
    (mirror / "refs" / "heads").rename(elsewhere / "heads")
    (mirror / "refs" / "heads").symlink_to(elsewhere / "heads")
    return mirror / "refs" / "heads"


def plant_commondir(mirror: Path, elsewhere: Path) -> Path:
    (mirror / "commondir").write_text(str(elsewhere))
    return mirror / "commondir"


def plant_alternates(mirror: Path, elsewhere: Path) -> Path:
    path = mirror / "objects" / "info" / "alternates"
    path.write_text(str(elsewhere))
    return path


@pytest.mark.parametrize(
    "plant",
    [link_cache, link_mirror, link_config, link_references, plant_commondir, plant_alternates],
)
@pytest.mark.parametrize("command", [["reindex"], ["visit", "--all"]])
def test_a_mirror_that_leads_out_of_the_case_is_refused_and_named(
    read_case: Case, tmp_path: Path, plant: Callable[[Path, Path], Path], command: list[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    path = plant(mirror_of(read_case), elsewhere)
    before = contents(elsewhere) | ({elsewhere: b"[user]\n"} if elsewhere.is_file() else {})
    ran = sousveil(*command, "--case", read_case.root)
    assert ran.status == 2
    assert f"{path}: sousveil did not make this, and will not write there. Remove it" in " ".join(
        ran.err.split()
    )
    assert all(path.read_bytes() == content for path, content in before.items())


def test_settings_planted_in_a_mirror_are_gone_before_git_reads_it(read_case: Case) -> None:
    mirror = mirror_of(read_case)
    clean = (mirror / "config").read_text()
    (mirror / "config").write_text(clean + "[gpg]\n\tprogram = /tmp/planted\n")
    with open_index(read_case) as index:
        assert ensure_mirror(read_case, index, watches(index)[0].id) == mirror
    assert (mirror / "config").read_text() == clean


def test_an_index_cannot_name_a_mirror_elsewhere(read_case: Case) -> None:
    with pytest.raises(CaseError, match="is no watch's id"):
        mirror_path(read_case, "../../project")


def test_a_repository_without_a_bundle_is_told(read_case: Case) -> None:
    found = replace(first_finding(read_case), watch_id="0" * 12)
    with open_index(read_case) as index:
        read = quote_reader(read_case, index, load_engine(read_case, index))
        with pytest.raises(RepositoryError, match="holds no bundle"):
            read(found, event_of(read_case, found))


# ---------------------------------------------------------------- what counts as proof


def test_a_commit_made_by_hand_in_the_cache_is_no_evidence(read_case: Case, git: Git) -> None:
    finding, mirror = first_finding(read_case), mirror_of(read_case)
    assert finding.source.commit is not None
    tree = git(mirror, "rev-parse", f"{finding.source.commit.id}^{{tree}}")
    made = git(mirror, "commit-tree", tree, "-p", finding.source.commit.id, "-m", "made up")
    git(mirror, "update-ref", "refs/heads/made", made)
    assert quote(read_case, finding) == finding.quote
    forged = replace(finding.source.commit, id=made)
    for source in (
        replace(finding.source, commit=forged),
        replace(finding.source, entered=forged),
        replace(finding.source, left=forged),
    ):
        with pytest.raises(RepositoryError, match=f"commit {made}: no branch or tag that was log"):
            quote(read_case, replace(finding, source=source))


def test_what_a_commit_says_cannot_be_changed_in_the_index(read_case: Case) -> None:
    finding = first_finding(read_case)
    entered = finding.source.entered
    assert isinstance(entered, CommitMade)
    told = replace(entered, message="we hide it\n")
    with pytest.raises(RepositoryError, match=f"commit {entered.id}: its dates or its message"):
        quote(read_case, replace(finding, source=replace(finding.source, entered=told)))


# ---------------------------------------------------------------- trees that no work tree can hold


def odd_trees(repository: Path, git: Git) -> None:
    """Commit a file behind 1,200 folders, and one whose name holds a slash."""
    blob = git(repository, "rev-parse", "HEAD:Face.java")
    git(
        repository, "fast-import", "--quiet", "--force",
        stdin=b"commit refs/heads/deep\ncommitter N <e> 1600000000 +0000\ndata 4\ndeep\n"
        b"M 100644 %s %s/Face.java\n" % (blob.encode(), b"/".join([b"d"] * 1200)),
    )  # fmt: skip
    entry = b"100644 </script>.h\0" + bytes.fromhex(blob)
    tree = git(repository, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=entry)
    odd = git(repository, "commit-tree", tree, "-m", "odd")
    git(repository, "branch", "odd", odd)


def test_a_repository_of_odd_trees_is_read_and_its_evidence_is_whole(
    read_case: Case, repository: Path, git: Git
) -> None:
    odd_trees(repository, git)
    assert sousveil("visit", "--all", "--case", read_case.root).status == 0
    with open_index(read_case) as index:
        paths = {found.source.path for found in findings(index)}
    assert {"Face.java", "</script>.h"} < paths
    assert any(path is not None and path.count("/") == 1200 for path in paths)
    ran = sousveil("verify", read_case.root)
    assert ran.status == 0, ran.out


def test_quotes_that_cannot_be_proved_are_left_out_and_told(
    read_case: Case, repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd_trees(repository, git)
    monkeypatch.setattr(gitobjects, "MAX_FOLDERS", 10)
    assert sousveil("visit", "--all", "--case", read_case.root).status == 0
    with open_index(read_case) as index:
        paths = {found.source.path for found in findings(index)}
        ((_, _, note),) = unreadable(index)
    assert paths == {"Face.java", "</script>.h"}
    assert "quotes were left out: git's hashes do not show them" in note
    assert sousveil("verify", read_case.root).status == 0


# ---------------------------------------------------------------- what could not be read


def test_files_that_are_too_large_to_read_are_told(
    case: Case, repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MAX_BLOB_BYTES", 1_000)
    commit(repository, "add", {"Face.java": FIELD, "data.txt": b"ethnicity of a face\n" * 100})
    assert sousveil("add", "--case", case.root, repository).status == 0
    assert sousveil("visit", "--case", case.root).status == 0
    with open_index(case) as index:
        ((_, _, note),) = unreadable(index)
    assert note.startswith("1 versions of files over")


def test_a_damaged_bundle_is_noted_and_stops_nothing_else(read_case: Case) -> None:
    (warc,) = read_case.root.glob("archive/*/*/*.warc.gz")
    warc.write_bytes(warc.read_bytes()[:-100])
    shutil.rmtree(read_case.cache)
    assert sousveil("reindex", "--case", read_case.root).status == 0
    with open_index(read_case) as index:
        ((_, _, note),) = unreadable(index)
    assert warc.name in note
    assert sousveil("verify", read_case.root).status == 1
