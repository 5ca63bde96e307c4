"""One request over the wire, kept byte for byte.

Takes a URL and gives the `Exchange`: the request as sent, the answer's head and body as received,
the peer's address and its TLS session (`transfer.py`). Whatever goes wrong is an outcome
(`Exchange.failure`), never an exception; only a full disk is ours and raises OSError.
"""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pycurl

from sousveil.capture.guard.exits import Exit
from sousveil.capture.http.transfer import (
    Incoming,
    WireSettings,
    exchange_of,
    prepare,
    unasked,
)
from sousveil.model import Exchange

# How long libcurl waits before Python gets to see an interrupt.
WAKE_SECONDS = 0.5
# While libcurl resolves a name it has no socket to wait for.
RESOLVING_SECONDS = 0.01


def request(
    url: str,
    *,
    settings: WireSettings,
    allowed: frozenset[str],
    folder: Path,
    clock: Callable[[], datetime],
    seconds_left: float,
    exit_: Exit | None,
    stop: threading.Event,
) -> list[Exchange]:
    """Ask for `url` once; return the exchange, or two when its certificate is not to be trusted.

    In that case the first is the failure, with nothing sent, and the second the same request
    made without the check and marked `tls.verified = False`: what a visitor sees who clicks the
    warning away. A body is spooled to a new file in `folder`. Raises OSError when it cannot be
    written, and InterruptedError once `stop` is set.
    """
    exchanges: list[Exchange] = []
    for verify in (True, False):
        with Incoming(url, settings, allowed, folder, exit_) as incoming:
            started_at = clock()
            if exit_ and (failure := incoming.find_exit(exit_)):
                return [unasked(url, started_at, failure)]
            left = seconds_left - sum(exchange.elapsed_seconds for exchange in exchanges)
            with closing(pycurl.Curl()) as curl:
                prepare(curl, incoming, left, verify=verify)
                code, words = perform(curl, stop)
                exchanges.append(
                    exchange_of(curl, incoming, started_at, code, words, verify=verify)
                )
        if code != pycurl.E_PEER_FAILED_VERIFICATION:
            break
    return exchanges


def perform(curl: pycurl.Curl, stop: threading.Event) -> tuple[int, str]:
    """Run the request; return libcurl's code, 0 when all is well, and its words.

    By the multi interface, so that an interrupt (Ctrl-C), or `stop` when this is another thread
    than the one that gets it, is seen within `WAKE_SECONDS`.
    """
    with closing(pycurl.CurlMulti()) as multi:
        multi.add_handle(curl)
        try:
            while multi.perform()[1]:
                if stop.is_set():
                    raise InterruptedError("the visit was called off")
                if multi.select(WAKE_SECONDS) < 0:
                    time.sleep(RESOLVING_SECONDS)
            _, _, failed = multi.info_read()
        finally:
            multi.remove_handle(curl)
    return (int(failed[0][1]), str(failed[0][2])) if failed else (0, "")
