"""A name that leads out of a package, or stands for two files somewhere, is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.wacz_check.names import check_names
from sousveil.archive.wacz_check.told import Told


def found(*names: str) -> str:
    told = Told()
    check_names(names, told)
    return "; ".join(one.problem for one in told.faults())


@given(st.lists(st.from_regex(r"[a-z0-9]{1,9}(/[a-z0-9]{1,9}){0,3}", fullmatch=True), unique=True))
def test_plain_names_are_fine(names: list[str]) -> None:
    assert found(*names) == ""


@given(st.text())
def test_any_name_is_judged(name: str) -> None:
    found(name)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a/../b",), "'..'"),
        (("/a",), "absolute"),
        (("c:/a",), "absolute"),
        (("a\\b",), "backslash"),
        (("a//b",), "empty part"),
        (("./a",), "empty part"),
        (("",), "empty part"),
        (("a\0b",), "nobody sees"),
        (("a\u200bb",), "nobody sees"),
        (("a", "a"), "two files"),
        (("a", "A"), "but for case"),
        (("straße", "STRASSE"), "but for case"),
        (("e\u0301", "\xe9"), "but for case or accents"),
    ],
)
def test_what_is_wrong_with_a_name_is_told(names: tuple[str, ...], expected: str) -> None:
    assert expected in found(*names)
