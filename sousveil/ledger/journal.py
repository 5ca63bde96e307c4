"""The journal: what a commit is about to do, signed, so that a crash amid it can be made good.

Takes drafts of events and gives their entries and lines, parted among journals; and the reverse,
from the bytes of a journal that this case's key signed.
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785

from sousveil.bodies import read_line, write_line
from sousveil.durable import file_sha256, write_durably
from sousveil.errors import CaseError, EvidenceError
from sousveil.ledger.events import MAX_BODY_BYTES
from sousveil.model import Json
from sousveil.tlog.note import Signer

JOURNAL_FILE = "pending/commit.json"
ENTRY_VERSION = 1

# A journal takes one body of any size, or smaller ones together: some 40,000 of a watch each.
MAX_JOURNAL_BYTES = MAX_BODY_BYTES

SALT_BYTES = 16  # as many guesses as a 128-bit key

ASIDE = (
    "What was reported as done is in the log. `sousveil doctor --repair` moves it out of the way."
)


class StrayJournalError(EvidenceError):
    """A journal that no commit of this log left: forged, damaged, or of another log."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is to be committed."""

    type: str
    body: Mapping[str, Any]
    time: datetime
    warc: Path | None = None  # the archive file that it brings, synced, in `pending/`
    warc_path: str | None = None  # where that goes, below the case folder
    keys: Mapping[str, str] | None = None  # that the entry names, where the log's key changes


def write_journal(path: Path, journal: Json, signer: Signer) -> None:
    """Write a journal, signed and synced; from then on its events have happened."""
    text = json.dumps(journal)
    sealed = {"journal": text, "signature": signer.sign(_sealed(text)).hex()}
    write_durably(path, json.dumps(sealed).encode())


def open_journal(path: Path, signer: Signer) -> Json:
    """Return what a journal says; raises StrayJournalError for one that `signer` did not sign."""
    try:
        sealed = json.loads(path.read_bytes())
        text = sealed["journal"]
        signature = bytes.fromhex(sealed["signature"])
        is_ours = signer.verifier.has_signed(_sealed(text), signature)
        journal: Json = json.loads(text if is_ours else "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise StrayJournalError(
            f"{path}: was not written by this case's key, or is damaged. {ASIDE}"
        ) from error
    return journal


def part_of(draft: Draft) -> Json:
    """Return what a journal says of an event: its entry, the line of it, and its file's name."""
    salted = {**draft.body, "salt": _new_salt()}
    line = write_line(draft.type, salted, _new_salt)
    if len(line) > MAX_BODY_BYTES:
        raise CaseError(
            f"{draft.type}: the event's body has {len(line)} bytes, over the limit of"
            f" {MAX_BODY_BYTES}. Nothing was added; take it in in smaller parts."
        )
    entry: Json = {
        "v": ENTRY_VERSION,
        "type": draft.type,
        "time": draft.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "body": read_line(line).digest,
    }
    if draft.warc is not None:
        entry["warc"] = {
            "path": draft.warc_path,
            "sha256": file_sha256(draft.warc),
            "bytes": draft.warc.stat().st_size,
        }
    entry |= draft.keys or {}
    name = draft.warc.name if draft.warc is not None else None
    return {"entry": rfc8785.dumps(entry).decode(), "line": line.decode(), "warc": name}


def _new_salt() -> str:
    return secrets.token_hex(SALT_BYTES)


def shares(parts: Iterable[Json]) -> Iterator[list[Json]]:
    """Part events among journals: each at least one, and what fits in MAX_JOURNAL_BYTES."""
    share: list[Json] = []
    size = 0
    for part in parts:
        more = len(part["entry"]) + len(part["line"])
        if share and size + more > MAX_JOURNAL_BYTES:
            yield share
            share, size = [], 0
        share.append(part)
        size += more
    if share:
        yield share


def parts_of(journal: Json) -> list[Json]:
    """Return the events of a journal; before commits came together it was of one."""
    parts: list[Json] = journal.get("parts", [journal])
    return parts


def warcs_of(journal: Json) -> Iterator[tuple[str, Json]]:
    """Yield the name in `pending/` of each archive file, with what its entry says of it."""
    for part in parts_of(journal):
        if part["warc"] is not None:
            yield part["warc"], json.loads(part["entry"])["warc"]


def _sealed(journal: str) -> bytes:
    """Return what is signed for a journal; no checkpoint begins like this."""
    return b"sousveil journal v1\n" + journal.encode()
