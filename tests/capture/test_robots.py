"""robots.txt is read as RFC 9309 says."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.robots import MAX_BYTES, MAX_DELAY_SECONDS, read_robots, robots_url

SITE = "https://halden.example"
RULES = b"""\xef\xbb\xbfUser-agent: *
Disallow: /private/
Allow: /private/open.html
Disallow: /*.cgi$
Crawl-delay: 1.5

User-agent: otherbot
Disallow: /

Sitemap: https://halden.example/map.xml
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private/a", False),
        ("/private/open.html", True),
        ("/run.cgi", False),
        ("/run.cgi?x", True),
        ("/robots.txt", True),
    ],
)
def test_the_longest_rule_decides(path: str, *, allowed: bool) -> None:
    assert read_robots(200, RULES).allows(SITE + path) is allowed


def test_rules_for_us_by_name_come_before_those_for_everybody() -> None:
    rules = b"User-agent: *\nDisallow:\n\nUser-agent: Sousveil\nDisallow: /\n"
    assert not read_robots(200, rules).allows(SITE + "/a")


def test_delay_and_site_maps_are_told() -> None:
    robots = read_robots(200, RULES)
    assert robots.delay_seconds == 1.5
    assert robots.sitemaps == (f"{SITE}/map.xml",)
    endless = read_robots(200, b"User-agent: *\nCrawl-delay: 86400\n")
    assert endless.delay_seconds == MAX_DELAY_SECONDS


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(404, True), (403, True), (410, True), (301, True), (500, False), (503, False), (None, False)],
)
def test_an_answer_without_rules_allows_everything_or_nothing(
    status: int | None, *, allowed: bool
) -> None:
    robots = read_robots(status, b"User-agent: *\nDisallow: /a\n")
    assert robots.allows(SITE + "/a") is allowed
    assert robots.delay_seconds == 0
    if status is not None:
        assert str(status) in robots.reason


def test_rules_stand_at_the_root_of_the_host() -> None:
    assert (
        robots_url("https://halden.example:8443/a/b?c") == "https://halden.example:8443/robots.txt"
    )


@given(st.binary(max_size=400))
def test_any_bytes_are_rules(data: bytes) -> None:
    read_robots(200, data).allows(SITE + "/a")


def test_a_flood_of_rules_is_read_in_bounded_time() -> None:
    flood = b"User-agent: *\n" + b"Disallow: /" + b"*a" * 20 + b"$\n"
    flood += b"".join(b"Disallow: /*%d*x*y*z$\n" % n for n in range(40_000))
    began = time.monotonic()
    robots = read_robots(200, flood + b"Disallow: /late\n")
    robots.allows(SITE + "/" + "a" * 2_000)
    assert len(flood) > MAX_BYTES
    assert time.monotonic() - began < 5
