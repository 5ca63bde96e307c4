"""A dossier says who a statement is about, who speaks, and what says so, whatever is in it."""

from dataclasses import replace

from sousveil.dossier.pages import render
from sousveil.model import Attribution, Listing
from tests.dossier.markup import read_page
from tests.dossier.reports import EDITED, HOSTILE_PASSAGE, made_up_report

TOLD = Attribution(
    "Halcyon Vision",
    "Example Daily",
    "third party",
    ("the quote names “Halcyon Vision”", "the page’s address is at daily.example"),
    (Listing("List A", "Halcyon Vision Co. Ltd", "2021-06-03", "https://list.example/", None),),
)


def pages(told: Attribution) -> tuple[bytes, bytes]:
    found = replace(EDITED, attribution=told)
    files = render(replace(made_up_report(), findings=(found,)))
    return files["index.html"], files[f"findings/{found.id}.html"]


def test_who_speaks_and_the_official_lists_stand_with_the_actor() -> None:
    front, page = (read_page(html).text for html in pages(TOLD))
    listed = "List A, as “Halcyon Vision Co. Ltd”, since 2021-06-03"
    assert f"On official lists: {listed}" in front
    assert "a third party speaks; published by Example Daily" in front
    assert listed in page
    assert "https://list.example/" in page
    assert "A third party speaks." in page
    assert "The quote names “Halcyon Vision”." in page


def test_words_of_others_stay_words() -> None:
    bait = HOSTILE_PASSAGE
    hostile = Attribution(bait, bait, "third party", (bait,), (Listing(bait, bait, bait, bait),))
    for html in pages(hostile):
        page = read_page(html)
        assert not any(element.tag in {"script", "img"} for element in page.elements)
        assert "\u202e" not in page.text


def test_a_finding_that_was_not_looked_at_says_nothing_of_it() -> None:
    files = render(replace(made_up_report(), findings=(EDITED,)))
    assert 'id="who"' not in files[f"findings/{EDITED.id}.html"].decode()
