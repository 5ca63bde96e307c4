"""Messages go out by the real Apprise, to real servers on this computer, and tell no more."""

import getpass
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.alerts.digest import Message
from sousveil.alerts.send import MISSING, exit_of, masked, send
from sousveil.capture.guard.exits import Exit
from sousveil.case import Case
from sousveil.settings import Channel
from tests.alerts.receivers import MailServer, Webhook, mail_server, webhook
from tests.capture.exit_server import exit_server, unused_exit

MESSAGE = Message("1 sentence changed", "The sentence “识别种族 ‹b›” is gone.")
SECRET = "hushhush"


def test_a_webhook_is_told_and_learns_nothing_of_this_computer() -> None:
    with webhook() as receiver:
        assert send(Channel("hook", receiver.url), MESSAGE, None, {}) is None
    (body,) = receiver.bodies
    assert MESSAGE.body in body
    assert MESSAGE.title in body
    for own in (socket.gethostname(), getpass.getuser(), "sousveil", str(Path.cwd())):
        assert own not in receiver.heard.replace("127.0.0.1", "")
    assert "apprise" not in sys.modules, "its code stays out of our process"


def test_a_mail_arrives_and_tells_neither_the_computers_name_nor_its_time_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    with mail_server() as receiver:
        assert send(Channel("mail", receiver.url()), MESSAGE, None, {}) is None
    (mail,) = receiver.messages
    assert mail["Subject"] == MESSAGE.title
    assert MESSAGE.body in mail.get_content()
    assert mail["Date"].endswith("+0000")
    assert receiver.said[0].upper() == "EHLO LOCALHOST.LOCALDOMAIN"
    assert socket.gethostname() not in mail.as_string()


def test_a_url_may_lie_in_the_environment() -> None:
    channel = Channel("hook", url_env="SOUSVEIL_ALERT_HOOK")
    with webhook() as receiver:
        told = {"SOUSVEIL_ALERT_HOOK": receiver.url}
        assert send(channel, MESSAGE, None, told) is None
        assert masked(channel, told) == "json://…"
    assert len(receiver.bodies) == 1
    assert send(channel, MESSAGE, None, {}) == (
        "the environment variable SOUSVEIL_ALERT_HOOK is not set"
    )
    assert masked(channel, {}) == "?"


def test_everything_goes_through_the_exit_and_names_are_resolved_there() -> None:
    login = ("someone", "p@ss")
    with webhook() as hook, mail_server() as mail, exit_server(login=login) as way:
        urls = [f"json://hooks.invalid:{hook.port}/", mail.url("mail.invalid")]
        for url in urls:
            assert send(Channel("far", url), MESSAGE, way.exit, {}) is None
    assert way.asked == [("name", "hooks.invalid", hook.port), ("name", "mail.invalid", mail.port)]
    assert (len(hook.bodies), len(mail.messages)) == (1, 1)
    assert set(way.logins) == {login}


def _json_url(hook: Webhook, _: MailServer) -> str:
    return hook.url


def _mail_url(_: Webhook, mail: MailServer) -> str:
    return mail.url()


@pytest.mark.parametrize("url", [_json_url, _mail_url])
def test_nothing_goes_straight_when_the_exit_is_down(
    url: Callable[[Webhook, MailServer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook, mail_server() as mail:
        # A proxy of the environment is no way around the exit, either.
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{hook.port}")
        problem = send(Channel("far", url(hook, mail)), MESSAGE, unused_exit(), {})
    assert problem is not None
    assert problem.startswith("not delivered, by exit 'tor'")
    assert (hook.heard, mail.said) == ("", [])


def test_what_a_service_refuses_is_told_with_its_status_and_without_the_url() -> None:
    with webhook() as receiver:
        receiver.status = 403
        assert send(Channel("hook", receiver.url), MESSAGE, None, {}) == (
            "refused with HTTP status 403"
        )


def test_a_service_cannot_send_a_message_on_to_somebody_else() -> None:
    with webhook() as receiver, webhook() as other:
        receiver.status, receiver.location = 307, f"http://127.0.0.1:{other.port}/"
        assert send(Channel("hook", receiver.url), MESSAGE, None, {}) == (
            "refused with HTTP status 307"
        )
    assert other.bodies == []


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"slack://{SECRET}", "its URL is none that Apprise knows"),
        (f"json://u:{SECRET}@127.0.0.1:1/", "not delivered"),
    ],
)
def test_no_problem_shows_a_secret(
    url: str, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    told = send(Channel("hook", url), MESSAGE, None, {})
    assert told is not None
    assert told.startswith(problem)
    printed = capfd.readouterr()
    assert SECRET not in told + printed.out + printed.err + repr(Channel("hook", url))


def test_a_secret_is_on_no_command_line_and_others_secrets_are_not_handed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "sitecustomize.py"
    kept = tmp_path / "seen"
    spy.write_text(
        "import os, sys\n"
        f"open({str(kept)!r}, 'w').write(repr(sys.orig_argv) + repr(dict(os.environ)))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SOUSVEIL_ALERT_OTHER", "slack://another-secret")
    with webhook() as receiver:
        assert send(Channel("hook", receiver.url), MESSAGE, None, {}) is None
    seen = kept.read_text()
    assert "sousveil.alerts.worker" in seen
    assert SECRET not in seen
    assert "another-secret" not in seen


def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sousveil.alerts.send.WAIT_SECONDS", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"json://u:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/"
        told = send(Channel("hook", url), MESSAGE, None, {})
    assert told == "it was given up after 1.5 seconds, or broke"


def test_without_the_extra_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    told = send(Channel("hook", "json://127.0.0.1:1/"), MESSAGE, None, {})
    assert told == MISSING
    assert "pip install 'sousveil[alerts]'" in MISSING


def test_a_channel_goes_by_the_cases_exit_unless_it_names_another(case: Case) -> None:
    tor, office = Exit("tor", "127.0.0.1", 9050), Exit("office", "127.0.0.1", 1080)
    settings = replace(case.settings, exits={"tor": tor, "office": office}, exit="tor")
    assert exit_of(Channel("a"), settings) is tor
    assert exit_of(Channel("a", exit="office"), settings) is office
    assert exit_of(Channel("a", exit="direct"), settings) is None
    assert exit_of(Channel("a"), case.settings) is None
