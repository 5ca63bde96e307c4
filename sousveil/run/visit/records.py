"""Records: how what a look brought is written down, and what the log says of it.

Takes exchanges and what a browser showed, gives WARC records and the body of a visit's event, which
index/project.py reads. Resources that are no answer have names of our own, below `urn:sousveil:`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

import sousveil
from sousveil.archive.write import Seen, WarcWriter
from sousveil.capture.browser import Rendered
from sousveil.capture.http.head import dated, parse_head
from sousveil.case import Case
from sousveil.changes.answer.status import CHALLENGE_HEADERS
from sousveil.changes.looks import Probe
from sousveil.model import (
    RENDERING_TYPE,
    SNAPSHOT_URN,
    Capture,
    Exchange,
    Json,
    Picture,
    Rendering,
    Watch,
)
from sousveil.run.visit.entity import entity_digest
from sousveil.run.visit.gather import Gathered

SOFTWARE = f"sousveil/{sousveil.__version__}"

# Of a field by which a firewall names itself: "challenge" is all there is to say.
MAX_HEADER_LENGTH = 100

# Retry-After is a number or a date (RFC 9110, section 10.2.3); a longer one is neither.
MAX_RETRY_AFTER_LENGTH = 100

# ETags in use have some 60 characters, dates 29; a longer one would be a burden on each request.
MAX_VALIDATOR_LENGTH = 200

# Media type and charset have some 30 characters; boundaries of multipart types, which change with
# each answer, have 70 more.
MAX_CONTENT_TYPE_LENGTH = 100

PICTURE_URN = "urn:sousveil:screenshot:"
REQUESTS_URN = "urn:sousveil:requests:"
PNG = "image/png"


@dataclass(frozen=True, slots=True)
class Written:
    """What a look left in the archive."""

    captures: Sequence[Capture]  # the answers on the wire, then the rendering
    rendering: Rendering | None


def warc_writer(
    case: Case, path: Path, warc_path: str, now: datetime, seen: Seen | None = None
) -> WarcWriter:
    """Open the WARC file of one visit; `seen` is asked for payloads that were kept before."""
    return WarcWriter(
        path,
        warc_path,
        software=SOFTWARE,
        user_agent=case.settings.user_agent,
        now=now,
        seen=seen,
    )


def write_gathered(records: WarcWriter, found: Gathered) -> Written:
    """Write all that a look brought: the wire first, then what the browser saw and showed."""
    captures = [
        capture for exchange in found.exchanges for capture in records.write_exchange(exchange)
    ]
    if not isinstance(found.shown, Rendered):
        return Written(captures, None)
    rendering = _write_rendered(records, found.shown, captures)
    if rendering.snapshot is not None:
        captures.append(
            Capture(
                rendering.url,
                rendering.rendered_at,
                rendering.status,
                RENDERING_TYPE,
                rendering.snapshot,
            )
        )
    return Written(captures, rendering)


def _write_rendered(
    records: WarcWriter, shown: Rendered, on_the_wire: Iterable[Capture]
) -> Rendering:
    requests = [(capture, "wire") for capture in on_the_wire]
    for exchange in shown.exchanges:
        requests += [(capture, "browser") for capture in records.write_exchange(exchange)]
    url, date = shown.final_url, shown.started_at
    snapshot = None
    if shown.snapshot is not None:
        content = shown.snapshot.read_bytes()
        snapshot = records.write_resource(SNAPSHOT_URN + url, date, RENDERING_TYPE, content)
    slices = tuple(
        Picture(
            records.write_resource(f"{PICTURE_URN}{shot.top}:{url}", date, PNG, shot.png),
            PNG,
            shot.width,
            shot.height,
            shot.top,
        )
        for shot in shown.slices
    )
    listed = msgspec.json.encode([_request(capture, seen_by) for capture, seen_by in requests])
    return Rendering(
        url=url,
        rendered_at=date,
        browser=shown.browser,
        status=None if shown.main is None else shown.exchanges[shown.main].status,
        width=shown.width,
        height=shown.height,
        snapshot=snapshot,
        slices=slices,
        requests=records.write_resource(REQUESTS_URN + url, date, "application/json", listed),
        request_count=len(shown.exchanges),
        settled=shown.settled,
        failure=shown.failure,
        notes=shown.notes,
    )


def _request(capture: Capture, seen_by: str) -> Json:
    """Return what the list of a rendering's requests says of one answer."""
    told: Json = msgspec.to_builtins(capture)
    return told | {"seen_by": seen_by}


def page_body(watch: Watch, found: Gathered, kept: Written, ended_at: datetime) -> Json:
    """Return what the log says of a look at a page."""
    probes = [Probe(one.url, one.status, one.failure) for one in found.exchanges]
    body = visit_body(watch, found.started_at, ended_at, probes, kept.captures)
    body["target"] = found.url
    body["requests"] = [request_facts(exchange) for exchange in found.exchanges]
    if found.exit:
        body["exit"] = found.exit
    if kept.rendering is not None:
        body["rendering"] = msgspec.to_builtins(kept.rendering)
    elif not isinstance(found.shown, Rendered) and found.shown.reason:
        body["not_shown"] = found.shown.reason
    return body


def visit_body(
    watch: Watch,
    started_at: datetime,
    ended_at: datetime,
    probes: Sequence[Probe],
    captures: Sequence[Capture],
) -> dict[str, Any]:
    """Return what the log's body says of every visit."""
    body: dict[str, Any] = msgspec.to_builtins(
        {
            "watch_id": watch.id,
            "target": watch.target,
            "kind": watch.kind,
            "software": SOFTWARE,
            "started_at": started_at,
            "ended_at": ended_at,
            "probes": probes,
            "captures": captures,
        }
    )
    return body


def request_facts(exchange: Exchange) -> Json:
    """Return what is worth knowing of a request without opening its WARC."""
    head = parse_head(exchange.response_head)
    retry_after = head.get("Retry-After")
    return {
        "url": exchange.url,
        "status": exchange.status,
        "ip_address": exchange.ip_address,
        "tls": exchange.tls.version if exchange.tls else None,
        "tls_verified": exchange.tls.verified if exchange.tls else None,
        "milliseconds": round(exchange.elapsed_seconds * 1000),
        "truncated": exchange.truncated,
        "retry_after": retry_after[:MAX_RETRY_AFTER_LENGTH],
        "dated": msgspec.to_builtins(dated(head)),
        "entity": entity_digest(exchange),
        "etag": _validator(head.get("ETag")),
        "last_modified": _validator(head.get("Last-Modified")),
        "content_type": head.get("Content-Type")[:MAX_CONTENT_TYPE_LENGTH],
        "headers": {
            name: head.get(name)[:MAX_HEADER_LENGTH] for name in CHALLENGE_HEADERS if head.get(name)
        },
    }


def _validator(value: str) -> str:
    """Return what a condition of the next request may repeat: printable and short, or nothing."""
    is_usable = len(value) <= MAX_VALIDATOR_LENGTH and value.isascii() and value.isprintable()
    return value if is_usable else ""
