"""Handing in: a document that somebody gave to the investigator, kept before it is read.

It is committed within the request: who gave it is written into the log and nowhere else, into no
command line and no list of jobs. Then a job reads it. As large as any form of the desk may be;
larger ones come by `sousveil hand-in`.
"""

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.run.visit.handed_in import (
    ENDINGS,
    MAX_NOTE,
    MAX_WORDS,
    hand_in,
    provenance,
)
from sousveil.web.desk import Desk
from sousveil.web.jobs.work import ANALYSE
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field, form_of
from sousveil.web.safety.limits import MAX_UPLOAD_BYTES

MAX_DAY = 10


@needs("editor")
def document(request: Request) -> Response:
    """Show the place where documents are handed in."""
    desk: Desk = request.app.state.desk
    return render(
        request,
        "manage_documents.html",
        today=desk.clock().date(),
        ENDINGS=ENDINGS,
        MAX_UPLOAD_BYTES=MAX_UPLOAD_BYTES,
        MAX_NOTE=MAX_NOTE,
        MAX_WORDS=MAX_WORDS,
    )


@needs("editor")
def keep(request: Request) -> Response:
    """Keep and log the document of a form, then ask for it to be read."""
    desk: Desk = request.app.state.desk
    given = form_of(request).get("document")
    if not isinstance(given, UploadFile) or not given.filename:
        raise HTTPException(400, "Choose the document's file.")
    now = desk.clock()
    told = provenance(
        field(request, "given_by", most=MAX_WORDS),
        field(request, "received", most=MAX_DAY),
        request.user.name,
        field(request, "note", most=MAX_NOTE),
        now,
    )
    data = given.file.read()  # the guard has counted it
    with desk.writing() as (writer, index):
        hand_in(writer, index, data, told, file=given.filename, now=now)
    job = desk.jobs.start(ANALYSE, request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


ROUTES = (
    Route("/manage/documents", document, methods=["GET"]),
    Route("/manage/documents", keep, methods=["POST"]),
)
