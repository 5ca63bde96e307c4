"""The guard: every request passes here before any page sees it.

1. The Host is the desk's own: a name of somebody else's that was made to lead to this computer is
   not (DNS rebinding).
2. What a page of another site asks for is refused (Fetch Metadata, "Sec-Fetch-Site"). Who follows
   a link there is led on by a page of ours, for with the link itself no session comes: its cookie
   is SameSite=Strict.
3. Whoever has not come in gets the way in and our own files, nothing else.
4. What changes something comes from a page of ours: by its Origin, and by a token in the form that
   no other site can know. The form is read here, within limits; `form_of` gives it to handlers.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sousveil.errors import SousveilError
from sousveil.web.safety.access import Access
from sousveil.web.safety.headers import ASSETS
from sousveil.web.safety.sessions import Session

# The most that people send is a list of some thousand targets, or a file of topics.
MAX_BODY_BYTES = 4 * 2**20
MAX_FIELDS = 1_000
MAX_FILES = 4
# A body that is not here by then is held back on purpose, or the line is down.
BODY_SECONDS = 60

READING = frozenset({"GET", "HEAD"})
CSRF_FIELD = "csrf"
COME_IN = "A link that works once lets you in. Whoever starts the desk finds it in their terminal."

# Where people are before they have come in.
WAYS_IN = frozenset({"/enter", "/login"})

Refuse = Callable[[Request, int, str], Response]
Onward = Callable[[Request, str], Response]


class Guard:
    """Lets through what may pass, with `request.user` set."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        clock: Callable[[], datetime],
        refuse: Refuse,
        onward: Onward,
    ) -> None:
        """Guard `app`.

        `refuse` makes the page that says why something is refused; `onward` one that leads to an
        address by itself.
        """
        self.app = app
        self._access = access
        self._clock = clock
        self._refuse = refuse
        self._onward = onward

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            return  # a WebSocket or a lifespan: the desk has neither
        request = Request(scope, receive, send)
        try:
            origin = self._check_origin(request)
            if not _is_ours(request):
                await self._onward(request, origin + _target(request))(scope, receive, send)
                return
            self._admit(request)
            if request.method not in READING:
                await self._check_form(request)
        except HTTPException as error:
            await self._answer(request, error)(scope, receive, send)
        except SousveilError as error:  # the file of users cannot be read
            await self._refuse(request, 500, str(error))(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        else:
            try:
                await self.app(scope, receive, send)
            finally:
                await request.close()

    def _check_origin(self, request: Request) -> str:
        """Check by which name, and from where, the desk is asked; return its origin.

        Raises HTTPException unless it is its own name, and a person or a page of ours asks.
        """
        scope = request.scope
        scope["user"], scope["session"] = None, None
        origin = self._access.origins.get(request.headers.get("host", "").lower())
        if origin is None:
            raise HTTPException(421, "The desk is not reached by this name.")
        if not _is_ours(request) and not _follows_link(request):
            raise HTTPException(403, "A page of another site asked for this.")
        return origin

    def _admit(self, request: Request) -> None:
        """Find out who sends a request; raises HTTPException for strangers."""
        scope = request.scope
        session = self._access.session_of(request, self._clock())
        if session is not None:
            scope["user"], scope["session"] = session.user, session
        elif scope["path"] not in WAYS_IN and not scope["path"].startswith(ASSETS):
            raise HTTPException(401, COME_IN)

    async def _check_form(self, request: Request) -> None:
        """Check that a form is one of ours, and keep what it says; raises HTTPException."""
        if request.method != "POST":
            raise HTTPException(405, "The desk knows no such method.", {"Allow": "GET, POST"})
        if not _is_ours(request) or not self._is_from_us(request):
            raise HTTPException(403, "This form was not sent by a page of the desk.")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                form = await request.form(
                    max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_BODY_BYTES
                )
        except TimeoutError as error:
            raise HTTPException(408, "The form took too long to arrive. Send it again.") from error
        given = form.get(CSRF_FIELD)
        if not isinstance(given, str) or not self._access.knows_form(request, given):
            raise HTTPException(403, "This page is out of date. Load it again, then try once more.")
        request.state.form = form

    def _is_from_us(self, request: Request) -> bool:
        """Whether the Origin is ours.

        Our pages send no referrer, so browsers make it "null" in forms (Fetch, "append a request
        `Origin` header"): then Sec-Fetch-Site alone tells.
        """
        origin = request.headers.get("origin")
        if origin is None or origin == "null":
            return request.headers.get("sec-fetch-site") == "same-origin"
        return origin.lower() in self._access.origins.values()

    def _answer(self, request: Request, error: HTTPException) -> Response:
        """Return the answer to what is refused: the way in to people, a few words to programs."""
        is_stranger = error.status_code == HTTPStatus.UNAUTHORIZED
        if is_stranger and self._access.team is not None and _follows_link(request):
            return RedirectResponse(f"/login?{urlencode({'to': _target(request)})}", 303)
        return self._refuse(request, error.status_code, error.detail)


def _is_ours(request: Request) -> bool:
    """Whether no page of another site, or of another port, is behind a request.

    "none" is a person: who typed the address, or opened a bookmark. Programs send nothing.
    """
    return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _target(request: Request) -> str:
    """Return the path and the query that a request asks for, as they came."""
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["raw_path"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _follows_link(request: Request) -> bool:
    """Whether a person is on their way to a page, which nobody frames."""
    return (
        request.method in READING
        and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        and request.headers.get("sec-fetch-dest", "document") == "document"
    )


def session_of(request: Request) -> Session | None:
    """Return the session of a request that the guard let through; None on the way in."""
    session: Session | None = request.scope["session"]
    return session


def form_of(request: Request) -> FormData:
    """Return what a POST that the guard let through says."""
    form: FormData = request.state.form
    return form


def field(request: Request, name: str, *, most: int) -> str:
    """Return a text of a form, at most so many characters; raises HTTPException (400)."""
    value = form_of(request).get(name, "")
    if isinstance(value, UploadFile) or len(value) > most:
        raise HTTPException(400, f"The field “{name}” takes a text of at most {most:,} characters.")
    return value
