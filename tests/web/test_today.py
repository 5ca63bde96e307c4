"""Today tells what happened since somebody last looked, what waits, and how the case stands."""

from pathlib import Path

from sousveil.case import watched
from sousveil.ledger import log_size
from sousveil.settings import config_folder
from tests.web.desks import Served


def test_what_went_missing_is_told_with_its_page_and_its_maker(desk: Served) -> None:
    page = desk.client().get("/").text
    assert "returns the ethnicity of each face" in page
    assert "went missing from" in page
    assert "Gazelight API" in page
    assert "of <bdi>Gazelight</bdi>" in page
    assert "not confirmed yet" in page


def test_a_quote_bears_its_language(desk: Served) -> None:
    page = desk.client().get("/").text
    assert 'lang="zh" dir="ltr"><bdi>支持民族识别' in page


def test_what_somebody_has_seen_is_not_told_them_again_but_told_others(desk: Served) -> None:
    ada, ben = desk.client(name="Ada"), desk.client(name="Ben")
    newest = ada.get("/").text.partition('name="newest" value="')[2].partition('"')[0]
    assert ada.post("/seen", newest=newest).status == 303
    assert "Nothing new since" in ada.get("/").text
    assert "What has happened so far" in ben.get("/").text


def test_what_somebody_has_seen_is_no_evidence(desk: Served) -> None:
    size = log_size(desk.case)
    assert desk.client().post("/seen", newest="0" * 12).status == 303
    assert log_size(desk.case) == size
    (mark,) = Path(config_folder()).rglob("seen.json")
    assert mark.stat().st_mode & 0o077 == 0


def test_what_waits_for_a_decision_is_counted_and_named(desk: Served) -> None:
    page = desk.client().get("/").text
    assert 'Waiting for you</a> <span class="badge">2</span>' in page


def test_the_logs_head_is_told_and_that_nobody_vouches_for_it(desk: Served) -> None:
    page = desk.client().get("/").text
    assert "<dt>Entries</dt>" in page
    assert page.count("not yet") == 2  # stamped, witnessed


def test_today_says_whether_the_watch_runs(desk: Served) -> None:
    assert "not running" in desk.client().get("/").text
    with watched(desk.case):
        assert "not running" not in desk.client().get("/").text
