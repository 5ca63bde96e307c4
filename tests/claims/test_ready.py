"""Words are made ready once, and kept where nobody else can have written them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims.normal import normalise
from sousveil.claims.ready import MAX_BYTES, MAX_FILES, Words, _keys, kept, words
from sousveil.topics.cues import shared

MADE = words([("*shoe", "infer", "", "", ""), ("shoe*", "", "t", "size", "group")])
OTHER = Words([], [], [])
DIGEST = "ab" * 32


@pytest.fixture
def folder(own_config: Path) -> Path:
    own = own_config / "cache"
    own.unlink()  # the one that all tests share
    return own


@pytest.fixture
def file(folder: Path) -> Path:
    """Keep MADE, and give the file it is in."""
    assert kept(DIGEST, lambda: MADE) == MADE
    return folder / f"{DIGEST}.words"


def never() -> Words:
    pytest.fail("the words were made again")


def test_one_pattern_has_each_of_its_meanings() -> None:
    assert MADE.keys == ["shoe"]
    (meanings,) = MADE.meanings
    assert [(m.open_left, m.open_right, m.cls, m.trait) for m in meanings] == [
        (True, False, "infer", ""),
        (False, True, "", "size"),
    ]


def test_patterns_of_the_shipped_topics_are_normalised_together_as_one_by_one() -> None:
    terms = [t.text.strip("*") for name in topics.shipped() for t in topics.load(name).terms]
    texts = [*terms, *(cue.text.strip("*") for cue in shared())]
    assert _keys(texts) == [normalise(text).text.strip() for text in texts]


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_patterns_have_a_key_each(texts: list[str]) -> None:
    assert len(_keys(texts)) == len(texts)


@pytest.mark.usefixtures("file")
def test_kept_words_are_not_made_again() -> None:
    assert kept(DIGEST, never) == MADE


@pytest.mark.usefixtures("file")
def test_words_of_another_digest_are_made() -> None:
    assert kept("cd" * 32, lambda: OTHER) == OTHER


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _change(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"shoe", b"boot"))


def _grow(file: Path) -> None:
    os.truncate(file, MAX_BYTES + 1)


def _open_to_others(file: Path) -> None:
    file.chmod(0o602)


def _rename(file: Path) -> None:
    assert kept("cd" * 32, lambda: OTHER) == OTHER
    file.with_name(f"{'cd' * 32}.words").replace(file)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize(
    "spoil", [_cut, _empty, _change, _grow, _open_to_others, _rename, _link, _pipe]
)
def test_a_file_that_is_not_as_we_left_it_is_replaced(
    file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)
    made = []

    def make() -> Words:
        made.append(MADE)
        return MADE

    assert kept(DIGEST, make) == MADE
    assert made == [MADE]
    assert kept(DIGEST, never) == MADE


def test_a_file_of_somebody_else_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert kept(DIGEST, lambda: OTHER) == OTHER


def test_a_folder_that_cannot_be_written_goes_without(folder: Path) -> None:
    folder.write_text("no folder")
    assert kept(DIGEST, lambda: MADE) == MADE
    assert folder.read_text() == "no folder"


def test_only_the_newest_files_are_kept(folder: Path) -> None:
    for number in range(MAX_FILES + 3):
        kept(f"{number:064x}", lambda: MADE)
        os.utime(folder / f"{number:064x}.words", (number, number))
    names = sorted(int(path.stem, 16) for path in folder.iterdir())
    assert names == list(range(3, MAX_FILES + 3))
