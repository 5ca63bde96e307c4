"""The quick look and the careful one tell the same of every record."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.scan.file import scan as scan_module
from sousveil.scan.file import scan_file
from sousveil.scan.file import walk as walk_module
from sousveil.scan.file.answers import Answers
from sousveil.scan.file.finder import Judged, finder_for
from sousveil.scan.file.members import Member
from sousveil.scan.file.revisits import Key, Names, Original
from sousveil.scan.file.values import FileReport, Source
from tests.scan.file.archives import CLAIM, JOB, OTHER, in_one, members, page, real_archives, record


@dataclass
class Seen:
    """What one scan looked at."""

    report: FileReport
    bodies: list[str]  # digests of what the matcher was given
    names: list[tuple[int, Original]]


def seen(path: Path, folder: Path, patch: pytest.MonkeyPatch, *, is_quick: bool) -> Seen:
    bodies: list[str] = []
    names: list[tuple[int, Original]] = []

    def may_hold(body: bytes | memoryview) -> bool:
        bodies.append(hashlib.sha256(body).hexdigest())
        return False

    finder = replace(finder_for(JOB.topics), may_hold=may_hold)

    class Noted(Names):
        def add(self, keys: Iterable[Key], original: Original) -> None:
            names.extend((hash(key), original) for key in keys)
            super().add(keys, original)

    def no_members(*_: object) -> Iterator[Member]:
        return iter(())

    with patch.context() as context:
        context.setattr(scan_module, "finder_for", lambda *_: finder)
        context.setattr("sousveil.scan.file.answers.Names", Noted)
        context.setattr("sousveil.scan.file.answers.judge", lambda *_: Judged((), None))
        if not is_quick:
            context.setattr(walk_module, "quick_look", lambda *_: False)
            context.setattr(walk_module, "_MAX_ODD", 0)
        report = scan_file(Source("a", str(path)), folder, JOB)
    times = {"seconds": 0.0, "cpu_seconds": 0.0}
    return Seen(msgspec.structs.replace(report, **times), bodies, names)


def looks_agree(path: Path, folder: Path, patch: pytest.MonkeyPatch) -> Seen:
    quick = seen(path, folder, patch, is_quick=True)
    careful = seen(path, folder, patch, is_quick=False)
    assert quick == careful
    assert quick.report.records == quick.report.looked_at + sum(quick.report.skipped.values())
    return quick


def test_both_looks_tell_the_same_of_real_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    for path in real_archives():
        read += looks_agree(path, tmp_path, monkeypatch).report.records
    assert read > 1_000


ORDINARY = [
    record(n, page(OTHER * n)) if n % 3 else record(n, b"GET / HTTP/1.1\r\n\r\n", kind="request")
    for n in range(9)
]
PACKED = (members(ORDINARY), in_one(ORDINARY), b"".join(ORDINARY))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Archives with a few cuts, flipped bits, lost, doubled and foreign bytes."""
    data = bytearray(draw(st.sampled_from(PACKED)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data) - 1))
        to = min(len(data), at + draw(st.integers(1, 400)))
        match draw(st.sampled_from(["cut", "flip", "lose", "double", "insert", "magic"])):
            case "cut":
                data = data[: at + 1]
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "lose":
                data[at:to] = data[at : at + 1]
            case "double":
                data[at:at] = data[at:to]
            case "insert":
                data[at:at] = draw(st.binary(max_size=50))
            case _:
                data[at:at] = b"\x1f\x8b\x08"
    return bytes(data)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(damaged())
def test_both_looks_tell_the_same_of_damaged_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    looks_agree(path, tmp_path, monkeypatch)


def odd(old: bytes, new: bytes) -> bytes:
    return record(1, page()).replace(old, new, 1)


def told(*fields: str, body: bytes = OTHER) -> bytes:
    return record(1, page(body, fields=fields))


HTML = "Content-Type: text/html"
ODD = {
    "no address": odd(b"WARC-Target-URI", b"WARC-Other"),
    "no date": odd(b"2024-03-04", b"2024-33-04"),
    "two lengths": odd(b"\r\nContent-Length", b"\r\nContent-Length: 9\r\nContent-Length"),
    "a length in other words": odd(b"Content-Length: ", b"content-length :  0"),
    "another type first": odd(b"WARC-Type", b"warc-type: request\r\nWARC-Type"),
    "a folded line": odd(b"WARC-Date: ", b"WARC-Date:\r\n "),
    "a head within a head": odd(b"WARC-Date", b"X: WARC/1.0\r\nWARC-Date"),
    "no type": odd(b"WARC-Type: response\r\n", b""),
    "bare line feeds": record(1, page()).replace(b"\r\n", b"\n"),
    "more behind it": record(1, page()) + b"more",
    "no end": record(1, page())[:-4],
    "no HTTP": record(1, b"nothing of that kind"),
    "HTTP of its own": odd(b"HTTP/1.1 200", b"ICY 200"),
    "no media type": told("Server: x"),
    "two media types": told("Content-Type: image/png", HTML),
    "a coding that is told elsewhere": told("X-Content-Encoding: gzip", HTML),
    "a coding in odd words": told("\x1fContent-Encoding: gzip", HTML),
    "a font": told(HTML, body=b"wOF2"),
    "a tarball": told(HTML, body=b"<".ljust(257) + b"ustar"),
    "an old version": odd(b"WARC/1.1", b"WARC/0.18"),
    "spaces in its address": odd(b"/page\r", b"/a page\r"),
    "another tongue": odd(b"/page\r", "/页\r".encode()),
    "text taken out": record(1, OTHER, kind="conversion", fields=["Content-Type: text/plain"]),
}


@pytest.mark.parametrize("name", ODD)
def test_both_looks_tell_the_same_of_odd_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(members([record(2, page()), ODD[name], record(3, page())]))
    assert looks_agree(path, tmp_path, monkeypatch).report.records >= 2


def test_the_quick_look_is_enough_for_what_crawlers_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise AssertionError

    path = tmp_path / "a.warc.gz"
    path.write_bytes(members(ORDINARY))
    monkeypatch.setattr(Answers, "take", nobody)
    assert seen(path, tmp_path, monkeypatch, is_quick=True).report.records == len(ORDINARY)


def test_what_a_quick_look_lets_pass_is_not_searched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[bytes] = []
    finder = finder_for(JOB.topics)

    def may_hold(body: bytes | memoryview) -> bool:
        searched.append(bytes(body))
        return finder.may_hold(body)

    noted = replace(finder, may_hold=may_hold)
    monkeypatch.setattr(scan_module, "finder_for", lambda *_: noted)
    path = tmp_path / "made.warc.gz"
    path.write_bytes(members([record(1, page()), record(2, page(OTHER)), record(3, page())]))
    assert scan_file(Source("a", str(path)), tmp_path, JOB).findings == 2
    assert searched == [CLAIM, OTHER, CLAIM]
