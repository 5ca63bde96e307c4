"""Topics are edited as copies of the case's own, inquiries opened and closed, exports made."""

import io
import json
import zipfile
from pathlib import Path

import bagit
import pytest

from sousveil.case import open_case
from sousveil.index.inquiries import inquiries, replies
from sousveil.index.query import findings
from sousveil.run.publish.exports import forms
from sousveil.run.read.analyse import load_topics
from sousveil.run.visit.watches import watches_in_log
from sousveil.topics.load import source
from sousveil.web.jobs.store import Job
from sousveil.web.pages.exports import FORMS
from sousveil.web.topics import with_line
from tests.web.desks import Answer, Served
from tests.web.test_manage import over

LAMPS = """\
name = "lamps"
version = {}
title = "Lamps"
description = "A product is about lamps."

[trait.lamps.capability]
en = [{}]
"""
OWN = "/manage/topics/new"


def words(version: int, *terms: str) -> str:
    return LAMPS.format(version, ", ".join(f'"{term}"' for term in terms))


def test_what_is_saved_is_the_cases_own_file_and_the_settings_keep_all_else(desk: Served) -> None:
    client, root = desk.client(), desk.case.root
    settings = root / "case.toml"
    settings.write_text(settings.read_text() + "\n# a word of the editor's\n")
    before = settings.read_text()
    text = source("ethnicity").replace("version = ", "version = 9", 1) + "\n# \u200cmine\n"
    answer = client.post("/manage/topics/ethnicity/save", on=OWN, text=text)
    assert answer.status == 303, answer.text
    assert (root / "topics" / "ethnicity.toml").read_text() == text
    changed = settings.read_text()
    assert changed.replace('"topics/ethnicity.toml"', '"ethnicity"') == before
    assert load_topics(open_case(root))[0].version >= 90
    assert "the case’s own" in client.get("/manage/topics").text
    assert "\u200cmine" in client.get("/manage/topics/ethnicity").text


def test_a_new_topic_joins_those_of_the_case(desk: Served) -> None:
    many = len(desk.case.settings.topics)
    text = words(1, "lamps and lenses")
    assert desk.client().post(f"{OWN}/save", on=OWN, text=text).status == 303
    assert open_case(desk.case.root).settings.topics[many:] == ("topics/lamps.toml",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (words(1, "lamps").replace("title", "titel"), "Line 3: topic: unknown key &#39;titel&#39;"),
        (words(1, "la*mps"), "Line 7"),
        (words(1, "lamps").replace("]\nen", "\nen"), "line 6"),
        (words(1, "la"), "Line 7"),
        (words(0, "lamps"), "version must be a whole number from 1"),
    ],
)
def test_a_text_that_is_no_topic_is_refused_with_its_line(
    desk: Served, text: str, says: str
) -> None:
    answer = desk.client().post(f"{OWN}/save", on=OWN, text=text)
    assert (answer.status, says in answer.text) == (200, True), answer.text
    assert not (desk.case.root / "topics").exists()


def test_other_words_need_a_higher_version(desk: Served) -> None:
    client = desk.client()
    assert client.post(f"{OWN}/save", on=OWN, text=words(1, "lamps")).status == 303
    answer = client.post(f"{OWN}/save", on=OWN, text=words(1, "lenses"))
    assert "Write version = 2" in answer.text
    assert client.post(f"{OWN}/save", on=OWN, text=words(2, "lenses")).status == 303


def test_a_line_is_told_only_where_what_is_named_stands() -> None:
    assert with_line("a\nb = 1\n", "x: 'b' is no key.") == "line 2: x: 'b' is no key."
    assert with_line("a\n", "x: 'z' is no key.") == "x: 'z' is no key."


def test_a_trial_tells_what_would_be_found_and_lost_and_writes_nothing(desk: Served) -> None:
    client = desk.client()
    before = desk.case.settings
    lost = client.post("/manage/topics/ethnicity/try", on=OWN, text=LOST, part="1")
    assert "Would be lost" in lost.text
    assert "<mark>" in lost.text
    assert not lost.text.startswith("<!doctype")
    found = client.post(f"{OWN}/try", on=OWN, text=FOUND)
    assert "Would be found" in found.text
    assert found.text.startswith("<!doctype")
    assert open_case(desk.case.root).settings == before
    assert "not valid TOML" in client.post(f"{OWN}/try", on=OWN, text="=", part="1").text


LOST = LAMPS.format(99, '"lamps"').replace('"lamps"', '"ethnicity"', 1)
FOUND = """\
name = "service"
version = 1
title = "Services"
description = "A service returns something of a face."

[trait.confidence.attribute]
en = ["confidence", "ethnicity"]

[trait.confidence.capability]
en = ["returns the ethnicity"]
"""


def test_an_inquiry_is_opened_by_a_job_answered_and_closed(desk: Served) -> None:
    client, watch = desk.client(), watches_in_log(desk.case)[0]
    page = "/manage/inquiries"
    for to, target in (("", watch.id), ("press office", "https://not.example/")):
        assert client.post(f"{page}/begin", on=page, target=target, to=to).status == 400
    job = over(
        desk, client.post(f"{page}/begin", on=page, target=watch.target, to="--help; press office")
    )
    assert job.state in {"done", "wrong"}, job.said
    with desk.desk.index() as index:
        (inquiry,) = inquiries(index)
    assert (inquiry.target, inquiry.to) == (watch.target, "--help; press office")
    one = f"{page}/{inquiry.id}"
    assert client.post(f"{one}/reply", on=page, received="2026-11-23T10:00").status == 303
    assert client.post(f"{one}/reply", on=page, received="soon").status == 400
    assert client.post(f"{one}/close", on=page).status == 303
    with desk.desk.index() as index:
        (closed,) = inquiries(index)
        assert [f"{reply.received_at:%H:%M}" for reply in replies(index, closed)] == ["10:00"]
    assert closed.closed_at is not None


def test_a_bundle_is_made_and_fetched(desk: Served) -> None:
    client, page = desk.client(), "/manage/exports"
    with desk.desk.index() as index:
        finding = findings(index)[0].id
    assert client.post(f"{page}/bundle", on=page, findings="0" * 16).status == 400
    answer = client.post(f"{page}/bundle", on=page, findings=f"{desk.url}/findings/{finding}")
    job = over(desk, answer)
    assert job.state == "done", job.said
    file = client.get(f"/manage/jobs/{job.id}/result")
    assert file.body.startswith(b"PK")
    assert "bundle-" in file.headers["content-disposition"]
    assert str(desk.desk.jobs.folder) not in job.said


def test_every_form_of_an_export_is_offered(desk: Served) -> None:
    page = desk.client().get("/manage/exports").text
    assert set(FORMS) == {*forms.FORMS, "bagit"}
    assert all(f'<option value="{form}">' in page for form in FORMS)
    refused = desk.client().post("/manage/exports/form", on="/manage/exports", form="--output=x")
    assert refused.status == 400


def made(desk: Served, form: str, **fields: str) -> tuple[Job, Answer]:
    """Return the job that makes a file of a form, when it is over, and what it gives."""
    client, page = desk.client(), "/manage/exports"
    job = over(desk, client.post(f"{page}/form", on=page, form=form, **fields))
    return job, client.get(f"/manage/jobs/{job.id}/result")


def test_what_was_found_is_given_in_the_form_that_was_asked_for(desk: Served) -> None:
    target = watches_in_log(desk.case)[0].target
    job, file = made(desk, "ftm", targets=target, all="yes")
    assert job.state == "done", job.said
    assert all(json.loads(line)["schema"] for line in file.text.splitlines())
    assert ".ftm.json" in file.headers["content-disposition"]
    assert str(desk.desk.jobs.folder) not in job.said
    job, file = made(desk, "csv", targets="")
    assert (job.state, "nobody confirmed" in job.said) == ("refused", True)
    assert file.status == 404


def test_a_bag_is_given_as_a_zip_file_that_holds_it_whole(desk: Served, tmp_path: Path) -> None:
    job, file = made(desk, "bagit", targets="", all="yes")
    assert job.state == "done", job.said
    with zipfile.ZipFile(io.BytesIO(file.body)) as package:
        package.extractall(tmp_path)
    (folder,) = tmp_path.glob("result")
    assert bagit.Bag(str(folder)).is_valid()


def test_all_captures_are_exported(desk: Served) -> None:
    page = "/manage/exports"
    job = over(desk, desk.client().post(f"{page}/wacz", on=page, targets=""))
    assert job.state == "done", job.said
    assert desk.desk.jobs.result(job) is not None
