"""Which wordings count as one, so that one decision serves them, and which never do."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.trace.sameness import sameness

ALIKE = [
    ("It tells the ethnicity of a face.", "it tells the ETHNICITY of a face"),
    ("It tells the “ethnicity” of a face!", 'It tells the "ethnicity" of a face.'),
    ("Ethnicity, age and gender", "Ethnicity; age and gender"),
    ("It tells the ethnicity of\n a  face.", "It tells the ethnicity of a face."),
    ("It tells the ethni\N{SOFT HYPHEN}city of a face.", "It tells the ethnicity of a face."),
    ("It tells the ethni-\ncity of a face.", "It tells the ethnicity of a face."),
    ("Facetrix™ tells ethnicity", "Facetrix tells ethnicity"),
    ("Facetrix(R) tells ethnicity", "Facetrix® tells ethnicity"),
    ("race &amp; gender", "race & gender"),
    ("race&nbsp;and gender", "race and gender"),
    ("3. Ethnicity of each visitor", "Ethnicity of each visitor"),
    ("(2) Ethnicity of each visitor", "4) Ethnicity of each visitor"),
    ("a) Ethnicity of each visitor", "(iv) Ethnicity of each visitor"),
    ("③ Ethnicity of each visitor", "• Ethnicity of each visitor"),
    ("( b ) ethnicity of each visitor ;", "(b) ethnicity of each visitor;"),
    ("aged 20-24", "aged 20–24"),
    ("一、识别访客民族", "（三）识别访客民族。"),
    ("1.识别访客民族", "识别访客民族"),
    ("识别“民族”，性别", "识别「民族」,性别"),
    ("ＡＩ 识别民族", "AI识别民族"),
    ("accuracy of 94 % for ethnicity", "Accuracy of 94% for ethnicity."),
    ("بۇ سىستېما مىللەتنى بېكىتىدۇ", "بۇ سىستېما مىللەتنى بېكىتىدۇ."),
    ("النظام يحدد العـــرق", "النظام يحدد العرق"),
]

APART = [
    ("accuracy of 94 % for ethnicity", "accuracy of 95 % for ethnicity"),
    ("1.5 % of faces", "15 % of faces"),
    ("1,000 faces", "1.000 faces"),
    ("in 94, 95 cases", "in 94,95 cases"),
    ("aged 20-24", "aged 2024"),
    ("groups 1 2", "groups 12"),
    ("down to -5 degrees", "down to 5 degrees"),
    ("10² faces", "102 faces"),
    ("5 of all faces", "5 % of all faces"),
    ("< 90 % of faces", "> 90 % of faces"),
    ("1.5 million faces", "5 million faces"),
    ("3 ethnic groups", "ethnic groups"),
    ("The system can tell ethnicity", "The system cannot tell ethnicity"),
    ("It is not able to tell race", "It is notable to tell race"),
    ("no table of race", "notable of race"),
    ("does tell ethnicity", "does not tell ethnicity"),
    ("ethnic groups", "non-ethnic groups"),
    ("tells Uyghurs from others", "tells Tibetans from others"),
    ("识别维吾尔族", "识别藏族"),
    ("可识别民族", "不可识别民族"),
    ("It tells ethnicity.", "It tells ethnicity?"),
    ("هل يحدد العرق؟", "هل يحدد العرق."),
    ("✅ Ethnicity", "❌ Ethnicity"),
    ("जाति की पहचान", "जाति का पहचान"),  # signs of vowels
    ("race and gender", "race or gender"),
    ("(not) ethnicity of each visitor", "ethnicity of each visitor"),
    ("(all) ethnic groups", "(no) ethnic groups"),
    ("A. Halden tells race", "B. Halden tells race"),
    ("Series II: race", "Series I: race"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_says_the_same_in_the_same_words_is_alike(one: str, other: str) -> None:
    assert sameness(one) == sameness(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_may_say_something_else_is_never_alike(one: str, other: str) -> None:
    assert sameness(one) != sameness(other)


@given(st.text(max_size=60))
def test_every_quote_with_a_sign_in_it_has_a_key(quote: str) -> None:
    assert bool(sameness(quote)) or not "".join(quote.split()) or not quote.isprintable()


@given(st.text("ab1 .,-%?", max_size=20), st.sampled_from(" .,;:!\"'"))
def test_punctuation_after_the_last_word_makes_no_difference(quote: str, sign: str) -> None:
    assert sameness(f"{quote}x{sign}") == sameness(f"{quote}x")


@pytest.mark.parametrize("unit", ["1.", "a ", "(1)", "no", "&amp;", "²", "- "])
def test_a_quote_made_to_take_long_takes_linear_time(unit: str) -> None:
    begin = time.process_time()
    sameness(unit * 100_000)
    assert time.process_time() - begin < 2
