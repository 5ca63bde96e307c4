import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from sousveil.capture.git import capture as capture_git
from sousveil.capture.git import run as gitrun
from sousveil.capture.git.bundle import mirror_lacks, rebuild_mirror
from sousveil.capture.git.capture import RepositoryCapture, capture_repository
from sousveil.errors import RepositoryError
from sousveil.model import Failure, FailureKind

Git = Callable[..., str]
Commit = Callable[..., str]


def refuse(host: str, port: int) -> Failure:
    return Failure(FailureKind.REFUSED_ADDRESS, f"{host}:{port} must not be asked for")


def visit(target: Path | str, tmp_path: Path, known: Collection[str] = ()) -> RepositoryCapture:
    found = look(target, tmp_path, known)
    assert isinstance(found, RepositoryCapture), found
    return found


def look(
    target: Path | str,
    tmp_path: Path,
    known: Collection[str] = (),
    resolve: capture_git.Resolve = refuse,
) -> RepositoryCapture | Failure:
    folder = tmp_path / f"visit-{time.monotonic_ns()}"
    folder.mkdir()
    return capture_repository(
        str(target), mirror=tmp_path / "mirror", known=known, folder=folder, resolve=resolve
    )


# ---------------------------------------------------------------- what is kept


def test_a_bundle_is_cloned_and_checked_by_git_itself(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"one\n"})
    last = commit(repository, "second", {"a.txt": b"two\n", "目录/文 件.txt": b"3\n"})
    git(repository, "tag", "-a", "v1", "-m", "release")
    git(repository, "branch", "dev", "HEAD~1")
    found = visit(repository, tmp_path)
    assert found.head == "refs/heads/main"
    assert found.head_commit == found.refs["HEAD"] == last
    assert set(found.refs) == {"HEAD", "refs/heads/main", "refs/heads/dev", "refs/tags/v1"}
    assert (found.missing, found.object_format, found.ip_address) == (0, "sha1", None)
    git(tmp_path, "clone", "--quiet", str(found.bundle), "clone")
    git(tmp_path / "clone", "fsck", "--strict")
    assert (tmp_path / "clone/目录/文 件.txt").read_bytes() == b"3\n"
    assert git(tmp_path / "clone", "rev-parse", "v1") == found.refs["refs/tags/v1"]


def test_a_second_visit_keeps_only_what_is_new(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    first_commit = commit(repository, "first", {"big.bin": os.urandom(100_000)})
    first = visit(repository, tmp_path)
    unchanged = visit(repository, tmp_path, first.refs.values())
    assert unchanged.bundle is None
    assert unchanged.refs == first.refs
    commit(repository, "second", {"a.txt": b"new\n"})
    second = visit(repository, tmp_path, first.refs.values())
    assert second.bundle is not None
    assert second.bundle.stat().st_size < 2000
    assert first_commit in git(repository, "bundle", "verify", str(second.bundle))


def test_a_reference_to_a_known_commit_is_reported_without_a_bundle(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    first = visit(repository, tmp_path)
    git(repository, "branch", "new")
    second = visit(repository, tmp_path, first.refs.values())
    assert second.bundle is None
    assert second.refs["refs/heads/new"] == first.head_commit


def test_a_mirror_is_made_again_from_the_bundles_in_order(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    bundles = []
    known: set[str] = set()
    for number in range(3):
        commit(repository, f"no. {number}", {"a.txt": b"line\n" * number, f"{number}": b"x"})
        found = visit(repository, tmp_path, known)
        known |= set(found.refs.values())
        assert found.bundle is not None
        bundles.append(found.bundle)
    again = tmp_path / "again"
    assert mirror_lacks(again, sorted(known)) == sorted(known)
    rebuild_mirror(again, bundles)
    assert mirror_lacks(again, sorted(known)) == []
    git(again, "fsck", "--strict")
    assert git(again, "rev-list", "--all", "--objects") == git(
        tmp_path / "mirror", "rev-list", "--all", "--objects"
    )
    with pytest.raises(RepositoryError, match=r"needs commit .* which an earlier bundle holds"):
        rebuild_mirror(tmp_path / "wrong order", bundles[1:])


def test_a_damaged_bundle_is_named(tmp_path: Path, repository: Path, commit: Commit) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    bundle = visit(repository, tmp_path).bundle
    assert bundle is not None
    data = bytearray(bundle.read_bytes())
    data[-30] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(RepositoryError, match="index-pack"):
        rebuild_mirror(tmp_path / "again", [bundle])
    bundle.write_bytes(b"PK\3\4")
    with pytest.raises(RepositoryError, match="not a git bundle"):
        rebuild_mirror(tmp_path / "again", [bundle])


def test_rewritten_history_loses_nothing_that_was_kept(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    commit(repository, "to be erased", {"a.txt": b"2"})
    first = visit(repository, tmp_path)
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    commit(repository, "instead", {"a.txt": b"3"})
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "--quiet", "--prune=now")
    second = visit(repository, tmp_path, first.refs.values())
    mirror = tmp_path / "mirror"
    git(mirror, "gc", "--quiet", "--prune=now")
    assert second.head_commit != first.head_commit
    assert git(mirror, "show", f"{first.head_commit}:a.txt") == "2"


def test_what_a_lost_mirror_held_is_captured_again(
    tmp_path: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    first = visit(repository, tmp_path)
    shutil.rmtree(tmp_path / "mirror")
    again = visit(repository, tmp_path, first.refs.values())
    assert first.bundle is not None
    assert again.bundle is not None
    assert again.bundle.read_bytes() == first.bundle.read_bytes()


# ---------------------------------------------------------------- repositories of every kind


def test_sha256_repositories_are_kept_too(tmp_path: Path, git: Git, commit: Commit) -> None:
    folder = tmp_path / "new"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(folder))
    commit(folder, "first", {"a.txt": b"1"})
    found = visit(folder, tmp_path)
    assert found.object_format == "sha256"
    assert len(found.head_commit) == 64
    assert found.bundle is not None
    rebuild_mirror(tmp_path / "again", [found.bundle])
    assert git(tmp_path / "again", "show", f"{found.head_commit}:a.txt") == "1"
    git(tmp_path, "clone", "--quiet", str(found.bundle), "clone")


def test_a_repository_made_anew_in_another_format_is_refused_with_the_next_step(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    visit(repository, tmp_path)
    folder = tmp_path / "new"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(folder))
    commit(folder, "first", {"a.txt": b"1"})
    with pytest.raises(RepositoryError, match="Retire this watch"):
        look(folder, tmp_path)


def test_a_bare_repository_a_work_tree_and_a_linked_one_hold_the_same(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    head = commit(repository, "first", {"a.txt": b"1"})
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), 'bare: "x"\n.git')
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    for target in (
        repository,
        repository / ".git",
        tmp_path / 'bare: "x"\n.git',
        tmp_path / "linked",
        repository.as_uri(),
    ):
        shutil.rmtree(tmp_path / "mirror", ignore_errors=True)
        assert visit(target, tmp_path).head_commit == head


def test_a_repository_with_tags_only_is_read_from_the_newest(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    git(repository, "tag", "z-old")
    last = commit(repository, "second", {"a.txt": b"2"})
    git(repository, "tag", "-a", "-m", "release", "new")
    git(repository, "checkout", "--quiet", "--orphan", "nothing")
    git(repository, "branch", "-D", "main")
    found = visit(repository, tmp_path)
    assert (found.head, found.head_commit) == ("refs/tags/new", last)


def test_a_detached_head_is_kept(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    git(repository, "checkout", "--quiet", "--detach")
    last = commit(repository, "second", {"a.txt": b"2"})
    found = visit(repository, tmp_path)
    assert (found.head, found.head_commit, found.refs["HEAD"]) == ("HEAD", last, last)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("git init --quiet target", "no commits yet"),
        ("mkdir target", "holds no git repository"),
        ("true", "there is no such folder"),
        ("git clone -q --depth=1 'file://{source}' target", "git fetch --unshallow"),
    ],
)
def test_what_cannot_be_captured_is_an_outcome_in_plain_words(
    tmp_path: Path, repository: Path, commit: Commit, command: str, words: str
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    commit(repository, "second", {"a.txt": b"2"})
    subprocess.run(["/bin/sh", "-c", command.format(source=repository)], cwd=tmp_path, check=True)
    found = look(tmp_path / "target", tmp_path)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.REPOSITORY
    assert words in found.message


def test_a_repository_without_its_large_files_is_kept_as_far_as_it_goes(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1", "large.bin": os.urandom(9000)})
    head = commit(repository, "second", {"a.txt": b"2", "other.bin": os.urandom(9000)})
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:limit=5k", repository.as_uri(), "partial")
    shutil.rmtree(repository)
    found = visit(tmp_path / "partial", tmp_path)
    assert (found.missing, found.head_commit) == (2, head)
    assert found.bundle is not None
    rebuild_mirror(tmp_path / "again", [found.bundle])
    assert git(tmp_path / "again", "show", f"{head}:a.txt") == "2"
    again = visit(tmp_path / "partial", tmp_path, found.refs.values())
    assert (again.bundle, again.missing) == (None, 2)


def test_a_repository_with_a_damaged_pack_is_an_outcome(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.bin": os.urandom(5000)})
    git(repository, "gc", "--quiet")
    (pack,) = (repository / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:200])
    found = look(repository, tmp_path)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.REPOSITORY


# ---------------------------------------------------------------- hostile repositories


def test_nothing_that_a_repository_configures_is_run(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    proof = tmp_path / "was run"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch '{proof}'\ncat\n")
    script.chmod(0o755)
    commit(repository, "first", {"a.txt": b"1", ".gitattributes": b"* diff=x filter=x\n"})
    commit(repository, "second", {"a.txt": b"2"})
    for key in (
        "core.fsmonitor", "core.alternateRefsCommand", "core.pager", "pager.for-each-ref",
        "core.sshCommand", "core.askPass", "credential.helper", "diff.external", "diff.x.textconv",
        "filter.x.clean", "filter.x.smudge", "filter.x.process", "uploadpack.packObjectsHook",
        "gpg.program", "core.gitProxy", "alias.rev-parse",
    ):  # fmt: skip
        git(repository, "config", key, f"!{script}" if key.startswith("alias") else str(script))
    git(repository, "config", "log.showSignature", "true")
    hooks = repository / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-index-change", "pre-auto-gc", "post-checkout"):
        shutil.copy(script, hooks / hook)
    git(repository, "config", "core.hooksPath", str(hooks))
    found = visit(repository, tmp_path)
    visit(repository, tmp_path, found.refs.values())
    assert not proof.exists()
    subprocess.run(  # the trap does work: git as users run it falls in
        ["git", "status"], cwd=repository, capture_output=True, check=False
    )
    assert proof.exists()


def test_settings_planted_in_a_mirror_are_removed(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    visit(repository, tmp_path)
    mirror = tmp_path / "mirror"
    clean = (mirror / "config").read_text()
    git(mirror, "config", "core.alternateRefsCommand", "touch /tmp/x")
    visit(repository, tmp_path)
    assert (mirror / "config").read_text() == clean


def test_replaced_objects_do_not_change_what_is_kept(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"true\n"})
    true = git(repository, "rev-parse", "HEAD:a.txt")
    false = git(repository, "hash-object", "-w", "--stdin", stdin=b"false\n")
    git(repository, "replace", true, false)
    found = visit(repository, tmp_path)
    assert git(tmp_path / "mirror", "cat-file", "-p", true) == "true"
    assert all(not name.startswith("refs/replace") for name in found.refs)


def test_a_repository_larger_than_the_limit_is_an_outcome(
    tmp_path: Path, repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, "first", {"a.bin": os.urandom(300_000)})
    monkeypatch.setattr(gitrun, "MAX_REPOSITORY_BYTES", 100_000)
    found = look(repository, tmp_path)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.TOO_LARGE


def test_names_that_are_no_utf8_are_shown_and_do_not_stop_a_visit(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    head = commit(repository, "first", {"a.txt": b"1"})
    (repository / ".git/packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n"
        + f"{head} refs/heads/".encode() + "中\u2028文".encode() + b"\n"
        + f"{head} refs/heads/".encode() + "测试".encode("gb18030") + b"\n"
    )  # fmt: skip
    found = visit(repository, tmp_path)
    assert set(found.refs) == {
        "HEAD", "refs/heads/main", "refs/heads/中\u2028文", r"refs/heads/\xb2\xe2\xca\xd4"
    }  # fmt: skip
    git(tmp_path, "clone", "--quiet", str(found.bundle), "clone")


# ---------------------------------------------------------------- over the network


class _Backend(http.server.BaseHTTPRequestHandler):
    """`git http-backend` (CGI, RFC 3875) for the folder that the server holds."""

    root: ClassVar[Path]
    redirect_to: ClassVar[str]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        parts = urlsplit(self.path)
        if parts.path.startswith("/private"):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
            return
        if parts.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", self.redirect_to)
            self.end_headers()
            return
        environment = os.environ | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(parts.path),
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.partition(": ") for line in head.decode().split("\r\n")]
        status = next((value for name, _, value in fields if name == "Status"), "200 OK")
        self.send_response(int(status.split()[0]))
        for name, _, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(root: Path, redirect_to: str = "") -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    members = {"root": root, "redirect_to": redirect_to, "asked": asked}
    handler = type("Handler", (_Backend,), members)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket.settimeout(10)  # a client gone before it is accepted must not stop us
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_a_repository_on_the_network_is_kept_like_a_local_one(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    git(repository, "tag", "-a", "v1", "-m", "release")
    git(repository, "update-ref", "refs/pull/1/head", "HEAD")
    git(repository, "update-ref", "refs/remotes/origin/HEAD", "HEAD")
    with serving(tmp_path) as (port, _):
        url = f"http://vendor.example:{port}/vendor%20sdk"
        first = look(url, tmp_path, resolve=loopback)
        assert isinstance(first, RepositoryCapture), first
        assert first.ip_address == "127.0.0.1"
        assert first.head == "refs/heads/main"
        assert first.refs == visit(repository, tmp_path).refs
        assert first.bundle is not None
        git(tmp_path, "clone", "--quiet", str(first.bundle), "clone")
        git(repository, "commit", "--quiet", "--amend", "--allow-empty", "-m", "rewritten")
        git(repository, "tag", "--delete", "v1")
        second = look(url, tmp_path, first.refs.values(), resolve=loopback)
        assert isinstance(second, RepositoryCapture), second
        assert set(second.refs) == {"HEAD", "refs/heads/main"}
        assert second.bundle is not None
        rebuild_mirror(tmp_path / "again", [first.bundle, second.bundle])
        assert mirror_lacks(tmp_path / "again", [first.head_commit, second.head_commit]) == []


def test_only_the_address_that_was_checked_is_connected_to(
    tmp_path: Path, repository: Path, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with serving(tmp_path) as (port, asked):
        # The system's resolver knows localhost; what counts is what the guard answered.
        with socket.socket() as closed:
            closed.bind(("127.0.0.2", 0))
            url = f"http://localhost:{port}/vendor%20sdk"
            found = look(url, tmp_path, resolve=lambda *_: ["127.0.0.2"])
        assert isinstance(found, Failure)
        assert found.kind is FailureKind.CONNECT
        refused = look(url, tmp_path, resolve=refuse)
        assert isinstance(refused, Failure)
        assert refused.kind is FailureKind.REFUSED_ADDRESS
        assert asked == []


def test_a_proxy_of_the_environment_is_not_used(
    tmp_path: Path, repository: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    with serving(tmp_path) as (port, _), serving(tmp_path) as (proxy, asked):
        for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        found = look(f"http://vendor.example:{port}/vendor%20sdk", tmp_path, resolve=loopback)
        assert isinstance(found, RepositoryCapture)
        assert asked == []


def test_a_redirect_is_told_and_not_followed(tmp_path: Path) -> None:
    with serving(tmp_path) as (secret, asked):
        to = f"http://127.0.0.1:{secret}/x/info/refs?service=git-upload-pack"
        with serving(tmp_path, to) as (port, _):
            found = look(f"http://vendor.example:{port}/elsewhere", tmp_path, resolve=loopback)
        assert isinstance(found, Failure)
        assert "add that address instead" in found.message
        assert "often the same with .git at its end" in found.message
        assert asked == []


@pytest.mark.parametrize(
    ("path", "words"),
    [("private", "asks for a password"), ("gone", "there is no repository at this address")],
)
def test_a_closed_or_vanished_repository_is_an_outcome(
    tmp_path: Path, path: str, words: str
) -> None:
    with serving(tmp_path) as (port, _):
        found = look(f"http://vendor.example:{port}/{path}", tmp_path, resolve=loopback)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.REPOSITORY
    assert words in found.message


def test_a_shallow_repository_on_the_network_is_refused(
    tmp_path: Path, repository: Path, git: Git, commit: Commit
) -> None:
    commit(repository, "first", {"a.txt": b"1"})
    commit(repository, "second", {"a.txt": b"2"})
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
    with serving(tmp_path) as (port, _):
        found = look(f"http://vendor.example:{port}/shallow", tmp_path, resolve=loopback)
    assert isinstance(found, Failure)
    assert "its history is cut off" in found.message


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://vendor.example.0x7f/x",
        "http://v%65ndor.example/x",
        "http://vendör.example/x",
        "http://user:secret@vendor.example/x",
        "http://[::1%25lo]/x",
    ],
)
def test_an_address_that_curl_could_read_otherwise_is_refused_before_any_lookup(
    tmp_path: Path, url: str
) -> None:
    def resolve(host: str, _port: int) -> Sequence[str]:
        raise AssertionError(host)

    found = look(url, tmp_path, resolve=resolve)
    assert isinstance(found, Failure)
    assert "secret" not in found.message


def test_other_transports_are_not_spoken(tmp_path: Path) -> None:
    proof = tmp_path / "was run"
    for url in (f"ext::sh -c touch% '{proof}'", "ssh://vendor.example/x", "git://vendor.example/x"):
        assert isinstance(look(url, tmp_path), Failure)
    assert not proof.exists()
