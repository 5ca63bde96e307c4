"""Exits and channels in `case.toml`: read back as written, refused by name, and kept secret."""

from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.capture.guard.exits import Exit
from sousveil.case import Case, save_settings
from sousveil.errors import CaseError
from sousveil.settings import (
    Alerts,
    Authority,
    Channel,
    Timestamps,
    Witness,
    format_settings,
    parse_settings,
)
from sousveil.tlog.cosignature import parse_witness_key

WHERE = Path("case.toml")
TOR = Exit("tor", "127.0.0.1", 9050)
KEPT_APART = Exit("site-a", "::1", 9050, ("a", 'p@ss "w:rd'))


def test_exits_are_read_back_as_they_were_written(case: Case) -> None:
    exits = {"tor": TOR, "site-a": KEPT_APART}
    settings = replace(case.settings, exits=exits, exit="tor")
    assert parse_settings(format_settings(settings), WHERE) == settings


def test_a_case_has_no_exit_until_it_names_one(case: Case) -> None:
    settings = parse_settings(format_settings(case.settings), WHERE)
    assert (dict(settings.exits), settings.exit) == ({}, "")


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        (
            'tor = "socks5h:',
            'tor = "http://u:s3cret@h:1"  # "',
            r"exits: tor must be of the form 'socks5h",
        ),
        ('tor = "socks5h:', "tor = 9050  #", r"exits\.tor must be a text"),
        ('tor = "socks5h:', 'direct = "socks5h://h:1"  #', "'direct' cannot be an exit's name"),
        ('exit = "tor"', 'exit = "tro"', r"capture\.exit names 'tro', which is not in \[exits\]"),
    ],
)
def test_an_exit_that_cannot_be_used_is_told_by_name(
    case: Case, written: str, instead: str, words: str
) -> None:
    settings = replace(case.settings, exits={"tor": TOR}, exit="tor")
    text = format_settings(settings)
    assert written in text
    with pytest.raises(CaseError, match=rf"case\.toml: .*{words}") as refused:
        parse_settings(text.replace(written, instead), WHERE)
    assert "s3cret" not in str(refused.value)


def test_settings_show_no_password(case: Case) -> None:
    assert "w:rd" not in repr(replace(case.settings, exits={"site-a": KEPT_APART}))


HOOK = Channel("hook", "json://u:s3cret@hooks.example/", tells="count", exit="direct")
FAR = Channel("far-1", url_env="SOUSVEIL_ALERT_FAR", exit="tor")


def test_channels_are_read_back_as_they_were_written(case: Case) -> None:
    alerts = Alerts(feed=False, channels={"hook": HOOK, "far-1": FAR})
    settings = replace(case.settings, exits={"tor": TOR}, alerts=alerts)
    assert parse_settings(format_settings(settings), WHERE) == settings


def test_a_case_keeps_a_feed_and_tells_nobody_until_it_names_somebody(case: Case) -> None:
    assert parse_settings(format_settings(case.settings), WHERE).alerts == Alerts(feed=True)
    head, _, tail = format_settings(case.settings).partition("[alerts]")
    older = head + tail[tail.index("[log]") :]
    assert parse_settings(older, WHERE).alerts == Alerts(feed=True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('hook = "json://u:s3cret@h"', r"alerts\.channels\.hook must be a table"),
        ('hook = { tells = "count" }', r"channels\.hook needs either url, or url_env"),
        ('hook = { url = "json://u:s3cret@h", url_env = "A" }', "needs either url, or url_env"),
        ('hook = { url = "u:s3cret@h" }', r"channels\.hook\.url must be a URL as Apprise"),
        ('hook = { url = "json://u:s3cret@h b" }', r"hook\.url must be a URL as Apprise"),
        ('hook = { url_env = "A-s3cret" }', r"url_env must be the name of an environment variable"),
        ('hook = { url = "json://s3cret", tells = "all" }', "must be one of count, sentence, full"),
        ('hook = { url = "json://s3cret", exit = "tro" }', r"names 'tro', which is not in \[exits"),
        (
            'hook = { url = "json://s3cret", level = 1 }',
            r"unknown setting alerts\.channels\.hook\.l",
        ),
        ('Hook = { url = "json://s3cret" }', "a channel's name is up to 40 small letters"),
    ],
)
def test_a_channel_that_cannot_be_used_is_told_by_name_and_without_its_url(
    case: Case, line: str, words: str
) -> None:
    text = format_settings(case.settings)
    assert "\n\n[log]" in text
    with pytest.raises(CaseError, match=rf"case\.toml: ?.*{words}") as refused:
        parse_settings(text.replace("\n\n[log]", f"\n{line}\n\n[log]"), WHERE)
    assert "s3cret" not in str(refused.value)


def test_settings_show_no_url_of_a_channel(case: Case) -> None:
    assert "s3cret" not in repr(replace(case.settings, alerts=Alerts(channels={"hook": HOOK})))


def test_case_toml_is_its_owners_alone(case: Case) -> None:
    path = case.root / "case.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    save_settings(case, case.settings)
    assert path.stat().st_mode & 0o777 == 0o600


def test_authorities_for_time_stamps_are_written_and_read_back(case: Case) -> None:
    listed = {
        "a": Authority("a", "http://tsa.example/tsr"),
        "b-2": Authority("b-2", "https://stamps.example/", "roots/b.pem"),
    }
    settings = replace(case.settings, timestamps=Timestamps(12.5, listed))
    assert parse_settings(format_settings(settings), WHERE) == settings


def test_a_case_made_before_time_stamps_names_no_authority(case: Case) -> None:
    head, _, tail = format_settings(case.settings).partition("[timestamps]")
    older = head + tail[tail.index("[alerts]") :]
    assert parse_settings(older, WHERE).timestamps == Timestamps()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('a = "http://tsa.example/"', r"timestamps\.authorities\.a must be a table"),
        ('a = { ca_file = "x" }', r"timestamps\.authorities\.a\.url is missing"),
        ('a = { url = "ftp://tsa.example/" }', r"authorities\.a\.url: .*only http"),
        ('a = { url = "http://u:p@tsa.example/" }', "remove user name and password"),
        ('A = { url = "http://tsa.example/" }', "small letters"),
        ('a = { url = "http://tsa.example/", every = 1 }', "unknown setting"),
    ],
)
def test_an_authority_that_cannot_be_asked_is_refused(case: Case, line: str, problem: str) -> None:
    text = format_settings(case.settings)
    place = text.index("[alerts]")
    with pytest.raises(CaseError, match=problem):
        parse_settings(text[:place].rstrip() + f"\n{line}\n" + text[place:], WHERE)


VKEY = "w.example/1+c9fde0ca+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"


def test_witnesses_are_read_back_as_they_were_written(case: Case) -> None:
    named = {"ours": Witness("ours", "https://w.example/x", parse_witness_key(VKEY))}
    settings = replace(case.settings, witnesses=named)
    assert parse_settings(format_settings(settings), WHERE) == settings
    head, _, tail = format_settings(case.settings).partition("[witnesses]")
    older = head + tail[tail.index("[timestamps]") :]
    assert parse_settings(older, WHERE).witnesses == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f'w = {{ key = "{VKEY}" }}', r"witnesses\.w\.url is missing"),
        ('w = { url = "https://w.example/" }', r"witnesses\.w\.key is missing"),
        (f'w = {{ url = "ftp://w.example/", key = "{VKEY}" }}', r"witnesses\.w\.url: .*only http"),
        (
            'w = { url = "https://w.example/", key = "w+1+2" }',
            r"witnesses\.w\.key: .*not valid base64",
        ),
        (
            'w = { url = "https://w.example/", key = "LOG" }',
            r"w\.key: .*not the Ed25519 key of a witness",
        ),
        (f'W = {{ url = "https://w.example/", key = "{VKEY}" }}', "up to 40 small letters"),
        (f'w = {{ url = "https://w.example/", key = "{VKEY}", every = 1 }}', "unknown setting"),
    ],
)
def test_a_witness_that_cannot_be_asked_is_refused(case: Case, line: str, words: str) -> None:
    text = format_settings(case.settings)
    wrong = line.replace("LOG", case.settings.key)
    with pytest.raises(CaseError, match=rf"case\.toml: ?.*{words}"):
        parse_settings(text.replace("\n\n[timestamps]", f"\n{wrong}\n\n[timestamps]"), WHERE)


def test_how_many_must_read_a_claim_is_written_and_read_back(case: Case) -> None:
    settings = replace(case.settings, readings=2)
    assert parse_settings(format_settings(settings), WHERE).readings == 2
    old = format_settings(settings).replace("[review]\nreadings = 2", "")
    assert parse_settings(old.replace("   # by different people", "#"), WHERE).readings == 1


@pytest.mark.parametrize("readings", ["0", "6", "two", '"2"', "true"])
def test_readings_that_nobody_can_make_are_refused(case: Case, readings: str) -> None:
    text = format_settings(case.settings).replace("readings = 1", f"readings = {readings}")
    with pytest.raises(CaseError, match=r"review\.readings must be a number|not valid TOML"):
        parse_settings(text, WHERE)
