"""Captures: what came over the wire and out of a browser, and where it lies in the archive."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal


class FailureKind(StrEnum):
    """Why a request brought no complete answer. An outcome, not an exception."""

    REFUSED_ADDRESS = "refused_address"  # our guard: private, loopback, link-local, metadata
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    DISCONNECT = "disconnect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_REDIRECT = "bad_redirect"  # to a scheme we do not follow
    PROTOCOL = "protocol"  # not HTTP
    REPOSITORY = "repository"  # git said no
    EXIT = "exit"  # the way out that the case chose is down: nothing was learnt of the target


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, in words for a person."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What the TLS handshake showed."""

    version: str  # "TLSv1.3"
    cipher: str  # "TLS_AES_256_GCM_SHA384"; "" when libcurl does not tell
    chain: tuple[bytes, ...]  # DER certificates, the server's own first
    verified: bool  # whether the chain led to a trusted root for this host


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte, before it is written down.

    A redirect chain is several exchanges. `body` is a file with the body as the wire carried it,
    chunk framing and content coding included; it may be shorter than announced (`truncated`).
    """

    url: str
    started_at: datetime
    elapsed_seconds: float
    request_head: bytes  # request line and header fields as sent, with the empty line; b"" if none
    response_head: bytes  # status line and header fields as received; b"" if none
    body: Path | None
    status: int | None
    ip_address: str | None
    tls: TlsSession | None
    truncated: Literal["length", "time", "disconnect", "unspecified"] | None  # WARC-Truncated
    failure: Failure | None
    location: str | None  # absolute URL this answer redirects to
    interim_heads: tuple[bytes, ...] = ()  # heads of 1xx answers that came before, as received
    request_body: bytes = b""
    seen_by: Literal["wire", "browser"] = "wire"
    is_decoded: bool = False  # the browser had undone the content coding: no wire bytes
    is_rebuilt: bool = False  # the heads are written from fields (HTTP/2): no wire bytes
    resource_type: str = ""  # what a browser asked for it as, in CDP's words: "Document", "Script"
    protocol: str = ""  # as a browser names it: "http/1.1", "h2"
    initiator: str = ""  # address of the document or script that asked for it


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Where a WARC record lies, relative to the case folder."""

    warc: str  # POSIX path below the case folder
    offset: int  # bytes from the start of the file
    length: int  # bytes of the stored (compressed) record
    record_id: str  # WARC-Record-ID, "<urn:uuid:…>"
    digest: str  # SHA-256 of the record's block (WARC-Block-Digest)


@dataclass(frozen=True, slots=True)
class Capture:
    """One answer as it lies in the archive: an HTTP response or a resource."""

    url: str
    captured_at: datetime  # WARC-Date
    status: int | None  # HTTP status; None for a resource
    media_type: str  # "text/html" without parameters; "" when not told
    record: RecordRef
    payload_digest: str = ""  # WARC-Payload-Digest; "" where no revisit may refer to the record
    refers_to: RecordRef | None = None  # of a revisit: the record that holds its payload

    @property
    def is_handed_in(self) -> bool:
        """Whether somebody gave it to the investigator: it was captured from nowhere."""
        return self.url.startswith(HANDED_IN_URN)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the archive: a slice of a page's screenshot, or an image."""

    record: RecordRef
    media_type: str
    width: int  # pixels
    height: int
    top: int = 0  # of a slice: pixels from the top of the page


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a browser showed of an address, as it lies in the archive."""

    url: str  # in the address bar, in the end
    rendered_at: datetime
    browser: str  # "Chrome/140.0.7339.80"
    status: int | None  # of the main document, as the browser saw it
    width: int  # of the page, in CSS pixels, which are the screenshot's
    height: int
    snapshot: RecordRef | None  # DOM and layout, `RENDERING_TYPE`
    slices: tuple[Picture, ...]  # of the screenshot, from the top
    requests: RecordRef | None  # JSON list of what was requested, and which record holds it
    request_count: int
    settled: Literal["quiet", "time"] | None  # whether it fell silent or was cut off
    failure: Failure | None
    notes: tuple[str, ...] = ()  # what was not taken, in words


RENDERING_TYPE = "application/vnd.sousveil.rendering+json"
"""Media type of a rendering's snapshot; extract/rendered.py reads it."""

SNAPSHOT_URN = "urn:sousveil:rendering:"
"""What precedes the page's address in the URI of a rendering's snapshot."""

HANDED_IN_URN = "urn:sousveil:handed-in:"
"""What precedes, in place of an address, the SHA-256 (hexadecimal) of a document handed in."""
