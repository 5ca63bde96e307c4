"""Targets are added at the desk, and long jobs outlive the page that asked for them."""

import re
import time
from pathlib import Path

import pytest

from sousveil.case import locked
from sousveil.ledger import read_events
from sousveil.run.visit.watches import watches_in_log
from sousveil.web.jobs.runner import MAX_WAITING, Jobs
from sousveil.web.jobs.store import Job
from sousveil.web.jobs.work import VERIFY, Work
from sousveil.web.safety import Role
from tests.web.desks import Answer, Served

ADD = "/manage/targets"
LONGEST_SECONDS = 60


def over(desk: Served, answer: Answer) -> Job:
    """Return the job that an answer leads to, when it is over."""
    return ended(desk.desk.jobs, answer.headers["location"].rpartition("/")[2])


def ended(jobs: Jobs, job_id: str) -> Job:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        job = jobs.find(job_id)
        assert job is not None
        if job.is_over:
            return job
        time.sleep(0.05)
    pytest.fail("the job does not end")


@pytest.mark.parametrize("role", ["reader", "reviewer"])
def test_who_is_no_editor_sees_and_does_nothing_here(desk: Served, role: Role) -> None:
    client = desk.client(role, "Bo")
    assert "/manage" not in client.get("/").text
    for path in (
        "/manage",
        ADD,
        "/manage/jobs",
        "/manage/topics",
        "/manage/inquiries",
        "/manage/exports",
    ):
        assert client.get(path).status == 403
    before = len(watches_in_log(desk.case))
    assert client.post(f"{ADD}/add", text="https://a.example/").status == 403
    assert client.post("/manage/jobs/start", work="verify").status == 403
    assert len(watches_in_log(desk.case)) == before
    assert desk.desk.jobs.all() == []


def test_checking_writes_nothing_and_tells_what_becomes_of_each_line(desk: Served) -> None:
    before = list(read_events(desk.case))
    known = watches_in_log(desk.case)[0].target
    text = f"https://new.example/\n{known}\nhttps://new.example/\n<script>alert(1)</script>"
    answer = desk.client().post(f"{ADD}/check", on=ADD, text=text)
    assert answer.status == 200
    assert "1 new, 1 watched already, 1 twice, 1 refused" in answer.text
    assert "<script>alert(1)" not in answer.text
    assert list(read_events(desk.case)) == before


def test_what_was_checked_is_added_in_one_commit(desk: Served) -> None:
    client = desk.client()
    text = "https://new.example/\nftp://no.example\nhttps://other.example/feed.xml"
    checked = client.post(f"{ADD}/check", on=ADD, text=text, actor="Halden", every="6h")
    given = dict(
        re.findall(r'type="hidden" name="(text|actor|every|kind)" value="([^"]*)"', checked.text)
    )
    assert given["text"] == text
    answer = client.post(f"{ADD}/add", on=ADD, **given)
    assert answer.status == 303
    assert "2 targets added" in client.get(answer.headers["location"]).text
    added = [one for one in watches_in_log(desk.case) if one.actor == "Halden"]
    assert [(one.target, one.every_seconds, one.kind) for one in added] == [
        ("https://new.example/", 21_600, "page"),
        ("https://other.example/feed.xml", 21_600, "feed"),
    ]


def test_a_target_is_given_another_schedule_retired_and_watched_again(desk: Served) -> None:
    client, watch = desk.client(), watches_in_log(desk.case)[0]
    page = f"{ADD}/{watch.id}"
    assert page in client.get(f"/targets/{watch.id}").text
    assert page not in desk.client("reviewer", "Bo").get(f"/targets/{watch.id}").text
    assert client.post(f"{page}/change", on=page, every="90s", actor="Halden").status == 303
    (changed,) = [one for one in watches_in_log(desk.case) if one.id == watch.id]
    assert (changed.every_seconds, changed.actor) == (90, "Halden")
    refused = client.post(f"{page}/change", on=page, every="often", actor="")
    assert "write a number and a unit" in refused.text
    assert client.post(f"{page}/retire", on=page).status == 303
    assert watch.id not in {one.id for one in watches_in_log(desk.case)}
    assert "Watch it again" in client.get(page).text
    assert client.post(f"{page}/again", on=page).status == 303
    assert changed in watches_in_log(desk.case)


def test_a_job_runs_to_its_end_and_its_page_tells_what_it_said(desk: Served) -> None:
    client = desk.client()
    answer = client.post("/manage/jobs/start", on="/manage/jobs", work="verify")
    job = over(desk, answer)
    assert job.state == "done", job.said
    assert "every finding in its capture" in client.get(answer.headers["location"]).text
    told = client.get(f"/manage/jobs/{job.id}/events")
    assert told.headers["content-type"].startswith("text/event-stream")
    name = told.text.splitlines()[0].removeprefix("id: ")
    again = client.get(f"/manage/jobs/{job.id}/events", last_event_id=name)
    assert (again.status, again.text) == (200, "")


def test_a_job_that_finds_somebody_else_writing_says_so(desk: Served) -> None:
    with locked(desk.case):
        answer = desk.client().post("/manage/jobs/start", on="/manage/jobs", work="verify")
        job = over(desk, answer)
    assert job.state == "refused"
    assert "another sousveil is writing to this case" in job.said


def test_a_job_that_is_stopped_ends_and_the_next_has_its_turn(desk: Served) -> None:
    jobs = desk.desk.jobs
    with locked(desk.case):  # a visit waits for half a minute
        first = jobs.start(Work("Visit", ("visit", "--all")), "Ada")
        second = jobs.start(VERIFY, "Ada")
        while "waiting for another" not in (jobs.find(first.id) or first).said:
            time.sleep(0.05)
        assert desk.client().post(f"/manage/jobs/{first.id}/stop", on="/manage/jobs").status == 303
        assert ended(jobs, first.id).state == "stopped"
    assert ended(jobs, second.id).state in {"done", "refused"}


def test_when_the_desk_ends_what_runs_ends_and_the_next_desk_says_so(desk: Served) -> None:
    jobs = desk.desk.jobs
    with locked(desk.case):
        running = jobs.start(Work("Visit", ("visit", "--all")), "Ada")
        waiting = jobs.start(VERIFY, "Ada")
        while "waiting for another" not in (jobs.find(running.id) or running).said:
            time.sleep(0.05)
        jobs.close()
    after = {one.id: one for one in Jobs(jobs.folder, desk.case.root, desk.clock).all()}
    assert after[running.id].state == "stopped"
    assert after[waiting.id].state == "stopped"
    assert "The desk ended" in after[waiting.id].said


def test_a_button_pressed_twice_asks_once_and_too_many_jobs_are_refused(desk: Served) -> None:
    with locked(desk.case):
        jobs = desk.desk.jobs
        first = jobs.start(Work("Visit", ("visit", "--all")), "Ada")
        assert jobs.start(Work("Visit", ("visit", "--all")), "Ada").id == first.id
        for number in range(MAX_WAITING - 1):
            jobs.start(Work("Visit", ("visit", str(number))), "Ada")
        answer = desk.client().post("/manage/jobs/start", on="/manage/jobs", work="verify")
        assert answer.status == 503
        assert "jobs wait already" in answer.text
        jobs.close()


def test_a_file_is_for_whoever_asked_for_it(desk: Served) -> None:
    client = desk.client()
    at = desk.clock()
    job = Job("a" * 16, "Bundle", "Ada", ("bundle",), at, gives="b.wacz", state="done", ended_at=at)
    desk.desk.jobs.put(job)
    Path(desk.desk.jobs.folder / job.id / "result.wacz").write_bytes(b"PK")
    answer = client.get(f"/manage/jobs/{job.id}/result")
    assert (answer.status, answer.body) == (200, b"PK")
    assert answer.headers["content-disposition"] == 'attachment; filename="b.wacz"'
    assert desk.client("editor", "Bo").get(f"/manage/jobs/{job.id}/result").status == 403
    assert client.get("/manage/jobs/..%2f..%2fusers.json/result").status == 404


def test_what_jobs_leave_is_their_owners_alone(desk: Served) -> None:
    job = desk.desk.jobs.start(VERIFY, "Ada")
    ended(desk.desk.jobs, job.id)
    folder = desk.desk.jobs.folder / job.id
    assert folder.stat().st_mode & 0o077 == 0
    assert desk.case.root not in folder.parents


def test_a_command_that_does_not_end_when_asked_is_ended_with_what_it_started(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its child outlives it and holds on to its output, as a browser's would."""
    deaf = Path(desk.case.root) / "deaf"
    deaf.mkdir()
    (deaf / "sousveil.py").write_text(
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(0))\n"
        "subprocess.Popen(['sleep', '60'])\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(deaf))
    monkeypatch.chdir(deaf)
    monkeypatch.setattr("sousveil.web.jobs.runner.STOP_SECONDS", 0.5)
    jobs = desk.desk.jobs
    job = jobs.start(VERIFY, "Ada")
    while "up" not in (jobs.find(job.id) or job).said:
        time.sleep(0.05)
    jobs.stop(job.id)
    began = time.monotonic()
    assert ended(jobs, job.id).state == "stopped"
    assert time.monotonic() - began < 20
