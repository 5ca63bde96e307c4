"""The nearest pages come first, nothing twice, and what is left out is counted."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sousveil.model import Bounds
from sousveil.watch.frontier import MAX_EXAMPLES, Frontier, Step

SITE = "https://halden.example/"
BOUNDS = Bounds(depth=2, pages=5, scope="host", robots="obey")


def everything(_: str) -> bool:
    return True


def walk(frontier: Frontier) -> list[str]:
    urls = []
    while (step := frontier.next(everything)) is not None:
        frontier.took(step.url)
        urls.append(step.url.removeprefix(SITE))
    return urls


def test_pages_come_in_the_order_of_their_distance() -> None:
    frontier = Frontier(SITE, BOUNDS, [])
    assert frontier.next(everything) == Step(SITE, "page", None, 0)
    frontier.took(SITE)
    for name in "aba":
        frontier.meet(SITE + name, via=SITE, depth=1)
    frontier.meet(SITE + "c", via=SITE + "a", depth=2)
    frontier.meet(SITE + "d", via=SITE + "c", depth=3)
    assert walk(frontier) == ["a", "b", "c"]
    assert frontier.left_out == {"depth": 1}


def test_a_document_may_lie_one_link_deeper_and_outside_the_folder() -> None:
    frontier = Frontier(SITE + "docs/", replace(BOUNDS, scope="folder", depth=0), [])
    frontier.meet(SITE + "files/a.pdf", via=SITE + "docs/", depth=1)
    frontier.meet(SITE + "files/a.html", via=SITE + "docs/", depth=1)
    assert walk(frontier) == ["docs/", "files/a.pdf"]
    assert frontier.left_out == {"scope": 1}


def test_no_more_pages_are_asked_for_than_the_bound_says() -> None:
    frontier = Frontier(SITE, BOUNDS, [])
    for number in range(20):
        frontier.meet(f"{SITE}page{chr(97 + number)}", via=SITE, depth=1)
    assert len(walk(frontier)) == 5
    assert frontier.left_out == {"pages": 16}
    assert len(frontier.examples["pages"]) == MAX_EXAMPLES


def test_known_pages_are_asked_for_though_nothing_links_to_them() -> None:
    frontier = Frontier(SITE, BOUNDS, [SITE + "gone", SITE + "a", SITE + "old", SITE + "older"])
    for name in "abcdef":
        frontier.meet(SITE + name, via=SITE, depth=1)
    assert walk(frontier) == ["", "a", "b", "gone", "old"]


def test_what_robots_txt_forbids_is_counted_and_not_asked_for() -> None:
    frontier = Frontier(SITE, BOUNDS, [SITE + "private"])
    frontier.meet(SITE + "secret", via=SITE, depth=1)
    assert frontier.next(lambda _: False) is None
    assert frontier.left_out == {"robots": 3}


LINKS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 3), st.booleans()), max_size=30
)


@given(LINKS, st.integers(0, 20))
def test_a_crawl_that_is_told_again_what_it_did_goes_on_as_it_would_have(
    links: list[tuple[str, int, bool]], cut: int
) -> None:
    def tell(frontier: Frontier, upto: int) -> list[str]:
        taken = []
        for name, depth, takes in links[:upto]:
            frontier.meet(SITE + name, via=SITE, depth=depth)
            if takes and (step := frontier.next(everything)) is not None:
                frontier.took(step.url)
                taken.append(step.url)
        return taken

    whole = Frontier(SITE, BOUNDS, [])
    tell(whole, len(links))
    killed, resumed = Frontier(SITE, BOUNDS, []), Frontier(SITE, BOUNDS, [])
    before = tell(killed, cut)
    for url in before:  # from the log
        resumed.took(url)
    for name, depth, _ in links[:cut]:  # from the archive
        resumed.meet(SITE + name, via=SITE, depth=depth)
    assert walk(resumed) == walk(killed)
    assert len(before) == len(set(before))
