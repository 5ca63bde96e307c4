"""Topic files are strict data: what is malformed is refused with its place."""

from pathlib import Path

import pytest

from sousveil import topics
from sousveil.errors import TopicError
from sousveil.topics.cues import CLASSES, CLEARING, shared

SOUND = """
name = "caste"
version = 2
title = "Caste"
description = "Infers caste."
[trait.caste.attribute]
en = ["caste", "castes"]
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_the_shipped_topics_load_and_have_no_fault() -> None:
    assert topics.shipped() == ["emotion", "ethnicity", "politics", "religion", "sexuality"]
    for name in topics.shipped():
        folder = Path(topics.load.__code__.co_filename).parent
        assert topics.load(name).name == name
        assert topics.check(str(folder / f"{name}.toml")) == []


def test_the_ethnicity_topic_has_the_traits_ethnicity_and_race() -> None:
    assert topics.load("ethnicity").traits == ("ethnicity", "race")


def test_a_topic_of_ones_own_loads_from_a_path(tmp_path: Path) -> None:
    topic = topics.load(written(tmp_path, SOUND))
    assert (topic.name, topic.version, topic.traits) == ("caste", 2, ("caste",))
    assert [term.text for term in topic.terms] == ["caste", "castes"]


def test_an_unknown_topic_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(TopicError, match=r"no topic 'weather'.*ethnicity"):
        topics.load("weather")


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(TopicError, match=r"absent\.toml: cannot be read"):
        topics.load(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("version = 2", "version = 0"), "version must be a whole number from 1"),
        (("version = 2", "version ="), "not valid TOML.*line 3"),
        (('title = "Caste"', 'titel = "Caste"'), "unknown key 'titel'"),
        (("trait.caste.attribute", "trait.caste.atribute"), "unknown kind 'atribute'"),
        (('en = ["caste", "castes"]', "en = []"), r"attribute\.en: must be a list of terms"),
        (('"castes"', '"ca*tes"'), "star inside"),
        (('"castes"', "7"), "7 is no term"),
        (("en =", "english_words ="), "no language code"),
        (('name = "caste"', 'name = "The Caste"'), "not a short lower-case word"),
    ],
)
def test_a_malformed_file_is_refused_with_the_key_or_line(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    path = written(tmp_path, SOUND.replace(*change))
    with pytest.raises(TopicError, match=complaint):
        topics.load(path)
    assert len(topics.check(path)) == 1


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(TopicError, match="not UTF-8 at byte 8"):
        topics.load(str(path))


def test_the_check_names_terms_given_twice_and_terms_that_match_everywhere(tmp_path: Path) -> None:
    text = SOUND + 'zh = ["族"]\n[trait.caste.group]\nen = ["Caste"]\n'
    faults = topics.check(written(tmp_path, text))
    assert len(faults) == 2
    assert "trait.caste.attribute.zh: '族' is too short" in faults[0]
    assert "'Caste' is also listed under attribute" in faults[1]


@pytest.mark.parametrize("again", ["CASTES", "castes ", "ｃａｓｔｅｓ"])
def test_the_check_names_a_term_that_is_only_written_otherwise(tmp_path: Path, again: str) -> None:
    text = SOUND + f'[trait.caste.group]\nen = ["{again}"]\n'
    (fault,) = topics.check(written(tmp_path, text))
    assert "is also listed under attribute" in fault


def test_two_topics_of_one_name_are_refused() -> None:
    one, other = topics.load("ethnicity"), topics.load("religion")
    assert topics.distinct([one, other]) == (one, other)
    with pytest.raises(TopicError, match=r"two topics are called 'ethnicity'\. Rename one"):
        topics.distinct([one, other, one])


def test_every_cue_class_has_cues_and_clearing_classes_are_known() -> None:
    assert {cue.cls for cue in shared()} == set(CLASSES)
    assert "racecondition" in CLEARING
    assert "infer" not in CLEARING
