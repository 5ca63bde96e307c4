"""Search: what is in a passage is found, what is not is not, and the marks lie on it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.changes.looks import Look
from sousveil.claims.normal import normalise
from sousveil.errors import InputError
from sousveil.index.filters import Filter
from sousveil.index.looks import put_capture, put_look
from sousveil.index.query import captures_of_look
from sousveil.index.readings import put_reading
from sousveil.index.search.find import Results, search
from sousveil.index.search.passages import MAX_CHARACTERS, SHARED_CHARACTERS, Passage, cut
from sousveil.index.search.question import ask
from sousveil.index.store import Held, Index
from sousveil.model import Block, BlockKind, Capture, Document, RecordRef, Verdict

NOW = datetime(2026, 3, 4, tzinfo=UTC)
LETTERS = "ab é种族識别性あカ한국กข.,-/\n 9Ж"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index.sqlite", create=True)
    yield made
    made.close()


def look(index: Index, address: str = "https://halden.example/", *, day: int = 1) -> Held:
    at = datetime(2026, 3, day, tzinfo=UTC)
    number = index.rows("SELECT count(*) FROM look")[0][0]
    seen = Look(0, at, Verdict.PRESENT, 0.9, "HTTP 200", number, "0123456789ab")
    look_id = put_look(index, seen, address=address, status=200)
    record = RecordRef("archive/a.warc.gz", number, 1, f"<urn:uuid:{number}>", "sha256:00")
    put_capture(index, Capture(address, at, 200, "text/html", record), look_id)
    return captures_of_look(index, look_id)[0]


def document(*texts: str) -> Document:
    whole, blocks = "", list[Block]()
    for text in texts:
        start = len(whole) + (1 if whole else 0)
        whole = f"{whole}\n{text}" if whole else text
        blocks.append(Block(start, start + len(text), BlockKind.PARAGRAPH))
    return Document(whole, tuple(blocks), "html", "utf-8", lang="en")


def say(index: Index, *texts: str, held: Held | None = None) -> None:
    put_reading(index, held or look(index), [], cut(document(*texts)), engine="e")


def found(index: Index, text: str, chosen: Filter = Filter(), limit: int = 50) -> Results:  # noqa: B008  # frozen
    return search(index, ask(text), chosen, limit=limit)


def texts(index: Index, text: str) -> list[str]:
    return [hit.text for hit in found(index, text).hits]


@pytest.mark.parametrize(
    "question",
    ["种族", "族识", "別", "識別", "種族", "Ethnicity", "ETHNIC*", "“ethnicity of faces”",
     "-lamp face*", "/ethnic.{1,9}of/", "faces 种族", "ｅｔｈｎｉｃｉｔｙ", "/种族.?识别/"],
)  # fmt: skip
def test_it_is_found_however_it_is_written(index: Index, question: str) -> None:
    say(index, "支持种族识别。The ethnicity of faces.")
    assert found(index, question).count == 1


@pytest.mark.parametrize(
    "question", ["种别", "ethnic", "“faces ethnicity”", "face", "-faces ethnicity", "/Xethn/"]
)
def test_what_is_not_there_is_not_found(index: Index, question: str) -> None:
    say(index, "支持种族识别。The ethnicity of faces.")
    assert found(index, question).count == 0


def test_marks_lie_on_the_words_as_they_were_written(index: Index) -> None:
    say(index, "前言。識別 ETH\u00adNICITY of the Fa\u0301ces，種族")
    (hit,) = found(index, "识别 ethnicity 种族 faces").hits
    assert [hit.text[start:end] for start, end in hit.marks] == [
        "識別", "ETH\u00adNICITY", "Fa\u0301ces", "種族",
    ]  # fmt: skip
    part, marks, begin = hit.snippet()
    assert part == hit.text[begin : begin + len(part)]
    assert part[slice(*marks[0])] == "識別"


def test_a_former_version_is_found_and_told_as_gone(index: Index) -> None:
    say(index, "We tell the ethnicity of staff.", held=look(index, day=1))
    say(index, "We count staff.", held=look(index, day=2))
    (hit,) = found(index, "ethnicity").hits
    assert not hit.stands
    assert hit.last_seen.day == 1
    assert found(index, "count").hits[0].stands


def test_what_stays_is_kept_once(index: Index) -> None:
    for day in (1, 2, 3):
        say(index, "We tell the ethnicity of staff.", held=look(index, day=day))
    (hit,) = found(index, "ethnicity").hits
    assert (hit.first_seen.day, hit.last_seen.day, hit.stands) == (1, 3, True)
    assert index.rows("SELECT count(*) FROM passage") == [(1,)]


def test_a_capture_that_is_read_again_says_only_what_it_says_now(index: Index) -> None:
    held = look(index)
    say(index, "ethnicity", held=held)
    say(index, "religion", held=held)
    assert found(index, "ethnicity").count == 0
    assert index.rows("SELECT count(*) FROM word WHERE word MATCH 'ethnicity'") == [(0,)]
    assert found(index, "religion").count == 1


def test_filters_narrow_by_place_language_and_day(index: Index) -> None:
    say(index, "ethnicity here", held=look(index, "https://halden.example/", day=1))
    say(index, "ethnicity there", held=look(index, "https://other.example/", day=9))
    day = datetime(2026, 3, 5, tzinfo=UTC).date()
    assert found(index, "ethnicity", Filter(host=("other.example",))).count == 1
    assert found(index, "ethnicity", Filter(since=day)).hits[0].text == "ethnicity there"
    assert found(index, "ethnicity", Filter(until=day)).hits[0].text == "ethnicity here"
    assert found(index, "ethnicity", Filter(lang=("en",))).count == 2
    assert found(index, "ethnicity", Filter(lang=("zh",))).count == 0
    assert found(index, "ethnicity", Filter(kind=("pdf",))).count == 0
    assert found(index, "ethnicity", Filter(label=("offers",))).count == 0


@pytest.mark.parametrize(
    "question", ["", "  ", "-lamp", "…!", "/(/", "/(?P<a>x)(?P<a>y)/", "a " * 25, "x" * 501]
)
def test_a_question_that_asks_nothing_is_refused(question: str) -> None:
    with pytest.raises(InputError):
        ask(question)


@pytest.mark.parametrize(
    "question",
    ['"', '""', "“种", "word) OR (x", 'said:"a"', "NEAR(a b)", "a AND b", "x*y*", "^a", "-/a/ b",
     "\0a", "a\0", "NOT", "{a b}", "'; DROP TABLE word; --", "/" * 40, "\ud800a", "种*", "…a"],
)  # fmt: skip
def test_a_hostile_question_is_answered_or_refused(index: Index, question: str) -> None:
    say(index, "word or x")
    try:
        asked = ask(question)
    except InputError:
        return
    assert search(index, asked, Filter(), limit=5).count in {0, 1}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_question_is_understood_or_refused(text: str) -> None:
    with suppress(InputError):
        assert ask(text).match or ask(text).regexes


def test_a_pattern_without_end_is_stopped_and_says_so(index: Index) -> None:
    say(index, "a" * 60 + "!")
    told = found(index, "/(a+)+$/")
    assert (told.count, told.is_whole) == (0, False)


UNSPACED = "种族识别性あカ한국กข"
UNIT = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])[^\W_])+")


def occurs(wanted: str, text: str) -> bool:
    """Tell naively whether words stand in a text, one after the other, as the question means it."""
    asked = list(UNIT.finditer(normalise(wanted).text))
    said = list(UNIT.finditer(normalise(text).text))
    return any(
        all(
            one.group() == other.group()
            and (
                number == 0
                or one.group() not in UNSPACED
                or asked[number - 1].group() not in UNSPACED
                or (asked[number - 1].end() == one.start())
                == (said[start + number - 1].end() == other.start())
            )
            for number, (one, other) in enumerate(zip(asked, said[start:], strict=False))
        )
        for start in range(len(said) - len(asked) + 1)
    )


WORDS = st.text(st.sampled_from("ab种族识别性あ한ก"), min_size=1, max_size=4)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(st.text(st.sampled_from(LETTERS), max_size=25), min_size=1, max_size=3),
    wanted=st.one_of(WORDS, st.text(st.sampled_from(LETTERS), min_size=1, max_size=6)),
)
def test_it_finds_what_a_naive_look_finds_and_marks_it(
    tmp_path: Path, said: list[str], wanted: str
) -> None:
    if any(one in wanted for one in '"/-') or wanted.startswith("-"):
        wanted = re.sub(r'["/-]', "", wanted)
    try:
        question = ask(f'"{wanted}"')
    except InputError:
        return
    for old in tmp_path.glob("one*"):
        old.unlink()
    index = Index(tmp_path / "one.sqlite", create=True)
    for number, text in enumerate(said):
        held = look(index, f"https://halden.example/{number}")
        put_reading(index, held, [], [Passage(None, 0, text, "page", "")], engine="e")
    told = search(index, question, Filter(), limit=10)
    index.close()
    assert sorted(hit.text for hit in told.hits) == sorted(t for t in said if occurs(wanted, t))
    assert all(hit.marks for hit in told.hits)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab 种族\n"), min_size=1, max_size=900), max_size=12))
def test_every_short_phrase_of_a_block_lies_whole_in_a_passage(blocks: list[str]) -> None:
    made = document(*blocks, "x " * 4_000)
    passages = list(cut(made))
    assert all(len(one.text) <= MAX_CHARACTERS for one in passages)
    assert all(made.text[one.start :].startswith(one.text) for one in passages)
    for block in made.blocks:
        step = SHARED_CHARACTERS // 2
        for start in range(block.start, max(block.start + 1, block.end - step), 37):
            end = min(block.end, start + step)
            assert any(p.start <= start and end <= p.start + len(p.text) for p in passages)


def test_an_edit_moves_the_cuts_near_it_alone() -> None:
    blocks = [f"Sentence {n} of a long page about lamps and lenses." * 3 for n in range(200)]
    before = {one.text for one in cut(document(*blocks))}
    after = {one.text for one in cut(document(*blocks[:3], "New words.", *blocks[3:]))}
    assert len(after - before) <= 4
    assert len(before) > 15
