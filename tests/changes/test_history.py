import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.capture.git import objects as gitobjects
from sousveil.capture.git.capture import RepositoryCapture, capture_repository
from sousveil.capture.git.objects import file_proof, open_objects, verify_file_proof
from sousveil.changes import versions
from sousveil.changes.history import RepositoryHistory, Stay, cite, trace
from sousveil.errors import ExtractError, RepositoryError
from sousveil.model import Claim, Document

Git = Callable[..., str]
Commit = Callable[..., str]

FIELD = b"  String ethnicity; // of the face\n"
OTHER = b"  String race; // of the face\n"
QUOTE = "String ethnicity; // of the face"
WORDS = re.compile("ethnicity|race|民族")


def find(data: bytes, _path: str) -> tuple[Document, list[Claim]]:
    """Claim every line that names a trait: a stand-in for the real engine."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    if "unreadable" in text:
        raise ExtractError("too strange to read")
    claims = []
    for line in re.finditer(r"[^\s\n][^\n]*", text):
        if word := WORDS.search(line[0]):
            start, end = line.span()
            claims.append(
                Claim("ethnicity", word[0], "offers", 0.9, start, end, start, end, (), "stand-in")
            )
    return Document(text, (), "text", "utf-8"), claims


def read(mirror: Path, *tips: str) -> RepositoryHistory:
    return trace(
        mirror, tips, find=find, maybe=lambda data: len(data) > 0, progress=lambda *_: None
    )


def spans(stays: Sequence[Stay]) -> list[tuple[str, str, str | None]]:
    """Return path, and the messages with which the quote came and went."""
    return [
        (stay.path, stay.entered.message.strip(), stay.left.message.strip() if stay.left else None)
        for stay in stays
    ]


# ---------------------------------------------------------------- one line of history


def test_a_quote_that_left_is_told_with_both_commits_and_their_messages(
    repository: Path, commit: Commit
) -> None:
    commit(repository, "start", {"Face.java": b"class Face {\n}\n"})
    came = commit(repository, "Add attributes", {"Face.java": b"class Face {\n" + FIELD + b"}\n"})
    last = commit(repository, "Rename", {"Face.java": b"class Face2 {\n" + FIELD + b"}\n"})
    left = commit(repository, "Minor changes.", {"Face.java": b"class Face2 {\n}\n"})
    (stay,) = read(repository / ".git", left).stays
    assert stay.path == "Face.java"
    assert (stay.quote.text, stay.quote.trait) == (QUOTE, "ethnicity")
    assert (stay.entered.id, stay.commit.id) == (came, last)
    assert stay.left is not None
    assert (stay.left.id, stay.left.message) == (left, "Minor changes.\n")
    assert stay.left.authored_at == datetime(2020, 9, 17, 0, 0, tzinfo=UTC)
    assert not stay.at_head
    with open_objects(repository / ".git") as objects:
        proof = file_proof(objects, stay.commit.id, stay.path, stay.blob)
    assert FIELD in verify_file_proof(proof, last, "Face.java")


def test_a_quote_in_hundreds_of_versions_is_one_stay(repository: Path, git: Git) -> None:
    stream = b""
    for number in range(300):
        text = b"// version %d\n" % number + FIELD
        stream += (
            b"commit refs/heads/main\ncommitter N <e> %d +0000\ndata 1\nm\n" % (1.6e9 + number)
            + b"M 100644 inline Face.java\ndata %d\n" % len(text)
            + text
        )
    git(repository, "fast-import", "--quiet", stdin=stream)
    head = git(repository, "rev-parse", "HEAD")
    found = read(repository / ".git", head)
    assert (found.commits, found.files, found.with_claims) == (300, 300, 300)
    (stay,) = found.stays
    assert (stay.at_head, stay.commit.id) == (True, head)
    assert stay.entered.id == git(repository, "rev-list", "--max-parents=0", "HEAD")
    assert stay.blob == git(repository, "rev-parse", "HEAD:Face.java")


def test_a_file_deleted_and_restored_has_several_stays_in_order(
    repository: Path, commit: Commit
) -> None:
    for number in range(2):
        commit(repository, f"add {number}", {"Face.java": FIELD})
        commit(repository, f"delete {number}", {"Face.java": None})
    head = commit(repository, "add 2", {"Face.java": FIELD})
    found = read(repository / ".git", head).stays
    assert spans(found) == [
        ("Face.java", "add 0", "delete 0"),
        ("Face.java", "add 1", "delete 1"),
        ("Face.java", "add 2", None),
    ]
    assert [stay.at_head for stay in found] == [False, False, True]


def test_a_renamed_file_tells_where_the_quote_went(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "add", {"v1/Face.java": FIELD})
    git(repository, "mv", "v1", "v2")
    head = commit(repository, "move", {})
    old, new = read(repository / ".git", head).stays
    assert spans([old, new]) == [("v1/Face.java", "add", "move"), ("v2/Face.java", "move", None)]
    assert (old.moved_to, old.reworded) == ("v2/Face.java", None)


def test_a_reworded_quote_names_what_replaced_it(repository: Path, commit: Commit) -> None:
    commit(repository, "add", {"Face.java": FIELD + OTHER})
    head = commit(repository, "edit", {"Face.java": FIELD.replace(b"the face", b"a body") + OTHER})
    old = next(stay for stay in read(repository / ".git", head).stays if stay.left)
    assert (old.quote.text, old.moved_to) == (QUOTE, None)
    assert old.reworded == "String ethnicity; // of a body"


def test_equal_quotes_in_one_file_are_counted_apart(repository: Path, commit: Commit) -> None:
    commit(repository, "two", {"Face.java": FIELD + b"--\n" + FIELD})
    head = commit(repository, "one", {"Face.java": FIELD})
    found = read(repository / ".git", head).stays
    assert {(stay.quote.occurrence, stay.at_head) for stay in found} == {(0, True), (1, False)}


def test_names_and_texts_of_every_kind_are_read(repository: Path, commit: Commit) -> None:
    names = ["人脸 属性.h", 'a"b.h', "line\nfeed.h", "commit x\n:100644 .h", os.fsdecode(b"\xb2.h")]
    head = commit(repository, "add", {name: FIELD + os.fsencode(name) for name in names})
    head = commit(repository, "国标", {"gb.h": "char byEthnic; // 民族\n".encode("gb18030")})
    found = read(repository / ".git", head).stays
    assert {stay.path for stay in found} == {*names[:4], r"\xb2.h", "gb.h"}
    assert next(stay for stay in found if stay.path == "gb.h").quote.text.endswith("// 民族")


def test_a_copied_file_is_read_once_and_told_at_both_paths(
    repository: Path, commit: Commit
) -> None:
    head = commit(repository, "add", {"a.java": FIELD, "b.java": FIELD})
    found = read(repository / ".git", head)
    assert found.files == 1
    assert [stay.path for stay in found.stays] == ["a.java", "b.java"]


def test_what_is_not_read_is_counted(
    repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MAX_BLOB_BYTES", 1000)
    head = commit(
        repository,
        "add",
        {"bin": b"\0" + FIELD, "big": FIELD * 100, "odd": b"unreadable", "good": FIELD},
    )
    found = read(repository / ".git", head)
    assert (found.files, found.with_claims) == (3, 1)
    assert (found.skipped_binary, found.skipped_large, found.unreadable) == (1, 1, 1)


def test_find_is_asked_only_for_what_may_hold_a_claim(repository: Path, commit: Commit) -> None:
    asked = []

    def noting(data: bytes, path: str) -> tuple[Document, list[Claim]]:
        asked.append(path)
        return find(data, path)

    head = commit(repository, "add", {"a": FIELD, "b": b"nothing\n"})
    trace(
        repository / ".git", [head], find=noting, maybe=lambda data: b"ethn" in data,
        progress=lambda *_: None,
    )  # fmt: skip
    assert asked == ["a"]


def test_each_stay_is_cited_with_its_document_and_claim(repository: Path, commit: Commit) -> None:
    commit(repository, "add", {"a": b"// first\n" + FIELD + OTHER, "b": FIELD})
    head = commit(repository, "drop", {"a": OTHER})
    found = read(repository / ".git", head)
    cited = list(cite(repository / ".git", found, find))
    assert {id(stay) for stay, _, _ in cited} == {id(stay) for stay in found.stays}
    for stay, document, claim in cited:
        assert document.text[claim.start : claim.end] == stay.quote.text
        assert claim.trait == stay.quote.trait


def test_a_mirror_that_lacks_a_tip_says_what_to_do(repository: Path, commit: Commit) -> None:
    commit(repository, "add", {"a": FIELD})
    with pytest.raises(RepositoryError, match="make the mirror again from the bundles"):
        read(repository / ".git", "1" * 40)


# ---------------------------------------------------------------- merges


def test_a_quote_brought_in_by_a_merge_belongs_to_the_commit_that_wrote_it(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"a": b"1\n"})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "wrote it", {"Face.java": FIELD})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "other work", {"a": b"2\n"})
    git(repository, "merge", "--quiet", "--no-ff", "-m", "Merge dev", "dev")
    head = commit(repository, "drop", {"Face.java": None})
    assert spans(read(repository / ".git", head).stays) == [("Face.java", "wrote it", "drop")]


def test_a_quote_taken_out_on_a_branch_left_with_that_commit(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "add", {"Face.java": FIELD, "a": b"1\n"})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "drop", {"Face.java": None})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "other work", {"a": b"2\n"})
    git(repository, "merge", "--quiet", "-m", "Merge dev", "dev")
    head = git(repository, "rev-parse", "HEAD")
    assert spans(read(repository / ".git", head).stays) == [("Face.java", "add", "drop")]


def test_the_same_quote_from_both_sides_is_told_once_as_the_main_line_has_it(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"a": b"1\n"})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "on dev", {"Face.java": FIELD})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "on main", {"Face.java": FIELD})
    git(repository, "merge", "--quiet", "-m", "Merge dev", "dev")
    head, dev = git(repository, "rev-parse", "main", "dev").split()
    assert spans(read(repository / ".git", head, dev).stays) == [("Face.java", "on main", None)]


def test_an_octopus_brings_each_quote_from_where_it_was_written(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"a": b"1\n"})
    for number in range(3):
        git(repository, "checkout", "--quiet", "-b", f"dev{number}", "main")
        commit(repository, f"wrote {number}", {f"{number}.java": FIELD})
    git(repository, "checkout", "--quiet", "main")
    git(repository, "merge", "--quiet", "-m", "Octopus", "dev0", "dev1", "dev2")
    head = git(repository, "rev-parse", "HEAD")
    assert len(git(repository, "rev-parse", "HEAD^@").split()) == 3
    assert spans(read(repository / ".git", head).stays) == [
        (f"{number}.java", f"wrote {number}", None) for number in range(3)
    ]


def test_what_only_the_merge_itself_did_belongs_to_the_merge(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"old.java": FIELD})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "on dev", {"dev.java": OTHER})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "other work", {"a": b"2\n"})
    git(repository, "merge", "--quiet", "--no-commit", "--no-ff", "dev")
    head = commit(repository, "Merge", {"old.java": None, "dev.java": None, "new.java": FIELD})
    assert spans(read(repository / ".git", head).stays) == [
        ("dev.java", "on dev", "Merge"),
        ("new.java", "Merge", None),
        ("old.java", "start", "Merge"),
    ]


def test_merging_an_old_branch_does_not_revive_what_was_dropped_and_restored(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "add", {"Face.java": FIELD})
    git(repository, "branch", "old")
    commit(repository, "drop", {"Face.java": None})
    commit(repository, "restore", {"Face.java": FIELD})
    git(repository, "checkout", "--quiet", "old")
    commit(repository, "other work", {"a": b"1\n"})
    git(repository, "checkout", "--quiet", "main")
    git(repository, "merge", "--quiet", "-m", "Merge old", "old")
    head = git(repository, "rev-parse", "HEAD")
    assert spans(read(repository / ".git", head).stays) == [
        ("Face.java", "add", "drop"),
        ("Face.java", "restore", None),
    ]


def test_a_merge_that_overrules_a_removal_keeps_the_quote_standing(
    repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "add", {"Face.java": FIELD})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "drop", {"Face.java": None})
    git(repository, "checkout", "--quiet", "main")
    git(repository, "merge", "--quiet", "-s", "ours", "-m", "Merge, ours", "dev")
    head = git(repository, "rev-parse", "HEAD")
    assert spans(read(repository / ".git", head).stays) == [("Face.java", "add", None)]


# ---------------------------------------------------------------- several tips


def test_a_quote_on_another_branch_is_told_after_those_of_head(
    repository: Path, git: Git, commit: Commit
) -> None:
    head = commit(repository, "start", {"z.java": FIELD})
    git(repository, "checkout", "--quiet", "-b", "dev")
    commit(repository, "on dev", {"a.java": OTHER, "z.java": b"\n"})
    git(repository, "tag", "-a", "-m", "release", "v1")
    tag = git(repository, "rev-parse", "v1")
    on_head, on_dev = sorted(
        read(repository / ".git", head, tag).stays, key=lambda stay: not stay.at_head
    )
    assert (on_head.path, on_head.left, on_head.tip) == ("z.java", None, head)
    assert (on_dev.path, on_dev.left, on_dev.at_head) == ("a.java", None, False)
    assert on_dev.tip == tag


def test_a_quote_in_history_that_was_rewritten_is_still_told(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "start", {"a": b"1\n"})
    held = commit(repository, "add", {"Face.java": FIELD})

    def visit(known: Sequence[str]) -> RepositoryCapture:
        folder = tmp_path / f"visit {len(known)}"
        folder.mkdir()
        found = capture_repository(
            str(repository), mirror=tmp_path / "mirror", known=known, folder=folder,
            resolve=lambda *_: [],
        )  # fmt: skip
        assert isinstance(found, RepositoryCapture)
        return found

    first = visit([])
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    head = commit(repository, "clean", {"a": b"2\n"})
    assert visit(list(first.refs.values())).head_commit == head
    (stay,) = read(tmp_path / "mirror", head, held).stays
    assert (stay.at_head, stay.left, stay.tip, stay.commit.id) == (False, None, held, held)


# ---------------------------------------------------------------- trees that no work tree can hold


def test_a_quote_that_hashes_do_not_show_at_its_path_is_left_out_and_counted(
    repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = git(repository, "hash-object", "-w", "--stdin", stdin=FIELD)

    def folder(mode: str, name: str, object_id: str) -> str:
        content = f"{mode} {name}\0".encode() + bytes.fromhex(object_id)
        arguments = ("-t", "tree", "-w", "--literally", "--stdin")
        return git(repository, "hash-object", *arguments, stdin=content)

    deep = folder("40000", "b", folder("40000", "c", folder("100644", "Face.java", blob)))
    first = git(repository, "commit-tree", deep, "-m", "deep")
    head = git(
        repository, "commit-tree", folder("100644", "</script>.h", blob), "-p", first, "-m", "odd"
    )
    found = read(repository / ".git", head)
    assert {stay.path for stay in found.stays} == {"</script>.h", "b/c/Face.java"}
    assert found.unproven == 0
    monkeypatch.setattr(gitobjects, "MAX_FOLDERS", 2)
    found = read(repository / ".git", head)
    assert [stay.path for stay in found.stays] == ["</script>.h"]
    assert found.unproven == 1


# ---------------------------------------------------------------- a real repository


@pytest.mark.slow
def test_the_known_removals_of_a_vendors_own_sdk_are_found(tmp_path: Path) -> None:
    """The public Alibaba Cloud Java SDK, whose removals of 2020 and 2021 were read by hand."""
    target = os.environ.get("SOUSVEIL_TEST_REPOSITORY")
    if not target:
        pytest.skip("SOUSVEIL_TEST_REPOSITORY names no clone of aliyun-openapi-java-sdk")
    captured = capture_repository(
        target, mirror=tmp_path / "mirror", known=[], folder=tmp_path, resolve=lambda *_: []
    )
    assert isinstance(captured, RepositoryCapture), captured
    field = re.compile(rb"private \w+ (ethnicity|race\w*);")
    found = trace(
        tmp_path / "mirror",
        [captured.head_commit, *captured.refs.values()],
        find=find,
        maybe=lambda data: field.search(data) is not None,
        progress=lambda *_: None,
    )

    def left(path: str, quote: str) -> list[tuple[str, str]]:
        return [
            (f"{stay.left.authored_at:%Y-%m-%d}", stay.left.message.strip())
            for stay in found.stays
            if stay.path.endswith(path) and stay.quote.text.strip() == quote and stay.left
        ]

    images = "imm/model/v20170906/DetectImageFacesResponse.java"
    for name in ("private String race;", "private Float raceConfidence;"):
        assert left(images, name) == [("2020-12-22", "Minor chagnes.")]
    ethnicity = "private String ethnicity;"
    faces = "cloudauth/model/{}/DetectFaceAttributesResponse.java"
    assert left(faces.format("v20190307"), ethnicity) == [
        ("2021-01-13", "Support base64 picture return.")
    ]
    older = left(faces.format("v20180916"), ethnicity)
    assert older[-3:] == [
        ("2021-01-13", "Support base64 picture return."),
        ("2021-09-10", "Support crop face image."),
        ("2022-02-23", "Add AuthId."),
    ]
