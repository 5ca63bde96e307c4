"""The lists of words can be read, hold what they say, and nothing twice."""

import tomllib
from importlib import resources

import pytest

from sousveil.changes.answer.words import SIGNS, address_words, date_words, phrases_in, plain

FILES = sorted(
    resources.files("sousveil.changes.answer").joinpath("words").iterdir(),
    key=lambda file: file.name,
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_has_known_signs_and_phrases_that_are_found(file: object) -> None:
    table = tomllib.loads(file.read_text("utf-8"))  # type: ignore[attr-defined]  # Traversable
    assert set(table) <= {*SIGNS, "dates"}
    for sign in SIGNS:
        phrases = table.get(sign, [])
        assert len(set(map(plain, phrases))) == len(phrases)
        for phrase in phrases:
            assert list(phrases_in(plain(f"Halden: {phrase}!"), sign)), phrase


def test_no_phrase_is_a_sign_of_two_things_in_one_language() -> None:
    for file in FILES:
        table = tomllib.loads(file.read_text("utf-8"))
        phrases = [plain(one) for sign in SIGNS for one in table.get(sign, [])]
        assert sorted(one for one in set(phrases) if phrases.count(one) > 1) == []


def test_a_phrase_in_spaced_letters_is_a_whole_word_and_a_chinese_one_is_not() -> None:
    assert not list(phrases_in(plain("unnot foundling"), "not_found"))
    assert list(phrases_in(plain("本站需要人机验证码"), "challenge"))
    assert list(phrases_in(plain("PLEASE  LOG\nIN"), "login"))


def test_dates_and_addresses_have_words() -> None:
    assert {"january", "января", "月", "märz"} <= date_words()
    assert address_words()["captcha"] == "challenge"
