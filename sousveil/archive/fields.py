"""What the records of an exchange say: WARC fields, and the facts that WARC has no field for.

Takes values of the model and gives names and texts; does no I/O but to measure a body. Follows WARC
1.1 (ISO 28500:2017), section 5, and 6.7 for revisits.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sousveil.archive.decoded import browser_facts
from sousveil.archive.members import Block, measure
from sousveil.capture.http.head import parse_head, split_head
from sousveil.model import Exchange, Json, RecordRef

SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Original:
    """A record that holds a payload whole, for a revisit to refer to."""

    url: str  # its WARC-Target-URI
    captured_at: datetime  # its WARC-Date
    record: RecordRef
    payload_digest: str = ""  # WARC-Payload-Digest; "" where it has none


def concurrent(written: Sequence[RecordRef]) -> Fields:
    """Return the fields that name records of the same exchange (section 5.6)."""
    return [("WARC-Concurrent-To", ref.record_id) for ref in written]


def payload_of(exchange: Exchange) -> tuple[str, int]:
    """Return the payload's digest and size; "" where tools do not agree what the payload is."""
    head = exchange.response_head
    if not exchange.url.startswith(("http://", "https://")):
        return "", 0  # a WebSocket's handshake: warcio takes its head for a part of the payload
    read = parse_head(head)
    # By us and by any reader of the record, to whom it is no HTTP without a status line.
    is_split_alike = split_head(head) == len(head) and read.status is not None
    if not is_split_alike or read.get_list("Transfer-Encoding"):
        return "", 0
    return measure(Block(b"", exchange.body))


def is_whole(exchange: Exchange) -> bool:
    """Tell whether an answer is all there, and such that tools look it up by its URL alone.

    They look up answers to other methods than GET by what was sent, too.
    """
    is_get = exchange.request_head.startswith(b"GET ")
    return is_get and exchange.truncated is None and exchange.failure is None


def revisit_fields(profile: str, original: Original) -> Fields:
    """Return the fields that refer a revisit to the record with its payload (section 6.7)."""
    return [
        ("WARC-Profile", profile),
        ("WARC-Refers-To", original.record.record_id),
        ("WARC-Refers-To-Target-URI", original.url),
        ("WARC-Refers-To-Date", warc_date(original.captured_at)),
    ]


def warc_date(date: datetime) -> str:
    """Return `date` in UTC with microseconds, as section 5.4 allows."""
    return date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def facts_of(exchange: Exchange) -> Json:
    """Return what WARC 1.1 has no field for."""
    told: Json = {"elapsed_seconds": exchange.elapsed_seconds} | browser_facts(exchange)
    if exchange.failure:
        told["failure"] = {
            "kind": exchange.failure.kind.value,
            "message": exchange.failure.message,
        }
    if exchange.interim_heads:
        told["interim_heads"] = [head.decode("latin-1") for head in exchange.interim_heads]
    if exchange.tls:
        told["tls"] = {
            "version": exchange.tls.version,
            "cipher": exchange.tls.cipher,
            "verified": exchange.tls.verified,
            "certificates": [ssl.DER_cert_to_PEM_cert(der) for der in exchange.tls.chain],
        }
    return told


def one_line(value: str) -> str:
    """Return `value` without the line ends that would begin a field of its own."""
    return " ".join(value.split()) if any(mark in value for mark in "\r\n\0") else value
