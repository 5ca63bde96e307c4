"""People are told what happened: once, soon, and no more than they are to know."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sousveil.alerts.atom import FEED_FILE
from sousveil.case import Case, open_case, save_settings
from sousveil.index.notices import deliveries, notices, waiting
from sousveil.run.alerting import LONGEST_WAIT, MAX_TRIES, Delivered, tell_out
from sousveil.run.indexing import open_index
from sousveil.settings import Alerts, Channel
from tests.alerts.receivers import Webhook, webhook
from tests.capture.exit_server import exit_server
from tests.commands import sousveil
from tests.conftest import NOW
from tests.sites import Page, Site, case_for, serve

CLAIM = "Our cameras detect the ethnicity of every passer-by, such as Uyghurs."
OTHER = "The platform recognises race and religion from faces."
ACTOR = "Halcyon Vision"
OPERATOR = "Nobody In Particular"

# A visit that is killed when it comes to a function of `run/alerting.py`.
UNTOLD = """
import os, signal, sys
from pathlib import Path
from sousveil.run import alerting

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

alerting.{where} = killed
from sousveil.cli import main
main(sys.argv[1:])
"""


def page(*sentences: str) -> Page:
    told = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return Page(f"<title>Gate</title><h1>Gate</h1>{told}<p>Call us any time.</p>".encode())


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        served.pages["/gate"] = page(CLAIM, OTHER)
        yield served


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


def case_with(tmp_path: Path, site: Site, **channels: Channel) -> Case:
    case = case_for(tmp_path / "the-secret-case", site)
    settings = replace(
        case.settings,
        title="The secret inquiry",
        operator=OPERATOR,
        browser=False,
        alerts=Alerts(channels=channels),
    )
    save_settings(case, settings)
    added = sousveil("add", "--case", case.root, "--actor", ACTOR, f"{site.url}/gate")
    assert added.status == 0, added.err
    return open_case(case.root)


def visit(case: Case) -> str:
    ran = sousveil("visit", "--all", "--case", case.root)
    assert ran.status == 0, ran.err
    return ran.err


def tell(case: Case, at: datetime, *, at_once: bool = False) -> Delivered:
    with open_index(case, create=True) as index:
        return tell_out(case, index, lambda: at, at_once=at_once)


def secrets_of(case: Case, site: Site) -> list[str]:
    settings = case.settings
    own = [settings.origin, settings.key, settings.title, OPERATOR, str(case.root), case.root.name]
    return [*own, site.host, "127.0.0.1:" + site.url.rsplit(":", 1)[1], "/gate", ACTOR, "Halcyon"]


def test_a_first_visit_is_one_message_and_a_vanished_sentence_another(
    tmp_path: Path, site: Site, hook: Webhook
) -> None:
    case = case_with(tmp_path, site, hook=Channel("hook", hook.url))
    assert "told hook: " in visit(case)
    (first,) = hook.bodies
    assert "sentences found" in first
    assert CLAIM in first
    site.pages["/gate"] = page(OTHER)
    visit(case)
    (_, second) = hook.bodies
    assert "1 sentence changed" in second
    assert CLAIM in second
    assert "went missing between" in second
    assert OTHER not in second
    assert "told" not in visit(case)
    assert len(hook.bodies) == 2


def test_third_parties_learn_of_no_address_actor_case_or_operator(
    tmp_path: Path, site: Site, hook: Webhook
) -> None:
    """Nor does the feed, even where the sentence itself names them."""
    site.pages["/gate"] = page(f"{ACTOR} detects the ethnicity of passers-by, see {site.url}/gate.")
    with webhook() as count, webhook() as full:
        case = case_with(
            tmp_path,
            site,
            hook=Channel("hook", hook.url),
            count=Channel("count", count.url, tells="count"),
            full=Channel("full", full.url, tells="full"),
        )
        visit(case)
        heard = {"sentence": hook.heard, "count": count.heard, "full": full.heard}
    feed = (case.root / FEED_FILE).read_text(encoding="utf-8")
    for secret in secrets_of(case, site):
        for level in ("sentence", "count"):
            assert secret not in heard[level].replace("127.0.0.1:" + str(hook.port), ""), level
        assert secret not in feed
    assert "ethnicity" in heard["sentence"]
    assert "ethnicity" in feed
    assert "ethnicity" not in heard["count"]
    assert "1 sentence found. Open the case." in heard["count"]
    assert f"{ACTOR}: {site.url}/gate" in heard["full"]
    for secret in secrets_of(case, site)[:6]:
        assert secret not in heard["full"]


def test_alerts_go_by_the_cases_exit(tmp_path: Path, site: Site, hook: Webhook) -> None:
    with exit_server() as way:
        far = Channel("far", f"json://hooks.invalid:{hook.port}/")
        case = case_with(tmp_path, site, far=far)
        settings = replace(case.settings, exits={"tor": way.exit}, exit="tor")
        added = sousveil("add", "--case", case.root, "--exit", "direct", f"{site.url}/gate")
        assert added.status == 0, added.err
        save_settings(case, settings)
        visit(open_case(case.root))
        assert ("name", "hooks.invalid", hook.port) in way.asked
    assert len(hook.bodies) == 1


def test_a_channel_that_is_down_is_told_once_when_it_is_up(
    tmp_path: Path, site: Site, hook: Webhook
) -> None:
    down = Channel("hook", "json://127.0.0.1:1/")
    case = case_with(tmp_path, site, hook=down)
    assert "alerts: hook: not delivered. It waits and is tried again." in visit(case)
    save_settings(
        case, replace(case.settings, alerts=Alerts(channels={"hook": Channel("hook", hook.url)}))
    )
    case = open_case(case.root)
    with open_index(case) as index:
        next_try = deliveries(index)["hook"].next_try
        assert next_try is not None
        assert len(waiting(index, deliveries(index)["hook"])) == len(notices(index, 99)) > 0
    assert tell(case, next_try - timedelta(seconds=1)).told == {}
    assert list(tell(case, next_try).told) == ["hook"]
    assert tell(case, next_try + timedelta(days=1)).told == {}
    assert len(hook.bodies) == 1


def test_tries_grow_rarer_and_end_but_what_waits_is_kept(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_with(tmp_path, site, hook=Channel("hook", url_env="SOUSVEIL_ALERT_UNSET"))
    monkeypatch.delenv("SOUSVEIL_ALERT_UNSET", raising=False)
    visit(case)
    at, tries = datetime.now(NOW.tzinfo), 1
    with open_index(case) as index:
        while True:
            told = deliveries(index)["hook"]
            assert told.next_try is not None
            assert told.next_try - at <= LONGEST_WAIT
            at = told.next_try
            if not tell(case, at).failed:
                break
            tries += 1
        assert tries == MAX_TRIES
        assert len(waiting(index, deliveries(index)["hook"])) > 0
    assert "hook" in tell(case, at, at_once=True).failed
    site.pages["/gate"] = page(CLAIM)
    assert tell(case, at + LONGEST_WAIT).failed == {}, "nothing new"
    assert "alerts: hook: " in visit(case), "something new"


@pytest.mark.parametrize("where", ["tell_out", "_after"])
def test_who_is_killed_before_it_was_noted_that_people_were_told_tells_them_again(
    tmp_path: Path, site: Site, hook: Webhook, where: str
) -> None:
    case = case_with(tmp_path, site, hook=Channel("hook", hook.url))
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(UNTOLD.format(where=where)),
            "visit",
            "--all",
            "--case",
            str(case.root),
        ],
        capture_output=True,
        check=False,
        env=os.environ,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    before = 1 if where == "_after" else 0  # it had been taken already
    assert len(hook.bodies) == before
    assert "told hook: " in visit(case)
    assert len(hook.bodies) == before + 1
    assert CLAIM in hook.bodies[-1]
    assert "told" not in visit(case)


def test_an_index_that_is_made_again_alerts_nobody(
    tmp_path: Path, site: Site, hook: Webhook
) -> None:
    case = case_with(tmp_path, site, hook=Channel("hook", hook.url))
    visit(case)
    with open_index(case) as index:
        told = notices(index, 99)
    assert sousveil("reindex", "--case", case.root).status == 0
    (case.root / "index.sqlite").unlink()
    assert sousveil("reindex", "--case", case.root).status == 0
    assert "told" not in visit(case)
    assert len(hook.bodies) == 1
    with open_index(case) as index:
        assert {one.id for one in notices(index, 99)} == {one.id for one in told}


def test_who_is_named_later_is_not_told_the_past(tmp_path: Path, site: Site, hook: Webhook) -> None:
    case = case_with(tmp_path, site)
    visit(case)
    channels = {"hook": Channel("hook", hook.url)}
    save_settings(case, replace(case.settings, alerts=Alerts(channels=channels)))
    visit(case)
    assert hook.bodies == []
    site.pages["/gate"] = page(CLAIM)
    visit(case)
    assert len(hook.bodies) == 1


def test_a_clock_that_is_set_back_does_not_put_off_what_waits(
    tmp_path: Path, site: Site, hook: Webhook
) -> None:
    case = case_with(tmp_path, site, hook=Channel("hook", hook.url))
    hook.status = 503
    visit(case)
    assert tell(case, NOW + timedelta(days=30_000), at_once=True).failed
    hook.status = 200
    assert list(tell(case, NOW).told) == ["hook"]


def test_a_case_may_keep_no_feed(tmp_path: Path, site: Site) -> None:
    case = case_with(tmp_path, site)
    save_settings(case, replace(case.settings, alerts=Alerts(feed=False)))
    visit(case)
    assert not (case.root / FEED_FILE).exists()
    assert tell(open_case(case.root), NOW) == Delivered({}, {})
