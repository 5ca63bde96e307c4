"""Findings of one file: whole, the same bytes each time, and there only once they are written."""

from pathlib import Path

import pytest

import sousveil
from sousveil.errors import InputError
from sousveil.scan.file import Job, Source, scan_file
from sousveil.scan.file.finder import finder_for
from sousveil.scan.file.part import (
    PARTS,
    PartWriter,
    Place,
    part_path,
    read_makings,
    read_part,
)
from tests.scan.file.archives import CLAIM, JOB, members, page, record, scan


def made(folder: Path, *bodies: bytes) -> Path:
    path = folder / "a.warc.gz"
    path.write_bytes(members(record(n, page(body)) for n, body in enumerate(bodies)))
    return path


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path) -> None:
    path = made(tmp_path, CLAIM, CLAIM + CLAIM)
    first, again = (scan(path, tmp_path / name) for name in ("one", "two"))
    assert first.findings == again.findings == 3
    one, two = (part_path(tmp_path / name, path.name) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert list((tmp_path / "one" / PARTS).iterdir()) == [one]


def test_a_row_says_where_its_record_lies_and_what_found_it(tmp_path: Path) -> None:
    path = made(tmp_path, b"<p>Nothing.</p>", CLAIM)
    scan(path, tmp_path)
    part = part_path(tmp_path, path.name)
    (row,) = read_part(part)
    stored = path.read_bytes()[row["offset"] : row["offset"] + row["length"]]
    assert stored == members([record(1, page(CLAIM))])
    told = read_makings(part)
    assert told["sousveil.version"] == sousveil.__version__
    assert told["sousveil.engine"] == row["engine"] == finder_for(JOB.topics).engine.name
    assert row["selectors"]


def test_what_is_no_character_is_written_as_a_mark_for_one(tmp_path: Path) -> None:
    path = part_path(tmp_path, "a")
    with PartWriter(path, finder_for(JOB.topics)) as part:
        row = {"id": "a", "quote": "民\ud83d族", "source": {"context": "\ud83d"}}
        part.add([row], Place("a", 0, 1, is_stored=True))
    (row,) = read_part(path)
    assert row["quote"] == "民?族"
    assert row["source"] == {"context": "?"}


def test_what_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    path = part_path(tmp_path, "a")
    part = PartWriter(path, finder_for(JOB.topics))
    part.add([{"id": "a"}], Place("a", 0, 1, is_stored=True))
    part.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 4, 40, -8])
def test_a_part_that_was_cut_is_told_with_what_to_do(tmp_path: Path, cut: int) -> None:
    path = made(tmp_path, CLAIM)
    scan(path, tmp_path)
    part = part_path(tmp_path, path.name)
    part.write_bytes(part.read_bytes()[:cut])
    with pytest.raises(InputError, match="Remove this file and run the same command again"):
        list(read_part(part))


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (Job(JOB.topics, hosts=("vendor2.example",)), "another host"),
        (Job(JOB.topics, media_types=("application/",)), "another media type"),
        (Job(JOB.topics, since="2024-04"), "another date"),
        (Job(JOB.topics, until="2024-03-04"), "another date"),
    ],
)
def test_records_that_a_job_does_not_want_are_counted(tmp_path: Path, job: Job, why: str) -> None:
    report = scan(made(tmp_path, CLAIM), tmp_path, job)
    assert (report.findings, report.skipped) == (0, {why: 1})


def test_a_filter_lets_pass_what_it_names(tmp_path: Path) -> None:
    job = Job(JOB.topics, ("EXAMPLE",), ("text/html",), "2024-03", "2024-03-05")
    assert scan(made(tmp_path, CLAIM), tmp_path, job).findings == 1


def test_text_that_a_crawler_took_out_is_read(tmp_path: Path) -> None:
    text = record(1, CLAIM[3:-4], kind="conversion", fields=["Content-Type: text/plain"])
    path = tmp_path / "a.warc.wet.gz"
    path.write_bytes(members([text]))
    report = scan_file(Source("a", str(path)), tmp_path, JOB)
    assert (report.findings, report.ended) == (1, "read")
