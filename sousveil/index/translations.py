"""Translations: what quotes say in other languages, always in the words of somebody who is named.

Filled from the log's `translation` events. A translation belongs to a quote's words, so it is told
of the same quote wherever it stands. One person's later one into a language takes the place of the
earlier; the log keeps both. None ever stands in place of the original.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from sousveil.index.reviews import person
from sousveil.index.store import Index
from sousveil.model import Event, Finding, Translation


def put_translation(index: Index, event: Event) -> None:
    """Take in a translation, in place of the same person's earlier one into the same language."""
    body = event.body
    translation = Translation(
        finding_id=body["finding_id"],
        quote_sha256=body["quote_sha256"],
        text=body["text"],
        lang=body["lang"],
        by=body["by"],
        at=event.time,
        log_index=event.index,
    )
    index.change(
        "DELETE FROM translation WHERE quote_sha256 = ? AND person = ?"
        " AND lower(json_extract(data, '$.lang')) = lower(?)",
        *(translation.quote_sha256, person(translation.by), translation.lang),
    )
    index.change(
        "INSERT INTO translation VALUES (?, ?, ?, ?)",
        *(event.index, translation.quote_sha256, person(translation.by)),
        msgspec.json.encode(translation),
    )


def translations_of(
    index: Index, findings: Iterable[Finding]
) -> dict[str, tuple[Translation, ...]]:
    """Return the translations of what findings quote, by the finding's id; those without lack."""
    digests = {finding.id: quote_digest(finding) for finding in findings}
    told = _translations(index, set(digests.values()))
    return {one: told[digest] for one, digest in digests.items() if digest in told}


def quote_digest(finding: Finding) -> str:
    """Return the SHA-256, in hexadecimal, of a finding's quote in UTF-8."""
    return hashlib.sha256(finding.quote.encode("utf-8", "surrogatepass")).hexdigest()


def _translations(index: Index, digests: Iterable[str]) -> dict[str, tuple[Translation, ...]]:
    chosen = msgspec.json.encode(list(digests)).decode()
    told: dict[str, tuple[Translation, ...]] = {}
    for digest, data in index.rows(
        "SELECT quote_sha256, data FROM translation WHERE quote_sha256 IN"
        " (SELECT value FROM json_each(?)) ORDER BY log_index",
        chosen,
    ):
        one = msgspec.json.decode(data, type=Translation)
        told[digest] = (*told.get(digest, ()), one)
    return told
