"""The answers of a visit, read as far as quotes can be in them.

Takes the list of a rendering's requests (`model.Rendering.requests`), gives each answer that may
hold text with its `Origin`, one after the other, so that only one is in memory. The text of pages
and data comes first, scripts after it: what is beyond the limits is the least telling.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sousveil.archive.read import Payload, payload
from sousveil.errors import ArchiveError, ExtractError
from sousveil.extract import extract
from sousveil.extract.charset import decode
from sousveil.extract.markup.tokens import TokenKind, tokens
from sousveil.model import Block, BlockKind, Document, Origin, RecordRef

MAX_ANSWERS = 300  # of one page that are read; a shop has some 80 scripts and JSON answers
MAX_ANSWER_BYTES = 16 * 2**20  # of one; the largest bundles of scripts have 10
MAX_TOTAL_BYTES = 128 * 2**20  # of all: half a minute

_PAGE = re.compile(r"text/html|application/xhtml\+xml")
_DATA = re.compile(r"(?:application|text)/(?:[\w.+-]+\+)?(?:json|x-ndjson|graphql\S*)")
_SCRIPT = re.compile(r"(?:application|text)/(?:x-)?(?:java|ecma|type)script")
_OTHER = re.compile(r"text/.*|application/(?:[\w.+-]+\+)?(?:xml|yaml|x-yaml)|image/svg\+xml|")
_ORDER = (_PAGE, _DATA, _SCRIPT, _OTHER)


class _Request(msgspec.Struct):
    """What the list says of one answer; what else it says is not needed here."""

    url: str
    media_type: str
    record: RecordRef
    seen_by: str
    refers_to: RecordRef | None = None


def read_answers(case_root: Path, requests: RecordRef) -> Iterator[tuple[Origin, Document | None]]:
    """Yield each answer that may hold text, read, or None where it cannot be.

    A page comes twice when it has scripts: as its text, and as what its scripts say. Raises
    ArchiveError when the list is not there or is none.
    """
    try:
        listed = msgspec.json.decode(payload(case_root, requests).body, type=list[_Request])
    except msgspec.DecodeError as error:
        raise ArchiveError(
            f"{case_root / requests.warc}: the record at byte {requests.offset} lists no requests"
            f" ({error})."
        ) from error
    ranked = [(rank, one) for one in listed if (rank := _rank(one.media_type)) is not None]
    ranked.sort(key=lambda each: each[0])
    left = MAX_TOTAL_BYTES
    for _, one in ranked[:MAX_ANSWERS]:
        origin = Origin(
            one.url, one.record, one.media_type, "wire" if one.seen_by == "wire" else "browser"
        )
        if left <= 0:
            return
        try:
            limit = min(left, MAX_ANSWER_BYTES)
            answer = payload(case_root, one.record, limit, refers_to=one.refers_to)
        except ArchiveError:
            yield origin, None  # verify names what is wrong with the record
            continue
        left -= len(answer.body)
        for document in _documents(answer, one):
            yield origin, document


def _rank(media_type: str) -> int | None:
    """Return how early an answer of this type is read; None for one that holds no text."""
    matches = (rank for rank, types in enumerate(_ORDER) if types.fullmatch(media_type))
    return next(matches, None)


def _documents(answer: Payload, request: _Request) -> Iterator[Document | None]:
    media_type = answer.media_type or request.media_type
    charset = answer.charset or None
    try:
        yield extract(answer.body, media_type=media_type, charset=charset, name=request.url)
    except ExtractError:
        yield None  # a picture by another name, or more than is read of a page
    if _PAGE.fullmatch(media_type) and b"<script" in answer.body.lower():
        yield _scripts(*decode(answer.body, http=charset, declares=True))


def _scripts(source: str, charset: str) -> Document:
    """Return what stands in the script elements of a page, as code."""
    code = "\n".join(
        source[token.start : token.end]
        for token in tokens(source)
        if token.kind is TokenKind.CONTENT and token.name == "script"
    )
    block = Block(0, len(code), BlockKind.CODE)
    return Document(text=code, blocks=(block,), format="code", charset=charset)
