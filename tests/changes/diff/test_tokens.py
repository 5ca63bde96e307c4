from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.diff.tokens import tokens


@given(st.text())
def test_tokens_put_together_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


@given(st.text(alphabet="ab1.,'’ _-族คเ\u0301\u200dァ", max_size=60))
def test_no_token_is_empty_and_none_is_white_space_but_the_first(text: str) -> None:
    found = tokens(text)
    assert all(found)
    assert all(token.strip() for token in found[1:])


def test_a_hanzi_is_a_token_and_a_latin_word_in_between_is_one() -> None:
    assert tokens("支持5-Uyghur识别") == ["支", "持", "5", "-", "Uyghur", "识", "别"]


def test_words_keep_their_apostrophes_figures_their_commas() -> None:
    assert tokens("don't pay 1,234.50 now.") == ["don't ", "pay ", "1,234.50 ", "now", "."]


def test_a_word_of_uyghur_is_one_token() -> None:
    assert tokens("ئۇيغۇر تىلى") == ["ئۇيغۇر ", "تىلى"]


def test_a_thai_vowel_stays_with_its_consonant() -> None:
    assert tokens("เด็กไทย") == ["เด็", "ก", "ไท", "ย"]


def test_katakana_stays_together_and_hiragana_does_not() -> None:
    assert tokens("カメラーです") == ["カメラー", "で", "す"]


def test_accents_and_vowel_signs_stay_with_their_letters() -> None:
    assert tokens("e\u0301te\u0301 हिन्दी") == ["e\u0301te\u0301 ", "हिन्दी"]


def test_a_name_in_code_is_one_token() -> None:
    assert tokens("int em_race_type;") == ["int ", "em_race_type", ";"]
