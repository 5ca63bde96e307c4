"""A package that is not what it says of itself is named so, fault by fault."""

import gzip
import json
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sousveil.archive.wacz_check import index, pages, records
from sousveil.errors import ArchiveError
from tests.commands import sousveil
from tests.run.package.packages import (
    ABOUT,
    AT,
    DIGEST,
    HOME,
    IDX,
    INDEX,
    MANIFEST,
    PAGES,
    WARC,
    Change,
    Files,
    files,
    indexed,
    notes,
    problems,
    redigested,
    relisted,
    saying,
    verified,
    warc,
    zipped,
)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return zipped(tmp_path / "whole.wacz", files())


def test_what_the_reference_tool_makes_is_whole(whole: Path) -> None:
    result = verified(whole)
    assert problems(result) == ""
    holds = result.holds
    assert (holds.files, holds.records, holds.index_lines, holds.pages) == (6, 4, 2, 1)
    assert result.software.startswith("py-wacz")
    assert not result.is_ours
    assert "bears no signature" in notes(result)


def without(*names: str) -> Change:
    return lambda package: relisted({n: d for n, d in package.items() if n not in names})


def unlisted(package: Files) -> Files:
    return package | {"extra/more.txt": b"more"}


def on_resource(name: str, **told: object) -> Change:
    """Change what is said of one file; None takes a word away."""

    def change(package: Files) -> Files:
        about = json.loads(package[MANIFEST])
        for one in about["resources"]:
            if one["path"] == name:
                one.update(told)
                for key in [key for key, value in one.items() if value is None]:
                    del one[key]
        return redigested(package | {MANIFEST: json.dumps(about).encode()})

    return change


def listed_twice(package: Files) -> Files:
    about = json.loads(package[MANIFEST])
    return saying(package, resources=[*about["resources"], about["resources"][0]])


def on_line(name: str, value: object, place: int = 0) -> Change:
    """Change what a line of the index says."""

    def change(lines: list[bytes]) -> list[bytes]:
        key, at, told = lines[place].split(b" ", 2)
        fields = json.loads(told) | {name: value}
        lines[place] = b" ".join([key, at, json.dumps(fields).encode() + b"\n"])
        return lines

    return lambda package: indexed(package, change)


def on_index(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda package: indexed(package, change)


def page(**told: object) -> Change:
    line = json.dumps(told).encode() + b"\n"
    return lambda package: relisted(package | {PAGES: package[PAGES] + line})


def holding(data: bytes) -> Change:
    return lambda package: relisted(package | {WARC: data})


def a_flipped_record(package: Files) -> Files:
    """Change a letter of a payload, in a package that lists the file as it is now."""
    records = gzip.decompress(package[WARC])
    assert b"<p>Of" in records
    starts = [at for at in range(len(records)) if records.startswith(b"WARC/1.1\r\n", at)]
    changed = records.replace(b"<p>Of", b"<p>of", 1)
    pieces = [changed[a:b] for a, b in zip(starts, [*starts[1:], len(records)], strict=True)]
    return relisted(package | {WARC: b"".join(map(gzip.compress, pieces))})


def a_digest_field(**told: object) -> Change:
    def change(package: Files) -> Files:
        return package | {DIGEST: json.dumps(json.loads(package[DIGEST]) | told).encode()}

    return change


def renamed(old: str, new: str) -> Change:
    return lambda package: relisted({new if n == old else n: d for n, d in package.items()})


def added(name: str, data: bytes = b"") -> Change:
    return lambda package: relisted(package | {name: data})


DEEP = b"[" * 100_000

MUTANTS: dict[str, tuple[Change, str]] = {
    "no WARC": (without(WARC), "holds no WARC file"),
    "no index": (without(INDEX, IDX), "holds no index"),
    "no pages": (without(PAGES), "holds no pages/pages.jsonl"),
    "no manifest": (
        lambda package: {name: data for name, data in package.items() if name != MANIFEST},
        "datapackage.json: cannot be read",
    ),
    "an unlisted file": (unlisted, "extra/more.txt: is in the package, but not listed"),
    "a missing file": (
        lambda package: {name: data for name, data in package.items() if name != PAGES},
        "pages/pages.jsonl: is listed, but not in the package",
    ),
    "a stripped digest": (on_resource(WARC, hash=None), "is listed without a digest"),
    "an unknown digest": (on_resource(WARC, hash="crc:00"), "a digest that nobody can check"),
    "a forgeable digest": (on_resource(WARC, hash="md5:" + "0" * 32), "does not have the digest"),
    "another digest": (on_resource(WARC, hash="sha256:" + "0" * 64), "data.warc.gz: was changed"),
    "no size": (on_resource(WARC, bytes=None), "is listed without its size"),
    "another size": (on_resource(WARC, bytes=7), "and is listed with 7"),
    "no path": (on_resource(WARC, path=None), "has no path of one file"),
    "a list of paths": (on_resource(WARC, path=[WARC]), "has no path of one file"),
    "listed twice": (listed_twice, "is listed twice"),
    "no profile": (lambda p: saying(p, profile=None), "has no profile"),
    "another profile": (lambda p: saying(p, profile="book"), "is of another profile"),
    "no version": (lambda p: saying(p, wacz_version=None), "of which version of WACZ"),
    "another version": (lambda p: saying(p, wacz_version="7"), "version of WACZ that is not known"),
    "no resources": (lambda p: saying(p, resources=None), "has no list of resources"),
    "a manifest nested deep": (
        lambda p: redigested(p | {MANIFEST: DEEP}),
        "datapackage.json: is no JSON that can be read: nested too deep",
    ),
    "a name given twice": (
        lambda p: redigested(p | {MANIFEST: p[MANIFEST].replace(b"{", b'{"profile": "x", ', 1)}),
        "gives one name twice",
    ),
    "another manifest": (
        lambda p: p | {MANIFEST: p[MANIFEST] + b" "},
        "datapackage-digest.json: datapackage.json was changed",
    ),
    "a digest of nothing": (a_digest_field(hash=""), "datapackage.json was changed"),
    "a digest of another file": (a_digest_field(path="x"), "is not of datapackage.json"),
    "a signature of nobody": (a_digest_field(signedData=[]), "its signedData is no object"),
    "a changed record": (a_flipped_record, "the record's payload does not have the digest"),
    "a record cut short": (holding(warc(HOME, ABOUT)[:-40]), "is cut short"),
    "garbage for records": (holding(gzip.compress(b"garbage" * 99)), "bytes that belong to no"),
    "a WARC in name only": (
        lambda p: relisted(p | {"archive/more.warc": warc(HOME)}),
        "archive/more.warc: is gzip and not named .warc.gz",
    ),
    "a record twice": (
        lambda p: relisted(p | {"archive/more.warc.gz": p[WARC]}),
        "records bear the name",
    ),
    "a record of the future": (holding(warc(HOME, at="2199-01-01T00:00:00Z")), "is still to come"),
    "a package of the future": (lambda p: saying(p, created="2199-01-01T00:00:00Z"), "still to"),
    "a package before its records": (
        lambda p: saying(p, created="2020-01-01T00:00:00Z"),
        "before the capture of 2026-03-01 12:30:15 UTC",
    ),
    "a line to nowhere": (on_line("offset", "1"), "leads to no record"),
    "a line to another file": (on_line("filename", "x.warc.gz"), "leads to no record"),
    "a line of another address": (on_line("url", "https://other.example/"), "is of https://gate"),
    "a line of another status": (on_line("status", "404"), "has the status 200, not 404"),
    "a line of another digest": (
        on_line("digest", "sha1:" + "A" * 32),
        "another digest than sha1:AAAA",
    ),
    "a line of another record": (on_line("recordDigest", "sha256:" + "0" * 64), "recordDigest"),
    "a line of another length": (on_line("length", "1"), "bytes, not 1"),
    "a line of another time": (
        on_index(lambda lines: [lines[0].replace(b" 20260301", b" 20250301"), *lines[1:]]),
        "is of 20260301123015, not of 20250301123015",
    ),
    "no line": (on_index(lambda lines: [b"garbage\n", *lines]), "is no line of an index"),
    "an index upside down": (on_index(lambda lines: lines[::-1]), "is not sorted"),
    "a block of another digest": (
        lambda p: relisted(p | {IDX: p[IDX].replace(b"sha256:", b"sha256:00", 1)}),
        "does not have its digest",
    ),
    "a block out of the index": (
        lambda p: relisted(p | {IDX: p[IDX].replace(b'"offset": 0', b'"offset": 99999')}),
        "leads out of",
    ),
    "a page without time": (page(url=HOME), "is a page without an address, or without a time"),
    "a page that is none": (
        lambda p: relisted(p | {PAGES: p[PAGES] + b"garbage\n"}),
        "line 3 is no JSON",
    ),
    "a file of ours in archive": (added("archive/notes.txt", b"x"), "has no place in archive/"),
    "a way out": (added("extra/../../out.txt"), "is named as a file outside the package: '..'"),
    "an absolute name": (added("/etc/out.txt"), "its name is absolute"),
    "a drive": (added("C:out.txt"), "its name is absolute"),
    "a backslash": (added("extra\\out.txt"), "has a backslash in its name"),
    "a bell": (added("extra/\x07.txt"), "characters in its name that nobody sees"),
    "a name turned round": (added("extra/\u202etxt.exe"), "that nobody sees"),
    "the same but for case": (renamed(IDX, "indexes/INDEX.CDX.GZ"), "but for case or accents"),
    "a name too long": (added("extra/" + "n" * 300), "has a name longer than"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_package_that_is_not_what_it_says_is_named(name: str, tmp_path: Path) -> None:
    change, expected = MUTANTS[name]
    result = verified(zipped(tmp_path / "changed.wacz", change(files())))
    assert expected in problems(result)


ODD: dict[str, tuple[Change, str]] = {
    "no digest file": (
        lambda p: {name: data for name, data in p.items() if name != DIGEST},
        "nothing holds the manifest itself",
    ),
    "an older version": (lambda p: saying(p, wacz_version="1.0.0"), "was checked as 1.1.1"),
    "a page never captured": (page(url="https://x.example/", ts=AT), "no capture of this page"),
    "a page of another time": (page(url=HOME, ts="2026-03-02T00:00:00Z"), "are of another time"),
    "a first page never captured": (
        lambda p: saying(p, mainPageUrl="https://x.example/"),
        "opens with https://x.example/",
    ),
    "an answer without a line": (
        on_index(lambda lines: lines[:1]),
        "no line of the index leads to this answer of https://gate.example/about",
    ),
    "a line in another's place": (
        on_index(lambda lines: [b"a" + lines[0], *lines[1:]]),
        "is not where its address is looked for",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_no_standard_forbids_is_remarked(name: str, tmp_path: Path) -> None:
    change, expected = ODD[name]
    result = verified(zipped(tmp_path / "odd.wacz", change(files())))
    assert problems(result) == ""
    assert expected in notes(result)


def test_a_page_at_another_offset_of_time_is_the_same_page(tmp_path: Path) -> None:
    change = page(url=ABOUT, ts="2026-03-01T14:30:15.250+02:00")
    result = verified(zipped(tmp_path / "odd.wacz", change(files())))
    assert problems(result) == ""
    assert "another time" not in notes(result)


REFEREE_ACCEPTS = ("no pages", "an unlisted file", "a changed record", "a line to nowhere")


def test_the_reference_tool_accepts_what_is_refused_here(tmp_path: Path) -> None:
    program, accepted = Path(sys.executable).with_name("wacz"), []
    for name in REFEREE_ACCEPTS:
        path = zipped(tmp_path / "changed.wacz", MUTANTS[name][0](files()))
        done = subprocess.run([program, "validate", "-f", path], capture_output=True, check=False)
        accepted += [name] if done.returncode == 0 else []
        assert verified(path).faults
    assert "no pages" in accepted


# ---------------------------------------------------------------- the ZIP itself


def test_a_package_of_packages_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "many.wacz", saying(files(), profile="multi-wacz-package"))
    with pytest.raises(ArchiveError, match="package of packages"):
        verified(path)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.wacz"
    path.write_bytes(b"<html>")
    told = sousveil("verify", path)
    assert told.status == 2
    assert "neither a case's folder nor a WACZ file" in told.err


def test_bytes_that_belong_to_no_file_are_named(whole: Path) -> None:
    data = whole.read_bytes()
    with zipfile.ZipFile(whole) as package:
        end = package.start_dir
    for hidden, expected in [
        (b"hidden" + data, "6 bytes before the first file"),
        (data[:end] + b"hidden" + data[end:], "6 bytes too many or too few before its list"),
        (data + b"hidden", "6 bytes too many or too few at its end"),
    ]:
        whole.write_bytes(hidden)
        assert expected in problems(verified(whole)), expected


def test_a_package_cut_short_is_named_wherever_it_was_cut(whole: Path) -> None:
    data = whole.read_bytes()
    for size in range(4, len(data), 97):
        whole.write_bytes(data[:size])
        assert verified(whole).faults


def test_two_files_of_one_name_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "twice.wacz", files())
    with zipfile.ZipFile(path, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr(PAGES, b"other")
    assert "two files of the ZIP have this name" in problems(verified(path))


def test_files_that_share_their_bytes_are_named_and_not_read(whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as package:
        start, first = package.start_dir, package.infolist()[0]
    line = 46 + len(first.filename) + len(first.extra)
    second = start + line
    data[second + 42 : second + 46] = struct.pack("<I", first.header_offset)
    whole.write_bytes(data)
    result = verified(whole)
    assert "overlaps another file" in problems(result)
    assert result.holds.records == 0


def test_a_file_with_another_name_where_it_begins_is_named(whole: Path) -> None:
    whole.write_bytes(whole.read_bytes().replace(b"pages/pages.jsonl", b"pages/paget.jsonl", 1))
    assert "bears another name where it begins" in problems(verified(whole))


def test_a_comment_is_remarked(whole: Path) -> None:
    with zipfile.ZipFile(whole, "a") as package:
        package.comment = b"hello"
    result = verified(whole)
    assert problems(result) == ""
    assert "the ZIP bears a comment, which nothing signs: 'hello'" in notes(result)


def test_a_zip64_is_read_and_what_is_hidden_in_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    path = zipped(tmp_path / "wide.wacz", files())
    data = path.read_bytes()
    assert b"PK\6\6" in data
    assert problems(verified(path)) == ""
    at = data.rindex(b"PK\6\7")
    path.write_bytes(data[:at] + b"hidden" + data[at:])
    assert verified(path).faults


def test_a_file_told_of_behind_itself_is_read(tmp_path: Path) -> None:
    """As programs write that stream their output (APPNOTE, section 4.3.9)."""

    class Stream:
        def __init__(self, path: Path) -> None:
            self.file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self.file.write(data)

        def flush(self) -> None:
            self.file.flush()

    path = tmp_path / "streamed.wacz"
    stream = Stream(path)
    with zipfile.ZipFile(stream, "w") as package:  # type: ignore[call-overload]  # no seek, which is the point
        for name, data in files().items():
            package.writestr(name, data)
    stream.file.close()
    assert problems(verified(path)) == ""


def test_a_link_an_encrypted_file_and_an_unknown_compression_are_named(tmp_path: Path) -> None:
    package = relisted(files() | {"extra/link": b"/etc/passwd"})
    path = zipped(tmp_path / "x.wacz", package)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as made:
        entry = made.getinfo("extra/link")
        line = data.index(b"PK\1\2", made.start_dir)
    at = data.rindex(b"extra/link") - 46
    assert line <= at
    for offset, value, expected in [
        (38, struct.pack("<I", 0o120777 << 16), "is a link to another file"),
        (8, struct.pack("<H", 1), "is encrypted"),
        (10, struct.pack("<H", 14), "is compressed in a way that WACZ does not know"),
    ]:
        changed = data[: at + offset] + value + data[at + offset + len(value) :]
        path.write_bytes(changed)
        assert expected in problems(verified(path)), entry


def test_a_bomb_is_named_and_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "bomb.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for number in range(3):
            with package.open(f"extra/{number}", "w", force_zip64=True) as file:
                for _ in range(400):
                    file.write(bytes(2**20))
    tracemalloc.start()
    result = verified(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "a bomb" in problems(result)
    assert peak < 16 * 2**20


def test_more_files_than_any_package_has_are_not_read(whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    end = data.rindex(b"PK\5\6")
    data[end + 12 : end + 16] = struct.pack("<I", 2**31)
    whole.write_bytes(data)
    assert "bytes are not read" in problems(verified(whole))


def test_thousands_of_faults_are_told_in_bounds(tmp_path: Path) -> None:
    package = files() | {f"extra/{number}": b"" for number in range(3_000)}
    result = verified(zipped(tmp_path / "many.wacz", package))
    assert len(result.faults) < 400
    assert "and 2,750 more, in other files" in problems(result)


def test_more_lines_and_records_than_a_file_can_have_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FREE_LINES", 10)
    monkeypatch.setattr(index, "MAX_BLOCKS", 10)
    monkeypatch.setattr(pages, "MAX_PAGES", 10)
    monkeypatch.setattr(records, "FREE_RECORDS", 10)
    small = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    package = indexed(files(), lambda lines: lines[:1] * 9_000)
    package[IDX] += package[IDX].splitlines(keepends=True)[1] * 100
    package[PAGES] += package[PAGES].splitlines(keepends=True)[1] * 100
    package["archive/small.warc.gz"] = gzip.compress(small * 5_000)
    found = problems(verified(zipped(tmp_path / "many.wacz", relisted(package))))
    for name in (INDEX, IDX, PAGES, "archive/small.warc.gz"):
        assert f"{name}: has more than" in found, name


def test_a_compressed_archive_or_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "packed.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files().items():
            package.writestr(name, data)
    found = problems(verified(path))
    assert f"{WARC}: is compressed twice" in found
    assert f"{INDEX}: is compressed twice" in found


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_wherever_it_counts(whole: Path, place: float, bit: int) -> None:
    """Of a package that nobody signed, its digest file can be written in other ways."""
    data = bytearray(zipped(whole, files()).read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    changed = whole.with_name("changed.wacz")
    changed.write_bytes(data)
    try:
        result = verified(changed)
    except ArchiveError:
        return
    before = verified(whole)
    if not result.faults:  # a time or a version of the ZIP's own, of which nothing depends
        assert (result.holds, result.signed) == (before.holds, before.signed)
        assert is_of_the_zip(bytes(data), at)


def is_of_the_zip(data: bytes, at: int) -> bool:
    """Tell whether a byte says when a file was made, by which program, or how it is flagged."""
    for magic, places in ((b"PK\3\4", range(4, 14)), (b"PK\1\2", [*range(4, 16), *range(36, 42)])):
        begin = data.rfind(magic, 0, at)
        if begin >= 0 and at - begin in places:
            return True
    return False


def test_bits_behind_the_end_of_compressed_data_are_named(tmp_path: Path) -> None:
    path = tmp_path / "behind.wacz"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in files().items():
            kind = zipfile.ZIP_DEFLATED if name == PAGES else zipfile.ZIP_STORED
            package.writestr(name, data, kind)
    assert problems(verified(path)) == ""
    with zipfile.ZipFile(path) as package:
        entry = package.getinfo(PAGES)
    last = entry.header_offset + 30 + len(PAGES) + entry.compress_size - 1
    changed = bytearray(path.read_bytes())
    changed[last] |= 0x80
    path.write_bytes(changed)
    with zipfile.ZipFile(path) as package:
        assert package.read(PAGES) == files()[PAGES]  # as all others pass over it
    assert f"{PAGES}: has bits behind the end of its compressed data" in problems(verified(path))


@given(st.binary(max_size=600))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_judged_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.wacz"
    for begin in (b"", b"PK\3\4"):
        path.write_bytes(begin + data + b"PK\5\6" + bytes(18))
        with suppress(ArchiveError):
            assert verified(path).faults


def test_random_bytes_in_each_file_are_judged(tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311  # a choice, no secret
    for name in (MANIFEST, DIGEST, INDEX, IDX, PAGES, WARC):
        for size in (0, 1, 50, 5_000):
            package = files() | {name: chance.randbytes(size)}
            assert verified(zipped(tmp_path / "random.wacz", package)).faults, (name, size)
