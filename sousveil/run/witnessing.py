"""Witnessing: the log's newest checkpoint goes to its witnesses, and what they cosign is kept.

They learn the log's random name, its size and its root, and our address or that of the case's exit;
nothing of what the case holds. Whoever cannot be reached is asked again next time: the newest
checkpoint covers all that an older one did. What does not hold is not kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sousveil.case import Case
from sousveil.errors import LogError
from sousveil.run.sending import Outside, send
from sousveil.settings import Witness
from sousveil.tlog.checkpoint import Checkpoint, parse_number
from sousveil.tlog.cosignature import cosignatures
from sousveil.tlog.log import consistency, read_checkpoint
from sousveil.tlog.note import MAX_NOTE_BYTES, VerifierKey, signature_line, split_note
from sousveil.tlog.witness import format_request
from sousveil.tlog.witnesses import keep_cosignature, last_seen

REQUEST_TYPE = "application/octet-stream"  # the standard names none

# A witness answers within a second. A visit waits for it, so a server that hangs is given up.
WITNESS_SECONDS = 20.0

# A witness that tells a size and then, asked from there, another is asked by somebody else, too.
ATTEMPTS = 3

_REFUSED: dict[int, str] = {
    HTTPStatus.NOT_FOUND: (
        "does not know this log. Ask its owner to run: sousveil witness add {origin} {key}"
    ),
    HTTPStatus.FORBIDDEN: (
        "knows this log by another key. Tell its owner the right one, by another way: {key}"
    ),
}
_FORKED = (
    "says that this log does not go on from the {seen:,} entries that it saw: a copy of this case"
    " was continued elsewhere, or its past was changed. Get its checkpoint for this log, and run"
    " `sousveil verify --against` that."
)
_CUT = (
    "says that it saw {seen:,} entries of this log, which has {size:,}: the newest were taken away,"
    " or a copy of this case was continued elsewhere."
)


class ContradictedError(LogError):
    """A witness saw another log than ours under our name."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a witness answered."""

    witness: str  # its name in the settings
    entries: int  # of the log that were to be witnessed
    at: datetime | None  # by the witness's clock; None when there is no cosignature
    problem: str  # why there is none, in words
    is_contradiction: bool = False  # it saw another log under our name


def ask_witnesses(case: Case, outside: Outside) -> Iterator[Heard]:
    """Have each witness that has not seen it cosign the log's head; yield the answers.

    The case's lock is held by turns (`outside.turn`), while a cosignature is stored. Raises
    LogError when the log cannot be read, and InterruptedError once `outside.stop` is set.
    """
    head = read_checkpoint(case.log, case.settings.key)
    if head is None:
        return
    for witness in case.settings.witnesses.values():
        try:
            seen = last_seen(case.log, witness.key)
            if seen == head.size:
                continue
            line, at = _cosigned(case, witness, seen, head, outside)
            with outside.turn():
                keep_cosignature(case.log, head, witness.key, line)
        except LogError as error:
            is_other = isinstance(error, ContradictedError)
            yield Heard(witness.name, head.size, None, str(error), is_other)
        else:
            yield Heard(witness.name, head.size, at, "")


def _cosigned(
    case: Case, witness: Witness, seen: int, head: Checkpoint, outside: Outside
) -> tuple[str, datetime]:
    """Return the line with which a witness cosigned our head, verified, and its time.

    `seen` is the size that it cosigned last, as far as we know: it tells when it was another.
    """
    url = f"{witness.url.rstrip('/')}/add-checkpoint"
    for _ in range(ATTEMPTS):
        if seen > head.size:
            raise ContradictedError(_CUT.format(seen=seen, size=head.size))
        proof = consistency(case.log, seen, head.size)
        body = format_request(seen, proof, head.note)
        status, answer = send(
            case,
            url,
            body,
            REQUEST_TYPE,
            outside,
            seconds=WITNESS_SECONDS,
            max_bytes=MAX_NOTE_BYTES,
        )
        if status != HTTPStatus.CONFLICT:
            break
        told = answer.decode("ascii", "replace").removesuffix("\n")
        seen = parse_number(told, f"What {url} says it saw")
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        raise ContradictedError(_FORKED.format(seen=seen))
    if status != HTTPStatus.OK:
        why = _REFUSED.get(status, f"answered HTTP {status}.")
        raise LogError(why.format(origin=case.settings.origin, key=case.settings.key))
    return _own_line(head, answer, witness.key)


def _own_line(head: Checkpoint, answer: bytes, key: VerifierKey) -> tuple[str, datetime]:
    """Return the cosignature by `key` in the lines that a witness answered, and its time."""
    note = head.note + answer
    try:
        _, lines = split_note(note)
    except LogError as error:
        raise LogError(f"answered what is no cosignature: {error}") from error
    told = cosignatures(note, [key])
    if not told:
        raise LogError(f"answered without a signature by its key, {key}. Ask its owner for it.")
    line = next(one for one in lines if one.is_of(key))
    return signature_line(key, line.signature), told[0].at
