"""A capture as it came: head and body as text, the server's certificate, the record as stored.

Nothing of it is sent as what it says it is: text is escaped in a page of ours, and the record goes
out as a file that no browser opens.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sousveil.archive.beside import session_of
from sousveil.archive.read import payload
from sousveil.archive.unpack import GZIP_MAGIC
from sousveil.extract.charset import decode
from sousveil.index.query import capture_of, event_body
from sousveil.index.store import Held
from sousveil.model import RENDERING_TYPE, Capture, Json
from sousveil.run.evidence.promises import ARCHIVE_NAME
from sousveil.web.certificates import read_certificate
from sousveil.web.desk import Desk
from sousveil.web.render import render

MAX_READ_BYTES = 4_000_000  # of a body, to show its beginning
MAX_SHOWN_CHARS = 40_000  # of it: with what surrounds it a page stays below 150 kB
MAX_FIELDS = 200  # header fields
PIECE_BYTES = 2**16

_WARC = b"WARC/"
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_BINARY = re.compile(r"(?:image|audio|video|font)/.*|application/(?:pdf|zip|octet-stream|gzip)")


@dataclass(frozen=True, slots=True)
class Body:
    """The beginning of a body as text, or why it is not shown."""

    text: str
    charset: str
    size: int  # bytes that were read
    is_cut: bool
    why_not: str = ""


def capture(request: Request) -> Response:
    """Show a capture's head, body and certificate; raises ArchiveError when it cannot be read."""
    desk: Desk = request.app.state.desk
    held = _held(request, desk)
    one = held.capture
    case = desk.case()
    answer = payload(case.root, one.record, MAX_READ_BYTES, refers_to=one.refers_to)
    session = session_of(case.root, one.record)
    return render(
        request,
        "capture.html",
        held=held,
        capture=one,
        fields=answer.headers[:MAX_FIELDS],
        more_fields=max(len(answer.headers) - MAX_FIELDS, 0),
        status=answer.status,
        notes=answer.notes,
        body=_body(one, answer.body, answer.charset),
        session=session,
        certificates=[read_certificate(pem) for pem in session.certificates] if session else [],
        is_rendering=one.media_type == RENDERING_TYPE,
        given=_given(desk, held),
    )


def _given(desk: Desk, held: Held) -> Json | None:
    """Return what people say of a document that was handed in to this case; None of others."""
    if not held.capture.is_handed_in:
        return None
    with desk.index() as index:
        body = event_body(index, held.log_index)
    return body if "given_by" in body else None


def record(request: Request) -> Response:
    """Send a capture's record as it is stored, to be kept."""
    desk: Desk = request.app.state.desk
    held = _held(request, desk)
    ref = held.capture.record
    path = desk.case().root / ref.warc
    if not ARCHIVE_NAME.fullmatch(ref.warc) or path.is_symlink() or not path.is_file():
        raise HTTPException(404, f"{ref.warc}: there is no such archive file.")
    with path.open("rb") as file:
        file.seek(ref.offset)
        begin = file.read(len(_WARC))
    if not begin.startswith((GZIP_MAGIC, _WARC)):
        why = f"{ref.warc} is compressed as a whole: its records do not stand alone. Take the file."
        raise HTTPException(404, why)
    ending = ".warc" if begin == _WARC else ".warc.gz"
    name = quote(f"record-{held.log_index}-{ref.offset}{ending}")
    return StreamingResponse(
        _pieces(path, ref.offset, ref.length),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(min(ref.length, max(path.stat().st_size - ref.offset, 0))),
        },
    )


def _held(request: Request, desk: Desk) -> Held:
    name = request.path_params["capture_id"]
    with desk.index() as index:
        found = capture_of(index, int(name)) if _NUMBER.fullmatch(name) else None
    if found is None:
        raise HTTPException(404, "There is no such capture.")
    return found


def _pieces(path: Path, offset: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length > 0 and (piece := file.read(min(length, PIECE_BYTES))):
            length -= len(piece)
            yield piece


def _body(one: Capture, data: bytes, charset: str) -> Body:
    is_cut = len(data) >= MAX_READ_BYTES
    if _BINARY.fullmatch(one.media_type) or b"\0" in data[:1_000]:
        return Body("", "", len(data), is_cut, "It is no text; the record has it whole.")
    # Each character takes four bytes at most, of what a server says or not.
    begin = data[: 4 * MAX_SHOWN_CHARS]
    text, name = decode(begin, http=charset or None, declares=True)
    is_cut = is_cut or len(text) > MAX_SHOWN_CHARS or len(begin) < len(data)
    return Body(text[:MAX_SHOWN_CHARS], name, len(data), is_cut)


ROUTES = (
    Route("/captures/{capture_id}", capture),
    Route("/captures/{capture_id}/record", record),
)
