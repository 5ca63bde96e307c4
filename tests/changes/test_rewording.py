"""A sentence that kept its frame was reworded, and it is told what was swapped for what."""

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.changes.rewording import Pair, Rewording, find_rewording
from sousveil.extract import extract
from sousveil.model import Document

REST = ("Halden makes cameras for gates.", "Our offices are open from Monday to Friday.")
RUHE = ("哈尔登为大门制造摄像机。", "本公司周一至周五营业。")


def page(*passages: str) -> Document:
    body = "".join(f"<p>{passage}</p>" for passage in passages)
    return extract(body.encode(), media_type="text/html", charset="utf-8", name="x")


def code(*members: str) -> Document:
    lines = "\n".join(["typedef enum {", *(f"    {one}," for one in members), "} EM_NATION;"])
    return extract(lines.encode(), media_type="", charset=None, name="sdk.h")


def table(*cells: str) -> Document:
    rows = "".join(f"<tr><td>{n}</td><td>{cell}</td></tr>" for n, cell in enumerate(cells))
    body = f"<table>{rows}</table>".encode()
    return extract(body, media_type="text/html", charset="utf-8", name="x")


def told(quote: str, before: Document, after: Document) -> Rewording | None:
    return find_rewording(quote, Pair(before, after))


@pytest.mark.parametrize(
    ("before", "after", "swap"),
    [
        (
            "The camera raises an alarm when it recognises a Uyghur face.",
            "The camera raises an alarm when it recognises a minority face.",
            "“Uyghur” became “minority”",
        ),
        (
            "It tells the ethnicity of each visitor.",
            "It tells the multicultural appearance of each visitor.",
            "“ethnicity” became “multicultural appearance”",
        ),
        ("系统可按种族检索人脸", "系统可按肤色检索人脸", "“种族” became “肤色”"),
        ("可识别人员的民族属性", "可识别人员的族别属性", "“民族属性” became “族别属性”"),
        ("可识别维吾尔族人员", "可识别少数民族人员", "“维吾尔族人员” became “少数民族人员”"),
        (
            "Камера определяет этническую принадлежность посетителей.",
            "Камера определяет тип внешности посетителей.",
            "“этническую принадлежность” became “тип внешности”",
        ),
        (
            "Die Kamera erkennt die ethnische Herkunft der Besucher.",
            "Die Kamera erkennt die Hautfarbe der Besucher.",
            "“ethnische Herkunft” became “Hautfarbe”",
        ),
        (
            "La caméra détecte l'origine ethnique des visiteurs.",
            "La caméra détecte l'apparence des visiteurs.",
            "“origine ethnique” became “apparence”",
        ),
        (
            "カメラは通行人の民族を判定します",
            "カメラは通行人の外見を判定します",
            "“民族” became “外見”",
        ),
    ],
)
def test_a_watched_term_that_gave_way_is_told(before: str, after: str, swap: str) -> None:
    rest = REST if before.isascii() else RUHE
    found = told(before, page(rest[0], before, rest[1]), page(rest[0], after, rest[1]))
    assert found is not None
    assert found.text == after
    assert found.by == "swap"
    assert found.told[0] == swap


def test_one_sentence_of_a_paragraph_is_told_alone() -> None:
    before = page(f"{REST[0]} It tells the ethnicity of visitors. {REST[1]}")
    after = page(f"{REST[0]} It tells the diversity of visitors. {REST[1]}")
    found = told("It tells the ethnicity of visitors.", before, after)
    assert found is not None
    assert found.text == "It tells the diversity of visitors."


def test_a_member_of_an_enumeration_is_told_by_its_place() -> None:
    before = code("NATION_HAN = 1", "NATION_UYGHUR = 2", "NATION_OTHER = 3")
    found = told(
        "NATION_UYGHUR", before, code("NATION_HAN = 1", "NATION_T2 = 2", "NATION_OTHER = 3")
    )
    assert found is not None
    assert found.text.startswith("NATION_T2")
    anew = told("NATION_UYGHUR", before, code("NATION_HAN = 1", "RESERVED = 2", "NATION_OTHER = 3"))
    assert anew is not None
    assert anew.by in {"place", "swap"}


def test_a_cell_is_told_by_its_place() -> None:
    before = table("汉族", "维吾尔族", "藏族")
    found = told("维吾尔族", before, table("汉族", "少数民族", "藏族"))
    assert found is not None
    assert found.told == ("“维吾尔族” became “少数民族”",)
    assert told("维吾尔族", before, table("汉族", "藏族")) is None


def test_a_member_whose_neighbours_left_too_is_not_told_by_its_place() -> None:
    before = table("汉族", "维吾尔族", "藏族")
    after = table("red", "green", "blue", "white", "black")
    assert told("维吾尔族", before, after) is None


@pytest.mark.parametrize(
    "other",
    [
        "Write to us for an offer.",
        "The camera comes with a five year warranty and a bracket of steel.",
        "Download the brochure of our new gate, which opens by itself.",
        "The museum shows masks of many peoples until the end of May.",
    ],
)
def test_an_unrelated_sentence_in_its_place_is_no_rewording(other: str) -> None:
    quote = "The camera raises an alarm when it recognises a Uyghur face."
    assert told(quote, page(REST[0], quote, REST[1]), page(REST[0], other, REST[1])) is None


def test_what_stood_there_before_is_no_rewording() -> None:
    quote = "Model A tells the ethnicity of visitors."
    like = "Model B tells the ethnicity of visitors."
    assert told(quote, page(REST[0], quote, like), page(REST[0], like)) is None


def test_a_quote_that_another_reading_saw_is_sought_on_the_whole_page() -> None:
    quote = "It tells the ethnicity of each visitor at the gate."
    after = page(REST[0], "It tells the appearance of each visitor at the gate.")
    found = told(quote, page(REST[0]), after)
    assert found is not None
    assert found.told == ("“ethnicity” became “appearance”",)


def test_a_hostile_page_is_compared_in_bounded_time() -> None:
    started = time.monotonic()
    before = page(*(f"Our camera {n} tells the ethnicity of visitors." for n in range(4_000)))
    after = page(*(f"Our kamera {n} tells the ethnicity x{n} of visitors." for n in range(4_000)))
    pair = Pair(before, after)
    for number in range(20):
        find_rewording(f"Our camera {number} tells the ethnicity of visitors.", pair)
    assert time.monotonic() - started < 8


def test_a_hostile_page_of_long_passages_takes_little_time() -> None:
    def noise(seed: int, length: int) -> str:
        return hashlib.shake_256(str(seed).encode()).hexdigest(length // 2)

    fresh = page(*(noise(number, 18_000) for number in range(60)))
    started = time.process_time()
    for length in (500, 2_000, 15_000):
        before = page(noise(-1, length), REST[0])
        assert told(noise(-1, length), before, fresh) is None
    assert time.process_time() - started < 20


def test_a_sentence_whose_figures_changed_is_told_as_it_stands_now() -> None:
    was, now = "It is right in 94 of 100 faces.", "It is right in 95 of 100 faces."
    found = told(was, page(REST[0], was), page(REST[0], now))
    assert found is not None
    assert (found.text, found.likeness) == (now, 1.0)


def test_a_bracket_that_a_swap_opens_is_closed() -> None:
    was = "The lens estimates age, gender and ethnicity (Uyghur / other) in a second."
    now = "The lens estimates age, gender and appearance (glasses, mask) in a second."
    found = told(was, page(REST[0], was), page(REST[0], now))
    assert found is not None
    assert found.told == ("“ethnicity (Uyghur / other)” became “appearance (glasses, mask)”",)


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=6))
def test_what_is_told_stands_on_the_page(quote: str, passages: list[str]) -> None:
    before = page(*passages, quote)
    after = page(*reversed(passages))
    found = told(quote, before, after)
    if found is not None and found.likeness < 1:
        assert all(line in after.text for line in found.text.split("\n"))
