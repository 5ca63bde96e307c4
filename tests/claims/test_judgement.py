"""One passage in, label, trait and quote out: the rules of the labelling guide."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil import topics
from sousveil.claims import judge
from sousveil.claims.features import read
from sousveil.claims.judgement import decide
from sousveil.claims.lexicon import lexicon
from sousveil.claims.model import CLAIM_LABELS, shipped_model

ALL = tuple(topics.load(name) for name in topics.shipped())

# Written for this test; none of it is in the training passages.
PASSAGES = [
    ("en", "offers", "ethnicity", "The edge box classifies every visitor by ethnicity and age."),
    ("en", "offers", "emotion", "Our SDK performs emotion recognition on faces in live video."),
    ("en", "denies", "emotion", "Fernhill Coach does not perform emotion recognition."),
    ("en", "reports", "ethnicity", "Alderway sold a camera that detects Uyghurs, papers show."),
    ("en", "none", "none", "The tool found two race conditions in the worker threads."),
    ("en", "none", "none", "Pick a race for your hero: elf, orc or dwarf."),
    ("en", "none", "none", "The Uyghur language is written in an Arabic script."),
    ("zh-Hans", "offers", "ethnicity", "系统支持人脸民族识别，可按少数民族属性检索。"),
    ("zh-Hans", "denies", "ethnicity", "本产品不识别民族，也不推断宗教信仰。"),
    ("zh-Hans", "none", "none", "维吾尔族美食节将于周末举行。"),
    ("zh-Hans", "none", "none", "身份证信息：姓名、性别、民族、住址、签发机关。"),
    ("zh-Hant", "offers", "emotion", "攝影機可即時辨識學生情緒並產生報告。"),
    ("de", "offers", "emotion", "Unsere Software erkennt Emotionen im Gesicht der Kunden."),
    ("fr", "denies", "emotion", "Notre service n'effectue pas de reconnaissance des émotions."),
    ("code", "offers", "race", "int nAge;\nEM_RACE_TYPE emRace; // 人种\nint nGlasses; // 眼镜"),
    ("code", "offers", "ethnicity",
     "BYTE byGlasses;\nBYTE byEthnic; //字段预留,暂不开放"),
    ("code", "none", "none",
     "char szNation[32]; // 民族\nchar szIssue[64]; // 签发机关 证件"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "label", "trait", "text"), PASSAGES)
def test_a_passage_gets_the_label_and_trait_of_the_guide(
    lang: str, label: str, trait: str, text: str
) -> None:
    judgement = judge(text, lang, ALL)
    assert (judgement.label, judgement.trait) == (label, trait)


def test_the_spans_of_a_claim_are_exact_and_none_has_no_span() -> None:
    for lang, _, _, text in PASSAGES:
        judgement = judge(text, lang, ALL)
        assert all(span and span in text for span in judgement.spans)
        assert bool(judgement.spans) == (judgement.label in CLAIM_LABELS)


def test_reasons_are_words_a_reporter_understands() -> None:
    text = "The camera recognises Uyghurs and alerts the police."
    decision = decide(read(text, lexicon(ALL)), shipped_model())
    assert "names a group: Uyghurs" in decision.reasons
    assert "speaks of alerts or watch lists: alerts" in decision.reasons
    assert not any(" + " in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    "hidden",
    [
        "系统支持人脸民\u200b族识别，可按少数民族属性检索。",
        "系统支持人脸民族\n识别，可按少数民族属性检索。",
        "系统支持人脸民 族 识 别，可按少数民族属性检索。",
        "系統支持人臉民族識別，可按少數民族屬性檢索。",
        "The edge box classifies every visitor by ｅｔｈｎｉｃｉｔｙ and age.",
        "The edge box classifies every visitor by eth\u00adni\u200bcity and age.",
        "The edge box classifies every visitor by ETHNICITY\nand age.",
        "The edge box classifies every visitor by \u0435thni\u0441ity and age.",  # Cyrillic
    ],
)
def test_writing_a_term_otherwise_does_not_hide_it(hidden: str) -> None:
    assert judge(hidden, "", ALL).label == "offers"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.sampled_from(["en", "zh-Hans", "code", ""]))
def test_any_text_is_judged(text: str, lang: str) -> None:
    judgement = judge(text, lang, ALL)
    assert 0 <= judgement.score <= 1
    assert (judgement.label == "none") == (judgement.trait == "none")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([p[3] for p in PASSAGES] + ["\u200b", "\n", "İ", "。"]), max_size=6)
)
def test_quotes_of_any_mixture_are_exact_substrings(parts: list[str]) -> None:
    text = "".join(parts)
    assert all(span in text for span in judge(text, "", ALL).spans)


def test_a_megabyte_of_nothing_but_terms_is_judged_at_once() -> None:
    started = time.perf_counter()
    judge("民族识别人脸uyghur detect face " * 40_000, "", ALL)
    assert time.perf_counter() - started < 10


def test_a_term_within_a_longer_one_is_not_told_as_meant_otherwise() -> None:
    features = read("Sistem ini mengenali umat Islam dari wajah mereka.", lexicon(ALL)).features
    assert "term in a longer one" in features
    assert "cleared" not in features
    assert "cleared" in read("A race condition hid the race of visitors.", lexicon(ALL)).features


def test_vietnamese_words_that_fold_to_a_term_are_none() -> None:
    assert read("Hệ thống phát hiện khói gây ung thư.", lexicon(ALL)).anchor is None
    assert read("The system detects gay people.", lexicon(ALL)).anchor is not None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("pl", "Program też rozpoznaje wiek osoby i twarz na zdjęciu."),
        ("fr", "L'application identifie les races de chiens d'après leur visage."),
        ("es", "La aplicación reconoce la raza del animal con una foto de su cara."),
        ("fr", "Le logiciel indique le genre et le nombre des noms, et l'origine du mot."),
        ("code", "if (whiteUserList.contains(face.userId)) { open(gate); }"),
    ],
)
def test_words_that_only_look_like_a_trait_are_none(lang: str, text: str) -> None:
    assert read(text, lexicon(ALL), code=lang == "code").anchor is None


@pytest.mark.parametrize(
    "text",
    [
        "Software sorted the drivers by the race that it supposed.",
        "If our system believes that a driver is enraged, a coach rings.",
    ],
)
def test_people_and_a_machine_tell_what_a_common_word_means(text: str) -> None:
    assert read(text, lexicon(ALL)).anchor is not None


def test_common_words_alone_are_none() -> None:
    assert read("The race was enraging, and nobody won it.", lexicon(ALL)).anchor is None


def test_a_topic_that_was_not_asked_for_is_not_found() -> None:
    text = "Our SDK performs emotion recognition on faces in live video."
    assert judge(text, "en", [topics.load("ethnicity")]).label == "none"
