"""Answers and files that mean harm end in an outcome within bounds, and the case still verifies."""

import functools
import io
import resource
import socket
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from warcio.checker import Checker
from warcio.recordloader import ArcWarcRecord

from sousveil.capture.http.fetch import WireSettings
from sousveil.capture.http.transfer import MAX_BODY_BYTES
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import create_case, read_events
from sousveil.run.visit import gather
from tests.commands import sousveil
from tests.conftest import NOW
from tests.run import bombs
from tests.run.hostile import PAGE, Answer, answered, answers, serving

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

# What never ends on the wire is ended soon.
WIRE_SECONDS = 3.0

NOTHING: Mapping[str, Answer] = {}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    short = functools.partial(WireSettings, total_seconds=WIRE_SECONDS)
    monkeypatch.setattr(gather, "WireSettings", short)


def visited(
    case: Case, pages: Mapping[str, Answer], around: Mapping[str, Answer] = NOTHING
) -> float:
    """Visit each of `pages` at `/NAME`, give the seconds it took; all have outcomes.

    What is `around` is served, too, for those who are led there.
    """
    served = {f"/{name}": answer for name, answer in (*around.items(), *pages.items())}
    with serving(served) as host:
        allowed = frozenset({host})
        save_settings(case, replace(case.settings, allow_hosts=allowed, delay_seconds=0.0, tabs=8))
        added = sousveil("add", *[f"http://{host}/{name}" for name in pages], "--case", case.root)
        assert added.status == 0, added.err
        began = time.monotonic()
        ran = sousveil("visit", "--json", "--case", case.root)
        took = time.monotonic() - began
    assert ran.status == 0, ran.err
    assert set(outcomes(case)) >= set(pages)
    return took


def outcomes(case: Case) -> dict[str, Mapping[str, Any]]:
    """Return the body of each visit in the log by the last part of its target."""
    return {
        event.body["target"].rpartition("/")[2]: event.body
        for event in read_events(open_case(case.root))
        if event.type == "visit"
    }


def failures(body: Mapping[str, Any]) -> list[str]:
    return [probe["failure"]["kind"] for probe in body["probes"] if probe["failure"]]


def check_whole(case: Case, folder: Path) -> None:
    """Check that every command that reads the case does, and that the evidence holds."""
    for command in (
        ("verify", case.root),
        ("findings", "--case", case.root),
        ("reindex", "--case", case.root),
        ("dossier", "-o", folder / "dossier", "--case", case.root),
        ("export", "--format", "wacz", "-o", folder / "case.wacz", "--case", case.root),
    ):
        ran = sousveil(*command)
        assert ran.status == 0, (command, ran.out[-2000:], ran.err[-2000:])


@dataclass(frozen=True, slots=True)
class _CheckerOptions:
    inputs: list[str]
    verbose: bool = False


def check_with_warcio(case: Case) -> None:
    """Have warcio check every digest; its decoder of Brotli, which breaks on any, is left out."""
    files = [str(path) for path in case.root.rglob("*.warc.gz")]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as told:
        patch.setattr(ArcWarcRecord, "content_stream", lambda record: record.raw_stream)
        checker = Checker(_CheckerOptions(files))
        checker.process_all()
    assert (checker.exit_value, told.getvalue()) == (0, "")


# ---------------------------------------------------------------- answers of every kind


def _keep_answers(raw: list[bytes], folder: Path) -> None:
    case = create_case(folder / "case", title="Test", operator="", now=NOW)
    took = visited(case, {str(number): answer for number, answer in enumerate(raw)})
    assert took < len(raw) * WIRE_SECONDS
    check_whole(case, folder)
    check_with_warcio(case)


_batches = st.lists(answers(), min_size=30, max_size=30)
# A batch of thirty is not made smaller: a failure shows its case, and the answers lie in it.
_batch_by_batch = functools.partial(
    settings,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@given(_batches)
@_batch_by_batch(max_examples=2)
def test_whatever_a_server_answers_is_an_outcome_and_whole_in_the_archive(
    tmp_path_factory: pytest.TempPathFactory, raw: list[bytes]
) -> None:
    _keep_answers(raw, tmp_path_factory.mktemp("answers"))


@pytest.mark.slow
@given(_batches)
@_batch_by_batch(max_examples=40)
def test_whatever_a_server_answers_in_many_rounds_is_an_outcome(
    tmp_path_factory: pytest.TempPathFactory, raw: list[bytes]
) -> None:
    _keep_answers(raw, tmp_path_factory.mktemp("answers"))


def test_a_status_line_in_lower_case_is_one_to_every_reader(case: Case, tmp_path: Path) -> None:
    visited(case, {"low": b"http/1.1 200 ok\r\nContent-Type: text/html\r\n\r\n" + PAGE})
    assert outcomes(case)["low"]["probes"][-1]["status"] == 200
    check_whole(case, tmp_path)
    check_with_warcio(case)


# ---------------------------------------------------------------- answers without end


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    while True:
        connection.sendall(b"<p>x")
        time.sleep(0.05)


def _flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    while True:
        connection.sendall(bytes(2**16))


def _head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: yes\r\n" * 10)
        time.sleep(0.01)


def _interim(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        time.sleep(0.01)


def _chunks(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1;" + b"x" * 4000 + b"\r\na\r\n")
        time.sleep(0.001)


def _silence(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    "most", [2**23, pytest.param(MAX_BODY_BYTES, marks=pytest.mark.slow)], ids=["small", "whole"]
)
def test_answers_without_end_end_in_time_and_keep_what_came(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    short = functools.partial(WireSettings, total_seconds=WIRE_SECONDS, max_body_bytes=most)
    monkeypatch.setattr(gather, "WireSettings", short)
    took = visited(
        case,
        {
            "drip": _drip, "flood": _flood, "head": _head, "interim": _interim,
            "chunks": _chunks, "silence": _silence, "calm": answered(PAGE),
        },
    )  # fmt: skip
    assert took < 5 * WIRE_SECONDS
    told = outcomes(case)
    assert failures(told.pop("calm")) == []
    kinds = {name: failures(body) for name, body in told.items()}
    assert kinds["drip"] == kinds["silence"] == ["timeout"]
    assert kinds["flood"] in (["too_large"], ["timeout"])
    assert all(kinds.values()), kinds
    check_whole(case, tmp_path)
    check_with_warcio(case)


def _moved(location: str) -> bytes:
    return answered(b"", 302, "text/html", f"Location: {location}")


def test_redirects_to_where_nobody_should_go_are_outcomes(case: Case, tmp_path: Path) -> None:
    hops = {f"hop{number}": _moved(f"hop{number + 1}") for number in range(100)}
    with serving({}) as other:
        pages: dict[str, Answer] = {
            "start": _moved("hop0"),
            "file": _moved("file:///etc/passwd"),
            "data": _moved("data:text/html,<h1>hello</h1>"),
            "private": _moved("http://10.0.0.1/"),
            "metadata": _moved("http://169.254.169.254/latest/"),
            "other": _moved(f"http://{other}/"),
            "long": _moved("/" + "a" * 5_000_000),
            "circle": _moved("circle"),
            "self": _moved(""),
            "calm": answered(PAGE),
        }
        visited(case, pages, hops)
    told = outcomes(case)
    kinds = {name: failures(told[name])[-1:] for name in pages}
    assert kinds == {
        "start": ["too_many_redirects"],
        "file": ["bad_redirect"],
        "data": ["bad_redirect"],
        "private": ["refused_address"],
        "metadata": ["refused_address"],
        "other": ["refused_address"],
        "long": ["protocol"],  # libcurl takes 300 KB of head
        "circle": ["too_many_redirects"],
        "self": [],
        "calm": [],
    }
    check_whole(case, tmp_path)


def test_two_hosts_that_send_each_other_back_and_forth_are_noticed(
    case: Case, tmp_path: Path
) -> None:
    there: dict[str, Answer] = {}
    with serving(there) as other:
        here = {"/here": _moved(f"http://{other}/there")}
        with serving(here) as host:
            there["/there"] = _moved(f"http://{host}/here")
            allowed = frozenset({host, other})
            save_settings(case, replace(case.settings, allow_hosts=allowed, delay_seconds=0.0))
            sousveil("add", f"http://{host}/here", "--case", case.root)
            assert sousveil("visit", "--json", "--case", case.root).status == 0
    assert failures(outcomes(case)["here"]) == ["too_many_redirects"]
    check_whole(case, tmp_path)


# ---------------------------------------------------------------- files


# PDF, pictures and packages are read within bounds of their own, of a minute or two at most.
LONGEST_SECONDS = 240


def _keep_bombs(case: Case, made: Mapping[str, Answer], folder: Path) -> None:
    began = time.monotonic()
    visited(case, made)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert {name: failures(outcomes(case)[name]) for name in made} == {name: [] for name in made}
    check_whole(case, folder)


def test_small_files_that_grow_without_end_are_read_or_refused(case: Case, tmp_path: Path) -> None:
    made = {name: answered(make(), 200, kind) for name, (kind, make) in bombs.QUICK.items()}
    _keep_bombs(case, made, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", bombs.SLOW)
def test_a_file_that_grows_without_end_is_read_or_refused(
    case: Case, tmp_path: Path, name: str
) -> None:
    kind, make = bombs.SLOW[name]
    _keep_bombs(case, {name: answered(make(), 200, kind)}, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", bombs.CODED)
def test_gigabytes_under_a_content_coding_are_never_unpacked(
    case: Case, tmp_path: Path, name: str
) -> None:
    coding, make = bombs.CODED[name]
    coded = answered(make(), 200, "text/html", f"Content-Encoding: {coding}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _keep_bombs(case, {name: coded}, tmp_path)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 2**20  # 1 GiB: MAX_DECODED_BYTES of it, as bytes and as text


# ---------------------------------------------------------------- documents of others


_NATURAL = {
    "pdf": "application/pdf", "doc": "application/msword", "rtf": "application/rtf",
    "html": "text/html", "png": "image/png", "jpeg": "image/jpeg",
    "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "odt": "application/vnd.oasis.opendocument.text",
}  # fmt: skip
_WRONG = ("text/html", "application/json", "application/pdf", "image/png", "text/x-c", "x", "")


@pytest.mark.slow
@pytest.mark.timeout(1200)  # what is scanned is read by OCR, by each of four commands
@pytest.mark.skipif(not (SHARED / "docs").is_dir(), reason="the shared documents are not here")
@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
def test_real_documents_are_read_or_refused_whatever_they_are_called(
    case: Case, tmp_path: Path, *, is_right: bool
) -> None:
    files = [file for file in sorted((SHARED / "docs").iterdir()) if file.suffix != ".json"]
    pages: dict[str, Answer] = {}
    for number, file in enumerate(files):
        right = _NATURAL.get(file.suffix[1:], "application/zip")
        kind = right if is_right else _WRONG[number % len(_WRONG)]
        pages[file.name if is_right else f"n{number}"] = answered(file.read_bytes(), 200, kind)
    visited(case, pages)
    assert {name: failures(outcomes(case)[name]) for name in pages} == {name: [] for name in pages}
    check_whole(case, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "warc").is_dir(), reason="the shared WARC files are not here")
def test_a_case_that_took_in_archives_of_others_is_whole(case: Case, tmp_path: Path) -> None:
    for file in sorted((SHARED / "warc").glob("*/*")):
        ran = sousveil("import", file, "--case", case.root)
        assert ran.status in {0, 1, 2}, ran.err
        assert ran.status == 0 or ran.err.strip(), file
    assert any(event.type == "import" for event in read_events(case))
    check_whole(case, tmp_path)
