"""The page of one finding: what was found, where it is seen, what people made of it."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sousveil.dossier.wording import BLOCK_KINDS, PICTURES
from sousveil.dossier.wording import seen as seen_where
from sousveil.index.query import findings_of
from sousveil.index.reviews import no_longer_found
from sousveil.index.store import Index
from sousveil.model import Finding
from sousveil.web.cards import card_of
from sousveil.web.desk import Desk
from sousveil.web.pictures import file_of, seen
from sousveil.web.render import render

_NO_SUCH = "There is no such finding. It may be found otherwise now, under another id."


def finding(request: Request) -> Response:
    """Show a finding with its evidence and its history."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        card = card_of(desk, index, request.path_params["finding_id"], request.user.name)
        if card is None:
            raise HTTPException(404, _NO_SUCH)
        return render(
            request,
            "finding.html",
            card=card,
            BLOCK_KINDS=BLOCK_KINDS,
            seen_where=seen_where(card.finding.source, card.finding.url),
        )


def picture(request: Request) -> Response:
    """Show a finding's quote on a picture; with `?part` by itself, to be put into another page."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = _finding(index, request.path_params["finding_id"])
    template = "parts/picture_alone.html" if "part" in request.query_params else "picture.html"
    shown = seen(desk.case(), found)
    return render(request, template, finding=found, shown=shown, PICTURES=PICTURES)


def picture_file(request: Request) -> Response:
    """Send the picture itself, as we wrote it."""
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        found = _finding(index, request.path_params["finding_id"])
    made = file_of(desk.case(), found)
    if made is None:
        raise HTTPException(404, "There is no picture of this.")
    path, media_type = made
    return FileResponse(Path(path), media_type=media_type)


def _finding(index: Index, finding_id: str) -> Finding:
    for one in findings_of(index, [finding_id]):
        return one
    for one, _ in no_longer_found(index):
        if one.id == finding_id:
            return one
    raise HTTPException(404, _NO_SUCH)


ROUTES = (
    Route("/findings/{finding_id}", finding),
    Route("/findings/{finding_id}/picture", picture),
    Route("/pictures/{finding_id}", picture_file),
)
