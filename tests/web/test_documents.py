"""Documents are handed in at the desk: kept and logged at once, and then read."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from sousveil.ledger import read_events
from sousveil.web.safety import Role
from sousveil.web.safety.limits import MAX_UPLOAD_BYTES
from tests.extract.pdfs import Text, make_pdf
from tests.web.desks import CSRF, Answer, Served
from tests.web.test_taking import over

CLAIM = "Our terminal detects whether a visitor is Uyghur."
EDGE = "edge-of-parts"
SCRIPT = "<script>alert(9)</script>"


def hand_in(
    desk: Served,
    name: str,
    data: bytes,
    more: Mapping[str, str] = MappingProxyType({}),
    role: Role = "editor",
) -> Answer:
    """Send a document, as the form of the page does."""
    client = desk.client(role)
    token = CSRF.search(client.get("/").text)
    assert token is not None
    fields = {"csrf": token[1], "given_by": "source 3", "received": "", "note": "", **more}
    parts = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    parts.append(
        f'--{EDGE}\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = "".join(parts).encode() + data + f"\r\n--{EDGE}--\r\n".encode()
    given = {
        "content_type": f"multipart/form-data; boundary={EDGE}",
        "origin": "null",
        "sec_fetch_site": "same-origin",
    }
    return client.send("POST", "/manage/documents", body, given)


def test_a_document_is_logged_at_once_then_read_and_its_page_tells_whose_word_it_is(
    desk: Served,
) -> None:
    pdf = make_pdf([[Text(CLAIM)]], title=f"Offer {SCRIPT}")
    answer = hand_in(desk, f"..\\..\\{SCRIPT}.pdf", pdf, {"received": "2026-01-05", "note": SCRIPT})
    (event,) = [one for one in read_events(desk.case) if one.type == "handed-in"]
    assert (event.body["by"], event.body["given_by"]) == ("Ada", "source 3")
    job = over(desk, answer)
    assert job.state == "done", job.said
    assert "source 3" not in f"{job.command} {job.said}"
    client = desk.client()
    assert CLAIM in client.get("/findings").text
    assert CLAIM not in client.get("/findings?state=stands").text  # nobody can look at it again
    with desk.desk.index() as index:
        ((finding,),) = index.rows("SELECT id FROM finding WHERE address LIKE 'urn:%'")
        ((capture,),) = index.rows(
            "SELECT id FROM capture WHERE url LIKE 'urn:sousveil:handed-in%'"
        )
    told = client.get(f"/captures/{capture}").text
    assert "captured from no address" in told
    assert "source 3" in told
    proof = client.get(f"/proof/{finding}").text
    assert "handed in" in proof
    assert "captured 20" not in proof
    assert "Who wrote the document" in proof
    for page in (told, proof, client.get(f"/findings/{finding}").text):
        assert SCRIPT not in page


@pytest.mark.parametrize(
    ("name", "data", "more", "why"),
    [
        ("tool.exe", b"MZ\x90", {}, "no document"),
        ("offer.txt", CLAIM.encode(), {"given_by": " "}, "who gave the document"),
        ("offer.txt", CLAIM.encode(), {"received": "2999-01-01"}, "yet to come"),
        ("", b"", {}, "Choose the document"),
    ],
)
def test_what_is_amiss_is_told_and_nothing_is_kept(
    desk: Served, name: str, data: bytes, more: dict[str, str], why: str
) -> None:
    before = len(list(read_events(desk.case)))
    answer = hand_in(desk, name, data, more)
    assert answer.status == 400
    assert why in answer.text
    assert len(list(read_events(desk.case))) == before


def test_what_is_too_large_is_refused(desk: Served) -> None:
    assert hand_in(desk, "x.txt", bytes(MAX_UPLOAD_BYTES)).status == 413


def test_who_is_no_editor_hands_in_nothing(desk: Served) -> None:
    assert hand_in(desk, "x.txt", b"x", role="reviewer").status == 403
    assert desk.client("reviewer").get("/manage/documents").status == 403
