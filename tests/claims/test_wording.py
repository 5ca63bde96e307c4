"""Words of a passage are features with the terms masked, so that traits share what is learnt."""

from sousveil import topics
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
