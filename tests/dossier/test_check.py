"""The commands that a dossier prints, run as a reader would run them."""

import hashlib
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.warcwriter import WARCWriter

from sousveil.dossier.check import MAX_OTHER_BUNDLES, check_steps
from sousveil.model import BlockKind, Capture, Commit, Finding, RecordRef, Source
from tests.dossier.reports import EDITED, HOSTILE, finding

PATH = "sdk/it's 面部 $(touch pwned)/Face.java"
GIT = ("git", "-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")

pytestmark = pytest.mark.skipif(
    not (shutil.which("git") and shutil.which("bash")), reason="git and bash are needed"
)


def write_warc(folder: Path, name: str, blocks: Sequence[bytes]) -> list[RecordRef]:
    """Write resource records with warcio, after a record that is in the way."""
    path = folder / name
    refs = []
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=name.endswith(".gz"), warc_version="1.1")
        writer.write_record(writer.create_warcinfo_record(name, {"software": "a test"}))
        for block in blocks:
            offset = file.tell()
            record = writer.create_warc_record(
                "sousveil:x",
                "resource",
                payload=BytesIO(block),
                warc_content_type="application/x-git-bundle",
            )
            writer.write_record(record)
            digest = "sha256:" + hashlib.sha256(block).hexdigest()
            record_id = record.rec_headers.get_header("WARC-Record-ID")
            refs.append(RecordRef(name, offset, file.tell() - offset, record_id, digest))
    return refs


def write_log(folder: Path, name: str) -> None:
    """Write an entry tile that names a file by its digest, as the log does."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    entry = f'{{"type":"visit","v":1,"warc":{{"path":"{name}","sha256":"{digest}"}}}}'.encode()
    tile = folder / "log/tile/entries/000.p/1"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(len(entry).to_bytes(2, "big") + entry)


def run(folder: Path, command: str) -> str:
    done = subprocess.run(
        ["bash", "-e", "-c", command], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8")


def commit_file(repository: Path, content: str, message: str) -> Commit:
    path = repository / PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    subprocess.run([*GIT, "-C", repository, "add", "-A"], check=True)
    subprocess.run([*GIT, "-C", repository, "commit", "-q", "-m", message], check=True)
    name = run(repository, "git rev-parse HEAD").strip()
    when = datetime(2020, 12, 11, tzinfo=UTC)
    return Commit(name, when, when, message)


def bundle(repository: Path, *revisions: str) -> bytes:
    made = subprocess.run(
        ["git", "-C", repository, "bundle", "create", "-q", "-", *revisions],
        check=True,
        capture_output=True,
    )
    return made.stdout


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_the_commands_show_a_line_of_a_repository_from_three_bundles_that_need_each_other(
    tmp_path: Path, object_format: str
) -> None:
    repository, case = tmp_path / "repository", tmp_path / "case"
    case.mkdir()
    subprocess.run(
        ["git", "init", "-q", "-b", "main", f"--object-format={object_format}", repository],
        check=True,
    )
    first = commit_file(repository, "one\n", "begin")
    bundles = [bundle(repository, "main")]
    entered = commit_file(repository, "one\nint minority; // 民族\nthree\n", "feat: 属性")
    bundles.append(bundle(repository, "main", f"^{first.id}"))
    left = commit_file(repository, "one\nthree\n", "chore: tidy up")
    bundles.append(bundle(repository, "main", f"^{entered.id}"))
    earlier, record, later = write_warc(case, "a.warc.gz", bundles)
    write_log(case, "a.warc.gz")
    found = in_repository(record, entered, left)
    file, cut, shown, verify = check_steps(
        found,
        [replace(found.capture, record=earlier)],
        [replace(found.capture, record=later)],
    )
    assert run(case, file.command).splitlines()[1] == "log/tile/entries/000.p/1"
    assert run(case, cut.command).split()[0] == record.digest.removeprefix("sha256:")
    answer = run(case, shown.command)
    assert answer.startswith("int minority; // 民族\n")
    assert "feat: 属性" in answer
    assert "chore: tidy up" in answer
    assert "Nobody" not in answer
    assert verify.command == "sousveil verify"
    assert not list(tmp_path.rglob("pwned"))


def in_repository(record: RecordRef, entered: Commit, left: Commit) -> Finding:
    quote = "int minority; // 民族"
    source = Source(
        BlockKind.CODE,
        "",
        2,
        2,
        4,
        24,
        "utf-8",
        path=PATH,
        commit=entered,
        entered=entered,
        left=left,
    )
    made = finding(quote, quote, url="https://git.example/x.git", source=source, lang="code")
    return replace(made, capture=replace(made.capture, record=record))


def test_a_changed_file_is_not_found_in_the_log(tmp_path: Path) -> None:
    (record,) = write_warc(tmp_path, "a.warc.gz", [b"evidence"])
    write_log(tmp_path, "a.warc.gz")
    file, *_ = check_steps(with_record(EDITED, record))
    content = bytearray((tmp_path / "a.warc.gz").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.warc.gz").write_bytes(content)
    printed = run(tmp_path, file.command + " || true")
    assert "log/tile" not in printed


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc"])
def test_the_commands_cut_out_an_answer_byte_for_byte(tmp_path: Path, name: str) -> None:
    block = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n\r\n\r\n\x00\xff binary \r\n\r\n"
    (record,) = write_warc(tmp_path, name, [block])
    _, cut, look, _ = check_steps(with_record(EDITED, record))
    assert run(tmp_path, cut.command).split()[0] == record.digest.removeprefix("sha256:")
    assert (tmp_path / "evidence.http").read_bytes() == block
    assert look.command == "less evidence.http"


def with_record(found: Finding, record: RecordRef) -> Finding:
    return replace(found, capture=replace(found.capture, record=record))


def test_a_path_that_could_deceive_is_named_by_its_hash() -> None:
    _, _, shown, _ = check_steps(HOSTILE)
    assert HOSTILE.source.path is not None
    assert "touch" not in shown.command
    assert f"show {HOSTILE.source.blob} |" in shown.command


def test_a_long_row_of_earlier_bundles_is_cut_and_says_so() -> None:
    captures: list[Capture] = [EDITED.capture] * (MAX_OTHER_BUNDLES + 5)
    _, _, shown, _ = check_steps(HOSTILE, captures)
    assert shown.command.count(shlex.quote(EDITED.capture.record.warc)) == MAX_OTHER_BUNDLES
    assert "# 5 more captures of this repository" in shown.command
