"""What was pasted is checked line by line, and nothing is asked of network or disk."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import InputError
from sousveil.web.pasted import MAX_LINES, MAX_TEXT, Checked, Defaults, check_pasted
from tests.conftest import NOW


def checked(text: str, defaults: Defaults | None = None, known: str = "") -> list[Checked]:
    return check_pasted(
        text, defaults or Defaults(), known={known}, allowed=frozenset({"127.0.0.1:99"}), now=NOW
    )


def states(text: str) -> list[tuple[int, str]]:
    return [(one.number, one.state) for one in checked(text)]


def test_each_line_is_an_address_and_lines_that_say_nothing_are_passed_over() -> None:
    told = states("https://a.example/x\n\n  http://b.example \nftp://c.example\n")
    assert told == [(1, "new"), (3, "new"), (4, "refused")]


def test_an_address_that_is_there_twice_is_taken_once() -> None:
    first, second = checked("https://A.example/x#top\nhttps://a.example/x")
    assert (first.state, second.state) == ("new", "twice")
    assert second.says == "is the same as line 1"


def test_what_is_watched_already_is_told() -> None:
    (one,) = checked("https://a.example/")
    assert one.watch is not None
    assert [again.state for again in checked("https://a.example/", known=one.watch.id)] == ["known"]


def test_csv_names_its_columns_and_the_defaults_fill_what_it_leaves_out() -> None:
    text = 'url,actor,every\nhttps://a.example/,"Halden, Ltd",6h\nhttps://b.example/,,\n'
    first, second = (one.watch for one in checked(text, Defaults("Gazelight", "2d", "site")))
    assert first is not None
    assert second is not None
    assert (first.actor, first.every_seconds, first.kind) == ("Halden, Ltd", 21_600, "site")
    assert (second.actor, second.every_seconds, second.kind) == ("Gazelight", 172_800, "site")


@pytest.mark.parametrize(
    "text",
    [
        "Company\tWebsite\nHalden\thttps://a.example/\n",  # as spreadsheets are copied
        "website;vendor\nhttps://a.example/;Halden\n",
        "公司,网址\nHalden,https://a.example/\n",
        '[{"url": "https://a.example/"}]',
        '{"url": "https://a.example/"}\n{"url": "https://b.example/"}\n',
    ],
)
def test_tables_and_lists_of_others_are_read_as_files_of_them_are(text: str) -> None:
    one = checked(text, Defaults(actor="Halden"))[0]
    assert one.watch is not None
    assert (one.watch.target, one.watch.actor) == ("https://a.example/", "Halden")


def test_a_line_that_is_no_csv_is_checked_as_an_address() -> None:
    told = states("x" * 200_000 + "\nhttps://a.example/")
    assert told == [(1, "refused"), (2, "new")]


def test_json_that_is_damaged_is_refused() -> None:
    with pytest.raises(InputError, match="damaged JSON"):
        checked('[{"url": ')
    with pytest.raises(InputError, match="damaged JSON"):
        checked("[" + "9" * 5_000 + "]")


def test_an_address_with_commas_is_one_address() -> None:
    (one,) = checked("https://a.example/p,actor,x?y=1,2")
    assert one.watch is not None
    assert one.watch.target == "https://a.example/p,actor,x?y=1,2"


def test_csv_without_addresses_is_refused() -> None:
    with pytest.raises(InputError, match="none for addresses"):
        checked("actor,every\nHalden,6h\n")


def test_a_folder_of_this_computer_is_refused_whether_it_is_there_or_not() -> None:
    said = [one.says.partition(":")[2] for one in checked("/etc\n/not/there\n.\n~\n")]
    assert len(said) == 4
    assert len(set(said)) == 1


def test_a_scheme_that_was_left_out_is_added() -> None:
    (one,) = checked("halden.example/docs")
    assert one.watch is not None
    assert one.watch.target == "https://halden.example/docs"


def test_what_no_visit_would_reach_is_told_unless_the_case_allows_it() -> None:
    refused, allowed = checked("http://127.0.0.1/\nhttp://127.0.0.1:99/")
    assert "loopback" in refused.says
    assert allowed.says == ""


@pytest.mark.parametrize("line", ["https://a.example/,soon,", "https://a.example/,,robot"])
def test_a_word_that_is_none_refuses_its_line_only(line: str) -> None:
    told = checked(f"address,every,kind\n{line}\nhttps://b.example/,,\n")
    assert [one.state for one in told] == ["refused", "new"]


def test_more_than_a_person_reads_is_refused() -> None:
    with pytest.raises(InputError, match="2,001 lines"):
        checked("https://a.example/\n" * (MAX_LINES + 1))
    with pytest.raises(InputError, match="characters"):
        checked("x" * (MAX_TEXT + 1))


@given(st.text(max_size=200))
def test_any_text_is_checked_or_refused(text: str) -> None:
    try:
        told = check_pasted(
            text, Defaults(), known=(), allowed=frozenset(), now=datetime(2026, 1, 1, tzinfo=UTC)
        )
    except InputError:
        return
    assert all((one.watch is None) == (one.state == "refused") for one in told)
