"""SURT keys are those that indexers of web archives make."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sousveil.archive.surt import surt

PLAIN = st.text("abcXYZ019-_~", min_size=1, max_size=8)
LABELS = st.lists(st.text("abcxyz09", min_size=1, max_size=5), max_size=3)
HOSTS = LABELS.map(lambda labels: ".".join([*labels, "example"]))
ODD = ["%E4%BA%A7", "产品", "a%20b", "%2F", ".", "index.html", "", "a;b", "%2525"]
WORDS = st.one_of(PLAIN, st.sampled_from(ODD))
QUERIES = st.lists(st.tuples(PLAIN, WORDS).map("=".join), max_size=4).map("&".join)


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http", "https", "HTTPS"]))
    www = draw(st.sampled_from(["", "www.", "www2."]))
    port = draw(st.sampled_from(["", ":80", ":443", ":8080"]))
    path = "/".join(["", *draw(st.lists(WORDS, max_size=4))])
    query = draw(QUERIES)
    return f"{scheme}://{www}{draw(HOSTS)}{port}{path}{'?' if query else ''}{query}"


def referees_keys(addresses: list[str]) -> list[str]:
    """Return the keys that cdxj-indexer gives to records of these addresses."""
    record = "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: {}\r\n{}\r\n\r\n\r\n"
    rest = "WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
    with tempfile.TemporaryDirectory() as folder:
        warc = Path(folder) / "a.warc"
        warc.write_text("".join(record.format(one, rest) for one in addresses), newline="")
        done = subprocess.run(
            [Path(sys.executable).with_name("cdxj-indexer"), warc], capture_output=True, check=True
        )
    return [line.split(" ")[0] for line in done.stdout.decode().splitlines()]


@settings(max_examples=5, deadline=None)  # each runs the referee once, over many addresses
@given(st.lists(urls(), min_size=100, max_size=100))
@example(
    [
        "https://www.vendor.example/A/?b=2&a=1#c",
        "https://user:word@vendor.example./x",
        "http://192.0.2.7/a%2520b",
        "https://北京.example/产品?型号=人脸 识别",
    ]
)
def test_a_key_is_the_referees_key(addresses: list[str]) -> None:
    assert [surt(one) for one in addresses] == referees_keys(addresses)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        # The example of CDXJ 0.1.0, but for `www.`, which indexers take away.
        ("https://example.org/index.html", "org,example)/index.html"),
        ("https://vendor.example", "example,vendor)/"),
        ("http://[2001:db8::1]:8080/x", "[2001:db8::1]:8080)/x"),
        ("urn:dns:vendor.example", "urn:dns:vendor.example"),
        # RFC 3986, section 5.2.4; the referee keeps one pair of dots above the root.
        ("http://vendor.example/a/../../b", "example,vendor)/b"),
    ],
)
def test_a_key_reads_from_the_top_of_the_host_down(url: str, key: str) -> None:
    assert surt(url) == key


@given(st.one_of(st.text(), st.text().map("http://{}".format)))
@example("http://" + "%25" * 10_000)
@example("http://vendor.example/\n x\ud800")
@example("http://" + "ä" * 100 + "/")
def test_any_text_gives_a_key_that_fits_between_spaces(text: str) -> None:
    key = surt(text)
    assert key.isascii()
    assert all(character.isprintable() and character != " " for character in key)
