"""Packages as vendors make them, and as those make them who want readers to choke."""

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.errors import ExtractError
from sousveil.extract.packages import budget, tarballs
from sousveil.extract.packages import parts as parts_module
from sousveil.extract.packages.parts import Part, part_payload, parts


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]  # a str
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def read(payload: bytes, name: str = "sdk") -> list[Part]:
    packed = parts(payload, name=name)
    assert packed is not None
    return list(packed)


def taken(payload: bytes, name: str = "sdk") -> dict[str, bytes]:
    return {part.path: part.payload for part in read(payload, name) if part.payload is not None}


def problems(payload: bytes) -> dict[str, str]:
    told: dict[str, str] = {}
    for part in read(payload):
        if part.payload is None:
            told[part.path] = "; ".join(filter(None, (told.get(part.path), part.problem)))
    return told


Pack = Callable[[Mapping[str, bytes]], bytes]
FILES = {"docs/说明.md": "# 民族识别".encode(), "include/face.h": b"int race;\n"}


@pytest.mark.parametrize(
    "payload",
    [
        zipped(FILES),
        zipped(FILES, zipfile.ZIP_STORED),
        tarred(FILES),
        tarred(FILES, "w:gz"),
        tarred(FILES, "w:bz2"),
        tarred(FILES, "w:xz"),
    ],
    ids=["deflated", "stored", "tar", "tar.gz", "tar.bz2", "tar.xz"],
)
def test_the_files_of_a_package_are_given_with_their_paths(payload: bytes) -> None:
    assert taken(payload) == FILES


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("https://a.example/map.xml.gz?page=1", "map.xml"),
        ("C:\\maps\\map.xml.BZ2", "map.xml"),
        ("https://[bad/map.xml.xz", "map.xml"),
        ("map.xml", "map.xml"),
        ("https://a.example/", "content"),
        (".gz", ".gz"),
    ],
)
def test_a_file_packed_by_itself_keeps_its_name(
    pack: Callable[[bytes], bytes], name: str, path: str
) -> None:
    assert taken(pack(b"<urlset/>"), name) == {path: b"<urlset/>"}


def test_packages_in_packages_are_opened_and_their_paths_joined() -> None:
    inner = zipped({"readme.md": b"words"})
    payload = zipped({"inner.zip": inner, "b.tgz": tarred({"x/y.txt": b"more"}, "w:gz")})
    assert taken(payload) == {"inner.zip/readme.md": b"words", "b.tgz/x/y.txt": b"more"}
    assert part_payload(payload, "inner.zip/readme.md", name="sdk") == b"words"
    with pytest.raises(ExtractError, match=r"sdk: there is no file readme\.md in it"):
        part_payload(payload, "readme.md", name="sdk")


def test_an_office_document_is_no_package_but_a_part() -> None:
    out = io.BytesIO()
    docx.Document().save(out)
    assert parts(out.getvalue(), name="a.docx") is None
    assert list(taken(zipped({"manual.docx": out.getvalue()}))) == ["manual.docx"]
    broken = zipped({"[Content_Types].xml": b"<a/>", "_rels/.rels": b"<broken"})
    assert parts(broken, name="a.docx") is None


@pytest.mark.parametrize("payload", [b"", b"BZh text", b"<p>a", b"\x89PNG", bytes(512)])
def test_what_is_no_package_is_told(payload: bytes) -> None:
    assert parts(payload, name="x") is None


def test_files_without_text_for_people_are_counted_in_one_line() -> None:
    payload = zipped(
        {
            "A.class": b"\xca\xfe\xba\xbe",
            "lib/libface.so": b"\x7fELF",
            "tool": b"\x7fELF" + bytes(600),
            "AndroidManifest.xml": b"\x03\0\x08\0",
            "icon.png": b"\x89PNG",
            "face.onnx": b"x",
            "__MACOSX/._a": b"x",
            "empty.txt": b"",
            "scan.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100,
        }
    )
    assert list(taken(payload)) == ["scan.png"]
    assert problems(payload) == {
        "": "files that hold no text for people are not read: 4 of compiled code, 1 of icons,"
        " 1 of models"
    }


def test_names_lead_nowhere_and_are_read_in_their_encoding() -> None:
    names = ["../../etc/passwd", "/etc/hosts", "C:\\a.txt", "文档/接口说明.txt", "识别.h"]
    assert list(taken(zipped(dict.fromkeys(names, b"x")))) == names
    assert list(taken(zip_of_old([name.encode("gbk") for name in names]))) == names
    assert list(taken(tarred(dict.fromkeys(names, b"x")))) == names


def zip_of_old(names: list[bytes]) -> bytes:
    """Return a ZIP file of files "x" as packers write it that do not mark names as UTF-8."""
    local = directory = b""
    crc = zlib.crc32(b"x")
    for name in names:
        head = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, crc, 1, 1, len(name), 0)
        rest = struct.pack("<HHHII", 0, 0, 0, 0, len(local))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + head + rest + name
        local += b"PK\x03\x04" + head + name + b"x"
    ends = (0, 0, len(names), len(names), len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", *ends)


def test_files_of_one_name_have_a_path_each() -> None:
    assert list(taken(zip_of_old([b"a.txt"] * 3))) == ["a.txt", "a.txt (2)", "a.txt (3)"]


def test_links_and_devices_in_a_tarball_are_no_files() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("x")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert read(out.getvalue()) == []


# ------------------------------------------------------------ limits


def test_an_encrypted_file_is_told() -> None:
    payload = bytearray(zipped({"a.txt": b"words"}))
    payload[6] |= 1
    payload[payload.index(b"PK\x01\x02") + 8] |= 1
    assert problems(bytes(payload)) == {"a.txt": "it needs a password"}


def test_a_method_that_needs_unbounded_memory_is_told() -> None:
    payload = zipped({"a.txt": b"words" * 99}, zipfile.ZIP_LZMA)
    assert problems(payload) == {"a.txt": "it is packed by method 14, which is not read"}


def test_many_problems_are_not_told_one_by_one() -> None:
    payload = zipped({f"{i}.txt": b"words" * 99 for i in range(150)}, zipfile.ZIP_LZMA)
    told = read(payload)
    assert len(told) == parts_module.MAX_TOLD + 1
    assert told[-1].problem == "50 more files are not read, as those told"


def test_nothing_is_packed_deeper_than_the_limit() -> None:
    payload = b"words"
    for level in range(9):
        payload = zipped({f"{level}.zip": payload}) if level else zipped({"a.txt": payload})
    assert problems(payload) == {"8.zip/7.zip/6.zip": "it lies in more than 3 packages"}


def test_a_damaged_package_within_another_does_not_end_it() -> None:
    payload = zipped({"a.zip": zipped(FILES)[:-30], "b.txt": b"words"})
    assert taken(payload) == {"b.txt": b"words"}
    assert "the package is damaged" in problems(payload)["a.zip"]


def test_a_truncated_tarball_gives_what_came() -> None:
    content = bytes(range(256)) * 2_000
    payload = tarred({"a.txt": b"words", "b.txt": content, "c.txt": content})
    assert list(taken(payload[:600_000])) == ["a.txt", "b.txt"]
    assert "unexpected end of data" in problems(payload[:600_000])[""]


def bomb(copies: int, content: bytes) -> bytes:
    """Return a ZIP file with that many copies of a file, without packing each."""
    one = zipped({"a.txt": content})
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    local, entry = one[:start], one[start:end]
    directory = b"".join(
        entry[:42] + struct.pack("<I", len(local) * copy) + entry[46:] for copy in range(copies)
    )
    ends = (0, 0, copies, copies, len(directory), len(local) * copies, 0)
    return local * copies + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", *ends)


def overlapping(copies: int, content: bytes) -> bytes:
    """Return a ZIP file whose directory names one file that many times."""
    one = zipped({"a.txt": content})
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    ends = (0, 0, copies, copies, (end - start) * copies, start, 0)
    directory = one[start:end] * copies
    return one[:start] + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", *ends)


READ = """
import resource, sys, time
from sousveil.extract.packages.parts import parts
payload = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
for part in parts(payload, name="bomb.gz"):
    print(part.problem)
print(time.process_time() - began)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: bomb(9_000, bytes(1_000_000)), "files of more than 100 times its own size"),
        (lambda: bomb(1, bytes(60_000_000)), "it unpacks to 10"),
        (lambda: bomb(1, bytes(70_000_000)), "it is larger than 64 MB"),
        (lambda: overlapping(40_000, bytes(900_000)), "its files lie on each other"),
        (lambda: zipped({"a.zip": bomb(9_000, bytes(1_000_000))}), "it unpacks to"),
        (lambda: zipped({"a.gz": gzip.compress(bytes(60_000_000))}), "times its own size"),
        (lambda: gzip.compress(bytes(100_000_000)) * 90, "times its own size"),
        (lambda: bz2.compress(bytes(100_000_000)), "times its own size"),
        (lambda: lzma.compress(bytes(100_000_000)), "times its own size"),
        (lambda: tarred({"a.txt": bytes(60_000_000)}, "w:gz"), "times its own size"),
        (lambda: b"PK\x03\x04" + b"PK\x01\x02" * 2_500_000, "more than 50000 files"),
    ],
    ids=[
        "many at once", "one of much", "one too large", "one file many times", "in a zip",
        "in a zip's gzip", "gzips in a row", "bzip2", "xz", "in a tar", "many names",
    ],
)  # fmt: skip
def test_a_bomb_ends_soon_and_in_little_memory(
    make: Callable[[], bytes], problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "bomb"
    file.write_bytes(make())
    ran = subprocess.run(
        [sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True
    )
    *told, seconds, kilobytes = ran.stdout.splitlines()
    assert problem in "".join(told)
    assert float(seconds) < 2
    assert int(kilobytes) < 200 << 10


@pytest.mark.parametrize(
    ("limit", "value", "problem"),
    [
        ("MAX_BYTES", 1_000, "more than 0 MB of files to read"),
        ("MAX_ENTRIES", 3, "more than 3 files"),
        ("MAX_WORKED", 2, "it comes after 300 that take long"),
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_budget_is_for_all_files_together(
    pack: Pack, limit: str, value: int, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, limit, value)
    payload = pack({f"{i}.pdf": b"%PDF-1.7 " + b"words " * 50 for i in range(9)})
    assert problem in " ".join(problems(payload).values())


def test_a_stream_is_bounded_with_what_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarballs, "MAX_STREAM_BYTES", 100_000)
    payload = tarred({"a.so": bytes(range(256)) * 900, "b.txt": b"words"}, "w:gz")
    assert "the package holds more than 0 GB" in problems(payload)[""]


# ------------------------------------------------------------ noise

PACKAGES = [zipped(FILES), tarred(FILES), tarred(FILES, "w:gz"), gzip.compress(b"words" * 99)]


@settings(deadline=None)
@given(st.sampled_from(PACKAGES), st.integers(0, 2_000), st.binary(max_size=40))
def test_a_damaged_package_is_read_or_told(payload: bytes, at: int, noise: bytes) -> None:
    at %= len(payload)
    damaged = payload[:at] + noise + payload[at + len(noise) :]
    paths = [part.path for part in parts(damaged, name="x") or () if part.payload is not None]
    assert len(paths) == len(set(paths))
    for path in paths:
        path.encode()


@settings(deadline=None)
@given(
    st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0"]),
    st.binary(max_size=400),
)
def test_any_bytes_after_a_signature_are_told(mark: bytes, noise: bytes) -> None:
    for part in parts(mark + noise, name="x") or ():
        assert part.payload is not None or part.problem


@settings(deadline=None)
@given(st.lists(st.binary(max_size=600), max_size=5))
def test_any_tar_headers_are_told(blocks: list[bytes]) -> None:
    stream = b"".join(block.ljust(1024, b"0") for block in blocks)
    payload = bytearray(tarred(FILES)[:512] + stream)
    for part in parts(bytes(payload), name="x") or ():
        assert part.payload is not None or part.problem


def test_a_chain_of_long_names_ends() -> None:
    header = bytearray(tarred({"x": b""})[:512])
    header[156:157] = b"L"
    header[124:135] = b"00000001000"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    assert "recursion" in problems((bytes(header) + bytes(512)) * 3_000)[""]
