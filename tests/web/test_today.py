"""Today tells what happened since somebody last looked, what waits, and how the case stands."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sousveil.case import save_settings, watched
from sousveil.ledger import log_size
from sousveil.settings import Authority, Timestamps, config_folder
from sousveil.tlog.cosignature import cosign
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.witnesses import keep_cosignature
from sousveil.witness.folder import make_key
from tests.authority import authority
from tests.commands import sousveil
from tests.web.desks import Served, served


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


def test_who_stamped_and_who_witnessed_the_log_is_told(desk: Served, tmp_path: Path) -> None:
    case, head = desk.case, read_checkpoint(desk.case.log, desk.case.settings.key)
    assert head is not None
    witness = make_key(tmp_path / "witness", "lamp.example/w")
    line = cosign(head.note, witness, datetime(2026, 11, 20, 12, 4, tzinfo=UTC))
    keep_cosignature(case.log, head, witness.verifier, line)
    with authority(tmp_path / "tsa", "Lighthouse") as house:
        named = Timestamps(6, {"one": Authority("one", house.url, str(house.ca_file))})
        hosts = frozenset({house.host})
        save_settings(case, replace(case.settings, allow_hosts=hosts, timestamps=named))
        assert sousveil("stamp", "--case", case.root).status == 0
    page = desk.client().get("/").text
    assert "20 November 2026, 12:04 UTC, by <bdi>lamp.example/w</bdi>" in " ".join(page.split())
    assert re.search(rf"the first {head.size}, [^<]+, by <bdi>[^<]*Lighthouse", page)
    assert "not yet" not in page


def test_a_stamp_that_does_not_hold_is_not_told(desk: Served) -> None:
    stamps = desk.case.log / "timestamps"
    stamps.mkdir()
    (stamps / "1.checkpoint").write_bytes(b"nonsense")
    (stamps / "1-one.tsr").write_bytes(b"nonsense")
    assert desk.client().get("/").text.count("not yet") == 2


def test_a_new_case_is_told_how_to_begin_until_something_is_watched(tmp_path: Path) -> None:
    root = tmp_path / "case"
    assert sousveil("init", root).status == 0
    with served(root) as desk:
        page = desk.client().get("/").text
        assert "How to begin" in page
        assert 'href="/manage">Say what to watch' in page
        assert "Every target answers" not in page
        assert 'href="/manage"' not in desk.client("reader").get("/").text
        assert sousveil("add", "--case", root, "https://halden.example/").status == 0
        assert "How to begin" not in desk.client().get("/").text
