"""Timemaps are read in every form that archives give, and refused in one line otherwise."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import InputError
from sousveil.watch.timemaps import as_it_came, parse_links, read_timemap

ARCHIVE = "https://archive.example/web"
LINKS = f"""\
<http://halcyon.example/a,b?x=1;y>; rel="original",
<{ARCHIVE}/timemap/link/http://halcyon.example/a,b?x=1;y>; rel="self"; type="application/link-format"; from="Sat, 03 Apr 2010 00:00:00 GMT",
<{ARCHIVE}/timemap/json/http://halcyon.example/a,b?x=1;y>; rel="timemap"; type="application/json",
<{ARCHIVE}/http://halcyon.example/a,b?x=1;y>; rel="timegate",
<{ARCHIVE}/20120709112303/http://halcyon.example/a,b?x=1;y>; rel="last memento"; datetime="Mon, 09 Jul 2012 11:23:03 GMT",
<{ARCHIVE}/20100403120000/http://halcyon.example/a,b?x=1;y>; rel="first memento"; datetime="Sat, 03 Apr 2010 12:00:00 GMT"
""".encode()  # noqa: E501  # as archives write it, a link a line
FIRST = datetime(2010, 4, 3, 12, tzinfo=UTC)
LAST = datetime(2012, 7, 9, 11, 23, 3, tzinfo=UTC)


def test_link_format_gives_the_original_and_its_copies_the_oldest_first() -> None:
    told = read_timemap(LINKS, "x")
    assert told.original == "http://halcyon.example/a,b?x=1;y"
    assert [one.at for one in told.mementos] == [FIRST, LAST]
    assert told.mementos[0].url == f"{ARCHIVE}/20100403120000/http://halcyon.example/a,b?x=1;y"
    assert told.more == ()  # another form of the same list holds nothing more


def test_a_list_that_is_cut_up_names_its_other_pages() -> None:
    page = LINKS + (
        b',</web/timemap/link/2/http://halcyon.example/>; rel="timemap"; '
        b'from="Tue, 10 Jul 2012 00:00:00 GMT"; until="Wed, 11 Jul 2012 00:00:00 GMT"'
    )
    told = read_timemap(page, "x", f"{ARCHIVE}/timemap/link/1/http://halcyon.example/")
    assert told.more == ("https://archive.example/web/timemap/link/2/http://halcyon.example/",)


def test_json_as_memento_has_it_is_read() -> None:
    told = read_timemap(
        json.dumps(
            {
                "original_uri": "http://halcyon.example/",
                "mementos": {
                    "list": [
                        {"datetime": "2012-07-09T11:23:03Z", "uri": [f"{ARCHIVE}/b"]},
                        {"datetime": "2010-04-03T12:00:00Z", "uri": f"{ARCHIVE}/a"},
                    ]
                },
            }
        ).encode(),
        "x",
    )
    assert [(one.url, one.at) for one in told.mementos] == [
        (f"{ARCHIVE}/a", FIRST),
        (f"{ARCHIVE}/b", LAST),
    ]


ROWS = json.dumps(
    [
        ["urlkey", "timestamp", "original", "mimetype", "statuscode"],
        ["example,halcyon)/", "20100403120000", "http://halcyon.example:80/", "text/html", "200"],
    ]
).encode()


def test_the_array_that_archives_call_json_takes_addresses_from_its_own() -> None:
    told = read_timemap(ROWS, "x", f"{ARCHIVE}/timemap/json/http://halcyon.example/")
    (one,) = told.mementos
    assert one.url == f"{ARCHIVE}/20100403120000/http://halcyon.example:80/"
    assert one.at == FIRST


def test_lines_as_pywb_gives_them_are_read_alike() -> None:
    line = {"urlkey": "example,halcyon)/", "timestamp": "20100403120000", "status": "200"}
    data = "\n".join(json.dumps(line | {"url": f"http://halcyon.example/{n}"}) for n in (1, 2))
    told = read_timemap(data.encode(), "x", f"{ARCHIVE}/timemap/json/http://halcyon.example/1")
    assert [one.url for one in told.mementos] == [
        f"{ARCHIVE}/20100403120000/http://halcyon.example/{n}" for n in (1, 2)
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ROWS, "names no addresses of copies"),
        (b"", "names no original"),
        (b"<html>Not found", "names no original"),
        (b"{}", "timestamp"),
        (b'<http://a.example/>; rel="original"', "names no copy of http://a.example/"),
        (b'<file:///etc/x>; rel="original",<b>; rel="memento"', "no http or https address"),
        (b"[[[[[", "no timemap"),
    ],
)
def test_what_is_no_timemap_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_timemap(data, "list.txt")


@given(st.binary(max_size=400) | st.text('<>;,= "relmntoigadh:/x', max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InputError):
        read_timemap(data, "x", "https://archive.example/timemap/json/x")


def test_a_long_hostile_list_takes_linear_time() -> None:
    for text in ("<a>" + " " * 200_000 + "x", "<a>" + ";" * 200_000, "<a>; rel=" * 50_000):
        list(parse_links(text))


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        (f"{ARCHIVE}/20100403120000/http://a.example/", f"{ARCHIVE}/20100403120000id_/http://a.example/"),
        (f"{ARCHIVE}/20100403120000if_/http://a.example/", f"{ARCHIVE}/20100403120000id_/http://a.example/"),
        ("https://git.example/wiki?title=A&oldid=3", None),
    ],
)  # fmt: skip
def test_the_bytes_as_they_came_have_an_address_where_archives_are_known(
    url: str, raw: str | None
) -> None:
    assert as_it_came(url) == raw
