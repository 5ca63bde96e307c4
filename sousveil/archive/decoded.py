"""Heads that fit bodies whose codings a browser had undone.

A browser hands over bodies decoded. A record with that body below the head as sent would say
`Content-Encoding: gzip` of bytes that are none, and no reader could make sense of it. So the
fields that tell of codings are renamed to `X-Orig-…`, as ArchiveWeb.page and Browsertrix do,
and `Content-Length` is that of the body stored. The head as the browser told it stays in the
exchange's `metadata` record, with what else a browser knows. All other heads stay as they are.
"""

from dataclasses import replace

from sousveil.capture.http.head import parse_head
from sousveil.model import Exchange, Json

_OF_CODED_BODY = (b"content-encoding", b"transfer-encoding", b"content-length")
_RENAMED = b"X-Orig-"


def with_fitting_head(exchange: Exchange) -> Exchange:
    """Return `exchange` with a head that tells the truth about its body as it is stored."""
    if not exchange.is_decoded:
        return exchange
    size = exchange.body.stat().st_size if exchange.body else 0
    lines = exchange.response_head.rstrip(b"\r\n").split(b"\r\n")
    kept = [_renamed(line) for line in lines] + [b"Content-Length: %d" % size]
    return replace(exchange, response_head=b"\r\n".join([*kept, b"", b""]))


def browser_facts(exchange: Exchange) -> Json:
    """Return what is told in the `metadata` record of what a browser saw; nothing of the wire."""
    if exchange.seen_by != "browser":
        return {}
    facts: Json = {
        "seen_by": exchange.seen_by,
        "resource_type": exchange.resource_type,
        "protocol": exchange.protocol,
        "initiator": exchange.initiator,
        "request_head_is_rebuilt": True,  # no browser tells the order of the fields it sent
        "response_head_is_rebuilt": exchange.is_rebuilt,
        "body_is_decoded": exchange.is_decoded,
    }
    if exchange.is_decoded:
        facts["response_head"] = exchange.response_head.decode("latin-1")
        facts["codings"] = [
            *parse_head(exchange.response_head).get_list("Content-Encoding"),
            *parse_head(exchange.response_head).get_list("Transfer-Encoding"),
        ]
    return facts


def _renamed(line: bytes) -> bytes:
    name = line.partition(b":")[0].strip().lower()
    return _RENAMED + line if name in _OF_CODED_BODY else line
