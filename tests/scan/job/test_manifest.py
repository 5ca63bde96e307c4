"""The manifest says what is done: a whole line or none, of this scan or it is refused."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import InputError
from sousveil.scan.file.values import FileReport
from sousveil.scan.job.manifest import (
    Asked,
    AskedTopic,
    Totals,
    open_manifest,
    read_manifest,
)

ASKED = Asked(
    sousveil="1",
    matcher="m",
    topics=(AskedTopic("ethnicity", "ab" * 32),),
    inputs=("a",),
    files=2,
    sources="s",
    started="2026-01-02T03:04:05Z",
)


def report(name: str, findings: int = 1) -> FileReport:
    return FileReport(
        name=name,
        bytes=10,
        records=3,
        looked_at=2,
        skipped={"request": 1},
        findings=findings,
        documents=0,
        seconds=0.5,
        cpu_seconds=0.4,
        ended="read",
        problems=("byte 5: \ud800 something",) if findings > 5 else (),
    )


TOTALS = Totals(
    files=2, read=2, partly=0, refused=0, bytes=20, unpacked_bytes=0, lost_bytes=0, records=6,
    looked_at=4, skipped={"request": 2}, documents=0, findings=2, cpu_seconds=0.8, sha256="x",
    ended="2026-01-02T03:04:06Z",
)  # fmt: skip


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with open_manifest(path, ASKED) as manifest:
        manifest.add(report("a"))
        manifest.add(report("b"))
        manifest.add(report("a", findings=2))
        manifest.close(TOTALS)
    told = read_manifest(path)
    assert told.asked == ASKED
    assert told.reports == {"a": report("a", findings=2), "b": report("b")}
    assert told.totals == TOTALS
    lines = [msgspec.json.decode(line)["line"] for line in path.read_bytes().splitlines()]
    assert lines == ["scan", "file", "file", "file", "totals"]


def test_totals_end_when_a_file_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with open_manifest(path, ASKED) as manifest:
        manifest.close(TOTALS)
        manifest.add(report("a"))
    assert read_manifest(path).totals is None


@given(cut=st.integers(min_value=0, max_value=2_000))
def test_a_crash_at_any_byte_leaves_whole_lines_to_go_on_from(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "m.jsonl"
    with open_manifest(path, ASKED) as manifest:
        for name in "abc":
            manifest.add(report(name))
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with open_manifest(path, ASKED) as manifest:
        kept = list(manifest.told.reports)
        assert kept == list("abc")[: max(0, whole[:cut].count(b"\n") - 1)]
        manifest.add(report("d"))
    assert list(read_manifest(path).reports) == [*kept, "d"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sousveil": "2"}, "made by sousveil 1, this is 2"),
        ({"topics": (AskedTopic("ethnicity", "cd" * 32),)}, "other topics: ethnicity abababab"),
        ({"matcher": "n"}, "terms sought in another way"),
        ({"inputs": ("b",)}, "other inputs"),
        ({"prefix": "s3://x"}, "other inputs"),
        ({"filters": {"hosts": ("a.example",)}}, "other filters"),
        ({"sources": "t", "files": 3}, "its 2 files are not the 3 that are there now"),
    ],
)
def test_another_scan_is_refused(tmp_path: Path, change: dict[str, object], told: str) -> None:
    path = tmp_path / "m.jsonl"
    with open_manifest(path, ASKED):
        pass
    other = msgspec.structs.replace(ASKED, **change)
    with pytest.raises(InputError, match=told), open_manifest(path, other):
        pass


def test_another_start_is_the_same_scan(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with open_manifest(path, ASKED):
        pass
    later = msgspec.structs.replace(ASKED, started="2027-01-02T03:04:05Z")
    with open_manifest(path, later) as manifest:
        assert manifest.told.asked.started == ASKED.started


def test_two_scans_never_write_to_one_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    code = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX);"
        "print('locked', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(InputError, match="another scan is at work"), open_manifest(path, ASKED):
            pass
    finally:
        other.kill()
        other.wait()
        assert other.stdout is not None
        other.stdout.close()


@given(data=st.binary(max_size=200))
def test_any_other_file_is_refused_and_stays_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("other") / "m.jsonl"
    path.write_bytes(data + b"\n")
    with pytest.raises(InputError, match="no line of a scan's manifest"):
        read_manifest(path)
    with pytest.raises(InputError, match="no line"), open_manifest(path, ASKED):
        pass
    assert path.read_bytes() == data + b"\n"


def test_an_empty_manifest_is_no_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.touch()
    with pytest.raises(InputError, match="empty"):
        read_manifest(path)
