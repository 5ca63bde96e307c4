"""What is withheld of a finding when it is published: words, and boxes on its whole picture."""

from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import InputError
from sousveil.index.query import findings_of
from sousveil.index.store import Index
from sousveil.model import Finding
from sousveil.review.decisions import MAX_NOTE_CHARACTERS
from sousveil.run.publish.marking import (
    MAX_WORDS_CHARACTERS,
    box_of,
    box_told,
    mark_picture,
    mark_words,
    marks_of,
)
from sousveil.run.publish.pictures import redrawn, sheet_of
from sousveil.web.desk import Desk
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

MAX_BOXES_CHARACTERS = 20_000  # some hundred boxes, a line each

_CHOICES: dict[str, Literal["withheld", "shown", "unmarked"]] = {
    "withhold": "withheld",
    "show": "shown",
    "remove": "unmarked",
}


def withholding(request: Request) -> Response:
    """Show a finding as it is published, its marks, and its whole picture to draw boxes on."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = _finding(request, index)
    marks = marks_of(desk.case())
    concealer = Concealer(marks)
    public = concealer.finding(found)
    sheet = sheet_of(desk.case(), found)
    mark = marks.pictures.get(sheet) if sheet else None
    return render(
        request,
        "withholding.html",
        finding=found,
        public=public,
        met=sorted({(str(one.kind), one.exact) for one in concealer.met if not one.is_shown}),
        words=[one for one in marks.words if one.finding_id in {"", found.id}],
        has_picture=sheet is not None,
        mark=mark,
        boxes="\n".join(box_told(box) for box in mark.boxes) if mark else "",
    )


def whole(request: Request) -> Response:
    """Send the whole picture on which a finding's quote stands, written anew by us."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = _finding(request, index)
    try:
        content = redrawn(desk.case(), found)
    except InputError as error:
        raise HTTPException(404, str(error)) from error
    return Response(content, media_type="image/jpeg")


@needs("editor")
def words(request: Request) -> Response:
    """Note that words are withheld, shown, or neither any more."""
    desk: Desk = request.app.state.desk
    shown_as = _CHOICES.get(field(request, "what", most=20))
    if shown_as is None:
        raise HTTPException(400, "Choose whether the words are withheld or shown.")
    is_everywhere = field(request, "where", most=20) == "everywhere"
    with desk.writing() as (writer, index):
        found = _finding(request, index)
        mark_words(
            writer,
            field(request, "words", most=MAX_WORDS_CHARACTERS),
            None if is_everywhere else found,
            shown_as,
            by=request.user.name,
            note=field(request, "note", most=MAX_NOTE_CHARACTERS),
            now=desk.clock(),
        )
    return RedirectResponse(f"/findings/{found.id}/withhold", 303)


@needs("editor")
def boxes(request: Request) -> Response:
    """Note that an editor looked at the whole picture, with the boxes that they drew."""
    desk: Desk = request.app.state.desk
    told = field(request, "boxes", most=MAX_BOXES_CHARACTERS)
    drawn = [box_of(line) for line in told.splitlines() if line.strip()]
    with desk.writing() as (writer, index):
        found = _finding(request, index)
        mark_picture(
            writer,
            found,
            drawn,
            by=request.user.name,
            note=field(request, "note", most=MAX_NOTE_CHARACTERS),
            now=desk.clock(),
        )
    return RedirectResponse(f"/findings/{found.id}/withhold", 303)


def _finding(request: Request, index: Index) -> Finding:
    found = findings_of(index, [request.path_params["finding_id"]])
    if not found:
        raise HTTPException(404, "There is no such finding.")
    return found[0]


ROUTES = (
    Route("/findings/{finding_id}/withhold", withholding),
    Route("/findings/{finding_id}/withhold/words", words, methods=["POST"]),
    Route("/findings/{finding_id}/withhold/picture", boxes, methods=["POST"]),
    Route("/pictures/{finding_id}/whole", whole),
)
