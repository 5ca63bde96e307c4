"""From claims in a document to findings with evidence.

Takes an extracted document, the claims found in it and the capture it came from, and gives
`Finding` values with their stable ids. Pure.
"""

import hashlib
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sousveil.actors import imprint_of
from sousveil.model import BlockKind, Box, Capture, Claim, Document, Finding, Imprint, Source

# Characters kept before and after a quote (TextQuoteSelector prefix and suffix): two lines of a
# page, enough to tell apart repeated sentences of tables and menus.
CONTEXT_CHARACTERS = 80

ID_DIGITS = 12  # 48 bits: no two findings of a case of a million share an id by chance


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document was found: what all its findings share."""

    address: str  # what was watched; the capture's URL for an import
    capture: Capture
    log_index: int
    watch_id: str | None
    caveats: tuple[str, ...] = ()  # what weakens the evidence of all of them


def make_findings(
    document: Document,
    claims: Iterable[Claim],
    place: Place,
    boxes: Mapping[tuple[int, int], tuple[Box, ...]] | None = None,
    *,
    part: str | None = None,
) -> list[Finding]:
    """Return one finding for each claim, in order; `boxes` tells where quotes of a PDF stand.

    `part` is the document's path within a package.
    """
    seen: Counter[str] = Counter()
    findings = []
    imprint = imprint_of(document)
    for claim in sorted(claims, key=lambda claim: (claim.start, claim.end)):
        words = _canonical(document.text[claim.start : claim.end])
        occurrence = seen[claim.topic + words]
        finding = make_finding(document, claim, place, occurrence, part, imprint=imprint)
        where = boxes.get((claim.start, claim.end), ()) if boxes else ()
        source = replace(finding.source, path=None, part=part, boxes=where)
        findings.append(replace(finding, source=source))
        seen[claim.topic + words] += 1
    return findings


def make_finding(
    document: Document,
    claim: Claim,
    place: Place,
    occurrence: int,
    path: str | None = None,
    *,
    imprint: tuple[Imprint, ...],
) -> Finding:
    """Return the finding of one claim; `occurrence` counts equal quotes at one place from 0.

    `path` is that of a file in a repository, `imprint` the document's. Its actor is told when it
    is listed (index/query.py): names and lists change, and nothing is read again for that.
    """
    quote = document.text[claim.start : claim.end]
    return Finding(
        id=finding_id(claim.topic, place.address, path, quote, occurrence),
        claim=claim,
        quote=quote,
        prefix=document.text[max(0, claim.start - CONTEXT_CHARACTERS) : claim.start],
        suffix=document.text[claim.end : claim.end + CONTEXT_CHARACTERS],
        passage=document.text[claim.passage_start : claim.passage_end],
        url=place.capture.url,
        title=document.title,
        lang=document.lang,
        actor=None,
        capture=place.capture,
        source=_source(document, claim, path),
        log_index=place.log_index,
        watch_id=place.watch_id,
        caveats=place.caveats,
        imprint=imprint,
    )


def finding_id(topic: str, address: str, path: str | None, quote: str, occurrence: int) -> str:
    """Return the id that this quote keeps at this address, whichever engine or visit finds it."""
    parts = (topic, address, path or "", _canonical(quote), str(occurrence))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]


def _canonical(quote: str) -> str:
    """Fold what a redesign of the page may change without changing a word."""
    return " ".join(unicodedata.normalize("NFKC", quote).split())


def _source(document: Document, claim: Claim, path: str | None) -> Source:
    start, end = document.source_span(claim.start, claim.end)
    # Blocks stand in the order of the text and never overlap.
    before = bisect_right(document.blocks, claim.start, key=lambda block: block.start) - 1
    nearest = document.blocks[before] if before >= 0 else None
    block = nearest if nearest and claim.start < nearest.end else None
    return Source(
        kind=block.kind if block else BlockKind.PARAGRAPH,
        context=block.context if block else "",
        line=document.line(claim.start),
        end_line=document.line(max(claim.start, claim.end - 1)),
        source_start=start,
        source_end=end,
        charset=document.charset,
        path=path,
        page=block.page if block else None,
        slide=block.slide if block else None,
        cell=block.cell if block else None,
    )
