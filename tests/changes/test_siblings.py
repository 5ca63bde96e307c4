"""What belongs to a target is found by its address, its page and who answers for it."""

from datetime import UTC, datetime

import pytest

from sousveil.actors.register import Actor, Register
from sousveil.changes.siblings import MAX_LINKED, is_edition, is_near, siblings, unwatched, whose
from sousveil.model import Watch
from sousveil.watch.targets import make_watch

NOW = datetime(2026, 11, 23, tzinfo=UTC)
REGISTER = Register(
    (
        Actor(
            "Halcyon Vision",
            names=("Halcyon Vision",),
            domains=("halcyon.example",),
            accounts=("github.com/halcyon",),
        ),
    )
)


def watch(url: str, actor: str | None = None) -> Watch:
    return make_watch(url, kind=None, every="1d", actor=actor, now=NOW)


def reasons(
    target: Watch, *known: str, editions: tuple[str, ...] = ()
) -> dict[str, tuple[str, ...]]:
    found = siblings(target, [target, *map(watch, known)], editions, REGISTER)
    return {one.watch.target: one.reasons for one in found}


def test_what_lies_beside_a_page_belongs_to_it() -> None:
    assert reasons(
        watch("https://acme.example/docs/api"),
        "https://acme.example/docs/api/face",
        "https://www.acme.example/news",
        "https://other.example/docs/api",
    ) == {
        "https://acme.example/docs/api/face": ("in the same folder",),
        "https://www.acme.example/news": ("on the same host",),
    }


def test_on_a_forge_only_the_same_account_is_near() -> None:
    assert reasons(
        watch("https://github.com/acme/sdk"),
        "https://github.com/acme/docs",
        "https://github.com/stranger/sdk",
        "https://github.com/features",
    ) == {"https://github.com/acme/docs": ("of the same account",)}
    assert not is_near("/home/a/sdk", "/home/b/sdk")


def test_the_actors_other_watches_belong_however_the_actor_is_known() -> None:
    assert reasons(
        watch("https://halcyon.example/gate"),
        "https://github.com/halcyon/sdk.git",
        "https://github.com/stranger/sdk.git",
    ) == {"https://github.com/halcyon/sdk.git": ("of Halcyon Vision",)}
    named = watch("https://reseller.example/", actor="halcyon vision ltd")
    assert whose(named, REGISTER) == "Halcyon Vision"
    assert whose(watch("https://nobody.example/"), REGISTER) == ""


def test_two_watches_without_an_actor_have_no_actor_in_common() -> None:
    assert reasons(watch("https://a.example/"), "https://b.example/") == {}


@pytest.mark.parametrize(
    ("one", "other", "are_editions"),
    [
        ("https://acme.example/en/gate", "https://acme.example/zh-cn/gate", True),
        ("https://acme.example/gate", "https://acme.example/zh/gate", True),
        ("https://en.acme.example/gate", "https://zh.acme.example/gate", True),
        ("https://acme.example/en/gate?x=1", "https://acme.example/zh/gate", False),
        ("https://acme.example/en/gate", "https://acme.example/zh/door", False),
        ("https://acme.example/gate", "https://acme.example/gate", False),
        ("https://acme.example/en/gate", "https://other.example/en/gate", False),
        ("/repos/en", "/repos/zh", False),
    ],
)
def test_addresses_that_differ_in_a_language_alone_are_editions(
    one: str, other: str, *, are_editions: bool
) -> None:
    assert is_edition(one, other) is are_editions


def test_an_edition_that_the_page_names_belongs_wherever_it_is_watched() -> None:
    told = reasons(
        watch("https://acme.example/gate"),
        "https://acme.cn/men",
        editions=("https://acme.cn/men",),
    )
    assert told == {"https://acme.cn/men": ("the same in another language",)}


def test_a_page_cannot_make_us_watch_whom_it_names_but_its_own() -> None:
    target = watch("https://acme.example/en/gate")
    known = [target, watch("https://acme.example/known.pdf")]
    wanted, left = unwatched(
        target,
        known,
        ["https://zh.acme.example/gate", "https://victim.example/zh"],
        [
            "https://acme.example/known.pdf",
            "https://acme.example/new.pdf",
            "https://acme.example/page",
            "https://victim.example/big.zip",
        ],
    )
    assert [(one.url, one.reason) for one in wanted] == [
        ("https://zh.acme.example/gate", "the same in another language"),
        ("https://acme.example/new.pdf", "a document that the page links to"),
    ]
    assert [one.url for one in left] == ["https://victim.example/zh"]


def test_a_page_with_a_thousand_documents_brings_no_more_than_the_limit() -> None:
    target = watch("https://acme.example/")
    links = [f"https://acme.example/{number}.pdf" for number in range(1_000)]
    wanted, _ = unwatched(target, [target], [], links)
    assert len(wanted) == MAX_LINKED
