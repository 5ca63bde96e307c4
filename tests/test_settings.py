"""A case's exits in `case.toml`: read back as written, and refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.capture.guard.exits import Exit
from sousveil.case import Case
from sousveil.errors import CaseError
from sousveil.settings import format_settings, parse_settings

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
