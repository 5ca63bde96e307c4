"""Wire capture: a URL and where its redirects lead, each hop as its own exchange.

Takes a URL and gives the exchanges, oldest first; the last one is the outcome of the visit. What
a server does wrong is recorded in an exchange (`failure`), never raised. Redirects (301, 302,
303, 307, 308: RFC 9110, section 15.4) are followed by hand with GET, so that every hop is kept
and every connection is judged by the guard. No cookie is kept and no credential sent.

An expired or foreign certificate gives two exchanges for one URL: the refusal, then the page as
a visitor gets it who goes on all the same (`tls.verified` is False).
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from sousveil.capture.guard.addresses import check_allowed
from sousveil.capture.guard.exits import Exit
from sousveil.capture.http.head import parse_head, split_head
from sousveil.capture.http.request import request
from sousveil.capture.http.transfer import WireSettings
from sousveil.errors import TargetError
from sousveil.model import Exchange, Failure, FailureKind
from sousveil.watch.targets import MAX_URL_LENGTH

__all__ = ["WireSettings", "fetch", "request_url"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Every printable ASCII character but space, quotation marks and those RFC 3986 does not know:
# what is already encoded stays as it is.
_SAFE = "%/:=&?~#+!$,;'@()*[]-._|{}^`\\"


def fetch(
    url: str,
    *,
    settings: WireSettings,
    allowed: frozenset[str],
    folder: Path,
    clock: Callable[[], datetime],
    exit_: Exit | None = None,
    stop: threading.Event | None = None,
    begun: Exchange | None = None,
) -> list[Exchange]:
    """Visit `url` and follow its redirects; return the exchanges in order, at least one.

    Bodies lie in new files in `folder` (which exists) and are the caller's to remove. `clock`
    gives the time in UTC. A chain that is too long or comes back to itself, or that leads to a
    scheme other than http and https, ends with that failure on its last exchange, whose answer
    is complete; so does one to an address of more than `MAX_URL_LENGTH` characters, of which the
    beginning is told. With `exit_` every request goes through it, and none when it is down: then
    the exchange's failure is of kind EXIT; its `ip_address` is None in any case. `begun` is the
    first exchange where `url` was asked already (`many.py`): only what it leads to is asked for.

    Raises TargetError when `url` is no http or https URL, InputError for a malformed entry of
    `allowed`, OSError when a body cannot be written, and InterruptedError once another thread has
    set `stop`.
    """
    check_allowed(allowed)
    stop = stop or threading.Event()
    next_url: str | None = request_url(url)
    chain: list[Exchange] = []
    seen: set[str] = set()
    while next_url is not None:
        seen.add(next_url)
        left = settings.total_seconds - sum(exchange.elapsed_seconds for exchange in chain)
        if begun is not None and not chain:
            chain.append(begun)
            chain[-1], next_url = _follow(begun, seen, settings.max_redirects)
            continue
        chain += request(
            next_url,
            settings=settings,
            allowed=allowed,
            folder=folder,
            clock=clock,
            seconds_left=left,
            exit_=exit_,
            stop=stop,
        )
        chain[-1], next_url = _follow(chain[-1], seen, settings.max_redirects)
    return chain


def request_url(url: str) -> str:
    """Return `url` as it is asked for: without credentials and fragment, in ASCII.

    Characters outside ASCII and spaces are percent-encoded as UTF-8, an international host name
    is written in its ASCII form (RFC 3490). Raises TargetError when it is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise TargetError(f"{url}: not a URL ({error}). Check its spelling.") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise TargetError(f"{url}: not an http or https address. Give one that begins so.")
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port is not None else ""
    path = quote(parts.path or "/", safe=_SAFE)
    return urlunsplit((parts.scheme, place, path, quote(parts.query, safe=_SAFE), ""))


def _follow(exchange: Exchange, seen: set[str], max_redirects: int) -> tuple[Exchange, str | None]:
    """Return `exchange` with where it leads, and the URL to ask for next, if any."""
    written = parse_head(exchange.response_head).get("Location")
    # A body cut short does not matter, a head cut short may have lost part of the address.
    if exchange.status not in REDIRECTS or not written or split_head(exchange.response_head) < 0:
        return exchange, None
    location = _absolute(exchange.url, written)
    exchange = replace(exchange, location=location[:MAX_URL_LENGTH])
    if len(location) > MAX_URL_LENGTH:
        return _bad_redirect(exchange, f"an address of {len(location):,} characters")
    try:
        target = request_url(location)
    except TargetError:
        return _bad_redirect(exchange, f"'{location}', which is no http or https address")
    if len(target) > MAX_URL_LENGTH:
        return _bad_redirect(exchange, f"an address of {len(target):,} characters")
    if target in seen:
        message = f"{exchange.url} redirects back to {target}, in a circle"
    elif len(seen) > max_redirects:
        message = f"{exchange.url} is the end of {max_redirects} redirects in a row; gave up"
    else:
        return exchange, target
    return replace(exchange, failure=Failure(FailureKind.TOO_MANY_REDIRECTS, message)), None


def _bad_redirect(exchange: Exchange, whither: str) -> tuple[Exchange, None]:
    message = f"{exchange.url} redirects to {whither}"
    return replace(exchange, failure=Failure(FailureKind.BAD_REDIRECT, message)), None


def _absolute(base: str, location: str) -> str:
    """Return `location` (header bytes read as ISO 8859-1) resolved against `base`.

    Servers write UTF-8 there against RFC 9110; what is not UTF-8 stays ISO 8859-1.
    """
    raw = location.encode("latin-1")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = location
    try:
        return urljoin(base, text)
    except ValueError:
        return text
