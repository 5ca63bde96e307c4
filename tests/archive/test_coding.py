"""Codings are undone as far as they go, and a bomb costs no more than the limit."""

import functools
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.archive.coding import decode_body

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"<p>" + b"plain words, \xe4\xb8\xad\xe6\x96\x87; " * 200 + b"</p>"


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
    "br": functools.partial(brotli.compress, quality=1),
    "zstd": zstd.compress,
}


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    framed = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts)
    return framed + b"0\r\nX-Trailer: t\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush()


def decode(
    body: bytes, transfer: str = "", content: str = "", limit: int = 10**6, piece: int = 11
) -> tuple[bytes, list[str], bool]:
    pieces = (body[i : i + piece] for i in range(0, len(body), piece))
    outer, inner = ([name for name in text.split(",") if name] for text in (transfer, content))
    found, notes = decode_body(pieces, outer, inner, limit)
    return found, notes.words, notes.is_cut


@pytest.mark.parametrize(
    ("body", "transfer", "content"),
    [
        (TEXT, "", ""),
        (TEXT, "identity", "identity"),
        (chunked(TEXT), "chunked", ""),
        (chunked(TEXT).replace(b"\r\n", b"\n"), "chunked", ""),
        (gzip.compress(TEXT, mtime=0), "", "gzip"),
        (gzip.compress(TEXT[:50], mtime=0) + gzip.compress(TEXT[50:], mtime=0), "", "x-gzip"),
        (gzip.compress(TEXT, mtime=0) + b"padding", "", "gzip"),
        (zlib.compress(TEXT), "", "deflate"),
        (raw_deflate(TEXT), "", "deflate"),
        (brotli.compress(TEXT), "", "br"),
        (chunked(brotli.compress(TEXT), 1), "chunked", "br"),
        (chunked(gzip.compress(TEXT, mtime=0)), "gzip,chunked", ""),
        (gzip.compress(brotli.compress(TEXT), mtime=0), "", "br,gzip"),
        (zstd.compress(TEXT), "", "zstd"),
        (zstd.compress(TEXT[:50]) + zstd.compress(TEXT[50:]), "", "zstd"),
        (b"\x50\x2a\x4d\x18\x03\0\0\0xyz" + zstd.compress(TEXT) + b"padding", "", "zstd"),
        (chunked(zstd.compress(TEXT), 1), "chunked", "zstd"),
        (b"", "chunked", "gzip"),
    ],
)
def test_a_coding_is_undone_without_a_note(body: bytes, transfer: str, content: str) -> None:
    expected = TEXT if body else b""
    assert decode(body, transfer, content)[0] == expected
    if body:
        assert decode(body, transfer, content)[1:] == ([], False)


@pytest.mark.parametrize(
    ("transfer", "content", "words"),
    [
        ("chunked", "", "chunked"),
        ("", "gzip", "gzip"),
        ("", "br", "br"),
        ("", "zstd", "zstd"),
        ("", "deflate", "deflate"),
    ],
)
def test_a_body_that_is_not_coded_as_it_says_is_given_as_it_is(
    transfer: str, content: str, words: str
) -> None:
    body = b"<!doctype html>" + TEXT
    assert decode(body, transfer, content) == (
        body,
        [f"the body says it is {words}, but is not"],
        False,
    )


@pytest.mark.parametrize(
    ("body", "transfer", "content", "least"),
    [
        (chunked(TEXT)[:-300], "chunked", "", TEXT[:500]),
        (chunked(TEXT)[:192] + b"ZZ\r\n" + TEXT, "chunked", "", TEXT[:50]),
        (gzip.compress(TEXT, mtime=0)[:-20], "", "gzip", TEXT[:50]),
        (gzip.compress(TEXT, mtime=0)[:-8] + b"12345678", "", "gzip", TEXT),
        (brotli.compress(TEXT)[:-5], "", "br", b""),
        (zstd.compress(TEXT)[:-5], "", "zstd", b""),
        (zstd.compress(TEXT) + zstd.compress(TEXT)[:9], "", "zstd", TEXT),
    ],
)
def test_a_body_that_breaks_off_gives_what_it_has_and_says_so(
    body: bytes, transfer: str, content: str, least: bytes
) -> None:
    found, words, is_cut = decode(body, transfer, content)
    assert TEXT.startswith(found)
    assert found.startswith(least)
    assert len(words) == 1
    assert is_cut


@pytest.mark.parametrize("content", ["gzip", "br", "gzip,gzip", "deflate", "zstd"])
def test_a_bomb_is_cut_at_the_limit(content: str) -> None:
    body = bytes(50 * 2**20)
    packed = body
    for name in content.split(","):
        packed = PACK[name](packed)
    found, words, is_cut = decode(packed, "", content, limit=100_000, piece=4096)
    assert found == bytes(100_000)
    assert words == ["the body is longer than 100000 bytes; the rest was not decoded"]
    assert is_cut


def test_a_window_that_costs_more_than_eight_megabytes_is_refused() -> None:
    wide = {int(zstd.CompressionParameter.window_log): 25}
    packer = zstd.ZstdCompressor(options=wide)  # told of no size, it asks for its whole window
    packed = packer.compress(bytes(range(256)) * 2**17) + packer.flush()
    found, (words,), is_cut = decode(packed, "", "zstd", limit=2**26, piece=4096)
    assert (found, is_cut) == (b"", True)
    assert words.startswith("the body's zstd data is damaged")


@given(st.binary(max_size=3000), st.integers(0, 3000), st.integers(1, 99))
def test_zstd_that_is_cut_anywhere_gives_a_beginning(body: bytes, cut: int, piece: int) -> None:
    found, _, _ = decode(zstd.compress(body)[:cut], "", "zstd", piece=piece)
    assert body.startswith(found) or cut < 4  # too short to tell


def test_empty_gzip_members_without_end_are_bounded_too() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(65536)

    packed = gzip.compress(gzip.compress(b"") * 200_000)
    found, words, _ = decode(packed, "", "gzip,gzip", limit=100_000, piece=4096)
    assert found == b""
    assert words[0] == "the body is longer than 100000 bytes; the rest was not decoded"
    assert decode_body(endless(), [], [], limit=10)[0] == bytes(10)


def test_codings_that_are_unknown_or_too_many_are_named() -> None:
    assert decode(TEXT, "", "dcz")[1] == ["the body is coded in 'dcz', which is not undone"]
    found, words, _ = decode(TEXT, "", "gzip,gzip,gzip,gzip,gzip")
    assert (found, words) == (TEXT, ["the body says it is coded 5 times; left as it is"])


@given(st.binary(max_size=2000), st.sampled_from([*PACK, "chunked", "dcz"]))
def test_any_bytes_are_decoded_or_noted(body: bytes, name: str) -> None:
    found, words, _ = decode(body, "", name, limit=5000)
    assert len(found) <= 5000
    assert words or name != "dcz"


@given(st.binary(max_size=500), st.integers(1, 40), st.integers(1, 40))
def test_chunks_of_any_size_join_to_the_body(body: bytes, size: int, piece: int) -> None:
    assert decode(chunked(body, size), "chunked", piece=piece) == (body, [], False)
