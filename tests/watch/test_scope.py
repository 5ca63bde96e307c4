"""An address is written in one form, and nothing leaves the scope by its spelling."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sousveil.watch.scope import (
    MAX_ALIKE,
    MAX_QUERY_FIELDS,
    Scope,
    Traps,
    is_document,
    outside,
    page_address,
)

BASE = "https://halden.example/docs/guide.html"
FOLDER = Scope("https://halden.example/docs/guide.html", "folder")


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("a.html#part", "https://halden.example/docs/a.html"),
        ("../b?x=1", "https://halden.example/b?x=1"),
        ("%2e%2E/b", "https://halden.example/b"),
        ("..\\b", "https://halden.example/b"),
        ("\\\\other.example\\x", "https://other.example/x"),
        ("//other.example", "https://other.example/"),
        ("HTTPS://Halden.Example:443/%7euser/%e4", "https://halden.example/~user/%E4"),
        ("/a/./b/../../../c/.", "https://halden.example/c/"),
        ("ja\nva.html", "https://halden.example/docs/java.html"),
        ("/p;jsessionid=1F?a=1&PHPSESSID=2&utm_source=x", "https://halden.example/p?a=1"),
        ("?q=a b+c", "https://halden.example/docs/guide.html?q=a%20b+c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("", "https://halden.example/docs/guide.html"),
    ],
)
def test_a_link_leads_where_a_browser_would_go(link: str, address: str) -> None:
    assert page_address(BASE, link) == address


@pytest.mark.parametrize(
    "link",
    [
        "javascript:void(0)",
        "mailto:a@halden.example",
        "data:text/html,x",
        "https://user:word@halden.example/docs/",
        "https://halden.example@other.example/docs/",
        "http://[::1/",
        "http://h:99999999/",
        "a" * 9_000,
        "http://\u2100/",
    ],
)
def test_what_is_no_web_page_has_no_address(link: str) -> None:
    assert page_address(BASE, link) is None


SPELLINGS = st.lists(
    st.sampled_from(
        ["..", ".", "/", "\\", "%2e", "%2E%2e", "%252e", "%2f", "%5c", "%255c", "a", "docs", "é",
         "@", ":", "//", "other.example", "halden.example", "?", "#", ";", "%", "\t", "ｄｏ", "。"]
    ),
    max_size=9,
).map("".join)  # fmt: skip


@settings(max_examples=400)
@given(SPELLINGS | st.text(max_size=30), st.sampled_from(["folder", "host", "domain"]))
@example("..%2f..%2fadmin", "folder")
@example("https://halden.example/docs/%252e%252e/admin", "folder")
def test_no_spelling_leads_out_of_the_scope(link: str, within: str) -> None:
    scope = Scope(FOLDER.target, within)  # type: ignore[arg-type]  # one of the three
    address = page_address(BASE, link)
    if address is None or not scope.holds(address):
        return
    parts = urlsplit(address)
    assert parts.hostname == "halden.example"
    assert parts.username is None
    assert parts.port is None
    if within == "folder":
        path = unquote(unquote(unquote(parts.path))).replace("\\", "/")
        walked: list[str] = []
        for segment in path.split("/")[1:]:
            if segment == "..":
                del walked[-1:]
            elif segment != ".":
                walked.append(segment)
        assert walked[:1] == ["docs"]


@given(SPELLINGS | st.text(max_size=30))
def test_an_address_is_its_own_address(link: str) -> None:
    address = page_address(BASE, link)
    if address is not None:
        assert page_address(address, address) == address


@pytest.mark.parametrize(
    ("target", "within", "url", "held"),
    [
        ("https://halden.example/docs/", "folder", "https://halden.example/docs/a/b", True),
        ("https://halden.example/docs/", "folder", "https://halden.example/docs", True),
        ("https://halden.example/docs", "folder", "https://halden.example/docs/a", True),
        ("https://halden.example/docs", "folder", "https://halden.example/docs2", False),
        ("https://halden.example/docs/i.html", "folder", "https://halden.example/", False),
        ("https://halden.example/", "folder", "https://halden.example/a", True),
        ("https://halden.example/docs/", "host", "https://halden.example/", True),
        ("https://halden.example/", "host", "http://www.halden.example/a", True),
        ("https://halden.example/", "host", "https://api.halden.example/", False),
        ("https://halden.example/", "host", "https://halden.example:8443/", False),
        ("https://www.halden.example/", "domain", "https://api.halden.example/", True),
        ("https://halden.example/", "domain", "https://nothalden.example/", False),
        ("http://127.0.0.1/", "domain", "http://1.127.0.0.1/", False),
    ],
)
def test_a_scope_holds(target: str, within: str, url: str, *, held: bool) -> None:
    assert Scope(target, within).holds(url) is held  # type: ignore[arg-type]  # one of the three


def test_documents_count_one_step_outside_on_the_same_host_only() -> None:
    near, far = "https://halden.example/files/report.PDF", "https://cdn.example/report.pdf"
    assert is_document(near)
    assert outside(near, FOLDER, documents=True) is None
    assert outside(near, FOLDER, documents=False) == "scope"
    assert outside(far, FOLDER, documents=True) == "scope"
    assert outside("https://halden.example/docs/a.png", FOLDER, documents=True) == "no page"
    assert outside("https://halden.example/docs/v1.2", FOLDER, documents=True) is None


def test_a_calendar_without_end_is_left_after_a_while() -> None:
    traps = Traps()
    months = [f"https://halden.example/cal?month={year}-01" for year in range(1970, 2970)]
    assert sum(map(traps.take, months)) == MAX_ALIKE
    assert all(traps.take(f"https://halden.example/{name}") for name in "abcdefghij" * 20)


@pytest.mark.parametrize(
    "path",
    [
        "/a/b" * 9,
        "/more/more/more/more/",
        "/list?" + "&".join(f"f{n}=1" for n in range(MAX_QUERY_FIELDS + 1)),
    ],
)
def test_paths_and_queries_that_grow_without_end_are_traps(path: str) -> None:
    assert not Traps().take(f"https://halden.example{path}")
