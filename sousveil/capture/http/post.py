"""Posts: one request to a service whose answer is wanted, not kept as evidence.

The guard and the case's exit stand before it as before every request (`transfer.py`), but the body
of the answer is what the server meant: no content coding is asked for, and chunks are undone.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pycurl

from sousveil.capture.guard.exits import Exit
from sousveil.capture.http.request import perform
from sousveil.capture.http.transfer import Incoming, WireSettings, exchange_of, prepare, unasked
from sousveil.model import Exchange


def post(
    url: str,
    body: bytes | None,
    media_type: str,
    *,
    settings: WireSettings,
    allowed: frozenset[str],
    folder: Path,
    clock: Callable[[], datetime],
    exit_: Exit | None,
    stop: threading.Event,
) -> Exchange:
    """Send `body` to `url`, or with None just ask for it, and return the exchange.

    Redirects are not followed. `media_type` is that of the body, or of the answer that is wanted.

    Whatever goes wrong is its `failure`. A server whose certificate is not to be trusted is sent
    nothing. The answer's body is a new file in `folder`; raises OSError when it cannot be written,
    and InterruptedError once `stop` is set.
    """
    with Incoming(url, settings, allowed, folder, exit_) as incoming:
        started_at = clock()
        if exit_ and (failure := incoming.find_exit(exit_)):
            return unasked(url, started_at, failure)
        with closing(pycurl.Curl()) as curl:
            prepare(curl, incoming, settings.total_seconds)
            # "Expect" would make libcurl wait for an interim answer that few servers give.
            field = "Accept" if body is None else "Content-Type"
            fields = [f"{field}: {media_type}", "Accept-Encoding: identity", "Expect:"]
            curl.setopt(curl.HTTPHEADER, fields)
            curl.setopt(curl.HTTP_TRANSFER_DECODING, 1)
            if body is not None:
                curl.setopt(curl.POSTFIELDS, body)
            code, words = perform(curl, stop)
            sent = exchange_of(curl, incoming, started_at, code, words, verify=True)
    return replace(sent, request_body=body or b"")
