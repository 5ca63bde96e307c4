"""A text is taken apart into what it states, cites and quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.dossier.writing.parse import MAX_CHARACTERS, Statement, parse
from sousveil.errors import InputError

ONE, TWO = "f:0123456789ab", "f:ba9876543210"


def statements(text: str) -> list[Statement]:
    return list(parse(text).statements)


def told(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.kind, one.text, one.cites) for one in statements(text)]


def test_a_citation_belongs_to_its_sentence_or_the_one_before_it() -> None:
    text = f"It tells race [@{ONE}]. It alarms. [@{TWO}] It is sold."
    assert told(text) == [
        ("fact", "It tells race.", (ONE,)),
        ("fact", "It alarms.", (TWO,)),
        ("fact", "It is sold.", ()),
    ]


def test_a_stop_behind_the_citation_of_a_quote_states_nothing_of_its_own() -> None:
    first, second = parse("It reads “No race.” [@f:a]. It left [@f:b].").statements
    assert (first.text, first.cites) == ("It reads “No race.”.", ("f:a",))
    assert (second.text, second.cites) == ("It left.", ("f:b",))


def test_one_bracket_may_cite_several() -> None:
    assert statements(f"It tells [@{ONE}; @{TWO}].")[0].cites == (ONE, TWO)
    assert statements(f"It tells [@{ONE},@{TWO}][@{ONE}].")[0].cites == (ONE, TWO, ONE)


def test_chinese_sentences_are_told_apart_and_their_lines_joined() -> None:
    text = f"该相机能识别\n民族。[@{ONE}]然后报警。"
    assert told(text) == [("fact", "该相机能识别民族。", (ONE,)), ("fact", "然后报警。", ())]


def test_headings_questions_and_our_own_words_are_told_from_facts() -> None:
    text = "# Gate\n\nWho buys it? 谁买？\n\n::: ours\nWe looked twice.\n:::\n\nIt stands."
    assert [kind for kind, _, _ in told(text)] == [
        "heading",
        "question",
        "question",
        "ours",
        "fact",
    ]


def test_a_row_of_a_table_is_one_statement_and_its_head_is_none() -> None:
    text = f"| a | b |\n|---|---|\n| Gate | race [@{ONE}] |\n| Door | age |"
    assert told(text) == [("fact", "Gate race", (ONE,)), ("fact", "Door age", ())]


def test_each_item_of_a_list_states_something() -> None:
    assert told(f"- One tells [@{ONE}].\n- Two tells.") == [
        ("fact", "One tells.", (ONE,)),
        ("fact", "Two tells.", ()),
    ]


@pytest.mark.parametrize("quoted", ["“q r”", '"q r"', "«q r»", "„q r“", "「q r」", "『q r』"])
def test_what_stands_in_quotation_marks_is_a_quote(quoted: str) -> None:
    assert statements(f"It says {quoted} there.")[0].quotes == ("q r",)


def test_a_quote_of_two_sentences_is_not_parted() -> None:
    (one,) = statements(f"It says “it tells. It alarms” there [@{ONE}].")
    assert (one.quotes, one.cites) == (("it tells. It alarms",), (ONE,))


def test_a_quoted_block_is_a_quote_as_a_whole() -> None:
    (one,) = statements(f"> It tells race. It\n> alarms. [@{ONE}]")
    assert (one.kind, one.quotes, one.cites) == ("quote", ("It tells race. It alarms.",), (ONE,))


def test_a_block_of_code_cites_behind_the_word_that_opens_it() -> None:
    (one,) = statements(f"```c [@{ONE}]\nint race;\n```")
    assert (one.kind, one.quotes, one.cites) == ("quote", ("int race;",), (ONE,))
    assert statements("    int race;")[0].cites == ()


def test_lines_are_those_of_the_file() -> None:
    assert [one.line for one in statements("# A\n\nIt is.\n\nIt was.\nSo be it.")] == [1, 3, 5, 5]


def test_the_title_is_the_first_heading_when_it_is_the_highest() -> None:
    assert parse("# The *gate*\n\n# More").title == "The gate"
    assert parse("## Small\n\n# Later").title == ""


def test_a_book_of_two_million_characters_is_refused() -> None:
    with pytest.raises(InputError, match="over the limit"):
        parse("a" * (MAX_CHARACTERS + 1))


@given(
    st.lists(st.sampled_from(["It tells", "[@f:0123456789ab]", ".", " ", "\n", "“x”", "。", "|"]))
)
def test_no_word_and_no_citation_is_lost(pieces: list[str]) -> None:
    text = "It. " + "".join(pieces)
    found = statements(text)
    assert sum(one.text.count("tells") for one in found) == text.count("tells")
    assert sum(len(one.cites) for one in found) == text.count("[@")
