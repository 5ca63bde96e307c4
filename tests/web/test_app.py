"""The desk answers, and what goes wrong ends in one calm page."""

from tests.web.conftest import PageAt
from tests.web.desks import Served


def test_the_front_page_is_there(desk: Served) -> None:
    answer = desk.client().get("/")
    assert answer.status == 200
    assert "<h1>Today</h1>" in answer.text


def test_a_browser_comes_in_by_the_link(page_at: PageAt) -> None:
    page = page_at("/")
    assert page.title() == "Today · Test"


def test_a_page_that_is_not_there_says_so(desk: Served) -> None:
    answer = desk.client().get("/nowhere")
    assert answer.status == 404
    assert "There is no such page" in answer.text
