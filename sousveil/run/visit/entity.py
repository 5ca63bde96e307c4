"""The content of an answer that is in no archive yet, and the digest by which two are compared.

The digest is over the body without its transfer coding, which may be framed otherwise each time
(RFC 9112, section 7.1); a content coding stays. So it is the payload digest of WARC 1.1, section
5.9, as the standard means it, for comparing: records have it only where tools agree on it
(archive/write.py).
"""

import hashlib
from http import HTTPStatus

from sousveil.archive.coding import decode_body
from sousveil.archive.members import PIECE_BYTES
from sousveil.capture.http.head import parse_head, split_head
from sousveil.model import Exchange

# A longer body is compared by visiting: chunks are undone in memory.
MAX_BYTES = 16 * 2**20


def content_of(exchange: Exchange, limit: int) -> bytes:
    """Return the content of an answer, all codings undone, at most `limit` bytes of it."""
    if exchange.body is None:
        return b""
    head = parse_head(exchange.response_head)
    transfer, coded = head.get_list("Transfer-Encoding"), head.get_list("Content-Encoding")
    with exchange.body.open("rb") as body:
        pieces = iter(lambda: body.read(PIECE_BYTES), b"")
        content, _ = decode_body(pieces, transfer, coded, limit)
    return content


def entity_digest(exchange: Exchange) -> str:
    """Return `sha256:` and hexadecimal digits; "" for an answer that is not a whole page (200)."""
    head = exchange.response_head
    is_whole = exchange.failure is None and exchange.truncated is None
    if exchange.status != HTTPStatus.OK or not is_whole or split_head(head) != len(head):
        return ""
    if exchange.body is None:
        return f"sha256:{hashlib.sha256().hexdigest()}"
    if exchange.body.stat().st_size > MAX_BYTES:
        return ""
    body = exchange.body.read_bytes()
    if transfer := parse_head(head).get_list("Transfer-Encoding"):
        pieces = (body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES))
        body, notes = decode_body(pieces, transfer, [], MAX_BYTES)
        if notes.words:
            return ""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
