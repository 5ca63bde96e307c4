"""What may not go out is named, sentence by sentence."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sousveil.dossier.writing.parse import parse
from sousveil.dossier.writing.rules import Cited, problems, stands_in, translation_of
from sousveil.model import Commit, Translation
from tests.dossier.reports import finding

QUOTE = "tells the ethnicity of every visitor"
PASSAGE = f"The gate camera {QUOTE}, and raises an alarm.\n It is sold as\u00a0Gate 4."
FOUND = replace(finding(QUOTE, PASSAGE, url="https://halden.example/gate"), id="0123456789ab")
AT = datetime(2026, 11, 2, tzinfo=UTC)
IN_GERMAN = Translation(FOUND.id, "", "nennt die Ethnie", "de", "B. Translator", AT, 9)
LIVE = {FOUND.id: Cited(FOUND, "", (IN_GERMAN,))}
CITE = f"[@f:{FOUND.id}]"


def told(text: str, known: dict[str, Cited] | None = None) -> list[str]:
    actors = ("Halden Vision",)
    return [str(one) for one in problems(parse(text), LIVE if known is None else known, actors)]


@pytest.mark.parametrize(
    "text",
    [
        f"Its camera tells ethnicity {CITE}.",
        f"It “{QUOTE}, and raises an alarm. It is sold” {CITE}.",
        f"It “tells […] of every visitor” {CITE}.",
        f"It “{QUOTE}.” {CITE}",
        f"> {QUOTE} {CITE}",
        f"Auf Deutsch: “nennt die Ethnie” {CITE}.",
        "Who buys it?",
        "::: ours\nWe looked “twice”.\n:::",
        "# Halden Vision",
        "## What we found",
        f"## Halden Vision tells ethnicity {CITE}",
        f"![](f:{FOUND.id})",
    ],
)
def test_what_is_vouched_for_passes(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Its camera tells ethnicity.", "states a fact and cites nothing"),
        (f"It alarms {CITE}. It is sold.", "'It is sold.': states a fact and cites nothing"),
        ("> any words", "cites nothing"),
        ("    int race;", "cites nothing"),
        ("# Halden Vision tells ethnicity", "cites nothing"),
        ("It tells [@f:ffffffffffff].", "does not find (any more)"),
        ("It tells [@x:1].", "cites @x:1, which is no citation"),
        (f"It “tells the race of every visitor” {CITE}.", "stands in no passage"),
        (f"It “{QUOTE.upper()}” {CITE}.", "stands in no passage"),
        (f"It “visitor […] ethnicity” {CITE}.", "stands in no passage"),
        (f"It “[…]” {CITE}.", "stands in no passage"),
        (f"> nennt die Rasse {CITE}", "translation with its translator"),
        (f"::: ours\nThey say “race” {CITE}.\n:::", "stands in no passage"),
        ("![](https://tracker.example/x.png)", "is no finding's"),
    ],
)
def test_what_is_not_vouched_for_is_named(text: str, problem: str) -> None:
    (one,) = told(text)
    assert problem in one


def test_a_finding_that_is_no_evidence_is_told_why() -> None:
    known = {FOUND.id: Cited(FOUND, "which was rejected. Cite another.")}
    (one,) = told(f"\n\nIt tells {CITE}.", known)
    assert one == f"line 3: 'It tells.': cites f:{FOUND.id}, which was rejected. Cite another."


def test_a_translated_quote_has_its_translator_and_an_original_has_none() -> None:
    assert translation_of("die Ethnie", list(LIVE.values())) == IN_GERMAN
    assert translation_of("ethnicity", list(LIVE.values())) is None


@given(st.text(st.characters(categories=["L", "Nd", "Zs"]), min_size=1, max_size=30))
def test_no_quote_passes_that_does_not_stand_there(words: str) -> None:
    plain = " ".join(words.split())
    assume(plain and plain not in " ".join(PASSAGE.split()) and "nennt" not in plain)
    assume(plain not in IN_GERMAN.text)
    assert not stands_in(words, PASSAGE)
    assert told(f"It “{words}” {CITE}.")


@given(st.integers(0, len(PASSAGE) - 5), st.integers(5, len(PASSAGE)))
def test_each_part_of_a_passage_may_be_quoted(start: int, length: int) -> None:
    assume(PASSAGE[start : start + length].strip(" \n\u00a0.,"))
    assert stands_in(PASSAGE[start : start + length], PASSAGE)


def test_the_message_of_a_commit_that_is_cited_may_be_quoted() -> None:
    left = Commit("a" * 40, AT, AT, "Sort the fields, for Germans: nennt die Ethnie\n")
    entered = replace(left, id="b" * 40, message="Add a camera")
    gone = replace(FOUND, source=replace(FOUND.source, entered=entered, left=left))
    known = {gone.id: Cited(gone, "", (IN_GERMAN,))}
    assert told(f"It went with “Sort the fields” and came with “Add a camera” {CITE}.", known) == []
    assert "stands in no passage" in told(f"It went with “Sort it” {CITE}.", known)[0]
    assert translation_of("nennt die Ethnie", list(known.values())) is None, "it is the author's"
