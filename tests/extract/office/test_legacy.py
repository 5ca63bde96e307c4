"""Files of before 2007, through a LibreOffice that is there, isn't, or misbehaves."""

import io
import os
import shutil
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docx
import pytest
from openpyxl import Workbook

from sousveil.errors import ExtractError
from sousveil.extract import extract
from sousveil.extract.office import legacy
from sousveil.model import Document

DOCS = Path(__file__).parents[3].parent / "shared" / "data" / "docs"
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
needs_shared = pytest.mark.skipif(not DOCS.is_dir(), reason="the real input data is not here")

HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
WORD_FILE = HEADER + "WordDocument\0".encode("utf-16-le") + bytes(2_000)

LINKED = """<?xml version="1.0"?><office:document office:version="1.2"
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
xmlns:xlink="http://www.w3.org/1999/xlink"
office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>Words
<draw:frame><draw:image xlink:href="{}" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame>
</text:p></office:text></office:body></office:document>"""


def read(payload: bytes) -> Document:
    return extract(payload, media_type="application/msword", charset=None, name="old.doc")


def made_by_office(folder: Path, source: Path, kind: str) -> bytes:
    """Return `source` as LibreOffice writes it in a format of before 2007."""
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [
            *(str(OFFICE), "--headless", f"-env:UserInstallation={profile}"),
            *("--convert-to", kind, "--outdir", str(folder), str(source)),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return source.with_suffix(f".{kind}").read_bytes()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program that stands for LibreOffice; a test writes what it does."""
    program = tmp_path / "soffice"
    program.touch(mode=0o755)
    monkeypatch.setenv(legacy.PROGRAM_VARIABLE, str(program))
    legacy._version.cache_clear()
    yield program
    legacy._version.cache_clear()


@needs_office
def test_a_word_file_is_read_and_the_program_named(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("人脸属性", 1)
    document.add_paragraph("It tells apart ethnicity.")
    document.save(str(tmp_path / "manual.docx"))
    payload = made_by_office(tmp_path, tmp_path / "manual.docx", "doc")
    first = read(payload)
    assert first.text == "人脸属性\nIt tells apart ethnicity."
    assert [block.kind.value for block in first.blocks] == ["heading", "paragraph"]
    assert first.format == "office"
    assert first.through.startswith("LibreOffice ")
    assert read(payload) == first


@needs_office
def test_a_workbook_is_read_with_its_cells(tmp_path: Path) -> None:
    book = Workbook()
    book.active["B2"] = "民族"
    book.save(tmp_path / "fields.xlsx")
    document = read(made_by_office(tmp_path, tmp_path / "fields.xlsx", "xls"))
    assert [(document.text, block.cell) for block in document.blocks] == [("民族", "Sheet!B2")]


@needs_office
def test_what_a_file_links_to_is_fetched_by_libreoffice_as_it_comes_but_not_by_ours(
    tmp_path: Path,
) -> None:
    with requests_for() as (address, requests):
        linked = tmp_path / "linked.doc"
        linked.write_text(LINKED.format(address))
        made_by_office(tmp_path, linked, "docx")
        assert requests
        requests.clear()
        assert legacy._convert(str(OFFICE), linked.read_bytes(), legacy._KINDS[0])
        assert requests == []


@contextmanager
def requests_for() -> Iterator[tuple[str, list[bytes]]]:
    """Give an address, and the list of what is asked there."""
    requests: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            requests.append(self.request.recv(100))

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/pixel.png", requests
        server.shutdown()


@needs_office
@pytest.mark.parametrize(
    "stream",
    [
        "Workbook",
        pytest.param("WordDocument", marks=pytest.mark.slow),
        pytest.param("PowerPoint Document", marks=pytest.mark.slow),
    ],
)
def test_noise_is_refused_and_not_read_as_a_text(stream: str) -> None:
    noise = HEADER + f"{stream}\0".encode("utf-16-le") + b"some text of any kind " * 50
    with pytest.raises(ExtractError, match=r"old\.doc: as a legacy .*: LibreOffice could not open"):
        read(noise)


def test_without_libreoffice_the_reason_and_the_remedy_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(legacy.PROGRAM_VARIABLE, raising=False)
    monkeypatch.setattr(legacy, "_PROGRAMS", ("soffice", "libreoffice"))
    with pytest.raises(ExtractError) as refused:
        read(WORD_FILE)
    assert str(refused.value) == (
        "old.doc: text not extracted: it is a legacy Word document, which is read through"
        " LibreOffice, and none is installed. Install it (Debian: libreoffice-writer-nogui,"
        " -calc-nogui and -impress-nogui) or name its program in SOUSVEIL_OFFICE, and analyse"
        " again; the capture itself is kept"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + "EncryptedPackage".encode("utf-16-le"), "an office document with a password"),
        (HEADER + b"an installer", "a file in Microsoft's old compound format"),
    ],
)
def test_what_no_libreoffice_would_help_with_is_told(content: bytes, message: str) -> None:
    with pytest.raises(ExtractError, match=f"text of {message} is not extracted"):
        read(content)


def test_a_program_that_hangs_is_ended_with_all_its_children(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = fake.with_name("pids")
    fake.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {pids}\nwait\n")
    monkeypatch.setattr(legacy, "MAX_SECONDS", 1)
    with pytest.raises(ExtractError, match="did not read it within 1 seconds"):
        read(WORD_FILE)
    for pid in pids.read_text().split():
        deadline = time.monotonic() + 5
        while _runs(int(pid)):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # a zombie has ended; whoever adopted it may be slow
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_program_that_fills_the_disk_is_stopped(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.write_text("#!/bin/sh\nmkdir out\nexec head -c 5000000 /dev/zero > out/document.docx\n")
    monkeypatch.setattr(legacy, "MAX_FILE_BYTES", 1_000_000)
    with pytest.raises(ExtractError, match="damaged"):
        read(WORD_FILE)


def test_the_program_gets_no_way_out_and_no_secrets(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASE_KEY", "secret")
    told = fake.with_name("told")
    fake.write_text(f'#!/bin/sh\nenv > {told}\necho "$@" >> {told}\ncat profile/user/* >> {told}\n')
    with pytest.raises(ExtractError, match="could not open it"):
        read(WORD_FILE)
    words = told.read_text()
    assert "https_proxy=http://127.0.0.1:9" in words
    assert "--headless" in words
    assert "DisableMacrosExecution" in words
    assert "CASE_KEY" not in words


def test_a_file_too_large_is_refused(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fake.exists()
    monkeypatch.setattr(legacy, "MAX_FILE_BYTES", 100)
    with pytest.raises(ExtractError, match="it is larger than"):
        read(WORD_FILE)


@needs_office
@needs_shared
@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("office-legacy.doc", "Hockey", marks=pytest.mark.slow),
        pytest.param("office-legacy.xls", "What is 2+2?", marks=pytest.mark.slow),
        ("office-legacy.ppt", "Adding a Bullet Slide"),
    ],
)
def test_a_real_file_is_read(name: str, words: str) -> None:
    assert words in read((DOCS / name).read_bytes()).text


def test_an_office_document_of_today_needs_no_libreoffice(fake: Path) -> None:
    fake.write_text("#!/bin/sh\nexit 1\n")
    payload = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Words")
    document.save(payload)
    assert read(payload.getvalue()).through == ""
