"""The feed keeps the musts of RFC 4287, and says whose it is to nobody."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.alerts.atom import ATOM, FEED_FILE, MAX_ENTRIES, atom, write_feed
from sousveil.model import Notice

AT = datetime(2026, 11, 23, 12, 19, tzinfo=UTC)
ORIGIN = "sousveil.case/0123456789abcdef"
# RFC 4287 section 3.3: an RFC 3339 date-time, with an upper-case T and Z.
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# RFC 4151 section 2.1, with a DNS name as authority and a year as date.
TAG = re.compile(r"tag:[a-z0-9][a-z0-9.-]*,\d{4}:[A-Za-z0-9./-]+")
KINDS = ["found", "held", "gone", "reworded", "moved", "back", "unwell", "well", "history"]


def notice(
    number: int, at: datetime = AT, kind: str = "gone", text: str = "“x” is gone."
) -> Notice:
    return Notice(f"{number:012x}", at, kind, text, "f" * 12, "a" * 12, 7)  # type: ignore[arg-type]


def feed(notices: list[Notice]) -> bytes:
    return atom(notices, origin=ORIGIN, begun=AT)


def children(element: minidom.Element, name: str) -> list[minidom.Element]:
    return [
        node
        for node in element.childNodes
        if isinstance(node, minidom.Element) and (node.namespaceURI, node.localName) == (ATOM, name)
    ]


def text_of(element: minidom.Element, name: str) -> str:
    (child,) = children(element, name)
    return "".join(node.data for node in child.childNodes if isinstance(node, minidom.Text))


def check_musts(document: bytes) -> list[minidom.Element]:
    """Check what sections 4.1.1 and 4.1.2 of RFC 4287 demand, and return the entries."""
    root = minidom.parseString(document).documentElement  # noqa: S318  # our own bytes
    assert root is not None
    assert (root.namespaceURI, root.localName) == (ATOM, "feed")
    for element in (root, *(entries := children(root, "entry"))):
        assert TAG.fullmatch(text_of(element, "id"))
        assert text_of(element, "title")
        assert DATE.fullmatch(text_of(element, "updated"))
    # An author of the feed is one of each entry that has none.
    (author,) = children(root, "author")
    assert text_of(author, "name")
    for entry in entries:
        (content,) = children(entry, "content")  # so that no alternate link is needed
        assert content.getAttribute("type") == "text"
        assert not content.getElementsByTagName("*")
        (category,) = children(entry, "category")
        assert category.getAttribute("term") in KINDS
    identifiers = [text_of(element, "id") for element in (root, *entries)]
    assert len(set(identifiers)) == len(identifiers)
    return entries


def test_the_newest_comes_first_and_dates_the_feed() -> None:
    hours = [notice(n, AT + timedelta(hours=n)) for n in (2, 5, 1)]
    entries = check_musts(feed(hours))
    assert [text_of(entry, "updated") for entry in entries] == [
        "2026-11-23T17:19:00Z",
        "2026-11-23T14:19:00Z",
        "2026-11-23T13:19:00Z",
    ]
    assert b"<updated>2026-11-23T17:19:00Z</updated>\n  <author>" in feed(hours)


def test_a_feed_holds_so_many_entries_and_no_more() -> None:
    many = [notice(n, AT + timedelta(minutes=n)) for n in range(MAX_ENTRIES + 20)]
    entries = check_musts(feed(many))
    assert len(entries) == MAX_ENTRIES
    assert text_of(entries[-1], "id").endswith(f"/{20:012x}")


def test_a_feed_of_nothing_is_a_feed() -> None:
    assert check_musts(feed([])) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_called_by_its_sentence(kind: str) -> None:
    (entry,) = check_musts(feed([notice(1, kind=kind)]))
    assert text_of(entry, "title") == text_of(entry, "content") == "“x” is gone."
    (category,) = children(entry, "category")
    assert category.getAttribute("term") == kind


def test_two_cases_have_different_identifiers_that_tell_neither() -> None:
    one, other = feed([notice(1)]), atom([notice(1)], origin=ORIGIN[:-1] + "0", begun=AT)
    assert one != other
    assert b"0123456789abcdef" not in one
    assert b".case" not in one


@given(st.text(min_size=1).map("“{}”".format), st.sampled_from(KINDS))
def test_any_text_is_told_as_far_as_xml_can(text: str, kind: str) -> None:
    (entry,) = check_musts(feed([notice(1, kind=kind, text=text)]))
    kept = "".join(
        c
        for c in text
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or (c >= "\ue000" and c not in "\ufffe\uffff")
    )
    assert text_of(entry, "content") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_a_feed_that_says_the_same_is_left_alone(tmp_path: Path) -> None:
    path = write_feed(tmp_path, feed([notice(1)]))
    assert path == tmp_path / FEED_FILE
    before = path.stat()
    write_feed(tmp_path, feed([notice(1)]))
    assert path.stat().st_ino == before.st_ino
    write_feed(tmp_path, feed([notice(2)]))
    assert path.read_bytes() == feed([notice(2)])
