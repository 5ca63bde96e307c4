"""`sousveil search`: words in what pages say and said."""

from pathlib import Path

from tests.commands import sousveil
from tests.web.desks import make_small_case


def test_words_are_found_in_pages_and_in_what_they_said_before(tmp_path: Path) -> None:
    case = make_small_case(tmp_path / "case").root
    at = ("--case", case)
    chinese = sousveil("search", "民族", *at, "--json").json()
    assert [hit["text"][slice(*hit["marks"][0])] for hit in chinese] == ["民族"]
    assert chinese[0]["stands"]
    assert chinese[0]["findings"]
    (former,) = sousveil("search", "returns the ethnicity", *at, "--json").json()
    assert not former["stands"]
    told = sousveil("search", "ethnicity", *at)
    assert (told.status, "former: last seen" in told.out) == (0, True)
    assert sousveil("search", "ethnicity", "--label", "denies", *at, "--json").json() == []
    assert sousveil("search", "ethnicity", "--state", "held", *at, "--json").json()
    refused = sousveil("search", "ethnicity", "--label", "wrong", *at)
    assert (refused.status, "there are offers" in refused.err) == (2, True)
