"""Calendars: the log's newest checkpoint goes to OpenTimestamps calendars, and into Bitcoin.

What leaves is a hash of the checkpoint's digest and of random bytes, and our address, by the case's
exit. The answer is a promise; hours later the calendar tells the way from there into a block, which
is asked for each time, until it is there. Only calendars that the case names are asked, whatever
addresses a proof tells. Last, the headers of those blocks are asked for, where the case names who
has them. Whoever cannot be reached is asked again next time.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from sousveil.case import Case
from sousveil.errors import InputError, LogError
from sousveil.run.sending import Outside, send
from sousveil.settings import Calendar, Headers
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.timestamps import ots
from sousveil.tlog.timestamps.anchors import (
    MAX_HEADER_BYTES,
    AnchorFile,
    anchor_files,
    keep_header,
    keep_proof,
    read_proof,
    wanted_headers,
)
from sousveil.tlog.timestamps.blocks import Header, read_header
from sousveil.tlog.timestamps.files import clear_leftovers, keep_subject

DIGEST_TYPE = "application/x-www-form-urlencoded"  # as the calendars' own client has it
PROOF_TYPE = "application/vnd.opentimestamps.v1"
TEXT_TYPE = "text/plain"

# A calendar gathers digests for a second; a node answers at once.
CALENDAR_SECONDS = 20.0
# Of old promises that are asked for at once: a calendar that lost them answers each the same.
MAX_UPGRADES = 32

_HASH = re.compile(r"[0-9a-f]{64}")
# Bitcoin Core, doc/REST-interface.md; Esplora, "Blocks".
_HASH_AT = {"core": "/rest/blockhashbyheight/{height}.hex", "esplora": "/block-height/{height}"}
_HEADER_OF = {"core": "/rest/headers/{hash}.hex?count=1", "esplora": "/block/{hash}/header"}


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a calendar, or who has block headers, answered."""

    by: str  # the calendar's name in the settings; "block headers" for those
    entries: int  # of the log that the proof is of
    height: int | None = None  # of the block; None for a promise
    at: datetime | None = None  # as the block's header says; None when it is not here
    problem: str = ""  # why there is nothing new, in words


def ask_calendars(case: Case, outside: Outside) -> Iterator[Anchored]:
    """See to what calendars promised, and submit the log's head to each that has not seen it.

    The case's lock is held by turns (`outside.turn`), while something is stored. Raises LogError
    when the log cannot be read or written, and InterruptedError once `outside.stop` is set.
    """
    if not case.settings.timestamps.calendars:
        return
    if not ots.is_installed():
        why = "the extra `ots` is missing: pip install 'sousveil[ots]'."
        yield from (Anchored(name, 0, problem=why) for name in case.settings.timestamps.calendars)
        return
    yield from _upgrade(case, outside)
    yield from _fetch_headers(case, outside)
    yield from _submit(case, outside)


def take_header(case: Case, data: bytes, where: Path) -> Iterator[Anchored]:
    """Keep a block header that was given by hand, for the proofs that lead to it.

    The caller holds the case's lock. Raises InputError when it is none, or no proof leads to it.
    """
    try:
        header = read_header(data)
    except LogError as error:
        raise InputError(
            f"{where}: {error}. Any node tells it: bitcoin-cli getblockheader HASH false"
        ) from error
    heights = [height for height, root in wanted_headers(case.log).items() if root == header.root]
    if not heights:
        raise InputError(f"{where}: no proof here leads to that block, or its header is here.")
    for height in heights:
        keep_header(case.log, height, header)
        yield Anchored("block headers", 0, height, header.at)


def _submit(case: Case, outside: Outside) -> Iterator[Anchored]:
    head = read_checkpoint(case.log, case.settings.key)
    seen = {(one.calendar, one.size) for one in anchor_files(case.log)}
    for calendar in case.settings.timestamps.calendars.values():
        if head is None or (calendar.name, head.size) in seen:
            continue
        nonce = secrets.token_bytes(ots.NONCE_BYTES)
        try:
            digest = ots.begin(head.note, nonce)
            answer = _asked(case, f"{_base(calendar)}/digest", digest, DIGEST_TYPE, outside)
            proof = ots.promised(head.note, nonce, answer)
        except LogError as error:
            yield Anchored(calendar.name, head.size, problem=str(error))
            continue
        with outside.turn():
            clear_leftovers(case.log)
            subject = keep_subject(case.log, f"{head.size}.checkpoint", head.note)
            keep_proof(subject, calendar.name, proof)
        yield Anchored(calendar.name, head.size)


def _upgrade(case: Case, outside: Outside) -> Iterator[Anchored]:
    """Ask for what was promised, the newest first: it covers all that an older one did."""
    named = {_base(one): one for one in case.settings.timestamps.calendars.values()}
    left = MAX_UPGRADES
    for one in reversed(anchor_files(case.log)):
        try:
            proof, data = read_proof(one)
            waiting = list(ots.promises(proof, data))
            if not waiting or any(True for _ in ots.blocks(proof, data)):
                continue
            asked = [each for each in waiting if each.url.rstrip("/") in named]
            if not asked:
                urls = ", ".join(sorted({each.url for each in waiting}))
                why = f"the promise is kept at {urls}, which case.toml does not name."
                yield Anchored(one.calendar, one.size, problem=why)
                continue
            if left == 0:
                return
            left -= 1
            yield from _kept_promise(case, one, (proof, data), asked[0], outside)
        except LogError as error:
            yield Anchored(one.calendar, one.size, problem=str(error))


def _kept_promise(
    case: Case,
    one: AnchorFile,
    told: tuple[bytes, bytes],
    promise: ots.Promise,
    outside: Outside,
) -> Iterator[Anchored]:
    """Ask whether a promise is kept by now, and keep the proof if it is."""
    proof, data = told
    url = f"{promise.url.rstrip('/')}/timestamp/{promise.commitment.hex()}"
    try:
        answer = _asked(case, url, None, PROOF_TYPE, outside)
    except _NotYetError:
        return
    better = ots.upgraded(proof, data, promise, answer)
    heights = [each.height for each in ots.blocks(better, data)]
    if heights:
        with outside.turn():
            keep_proof(one.subject, one.calendar, better)
        yield Anchored(one.calendar, one.size, min(heights))


def _fetch_headers(case: Case, outside: Outside) -> Iterator[Anchored]:
    source = case.settings.timestamps.headers
    if source is None:
        return
    for height, root in wanted_headers(case.log).items():
        try:
            header = _fetched(case, source, height, root, outside)
        except LogError as error:
            yield Anchored("block headers", 0, height, problem=str(error))
            continue
        with outside.turn():
            keep_header(case.log, height, header)
        yield Anchored("block headers", 0, height, header.at)


def _fetched(case: Case, source: Headers, height: int, root: bytes, outside: Outside) -> Header:
    """Return the header of a height, which must have that root, as a source tells it.

    Raises LogError when it tells none, or another.
    """
    base = source.url.rstrip("/")
    at = f"{base}{_HASH_AT[source.kind].format(height=height)}"
    told = _asked(case, at, None, TEXT_TYPE, outside).decode("ascii", "replace").strip()
    if not _HASH.fullmatch(told):
        raise LogError(f"{at} answered no hash of a block.")
    url = f"{base}{_HEADER_OF[source.kind].format(hash=told)}"
    header = read_header(_asked(case, url, None, TEXT_TYPE, outside)[:MAX_HEADER_BYTES])
    if header.hash != told:
        raise LogError(f"{url} answered another header.")
    if header.root != root:
        raise LogError(
            f"{source.url} has another block at height {height:,} than the proof leads to: one of"
            " them is not Bitcoin's."
        )
    return header


class _NotYetError(LogError):
    """What was asked for is not there (yet)."""


def _asked(case: Case, url: str, body: bytes | None, media_type: str, outside: Outside) -> bytes:
    status, answer = send(
        case,
        url,
        body,
        media_type,
        outside,
        seconds=CALENDAR_SECONDS,
        max_bytes=ots.MAX_PROOF_BYTES,
    )
    if status == HTTPStatus.NOT_FOUND:
        raise _NotYetError(f"{url} answered that it is not there.")
    if status != HTTPStatus.OK:
        raise LogError(f"{url} answered HTTP {status}.")
    return answer


def _base(calendar: Calendar) -> str:
    return calendar.url.rstrip("/")
