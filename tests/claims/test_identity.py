"""An engine's name tells one way of reading from another."""

from dataclasses import replace

import pytest

from sousveil import topics
from sousveil.claims import engine_for, identity
from sousveil.claims.model import shipped_model
from sousveil.model import Block, BlockKind, Document
from sousveil.topics.load import Term

ETHNICITY = topics.load("ethnicity")


def test_it_is_short_and_names_program_topics_and_reader() -> None:
    name = engine_for([ETHNICITY]).name
    assert name.startswith("claims 0.")
    assert f", ethnicity {ETHNICITY.version}+" in name
    assert ", reader " in name
    assert len(name) < 80
    assert name == engine_for([ETHNICITY]).name


def test_a_word_added_to_a_topic_shows_though_its_version_stays() -> None:
    term = Term("ethnicity", "attribute", "en", "made-up ancestry")
    edited = replace(ETHNICITY, terms=(*ETHNICITY.terms, term))
    assert engine_for([edited]).name != engine_for([ETHNICITY]).name


def test_a_case_model_is_named_last() -> None:
    own = replace(shipped_model(), name="case model 2")
    assert engine_for([ETHNICITY], own).name == engine_for([ETHNICITY]).name + ", case model 2"


def test_what_is_found_carries_the_name() -> None:
    own = engine_for([ETHNICITY], replace(shipped_model(), name="case model 2"))
    for engine in (engine_for([ETHNICITY]), own):
        [claim] = engine.find(_document("The camera detects the ethnicity of each face."))
        assert claim.engine == engine.name
        assert "anchor attribute" in claim.features


def test_another_version_of_a_library_that_reads_documents_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = engine_for([ETHNICITY]).name
    identity._reader.cache_clear()
    monkeypatch.setattr(identity, "_version", lambda name: f"{name} 99".encode())
    after = engine_for([ETHNICITY]).name
    identity._reader.cache_clear()
    changed = set(after.split(", ")) - set(before.split(", "))
    assert [part.split(" ")[0] for part in changed] == ["reader"]


def _document(text: str) -> Document:
    return Document(text, (Block(0, len(text), BlockKind.PARAGRAPH),), "text", "utf-8", "en")
