"""What an address says of who publishes there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors.address import address_of


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("https://github.com/halcyon/sdk", "github.com/halcyon"),
        ("https://github.com/halcyon/sdk.git", "github.com/halcyon"),
        ("https://gitee.com/halcyon", "gitee.com/halcyon"),
        ("https://raw.githubusercontent.com/halcyon/sdk/main/a.h", "github.com/halcyon"),
        ("https://halcyon.github.io/sdk/", "github.com/halcyon"),
        ("https://huggingface.co/datasets/halcyon/faces", "huggingface.co/halcyon"),
        ("ssh://git@github.com/halcyon/sdk", "github.com/halcyon"),
        ("https://github.com/", ""),
        ("https://halcyon.example/github.com/other", ""),
    ],
)
def test_on_a_forge_the_account_is_told(url: str, account: str) -> None:
    assert address_of(url).account == account


@pytest.mark.parametrize(
    "url",
    ["/home/me/sdk", "file:///home/me/a.html", "http://127.0.0.1:8000/", "http://[::1]/",
     "http://localhost/", "javascript:alert(1)//halcyon.example", "http://[halcyon.example/", ""],
)  # fmt: skip
def test_what_names_nobody_has_no_host(url: str) -> None:
    assert address_of(url).host == ""


@pytest.mark.parametrize(
    "copy",
    ["https://web.archive.org/web/20200102030405/https://www.halcyon.example/a",
     "http://web.archive.org/web/2020id_/halcyon.example/a"],
)  # fmt: skip
def test_an_archived_copy_is_told_as_one(copy: str) -> None:
    address = address_of(copy)
    assert address.host.endswith("halcyon.example")
    assert address.is_copy


def test_who_names_itself_in_the_address_is_not_the_host() -> None:
    assert address_of("https://halcyon.example@evil.example/").host == "evil.example"
    assert address_of("https://EVIL.example./halcyon.example").host == "evil.example"


@given(st.text())
def test_any_text_is_read_as_an_address(url: str) -> None:
    address = address_of(url)
    assert address.host == address.host.lower()
