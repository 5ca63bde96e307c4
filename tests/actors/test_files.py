"""Files of actors: what they may hold, and the line that says what is wrong."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors import shipped_register
from sousveil.actors.files import lint, parse_actors
from sousveil.actors.register import Actor
from sousveil.actors.sources import read_actors
from sousveil.errors import ActorError

SOUND = """
[[actor]]
name = "Halcyon Vision"
names = ["翠鸟视觉"]
common = ["Halcyon"]
domains = ["halcyon.example", "cloud.example/docs/halcyon"]
accounts = ["github.com/halcyon"]

[[actor]]
name = "Example Daily"
reports = true
"""


def test_a_file_gives_its_actors_in_order() -> None:
    assert parse_actors(SOUND, "x") == (
        Actor(
            "Halcyon Vision",
            names=("Halcyon Vision", "翠鸟视觉"),
            common=("Halcyon",),
            domains=("halcyon.example", "cloud.example/docs/halcyon"),
            accounts=("github.com/halcyon",),
        ),
        Actor("Example Daily", names=("Example Daily",), reports=True),
    )


def test_a_name_that_is_a_common_word_is_told_with_care_alone() -> None:
    (actor,) = parse_actors('[[actor]]\nname = "Gate"\ncommon = ["Gate"]', "x")
    assert (actor.names, actor.common) == ((), ("Gate",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "not valid TOML"),
        ("", "must hold [[actor]] tables"),
        ('[actor]\nname = "A"', "must hold [[actor]] tables"),
        ('title = "x"\n[[actor]]\nname = "A"', "must hold [[actor]] tables"),
        ("[[actor]]\nnames = []", "actor 1: name must be a short text"),
        ('[[actor]]\nname = " "', "name must be a short text"),
        ('[[actor]]\nname = "A"\nalias = []', "unknown key 'alias'"),
        ('[[actor]]\nname = "A"\nnames = "B"', "names must be a list"),
        ('[[actor]]\nname = "A"\nnames = [1]', "1 is no name"),
        ('[[actor]]\nname = "A"\nnames = [" B"]', "' B' is no name"),
        ('[[actor]]\nname = "A"\ndomains = ["https://a.example"]', "is no domain"),
        ('[[actor]]\nname = "A"\ndomains = ["A.example"]', "is no domain"),
        ('[[actor]]\nname = "A"\ndomains = ["example"]', "is no domain"),
        ('[[actor]]\nname = "A"\naccounts = ["halcyon"]', "is no account"),
        ('[[actor]]\nname = "A"\nreports = "yes"', "reports must be true or false"),
        ("actor = [1]", "must be a table"),
    ],
)
def test_what_is_malformed_is_refused_in_one_line_that_names_it(text: str, said: str) -> None:
    with pytest.raises(ActorError) as refused:
        parse_actors(text, "actors.toml")
    message = str(refused.value)
    assert message.startswith("actors.toml: ")
    assert said in message
    assert "\n" not in message


def test_lint_names_what_is_given_twice_or_is_too_short() -> None:
    text = """
    [[actor]]
    name = "Heron Labs"
    names = ["HL", "Crane"]
    [[actor]]
    name = "Crane Labs"
    names = ["crane", "鹤"]
    """
    assert list(lint(parse_actors(text, "x"), "x")) == [
        "x: Heron Labs: 'HL' is too short; put it under `common`.",
        "x: Crane Labs: 'crane' is Heron Labs's too; keep one of the two.",
        "x: Crane Labs: '鹤' is too short; put it under `common`.",
    ]


def test_our_own_file_is_sound_and_large_enough() -> None:
    actors = shipped_register().actors
    assert list(lint(actors, "vendors.toml")) == []
    assert len(actors) >= 90
    assert sum(any(not name.isascii() for name in actor.names) for actor in actors) >= 40


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ActorError, match="cannot be read"):
        read_actors(tmp_path / "none.toml")
    (tmp_path / "gb.toml").write_bytes("名".encode("gb18030"))
    with pytest.raises(ActorError, match="not UTF-8 at byte 0"):
        read_actors(tmp_path / "gb.toml")
    (tmp_path / "long.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ActorError, match="larger than"):
        read_actors(tmp_path / "long.toml")


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(ActorError):
        parse_actors(text, "x")
