"""Whoever reads the weights is told in words what each cue says."""

import pytest

from sousveil.claims.model import shipped_model
from sousveil.claims.telling import in_words

CUES = [name for name in shipped_model().weights if not name.startswith("word ")]


def test_every_cue_of_the_shipped_model_is_told_in_words_of_its_own() -> None:
    told = [in_words(cue) for cue in CUES]
    assert all(told)
    assert not set(told) & set(CUES)


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        ("tech leads", "speaks of a system, before what is said"),
        ("opens with forbid", "forbids in its first word"),
        ("group infer", "names a group and speaks of recognising or inferring"),
        ("says negation", "says no or not"),
        ("verb and object", "has the trait right by a word of recognising or tracking"),
    ],
)
def test_a_cue_says_where_it_stands(cue: str, words: str) -> None:
    assert in_words(cue) == words


def test_what_is_no_cue_is_not_told() -> None:
    assert in_words("word detects") == ""
