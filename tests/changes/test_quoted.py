"""A quote for strangers' eyes is one line, without names and addresses."""

from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.quoted import quoted

ADDRESS = "https://halcyon.example/products/gate"
NAMES = {"Halcyon Vision", "Halcyon Media Ltd", "翠鸟视觉"}


def test_names_and_addresses_in_a_quote_are_masked() -> None:
    text = (
        "HALCYON VISION by Halcyon Media Ltd, 翠鸟视觉 (www.else.where, sales@halcyon.example,"
        " cloud.halcyon.example/gate, https://x.invalid/?q=1) reads face.ethnicity"
    )
    assert quoted(text, ADDRESS, NAMES) == (
        "“[name] by [name], [name] ([address], [address], [address] [address] reads face.ethnicity”"
    )


def test_a_short_name_is_masked_where_it_is_a_word_and_never_in_a_mask() -> None:
    assert quoted("AO's chaos, by Ao识别", "", {"Ao"}) == "“[name]'s chaos, by [name]识别”"
    assert quoted("see www.address.com, Address", "", {"address"}) == "“see [address], [name]”"


def test_a_long_quote_is_cut_at_a_words_end() -> None:
    assert quoted("ethnicity " * 40, "", ()) == "“" + "ethnicity " * 18 + "ethnicity ethnicity…”"
    assert quoted("识别种族" * 100, "", ()) == "“" + ("识别种族" * 50)[:199] + "…”"


def test_what_is_written_from_right_to_left_leaves_the_sentence_in_order() -> None:
    assert quoted("ئۇيغۇر\u202e", "", ()) == "“\u2068ئۇيغۇر\u2069”"


@given(st.text(), st.text(min_size=1), st.text())
def test_any_quote_becomes_one_line_that_can_be_written(text: str, name: str, url: str) -> None:
    told = quoted(text, url, {name})
    assert len(told) <= 204
    assert len(told.splitlines()) == 1
    told.encode()


@given(st.text(alphabet="ab .@/:", max_size=300))
def test_a_name_that_is_hidden_is_nowhere(text: str) -> None:
    assert "abab" not in quoted(text, "", {"abab"})
