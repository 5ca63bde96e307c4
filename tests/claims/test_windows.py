"""Statements end where a reader of each language would say so, and no cut parts a word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import find
from sousveil.claims.windows import MAX_SENTENCE_CHARACTERS, parts_word, sentences, word_end
from sousveil.extract import extract
from sousveil.model import Block, BlockKind, Document

ALL = tuple(topics.load(name) for name in topics.shipped())


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["摄像机识别民族。", "它重2.5公斤！", "为什么？", "因为“需要”。", "“好。”", "他走了；"],
        ["カメラは民族を推定する。", "「そうです。」", "本当か？", "はい｡"],
        ["It detects race.", "Why?", "“It sells.”", "It weighs 2.5 kg!", "(See below.)", "So."],
        [
            "Made in the USA.",
            "The U.S. agency asked Dr. J. Smith, e.g. in Fig. 3 of Vol. 2.",
            "No?",
        ],
        ["Acme Inc. sells it, etc. and so on.", "It is made by Acme Inc.", "Others follow."],
        ["They don't.", "Version 5.", "We left in 2019.", "Ask for https://lens.example/?id=3!"],
        ["Камера определяет расу.", "Это, т. е. лицо, видно на рис. 3 и т. д.", "Почему?"],
        ["ئۇ كامېرا چىراينى تونۇيدۇ.", "نېمە ئۈچۈن؟", "شۇنداق۔", "بىرىنچى، ئىككىنچى؛", "ئاخىرى."],
        ["Kamera ırkı algılar.", "Bkz. 5. madde, örn. yüz vb. özellikler, Prof. Dr. Ay.", "Neden?"],
        ["La caméra détecte l’origine.", "« Elle voit. »", "M. Dupont, p. ex., le nie !", "Oui."],
        ["Es erkennt z. B. Gesichter, d. h. Menschen, bzw. am 3. Mai ca. 5.", "„Ja.“", "Wirklich?"],
        [
            "¿Detecta la raza?",
            "¡Sí!",
            "El Sr. Paz, aprox. en la pág. 3, lo niega.",
            "EE. UU. calla.",
        ],
    ],
    ids=["zh", "ja", "en", "en-us", "en-inc", "en-not", "ru", "ug", "tr", "fr", "de", "es"],
)
def test_each_language_is_cut_where_its_sentences_end(parts: list[str]) -> None:
    gap = "" if parts[0][-1] == "。" else " "
    assert cut(gap.join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("ethnicity", 4), ("e\u0301t", 1), ("eth\u200bnic", 3), ("eth\u200bnic", 4),
        ("национальность", 5), ("ئۇيغۇر", 3), ("민족을", 1), ("a1", 1), ("族\u0301", 1),
    ],
)  # fmt: skip
def test_a_cut_within_a_word_of_any_script_is_known(text: str, at: int) -> None:
    assert parts_word(text, at)


@pytest.mark.parametrize(
    ("text", "at"), [("a b", 1), ("a b", 2), ("民族", 1), ("a民", 1), ("a", 1)]
)
def test_a_cut_between_words_is_known(text: str, at: int) -> None:
    assert not parts_word(text, at)


def test_a_long_run_is_cut_between_its_words() -> None:
    text = "ethnicity " * 400
    assert len(cut(text)) > 400 * 10 / MAX_SENTENCE_CHARACTERS
    assert all(
        part.startswith("eth") and part.endswith("ity") for part in map(str.strip, cut(text))
    )
    assert word_end("a" * 500, 0, 300) == 300


WORDS = [
    "ethnicity", "détecte", "e\u0301motion", "раса", "Uy\u00adghur", "ئۇيغۇر", "faces,", "face—",
    "recog\u200bnises", "3,500", "race", "the", "민족", "人脸识别", "Über", "12:30", "people",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=160), st.sampled_from([" ", ", "]))
def test_a_quote_is_whole_words(words: list[str], gap: str) -> None:
    text = gap.join(["The Lens camera detects the ethnicity of", *words])
    block = Block(0, len(text), BlockKind.PARAGRAPH)
    for claim in find(Document(text, (block,), "text", "utf-8"), ALL):
        assert not parts_word(text, claim.start)
        assert not parts_word(text, claim.end)
        assert (
            text[claim.start : claim.end].split()[0].strip(",—") in text.replace(",", " ").split()
        )


@pytest.mark.parametrize(
    "page",
    [
        "<p>摄像机支持维吾<br>尔族人脸识别。</p>",
        "<ul><li>人脸识别：支持维<br/>吾<br/>尔族识别</li></ul>",
        "<p>" + "这台摄像机重两公斤。" * 60 + "摄像机支持维吾<br>尔族人脸识别。</p>",
    ],
)
def test_a_term_that_a_line_break_parts_is_read_and_quoted_whole(page: str) -> None:
    document = extract(page.encode(), media_type="text/html", charset="utf-8", name="lens.html")
    [claim] = find(document, ALL)
    quote = document.text[claim.start : claim.end].replace("\n", "")
    assert "维吾尔族" in quote
    assert "重两公斤" not in quote
    assert claim.trait == "ethnicity"
