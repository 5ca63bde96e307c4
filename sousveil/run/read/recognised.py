"""Quotes that were recognised in a picture (OCR): how sure they are, and where they stand on it.

Takes findings of one document with the capture it was read from, and gives them with
`source.recognised`, a caveat, and, of a picture that is itself the capture, `source.regions`.
"""

from collections.abc import Iterable
from dataclasses import replace

from sousveil.extract.layout import rectangles, regions
from sousveil.extract.ocr.document import recognised, recognised_caveat
from sousveil.extract.ocr.process import recogniser
from sousveil.model import Capture, Document, Finding, Picture


def with_recognition(
    findings: Iterable[Finding], document: Document, capture: Capture, content: bytes
) -> tuple[Finding, ...]:
    """Return `findings`, those told apart that OCR read off a picture.

    `document` was read from `content`, the payload of `capture`.
    """
    told = []
    for finding in findings:
        claim = finding.claim
        sure = recognised(document, claim.start, claim.end)
        if sure is None:
            told.append(finding)
            continue
        source = replace(finding.source, recognised=sure)
        if document.format == "image":
            runs = rectangles(document, claim.start, claim.end)
            source = replace(source, regions=regions(runs, [_itself(capture, content)]))
        caveats = (*finding.caveats, recognised_caveat(sure))
        told.append(replace(finding, source=source, caveats=caveats))
    return tuple(told)


def _itself(capture: Capture, content: bytes) -> Picture:
    """Return a capture that is a picture; its size is remembered from when it was read."""
    record = capture.refers_to or capture.record
    read = recogniser.read(content, capture.url)
    return Picture(record, capture.media_type, read.width, read.height)
