"""The server gives one file, whole or in ranges, to who knows its names, and nothing else."""

import http.client
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.replay.player import Served, build, served

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, bytes]]:
    folder = tmp_path_factory.mktemp("served")
    wacz = folder / "a <b>.wacz"
    with zipfile.ZipFile(wacz, "w") as package:
        package.writestr("data", CONTENT)
    with served(build(folder), wacz) as server:
        yield server, wacz.read_bytes()


def ask(
    origin: str, path: str, method: str = "GET", **fields: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request to the server, by the name that `origin` gives it unless `Host` is given."""
    host = origin.removeprefix("http://")
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=10)
    try:
        connection.request(method, path, headers={"Host": host, **fields})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=10000-", 10000, -1),
        ("bytes=-22", -22, -1),
        ("bytes=9-99999999", 9, -1),
        ("bytes=-99999999", 0, -1),
    ],
)
def test_a_range_is_answered_with_its_bytes(
    running: tuple[Served, bytes], field: str, first: int, last: int
) -> None:
    server, data = running
    answer, body = ask(server.stage, "/file.wacz", Range=field)
    first, last = first % len(data), last % len(data)
    assert answer.status == 206
    assert body == data[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
    assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Range": "bytes=9-5"},
        {"Range": "bytes=0-1,5-6"},
        {"Range": "lines=1-2"},
        {"Range": "bytes=-"},
        {"Range": "bytes=0-5", "If-Range": '"x"'},
    ],
)
def test_what_is_no_single_range_is_answered_with_the_whole(
    running: tuple[Served, bytes], fields: dict[str, str]
) -> None:
    server, data = running
    answer, body = ask(server.stage, "/file.wacz", **fields)
    assert (answer.status, body) == (200, data)
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("field", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(running: tuple[Served, bytes], field: str) -> None:
    server, data = running
    answer, body = ask(server.stage, "/file.wacz", Range=field)
    assert (answer.status, body) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(data)}"


def test_a_head_request_tells_the_size_alone(running: tuple[Served, bytes]) -> None:
    server, data = running
    answer, body = ask(server.stage, "/file.wacz", method="HEAD")
    assert (answer.headers["Content-Length"], body) == (str(len(data)), b"")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "evil.example", "x.localhost"])
def test_another_name_for_this_computer_gets_nothing(
    running: tuple[Served, bytes], host: str
) -> None:
    server, _ = running
    port = server.stage.rpartition(":")[2]
    for path in ("/", "/file.wacz", "/replay/sw.js"):
        answer, body = ask(server.stage, path, Host=f"{host}:{port}")
        assert (answer.status, body) == (421, b"No such host here.\n")


@pytest.mark.parametrize("path", ["/../player/ui.js", "/file.wacz/x", "//etc/passwd", "/bar.html"])
def test_what_is_not_in_the_table_is_not_served(running: tuple[Served, bytes], path: str) -> None:
    server, _ = running
    assert ask(server.stage, path)[0].status == 404
    assert ask(server.bar, path)[0].status == 404


def test_the_bar_serves_neither_the_file_nor_the_player(running: tuple[Served, bytes]) -> None:
    server, _ = running
    for path in ("/file.wacz", "/replay/ui.js", "/stage.js"):
        assert ask(server.bar, path)[0].status == 404


def test_a_file_name_cannot_write_markup(running: tuple[Served, bytes]) -> None:
    server, _ = running
    _, page = ask(server.bar, "/")
    assert b"a &lt;b&gt;.wacz" in page
    assert b"<b>" not in page


def test_every_answer_forbids_connections_elsewhere(running: tuple[Served, bytes]) -> None:
    server, _ = running
    for path in ("/", "/replay/", "/replay/guard.js", "/replay/sw.js", "/stage.js"):
        answer, _ = ask(server.stage, path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self' ")
        assert answer.headers["Connection-Allowlist"].startswith(f'("{server.stage}/*")')
        assert answer.headers["Set-Cookie"] is None


def test_the_licences_and_the_way_to_the_source_are_in_the_wheel(tmp_path: Path) -> None:
    installed = build(tmp_path)
    (information,) = installed.glob("*.dist-info")
    assert "License-Expression: Apache-2.0 AND AGPL-3.0-or-later" in (
        (information / "METADATA").read_text()
    )
    licences = information / "licenses"
    assert "AFFERO" in (licences / "LICENSES" / "AGPL-3.0-or-later.txt").read_text()
    assert "Apache License" in (licences / "LICENSES" / "Apache-2.0.txt").read_text()
    assert "replayweb.page    tag v2.5.3" in (licences / "NOTICE").read_text()
