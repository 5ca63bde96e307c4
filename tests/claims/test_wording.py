"""Words of a passage are features with the terms masked, so that traits share what is learnt."""

from sousveil import topics
from sousveil.claims.features import read
from sousveil.claims.lexicon import lexicon
from sousveil.claims.normal import normalise
from sousveil.claims.wording import LONGEST, MAX_TOKENS, wording

LEXICON = lexicon((topics.load("ethnicity"), topics.load("religion")))


def words(text: str) -> set[str]:
    normal = normalise(text).text
    return set(wording(normal, [hit for hit in LEXICON.terms(normal) if hit.kind == "attribute"]))


def test_the_same_sentence_on_two_traits_has_the_same_words() -> None:
    one, other = (
        words(f"It detects the {trait} people have") for trait in ("ethnicity", "religion")
    )
    assert one == other


def test_a_term_is_masked_and_what_stands_beside_it_is_kept() -> None:
    found = words("It detects ethnicity")
    assert {"word <trait>", "word detects <trait>"} <= found
    assert not any("ethnicity" in name for name in found)


def test_numbers_are_one_and_long_words_share_their_beginning() -> None:
    assert words("release 12") == words("release 7")
    assert "word recogn*" in words("recognises") & words("recognition")


def test_hanzi_come_in_runs_and_never_alone() -> None:
    found = words("识别行人")
    assert {"word 识 别", "word 识 别 行 人"} <= found
    assert "word 识" not in found
    assert max(len(name.split()) - 1 for name in found) == LONGEST


def test_a_passage_gives_words_of_its_first_tokens_only() -> None:
    text = " ".join(["plain"] * MAX_TOKENS + ["unheard"])
    assert "word unheard" not in words(text)


def reading_words(text: str) -> set[str]:
    return {name for name in read(text, LEXICON).features if name.startswith("word ")}


def test_words_beside_the_leading_term_and_in_its_statement_count_for_their_place() -> None:
    found = reading_words(
        "Prices rose. The camera quietly detects the visitor's ethnicity for police."
    )
    assert {"word in: quietly", "word before: detects", "word after: police"} <= found
    assert not {"word in: prices", "word before: police", "word after: detects"} & found


def test_cues_count_for_the_cue_or_term_that_follows_in_the_same_statement() -> None:
    found = reading_words("The camera detects the visitor's ethnicity. It has a licence.")
    assert {"word order: tech > infer", "word order: person > <trait>"} <= found
    assert not {"word order: infer > tech", "word order: <trait> > law"} & found


def test_a_cue_counts_for_the_trait_that_it_is_said_of() -> None:
    one, other = (
        reading_words(f"It detects the {trait} of all.") for trait in ("ethnicity", "religion")
    )
    assert "word about: ethnicity says infer" in one - other
    assert "word about: religion says infer" in other - one
