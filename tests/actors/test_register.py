"""Names in text, addresses and accounts: what is found, and what only looks like it."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors import shipped_register
from sousveil.actors.names import folded, key
from sousveil.actors.register import Actor, Register
from tests.actors.findings import HALCYON, ODDLESTANE, REGISTER

VENDORS = shipped_register()


def names_in(text: str, register: Register = REGISTER) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.actor.name) for m in register.mentions(text)]


@pytest.mark.parametrize(
    "text",
    ["Oddlestane", "ODDLESTANE", "oddlestane_sdk", "OddlestaneSDK", "libOddlestane.so",
     "Ｏｄｄｌｅｓｔａｎｅ", "“Oddlestane”", "Oddlestane’s", "用Oddlestane的摄像头"],
)  # fmt: skip
def test_a_name_is_found_as_a_whole_word_in_any_case(text: str) -> None:
    assert [name for _, name in names_in(text)] == ["Oddlestane"]


@pytest.mark.parametrize("text", ["Oddlestanes", "Oddlestane2", "preoddlestane", "Oddlestaned"])
def test_part_of_a_longer_word_is_no_name(text: str) -> None:
    assert names_in(text) == []


def test_chinese_names_are_found_without_spaces() -> None:
    assert names_in("由翠鸟视觉研发") == [("翠鸟视觉", "Halcyon Vision")]


def test_a_name_over_two_lines_is_found() -> None:
    assert names_in("made by Halcyon\nVision") == [("Halcyon\nVision", "Halcyon Vision")]


@pytest.mark.parametrize(
    "text",
    ["Halcyon Inc. makes cameras", "sold by Halcyon", "Halcyon said so", "Halcyon’s gates",
     "Oddlestane, Halcyon", "Oddlestane and Halcyon", "the Halcyon SDK"],
)  # fmt: skip
def test_a_common_word_is_a_name_beside_telling_words(text: str) -> None:
    assert "Halcyon Vision" in [name for _, name in names_in(text)]


@pytest.mark.parametrize(
    "text",
    ["a Halcyon summer", "halcyon inc.", "HALCYON said", "Halcyon days said",
     "standby Halcyon", "the Halcyon flew",
     "GenericHalcyon said", "HalcyonBird Inc."],
)  # fmt: skip
def test_a_common_word_by_itself_is_no_name(text: str) -> None:
    assert names_in(text) == []


@pytest.mark.parametrize(
    "text",
    ["An apple pie with meta data and an oracle", "Apple pie", "Meta analysis", "intel on zoom",
     "face detection", "大华村的居民", "云从天上来", "依图施工", "以中华为荣", "升华为气体",
     "百年华为", "the nuance of it", "Clearview Avenue", "amazons", "the Amazon rainforest",
     "kairos moment"],
)  # fmt: skip
def test_ordinary_words_are_no_makers(text: str) -> None:
    assert names_in(text, VENDORS) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Apple Inc. and Meta said", ["Apple", "Meta"]),
        ("由大华科技提供", ["Dahua"]),
        ("云从科技", ["CloudWalk"]),
        ("华为、旷视", ["Huawei", "Megvii"]),
        ("Google; Apple; IBM", ["Google", "Apple", "IBM"]),
    ],
)
def test_makers_are_told_where_the_words_say_so(text: str, names: list[str]) -> None:
    assert [name for _, name in names_in(text, VENDORS)] == names


def test_the_longest_name_counts_where_names_overlap() -> None:
    register = Register([Actor("A", names=("Grey Heron",)), Actor("B", names=("Grey Heron Labs",))])
    assert names_in("Grey Heron Labs", register) == [("Grey Heron Labs", "B")]


def test_who_comes_first_has_a_name_that_two_claim() -> None:
    register = Register([Actor("Mine", names=("Heron",)), Actor("Yours", names=("Heron",))])
    assert names_in("Heron", register) == [("Heron", "Mine")]


def test_an_empty_register_finds_nobody() -> None:
    empty = Register([])
    assert (empty.mentions("x"), empty.at("a.example"), empty.named("x")) == ([], None, None)


@pytest.mark.parametrize("host", ["halcyon.example", "www.halcyon.example", "a.b.halcyon.example"])
def test_a_domain_and_all_below_it_are_its_holders(host: str) -> None:
    assert REGISTER.at(host) == (HALCYON, "halcyon.example")


@pytest.mark.parametrize(
    "host",
    ["nothalcyon.example", "halcyon.example.evil.example", "example", "halcyon.examples", ""],
)
def test_a_host_that_only_looks_like_it_is_not(host: str) -> None:
    assert REGISTER.at(host) is None


def test_legal_forms_and_case_are_no_part_of_a_name() -> None:
    assert REGISTER.named("oddlestane co., ltd.") is ODDLESTANE
    assert REGISTER.named("ODDLESTANE") is ODDLESTANE
    assert REGISTER.named("Oddlestane Labs") is None
    assert key("翠鸟视觉股份有限公司") == key("翠鸟视觉") == "翠鸟视觉"
    assert key("Co., Ltd.") == "co"  # nothing but a legal form is still a name


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)


@given(st.text(), st.text())
def test_any_text_is_searched_and_what_is_found_stands_in_order(before: str, behind: str) -> None:
    text = f"{before} Oddlestane {behind}"
    found = REGISTER.mentions(text)
    assert any(text[m.start : m.end] == "Oddlestane" for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize("unit", ["Halcyon ", "halcyon", "Halcyon, ", "Oddlestane", "云", "and "])
def test_text_is_searched_in_linear_time(unit: str) -> None:
    def seconds(repeated: int) -> float:
        text = unit * repeated
        started = time.thread_time()
        REGISTER.mentions(text)
        return time.thread_time() - started

    seconds(10)
    short = min(seconds(10_000) for _ in range(3))
    long = min(seconds(40_000) for _ in range(3))
    assert long < 10 * short + 0.05, f"{unit!r}: {short:.4f} s, then {long:.4f} s"
