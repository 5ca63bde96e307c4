"""Targets: what may be typed, and what is due."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import TargetError
from sousveil.model import Watch, WatchKind
from sousveil.watch.targets import (
    DEFAULT_BOUNDS,
    find_watches,
    make_watch,
    parse_every,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def watch_of(target: str, kind: WatchKind | None = None) -> Watch:
    return make_watch(target, kind=kind, every="6h", actor=None, now=NOW)


@pytest.mark.parametrize(
    ("typed", "target", "kind"),
    [
        ("https://halden.example", "https://halden.example/", WatchKind.PAGE),
        ("HTTPS://Halden.Example/A#b", "https://halden.example/A", WatchKind.PAGE),
        (
            "http://halden.example:8080/x?q=民族",
            "http://halden.example:8080/x?q=%E6%B0%91%E6%97%8F",
            WatchKind.PAGE,
        ),
        (
            "https://例子.example/产品",
            "https://xn--fsqu00a.example/%E4%BA%A7%E5%93%81",
            WatchKind.PAGE,
        ),
        ("https://halden.example/sdk.git", "https://halden.example/sdk.git", WatchKind.REPOSITORY),
        ("git+https://halden.example/sdk", "https://halden.example/sdk", WatchKind.REPOSITORY),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]/", WatchKind.PAGE),
        ("https://halden.example:443/a", "https://halden.example/a", WatchKind.PAGE),
        ("https://halden.example:80/a", "https://halden.example:80/a", WatchKind.PAGE),
        ("https://halden.example/a%20b", "https://halden.example/a%20b", WatchKind.PAGE),
    ],
)
def test_a_url_is_written_as_it_will_be_asked_for(typed: str, target: str, kind: WatchKind) -> None:
    watch = watch_of(typed)
    assert (watch.target, watch.kind) == (target, kind)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("ftp://halden.example/", "only http"),
        ("javascript://halden.example/", "only http"),
        ("https://", "no host"),
        ("https://user:secret@halden.example/", "password"),
        ("https://halden.example/a b", "spaces"),
        ("https://halden.example:99999/", "not a URL"),
        ("halden.example", "https://halden.example"),
        ("https://halden.example/" + "a" * 9_000, "longer"),
    ],
)
def test_a_bad_target_is_refused_in_one_line_that_says_what_to_type(typed: str, word: str) -> None:
    with pytest.raises(TargetError, match=word) as caught:
        watch_of(typed)
    assert "\n" not in str(caught.value)


def test_a_local_repository_is_watched_by_its_full_path(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "sdk"], check=True)
    watch = watch_of(str(tmp_path / "sdk"))
    assert watch.target == str((tmp_path / "sdk").resolve())
    assert watch.kind is WatchKind.REPOSITORY


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="not a git repository"):
        watch_of(str(tmp_path))


def test_a_watch_is_found_by_target_or_by_the_beginning_of_its_id() -> None:
    watch = watch_of("https://halden.example/a")
    assert find_watches([watch], ["https://halden.example/a#top"]) == [watch]
    assert find_watches([watch], [watch.id[:6], watch.target]) == [watch]
    with pytest.raises(TargetError, match="not watched"):
        find_watches([watch], ["https://other.example/"])


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("6h", 21600), ("1d", 86400)]
)
def test_intervals_are_written_with_a_unit(text: str, seconds: int) -> None:
    assert parse_every(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "6 hours", "1s", "-1h", "9999999999h"])
def test_a_bad_interval_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match="--every"):
        parse_every(text)


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        watch = watch_of("https://" + text)
    except TargetError:
        return
    assert watch_of(watch.target).target == watch.target


def test_a_target_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    (folder / ".git").mkdir()
    for target in (str(folder), os.fsdecode(b"https://a.example/\xff")):
        with pytest.raises(TargetError, match="not UTF-8"):
            watch_of(target)


@pytest.mark.parametrize(
    "path", ["/news/feed.xml", "/blog/feed/", "/index.rss", "/a.atom", "/rss", "/Atom.xml"]
)
def test_an_address_that_is_named_like_a_feed_is_one(path: str) -> None:
    watch = watch_of(f"https://halden.example{path}")
    assert watch.kind is WatchKind.FEED
    assert watch.bounds == DEFAULT_BOUNDS


@pytest.mark.parametrize("path", ["/feedback", "/data.xml", "/rss/about.html", "/atoms"])
def test_other_addresses_are_pages_and_have_no_bounds(path: str) -> None:
    watch = watch_of(f"https://halden.example{path}")
    assert (watch.kind, watch.bounds) == (WatchKind.PAGE, None)
