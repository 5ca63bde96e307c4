"""The commands about alerts: what they show, what they send, and what they never show."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.alerts.atom import FEED_FILE
from sousveil.capture.guard.exits import Exit
from sousveil.case import Case, save_settings
from sousveil.settings import Alerts, Channel
from tests.alerts.receivers import Webhook, webhook
from tests.commands import sousveil
from tests.sites import Page, Site, case_for, serve

SECRET = "hushhush"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        served.pages["/"] = Page(b"<p>Our camera infers the ethnicity of every face it sees.</p>")
        yield served


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def case(tmp_path: Path, site: Site, hook: Webhook) -> Case:
    made = case_for(tmp_path / "case", site)
    channels = {
        "hook": Channel("hook", hook.url, exit="direct"),
        "gone": Channel("gone", url_env="SOUSVEIL_ALERT_GONE", tells="count"),
    }
    settings = replace(made.settings, exits={"tor": Exit("tor", "127.0.0.1", 1)}, exit="tor")
    save_settings(made, replace(settings, browser=False, alerts=Alerts(channels=channels)))
    added = sousveil("add", "--case", made.root, "--exit", "direct", f"{site.url}/")
    assert added.status == 0, added.err
    return made


def test_channels_are_listed_with_what_waits_and_without_their_urls(case: Case) -> None:
    assert sousveil("visit", "--case", case.root).status == 0
    ran = sousveil("alerts", "list", "--case", case.root)
    assert ran.out.splitlines() == [
        "hook  json://…  tells sentence",
        "    0 things to be told",
        "gone  ?  tells count  by tor",
        "    1 thing to be told",
        "    the environment variable SOUSVEIL_ALERT_GONE is not set; tried 1 time",
    ]
    assert "2 channels; the feed is kept." in ran.err
    hook, gone = sousveil("alerts", "list", "--case", case.root, "--json").json()
    assert (hook["url"], hook["exit"], hook["waiting"], hook["next_try"]) == (
        "json://…",
        None,
        0,
        None,
    )
    assert (gone["tells"], gone["exit"], gone["waiting"], gone["tries"]) == ("count", "tor", 1, 1)
    assert SECRET not in ran.out + ran.err + repr(hook)


def test_secrets_that_others_can_read_are_told(case: Case) -> None:
    assert "chmod" not in sousveil("alerts", "list", "--case", case.root).err
    (case.root / "case.toml").chmod(0o644)
    told = sousveil("alerts", "list", "--case", case.root).err
    assert "case.toml holds secrets, and others can read it: chmod 600 it." in told


def test_a_test_message_tells_nothing(case: Case, hook: Webhook) -> None:
    ran = sousveil("alerts", "test", "hook", "--case", case.root)
    assert (ran.status, ran.out) == (0, "hook: taken. Look whether it arrived.\n")
    (body,) = hook.bodies
    assert "This is a test. Nothing happened." in body


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("gone", 1, "gone: the environment variable SOUSVEIL_ALERT_GONE is not set."),
        ("nobody", 2, "nobody: no channel of case.toml has this name (known: hook, gone)."),
    ],
)
def test_a_test_that_cannot_be_sent_says_why(case: Case, name: str, status: int, told: str) -> None:
    ran = sousveil("alerts", "test", name, "--case", case.root)
    assert ran.status == status
    assert told in ran.out + ran.err


def test_what_waits_is_sent_when_somebody_asks(
    case: Case, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sousveil("visit", "--case", case.root).status == 0
    again = sousveil("alerts", "send", "--case", case.root)
    assert (again.status, again.out) == (1, "")
    assert "alerts: gone: the environment variable SOUSVEIL_ALERT_GONE is not set" in again.err
    monkeypatch.setenv("SOUSVEIL_ALERT_GONE", hook.url)
    save_settings(case, replace(case.settings, exit=""))
    toml = case.root / "case.toml"
    toml.write_text(
        toml.read_text()
        + '[alerts.channels.gone]\nurl_env = "SOUSVEIL_ALERT_GONE"\ntells = "count"\n'
    )
    sent = sousveil("alerts", "send", "--case", case.root)
    assert (sent.status, sent.out) == (0, "1 channel told.\n"), sent.err
    assert "1 sentence found. Open the case." in hook.bodies[-1]


def test_the_feed_is_written_where_it_is_said_to_be(case: Case) -> None:
    ran = sousveil("alerts", "feed", "--case", case.root)
    assert ran.out == f"{case.root / FEED_FILE}\n"
    assert b"<feed xmlns=" in (case.root / FEED_FILE).read_bytes()
    assert sousveil("verify", case.root).status == 0
    assert FEED_FILE not in sousveil("verify", case.root).err


def test_alerts_alone_says_what_it_can_do() -> None:
    assert "test" in sousveil("alerts").out
