"""Archives that others made are handed in at the desk, and what else is handed in is refused."""

import time
from pathlib import Path

import pytest

from sousveil.ledger import read_events
from sousveil.web.jobs.store import Job
from sousveil.web.safety import Role
from sousveil.web.safety.limits import MAX_UPLOAD_BYTES
from tests.commands import sousveil
from tests.review.cases import OFFER, page, take_in
from tests.web.desks import CSRF, Answer, Served

DONE_SECONDS = 60
EDGE = "edge-of-parts"


def hand_in(desk: Served, name: str, data: bytes, role: Role = "editor") -> Answer:
    """Send a file, as the form of the page does."""
    client = desk.client(role)
    token = CSRF.search(client.get("/").text)
    assert token is not None
    body = (
        f'--{EDGE}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token[1]}\r\n'
        f'--{EDGE}\r\nContent-Disposition: form-data; name="archive"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    given = {"content_type": f"multipart/form-data; boundary={EDGE}", "origin": "null"}
    body += data + f"\r\n--{EDGE}--\r\n".encode()
    return client.send(
        "POST", "/manage/targets/import", body, given | {"sec_fetch_site": "same-origin"}
    )


def over(desk: Served, answer: Answer) -> Job:
    """Wait for the end of the job that an answer leads to."""
    until = time.monotonic() + DONE_SECONDS
    name = answer.headers["location"].rpartition("/")[2]
    while not (job := desk.desk.jobs.find(name)) or not job.is_over:
        assert time.monotonic() < until
        time.sleep(0.05)
    return job


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """An archive with one claim, made by somebody else."""
    (tmp_path / "theirs").mkdir()
    assert sousveil("init", tmp_path / "theirs" / "case").status == 0
    take_in(tmp_path / "theirs" / "case", {"https://halden.example/": page(OFFER)}, "halden")
    return (tmp_path / "theirs" / "halden.warc.gz").read_bytes()


def test_an_archive_is_imported_and_what_it_claims_is_found(desk: Served, archive: bytes) -> None:
    job = over(desk, hand_in(desk, "..\\..\\hal den.warc.gz", archive))
    assert job.state == "done", job.said
    (event,) = [one for one in read_events(desk.case) if one.type == "import"]
    assert event.body["file"] == "hal-den.warc.gz"
    assert OFFER in desk.client().get("/findings").text


@pytest.mark.parametrize("name", ["page.html", "x.warc.gz.exe", "", ".."])
def test_what_is_no_archive_by_its_name_is_refused(desk: Served, name: str) -> None:
    assert hand_in(desk, name, b"x").status == 400
    assert desk.desk.jobs.all() == []


def test_what_is_no_archive_inside_is_told_by_the_job(desk: Served) -> None:
    job = over(desk, hand_in(desk, "x.warc.gz", b"no archive"))
    assert job.state in {"refused", "wrong"}
    assert "x.warc.gz" in job.said


def test_what_is_too_large_is_refused(desk: Served) -> None:
    assert hand_in(desk, "x.warc", bytes(MAX_UPLOAD_BYTES)).status == 413


def test_who_is_no_editor_hands_in_nothing(desk: Served) -> None:
    assert hand_in(desk, "x.warc", b"x", "reviewer").status == 403
