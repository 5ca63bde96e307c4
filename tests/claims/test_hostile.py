"""Any text at all is read in time that grows with its length alone."""

import time
from collections.abc import Callable
from itertools import chain, cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.extract import extract
from sousveil.model import Block, BlockKind, Document
from sousveil.topics.cues import CLEARING, shared

ALL = tuple(topics.load(name) for name in topics.shipped())
TERMS = [term.text.strip("*") for topic in ALL for term in topic.terms]
CUES = [cue.text.strip("*") for cue in shared()]
CLEARING_CUES = [cue.text.strip("*") for cue in shared() if cue.cls in CLEARING]

SMALL, LARGE = 5_000, 40_000
SECONDS_A_CHARACTER = 60e-6  # several times what it takes, for a busy machine
GROWTH = 2.2  # of the time, at each doubling
NOISE_SECONDS = 0.02
TRIES = 5  # a busy machine disturbs one or two; what grows faster than its text fails all

Make = Callable[[int], Document]


def repeated(part: str, size: int) -> str:
    return (part * (size // len(part) + 1))[:size]


def mixed(words: list[str], size: int, gap: str) -> str:
    """Words in an order in which neighbours do not belong together."""
    shuffled = sorted(words, key=lambda word: word[::-1])
    return gap.join(islice(cycle(shuffled), size // 5))[:size]


def paragraph(text: str) -> Document:
    return Document(text, (Block(0, len(text), BlockKind.PARAGRAPH),), "text", "utf-8")


def lines(text: str) -> Document:
    starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]
    blocks = (
        Block(start, end, BlockKind.CODE)
        for start, end in zip(starts, chain((s - 1 for s in starts[1:]), [len(text)]), strict=True)
    )
    return Document(text, tuple(blocks), "code", "utf-8")


def file(name: str, text: str) -> Document:
    return extract(text.encode(), media_type="", charset=None, name=name)


HOSTILE: dict[str, Make] = {
    "four words, no stop": lambda n: paragraph(repeated("ethnicity recognition uyghur detect ", n)),
    "four words a sentence": lambda n: paragraph(repeated("Ethnicity recognition of uyghur. ", n)),
    "capitals": lambda n: paragraph(repeated("RACE is race a. ", n)),
    "terms": lambda n: paragraph(mixed(TERMS, n, " ")),
    "terms and cues": lambda n: paragraph(mixed(TERMS + CUES, n, " ")),
    "terms and what clears them": lambda n: paragraph(mixed(TERMS + CLEARING_CUES, n, " ")),
    "hanzi": lambda n: paragraph(mixed([w for w in TERMS + CUES if w > "\u2e80"], n, "")),
    "hanzi with stops": lambda n: paragraph(mixed([w for w in TERMS + CUES if w > "⺀"], n, "。")),
    "clauses": lambda n: paragraph(repeated("detects ethnicity" + "," * 400, n)),
    "values": lambda n: paragraph(repeated("white, black, asian, ", n)),
    "negations": lambda n: paragraph(repeated("no ethnicity not race ", n)),
    "open quotation marks": lambda n: paragraph(repeated("ethnicity “" + "“" * 400 + "\n\n", n)),
    "one line of members": lambda n: lines(repeated("EM_RACE_WHITE, EM_ETHNIC_UYGHUR, ", n)),
    "members": lambda n: file(
        "a.h", "enum E {\n" + repeated("EM_NATION_UYGHUR = 1, // 维吾尔族\n", n) + "};"
    ),
    "short lines": lambda n: lines(repeated("race\n", n)),
    "cells": lambda n: file(
        "a.html", "<table>" + repeated("<tr><td>uyghur<td>ethnicity", n) + "</table>"
    ),
    "headings": lambda n: file("a.html", repeated("<h1>race<h2>uyghur<h3>detect", n)),
    "deep data": lambda n: file("a.json", '{"race":' * (n // 9) + "1" + "}" * (n // 9)),
    "a list of data": lambda n: file("a.json", f'{{"race":[{repeated(chr(34) * 2 + ",", n)}1]}}'),
    "keys given twice": lambda n: file(
        "a.json", '{"schemas":{' + ",".join(['"a":"x","b":["race"]'] * (n // 22)) + "}}"
    ),
    "spaced letters": lambda n: paragraph(repeated("e t h n i c i t y  ", n)),
    "hidden letters": lambda n: paragraph(repeated("e\u200bt\u200bhnicity ", n)),
    "lone surrogates": lambda n: paragraph(repeated("\ud800ethnicity ", n)),
    "marks": lambda n: paragraph("ethnicity e" + "\u0301" * n),
    "one hanzi": lambda n: paragraph("族" * n),
    "one letter": lambda n: paragraph("a" * n),
    "nothing": lambda n: paragraph("\0" * n),
    "white space": lambda n: paragraph("ethnicity" + "\n \t" * (n // 3) + "x"),
    "stops": lambda n: paragraph("ethnicity" + ".)" * (n // 2)),
}


def seconds(document: Document) -> float:
    """Return the processor time that reading takes, without that of other threads."""
    started = time.thread_time()
    find(document, ALL)
    return time.thread_time() - started


def grows_with_the_length(small: Document, large: Document) -> bool:
    took = seconds(large)
    doublings = (LARGE // SMALL).bit_length() - 1
    return (
        took <= seconds(small) * GROWTH**doublings + NOISE_SECONDS
        and took <= len(large.text) * SECONDS_A_CHARACTER + NOISE_SECONDS
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_grows_with_the_length_alone(name: str) -> None:
    make = HOSTILE[name]
    small, large = make(SMALL), make(LARGE)
    find(make(100), ALL)
    assert any(grows_with_the_length(small, large) for _ in range(TRIES))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["a", "族", "\0", " ", "\n", ".", "\u200b", "\ud800", "𝐞", '"'])
def test_ten_million_times_one_character_is_read(part: str) -> None:
    assert find(paragraph(part * 10_000_000), ALL) == []


ANY = st.text(st.characters(exclude_categories=()))
TELLING = st.sampled_from([*TERMS, "detects the", "识别", ". ", "\n", ", ", "|", " of faces"])


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(ANY, TELLING), max_size=40), st.sampled_from(list(BlockKind)))
def test_any_text_is_read_and_its_quotes_lie_in_it(parts: list[str], kind: BlockKind) -> None:
    text = "".join(parts)
    document = Document(text, (Block(0, len(text), kind),), "text", "utf-8")
    for claim in find(document, ALL):
        assert 0 <= claim.passage_start <= claim.start < claim.end <= claim.passage_end <= len(text)
