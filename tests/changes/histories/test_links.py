"""Links of a site between two crawls."""

import pytest

from sousveil.changes.histories.links import Linked, links_between


def crawl(led_by: dict[str, str], **answered: int | None) -> Linked:
    return Linked("/", led_by, {"/": 200} | {f"/{page}": told for page, told in answered.items()})


@pytest.mark.parametrize("status", [None, 403, 429, 500, 503])
def test_a_page_that_could_not_be_read_takes_no_link_away(status: int | None) -> None:
    before = {"/c": "/a"}
    turn, kept = links_between(before, crawl({}, a=status, c=200))
    assert turn is None
    assert kept == before


def test_a_page_is_left_alone_when_what_led_there_was_read_and_does_no_more() -> None:
    turn, kept = links_between({"/a": "/", "/c": "/a"}, crawl({"/a": "/"}, a=200, c=200))
    assert turn is not None
    assert turn.items == ("/c",)
    assert kept == {"/a": "/"}


def test_a_page_that_another_page_links_to_is_not_alone() -> None:
    turn, kept = links_between({"/c": "/a"}, crawl({"/c": "/b"}, a=200, b=200, c=404))
    assert turn is None
    assert kept == {"/c": "/b"}


def test_where_the_page_that_led_there_is_gone_itself_less_is_sure() -> None:
    sure, _ = links_between({"/c": "/a"}, crawl({}, a=200, c=200))
    unsure, _ = links_between({"/c": "/a"}, crawl({}, a=404, c=200))
    assert sure is not None
    assert unsure is not None
    assert unsure.confidence < sure.confidence


def test_a_page_that_was_not_asked_for_shows_nothing() -> None:
    turn, _ = links_between({"/c": "/a"}, crawl({}, a=200))
    assert turn is None
