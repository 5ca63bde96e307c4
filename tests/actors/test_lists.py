"""Official lists: whatever their columns are called, and where there are only sentences."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.actors.lists import Row, iso_date, read_list
from sousveil.errors import ActorError

DATASETS = Path(__file__).parents[2].parent / "shared" / "data" / "datasets"
needs_datasets = pytest.mark.skipif(
    not DATASETS.is_dir(), reason="the shared datasets are not beside this checkout"
)


def test_columns_are_told_by_the_words_of_their_headers() -> None:
    data = (
        "Id,Entity Name,Aliases,Previous Name,Parent,Report Date,Start date,End date,Source URL\n"
        "7,Halcyon Vision Co.,HV; Halcyon,Kingfisher Ltd,Big Bird,1999-01-01,2021-6-3,"
        "2025/01/07,https://list.example/\n"
    )
    assert read_list(data.encode(), "x") == [
        Row(
            "Halcyon Vision Co.",
            ("HV", "Halcyon", "Kingfisher Ltd"),
            "2021-06-03",
            "2025-01-07",
            "https://list.example/",
        )
    ]


def test_a_list_in_chinese_is_read() -> None:
    data = "序号,企业名称,别名,列入日期\n1,翠鸟视觉科技有限公司,翠鸟,2021年6月3日\n"
    assert read_list(b"\xef\xbb\xbf" + data.encode(), "x") == [
        Row("翠鸟视觉科技有限公司", ("翠鸟",), "2021-06-03", None, "")
    ]


def test_footnote_marks_go_and_an_alias_in_brackets_is_one() -> None:
    data = b"Name\nHalcyon Vision Co. (HV)*\n"
    (row,) = read_list(data, "x")
    assert (row.name, row.aliases) == ("Halcyon Vision Co. (HV)", ("HV",))


def test_companies_are_found_inside_sentences() -> None:
    data = (
        'covered,date of inclusion\n"Gates made by Halcyon Vision Company, and those of Big Bird'
        ' (Europe) Ltd. under section 2","March 12, 2021Updated: June 1, 2022"\n'
        '"All gates made abroad","March 12, 2021"\n'
    )
    assert read_list(data.encode(), "x") == [
        Row("Halcyon Vision Company", (), "2021-03-12", None, ""),
        Row("Big Bird (Europe) Ltd.", (), "2021-03-12", None, ""),
        Row("All gates made abroad", (), "2021-03-12", None, "", is_sentence=True),
    ]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2021-06-03", "2021-06-03"),
        ("2021/6/3", "2021-06-03"),
        ("March 12, 2021", "2021-03-12"),
        ("12 Sept. 2021", "2021-09-12"),
        ("2021年6月3日", "2021-06-03"),
        ("3/12/2021", None),  # March or December: nobody can tell
        ("2021-13-01", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_given_as_iso_8601_or_not_at_all(text: str, date: str | None) -> None:
    assert iso_date(text) == date


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"Name\n", "has no rows"),
        (b"Name\n \n,\n", "has no rows"),
        ("Name\n翠鸟".encode("gb18030"), "not UTF-8"),
        (b'Name\n"' + b"x" * 200_000 + b'"\n', "is no CSV file"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line(data: bytes, said: str) -> None:
    with pytest.raises(ActorError) as refused:
        read_list(data, "list.csv")
    assert str(refused.value).startswith("list.csv: ")
    assert said in str(refused.value)


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ActorError):
        for row in read_list(b"name,alias,date\n" + data, "x"):
            assert row.name


@needs_datasets
@pytest.mark.parametrize(
    ("file", "rows", "named", "since"),
    [
        ("us-dod-chinese-military-companies.csv", 397, "Hangzhou Hikvision", "2021-06-03"),
        ("us-fcc-covered-list.csv", 12, "Hangzhou Hikvision", "2021-03-12"),
        ("us-ndaa-section-889.csv", 5, "Hangzhou Hikvision", None),
    ],
)
def test_real_lists_are_read(file: str, rows: int, named: str, since: str | None) -> None:
    read = read_list((DATASETS / file).read_bytes(), file)
    assert sum(not row.is_sentence for row in read) == rows
    first = next(row for row in read if named in row.name)
    assert first.since == since
    assert not any(row.name.endswith("*") for row in read)
