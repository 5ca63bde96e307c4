"""Captured pages are seen as they were in the player, which has an origin of its own."""

import html
import re
import time
from http.client import HTTPConnection

import pytest

from sousveil.web.jobs.player import is_installed
from tests.web.desks import Client, Served

pytestmark = pytest.mark.skipif(not is_installed(), reason="sousveil-replay is not installed")

LINK = re.compile(r'href="(http://(?!127)[^"]+)" target="_blank" rel="noopener noreferrer"')
DONE_SECONDS = 60


def exported(desk: Served, client: Client) -> str:
    """Ask for a target's captures as a WACZ, and return the address of the job that made it."""
    with desk.desk.index() as index:
        ((watch,),) = index.rows("SELECT id FROM watch LIMIT 1")
    answer = client.post("/manage/exports/wacz", on="/manage/exports", targets=str(watch))
    address = answer.headers["location"]
    until = time.monotonic() + DONE_SECONDS
    while not (job := desk.desk.jobs.find(address.rpartition("/")[2])) or not job.is_over:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert job.state == "done", job.said
    return address


def asked(address: str) -> int:
    """Return what the player answers, asked as a browser would that knows `*.localhost`."""
    host = address.removeprefix("http://").partition("/")[0]
    connection = HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_export_is_opened_in_the_player_and_closed_with_the_desk(desk: Served) -> None:
    client = desk.client()
    job = exported(desk, client)
    assert "Open in the player" in client.get(job).text
    page = client.post(f"{job}/play", on=job).text
    (address,) = map(html.unescape, LINK.findall(page))
    assert ".localhost:" in address
    assert asked(address) == 200
    assert address in html.unescape(client.post(f"{job}/play", on=job).text)
    desk.desk.players.close()
    with pytest.raises(OSError, match="refused"):
        asked(address)


def test_a_file_is_played_for_whoever_asked_for_it_alone(desk: Served) -> None:
    job = exported(desk, desk.client())
    other = desk.client("editor", "Bo")
    assert other.post(f"{job}/play", on="/manage/exports").status == 403
