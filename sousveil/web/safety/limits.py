"""Limits: how much a request may carry, by where it goes.

A form has some kilobytes; only where files are handed in may one have megabytes. Nobody's body is
read before the guard has let them in, so strangers can send none of either size.
"""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sousveil.web.safety.guard import MAX_BODY_BYTES

# Offers, reports and brochures with pictures have 1 to 20 MB; larger files go by the command line.
MAX_UPLOAD_BYTES = 32 * 2**20
UPLOADS = frozenset({"/manage/documents", "/manage/targets/import"})


class Limits:
    """Refuses what is too much for its place."""

    def __init__(self, app: ASGIApp) -> None:
        self._form = RequestBodyLimitMiddleware(app, MAX_BODY_BYTES)
        self._upload = RequestBodyLimitMiddleware(app, MAX_UPLOAD_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its limit."""
        limited = self._upload if scope.get("path") in UPLOADS else self._form
        await limited(scope, receive, send)
