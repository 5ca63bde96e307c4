"""Headers: what a browser may do with what the desk sends.

Nothing is loaded from elsewhere, nothing runs that is not a file of ours, nobody frames a page,
and nothing is kept beside the session. CSP Level 3, Fetch (CORP, COOP), RFC 9111 (no-store).
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "X-Robots-Tag": "noindex",
}

# Our own files are asked for again each time, and answered with "not changed": a new version is
# seen at once. Everything else is somebody's case.
ASSETS = "/static/"


class SafeHeaders:
    """Adds them to every answer, whoever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self.app(scope, receive, protected if scope["type"] == "http" else send)


def protect(headers: MutableHeaders, path: str) -> None:
    """Add the headers to those of an answer to a request for `path`."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Cache-Control"] = "no-cache" if path.startswith(ASSETS) else "no-store"
