"""Serves the endpoints, their description, and what goes wrong as problem details (RFC 9457)."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sousveil.model import Json
from sousveil.web.api.declared import Endpoint, given
from sousveil.web.api.describe import description
from sousveil.web.api.endpoints import ENDPOINTS
from sousveil.web.desk import Desk

BELOW = "/api/"
DESCRIPTION = "/api/openapi.json"


def problem(status: int, detail: str) -> Response:
    """Return what went wrong, for a program."""
    form: Json = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        form["detail"] = detail
    return JSONResponse(form, status, media_type="application/problem+json")


def _serve(endpoint: Endpoint) -> Callable[[Request], Response]:
    def serve(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        asked = given(request, endpoint.parameters)
        with desk.index() as index:
            return JSONResponse(endpoint.handle(index, asked, request))

    return serve


def _describe(request: Request) -> Response:
    desk: Desk = request.app.state.desk
    return JSONResponse(description(ENDPOINTS, desk.access.cookie))


ROUTES = (
    Route(DESCRIPTION, _describe),
    *(Route(one.path, _serve(one)) for one in ENDPOINTS),
)
