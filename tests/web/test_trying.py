"""Addresses are tried from the desk before they are added: by a job, and nothing is kept."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sousveil.case import save_settings
from sousveil.index.query import watches
from sousveil.ledger import read_events
from tests.sites import Page, Site, serve
from tests.web.desks import OFFER, Served
from tests.web.test_taking import over

SCRIPT = "<script>alert(9)</script>"


@pytest.fixture
def site(desk: Served) -> Iterator[Site]:
    """A site that the desk's case may reach."""
    with serve() as made:
        made.pages["/new"] = Page(OFFER.replace("<title>", f"<title>{SCRIPT}").encode())
        settings = replace(
            desk.case.settings, allow_hosts=frozenset({made.host}), delay_seconds=0.0
        )
        save_settings(desk.case, settings)
        yield made


def test_what_answers_is_shown_and_then_added_with_what_the_form_held(
    desk: Served, site: Site
) -> None:
    client = desk.client()
    before = len(list(read_events(desk.case)))
    fields = {"text": f"{site.url}/new\n{site.url}/gone", "actor": "Gazelight", "every": "6h"}
    checked = client.post("/manage/targets/check", **fields, kind="")
    assert 'formaction="/manage/targets/try"' in checked.text
    job = over(desk, client.post("/manage/targets/try", **fields, kind=""))
    assert job.state == "done", job.said
    assert len(list(read_events(desk.case))) == before  # nothing was logged
    page = client.get(f"/manage/jobs/{job.id}").text
    assert "ethnicity of each face" in page
    assert "HTTP 404" in page
    assert "it is no evidence" in page
    assert SCRIPT not in page
    form = dict(
        re.findall(r'<input type="hidden" name="(text|actor|every|kind)" value="([^"]*)">', page)
    )
    assert form == fields | {"kind": ""}
    assert client.post("/manage/targets/add", **form).status == 303
    with desk.desk.index() as index:
        added = {one.target: one for one in watches(index)}
    assert added[f"{site.url}/new"].every_seconds == 6 * 3_600


def test_what_is_refused_or_too_much_is_not_tried(desk: Served) -> None:
    client = desk.client()
    many = "\n".join(f"https://halden.example/{number}" for number in range(21))
    for text in ("ftp://halden.example/", "", many):
        assert (
            client.post("/manage/targets/try", text=text, actor="", every="", kind="").status == 400
        )
    assert (
        "20 addresses at a time"
        in client.post("/manage/targets/check", text=many, actor="", every="", kind="").text
    )
    assert desk.desk.jobs.all() == []


def test_who_is_no_editor_tries_nothing(desk: Served) -> None:
    answer = desk.client("reviewer").post(
        "/manage/targets/try", text="https://halden.example/", actor="", every="", kind=""
    )
    assert answer.status == 403
