"""Writes WARC 1.1 files: one visit, one file, one gzip member for each record.

Takes exchanges, resources and metadata and gives a `RecordRef` for each record, and the file's
SHA-256 at the end. Follows WARC 1.1 (ISO 28500:2017), sections 5 and 6, and annex D (each record
its own gzip member, RFC 1952). Digests are `sha256:` and hexadecimal, the form of CDXJ and WACZ;
warcio 1.8 and FastWARC 2.0 verify it, as they do base32.

What a record says and what it does not:
- `WARC-Block-Digest` is on every record. `WARC-Payload-Digest` is over the body as sent (content
  coding included, WARC 1.1 section 5.9) and is left out where the body has a transfer coding:
  the standard means the body without it, warcio and FastWARC take it with it, and a digest that
  half of all tools call wrong is no evidence. The same goes for a head so odd that readers would
  not agree where the body begins. The block digest covers the same bytes.
- A payload that was kept before becomes a `revisit` (section 6.7.2, identical payload digest): the
  head as received, and the address, date and id of the record that has the body. It always refers
  to a full record. So does what a server says is not modified (section 6.7.3). Otherwise only an
  answer with a payload digest can be one, or be referred to: pywb finds originals by it. So a body
  with a transfer coding is kept each time, as the wire carried it.
- What a browser saw with its codings undone has a head that fits, see `decoded.py`.
- The TLS session, interim answers, time taken and any failure have no place in WARC 1.1; they are
  a `metadata` record in JSON beside the exchange, with the certificates as PEM.

The file is new (an existing one is never touched) and may lie in another folder than the one it
is named for. Leaving the `with` block syncs file and folder; leaving it by an exception leaves
a file without its last records, which the caller discards.
"""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Self
from uuid import uuid4

from sousveil.archive.decoded import with_fitting_head
from sousveil.archive.fields import (
    NOT_MODIFIED,
    SAME_PAYLOAD,
    Fields,
    Original,
    concurrent,
    facts_of,
    is_whole,
    one_line,
    payload_of,
    revisit_fields,
    warc_date,
)
from sousveil.archive.members import STORED_LEVEL, TEXT_LEVEL, Block, Members, measure
from sousveil.capture.http.head import media_type, parse_head
from sousveil.model import Capture, Exchange, Json, RecordRef

WARC_1_1 = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
REQUEST = "application/http;msgtype=request"
RESPONSE = "application/http;msgtype=response"

# What precedes the address in the URI of the record that tells how an exchange went.
EXCHANGE_URN = "urn:sousveil:exchange:"

# A smaller body takes no more bytes than the fields that would refer to it.
MIN_REVISIT_BYTES = 2**10

Seen = Callable[[str, str], Original | None]
"""(URL, payload digest) -> the record that holds this payload, if one does."""


class WarcWriter:
    """Writes one WARC file, whole once the `with` block is left."""

    def __init__(
        self,
        path: Path,
        warc_name: str,
        *,
        software: str,
        user_agent: str,
        now: datetime,
        seen: Seen | None = None,
    ) -> None:
        """Open `path`, which must not exist, for a file that will be known as `warc_name`.

        `warc_name` is the POSIX path below the case folder that each `RecordRef` gives. `seen` is
        asked for what is in the archive already; without it no revisit is written.
        Raises OSError (FileExistsError) when the file cannot be made.
        """
        self.path, self.warc_name = path, warc_name
        self._seen = seen
        self._held: dict[str, Original] = {}  # payloads of this file, by digest
        self._chains: dict[tuple[bytes, ...], str] = {}  # metadata records, by certificates
        self._members = Members(path)
        self._warcinfo_id = ""
        self._warcinfo_id = self._write_warcinfo(software, user_agent, now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._members.close(whole=failed is None)

    @property
    def sha256(self) -> str:
        """The file's SHA-256, hexadecimal; "" until the block is left."""
        return self._members.sha256

    @property
    def size_bytes(self) -> int:
        """What was written so far."""
        return self._members.size_bytes

    def write_exchange(self, exchange: Exchange, of: Original | None = None) -> list[Capture]:
        """Write what was asked, what came back and how; return the answer as a capture, if any.

        `of` is the record that a poll compared the answer with: what the server said to be
        unmodified (304) and what has its payload becomes a revisit of it (section 6.7).

        A request of which no byte was sent, and an answer of which none came, have no record; the
        `metadata` record that says why is always written.
        """
        named: Fields = [("WARC-Target-URI", exchange.url)]
        if exchange.ip_address:
            named.append(("WARC-IP-Address", exchange.ip_address))
        written: list[RecordRef] = []
        captures = []
        if exchange.response_head:
            if of is not None and exchange.status == HTTPStatus.NOT_MODIFIED:
                captures.append(self._write_not_modified(exchange, named, of))
            else:
                captures.append(self._write_answer(with_fitting_head(exchange), named, of))
            written.append(captures[0].record)
        if exchange.request_head:
            fields = [*named, ("Content-Type", REQUEST), *concurrent(written)]
            block = Block(exchange.request_head + exchange.request_body)
            written.append(self._write("request", exchange.started_at, fields, block))
        told = facts_of(exchange)
        if of is not None and exchange.tls is not None:
            self._shorten(told["tls"], exchange.tls.chain)
        facts = json.dumps(told, ensure_ascii=False, indent=1).encode()
        # Under the page's own address, players that index all records would show this instead.
        fields = [("WARC-Target-URI", EXCHANGE_URN + exchange.url), *named[1:]]
        fields += [("Content-Type", "application/json"), *concurrent(written)]
        ref = self._write("metadata", exchange.started_at, fields, Block(facts))
        if exchange.tls is not None:
            self._chains.setdefault(exchange.tls.chain, ref.record_id)
        return captures

    def _shorten(self, told: Json, chain: tuple[bytes, ...]) -> None:
        """Name the record of this file that has the certificates: polls come by hundreds."""
        if chain in self._chains:
            told["certificates_in"] = self._chains[chain]
            del told["certificates"]

    def write_resource(
        self, url: str, date: datetime, media_type: str, content: bytes | Path
    ) -> RecordRef:
        """Write a `resource` record: what `url` names, as bytes or as a file.

        A file is streamed, and stored without compression.
        """
        block = Block(content) if isinstance(content, bytes) else Block(b"", content)
        level = STORED_LEVEL if block.file else TEXT_LEVEL
        fields = [("WARC-Target-URI", url), ("Content-Type", media_type)]
        return self._write("resource", date, fields, block, level)

    def _write_warcinfo(self, software: str, user_agent: str, now: datetime) -> str:
        """Write what made the file; who did is in the log, from which it can be withheld."""
        facts = {
            "software": software,
            "format": "WARC File Format 1.1",
            "conformsTo": WARC_1_1,
            "http-header-user-agent": user_agent,
        }
        lines = [f"{name}: {one_line(value)}\r\n" for name, value in facts.items() if value]
        name = self.warc_name.rpartition("/")[2]
        fields = [("WARC-Filename", name), ("Content-Type", "application/warc-fields")]
        return self._write("warcinfo", now, fields, Block("".join(lines).encode())).record_id

    def _write_answer(
        self, exchange: Exchange, named: Fields, of: Original | None = None
    ) -> Capture:
        """Write a `response`, or a `revisit` where the archive holds the payload."""
        fields = [*named, ("Content-Type", RESPONSE)]
        digest, size = payload_of(exchange)
        if digest:
            fields.append(("WARC-Payload-Digest", digest))
        is_referable = bool(digest) and is_whole(exchange) and size >= MIN_REVISIT_BYTES
        original = self._original(exchange.url, digest) if is_referable else None
        if is_referable and of is not None and of.payload_digest == digest:
            original = of
        if original is not None:
            fields += [*revisit_fields(SAME_PAYLOAD, original), ("WARC-Truncated", "length")]
            block = Block(exchange.response_head)
            ref = self._write("revisit", exchange.started_at, fields, block)
        else:
            if exchange.truncated:
                fields.append(("WARC-Truncated", exchange.truncated))
            block = Block(exchange.response_head, exchange.body)
            ref = self._write("response", exchange.started_at, fields, block)
            if is_referable:
                self._held.setdefault(digest, Original(exchange.url, exchange.started_at, ref))
        return Capture(
            exchange.url,
            exchange.started_at,
            exchange.status,
            media_type(parse_head(exchange.response_head).get("Content-Type")),
            ref,
            digest if is_referable else "",
            original.record if original else None,
        )

    def _write_not_modified(self, exchange: Exchange, named: Fields, original: Original) -> Capture:
        """Write a `revisit` for an answer without a body, which says that nothing changed."""
        fields = [*named, ("Content-Type", RESPONSE), *revisit_fields(NOT_MODIFIED, original)]
        if original.payload_digest:
            fields.append(("WARC-Payload-Digest", original.payload_digest))
        ref = self._write("revisit", exchange.started_at, fields, Block(exchange.response_head))
        return Capture(
            exchange.url,
            exchange.started_at,
            exchange.status,
            media_type(parse_head(exchange.response_head).get("Content-Type")),
            ref,
            original.payload_digest,
            original.record,
        )

    def _original(self, url: str, digest: str) -> Original | None:
        if self._seen is None:
            return None
        return self._held.get(digest) or self._seen(url, digest)

    def _write(
        self, kind: str, date: datetime, fields: Fields, block: Block, level: int = TEXT_LEVEL
    ) -> RecordRef:
        digest, size = measure(block)
        record_id = f"<urn:uuid:{uuid4()}>"
        head: Fields = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", record_id),
            ("WARC-Date", warc_date(date)),
        ]
        if self._warcinfo_id:
            head.append(("WARC-Warcinfo-ID", self._warcinfo_id))
        head += [*fields, ("WARC-Block-Digest", digest), ("Content-Length", str(size))]
        lines = "".join(f"{name}: {one_line(value)}\r\n" for name, value in head)
        offset, length = self._members.append(f"WARC/1.1\r\n{lines}\r\n".encode(), block, level)
        return RecordRef(self.warc_name, offset, length, record_id, digest)
