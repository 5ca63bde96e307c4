"""The witness: whether a checkpoint goes on from the one that was cosigned last, and only then.

Takes a request, the keys that logs are known by, and what was cosigned; gives the checkpoint that
may be cosigned, or the refusal. Pure: who keeps the state must write it before the cosignature
leaves. Requests are also made here, for those who ask. Follows C2SP tlog-witness, "add-checkpoint".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sousveil.errors import LogError
from sousveil.tlog import merkle
from sousveil.tlog.checkpoint import Checkpoint, parse_number, read_checkpoint_text
from sousveil.tlog.note import (
    MAX_NOTE_BYTES,
    VerifierKey,
    decode_base64,
    encode_base64,
    signed_by,
    split_note,
    verify,
)
from sousveil.tlog.proof import MAX_PROOF_HASHES

# The old size has up to 19 digits, a hash 45 characters with its line end.
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 32 + 45 * MAX_PROOF_HASHES
SIZE_TYPE = "text/x.tlog.size"

_OLD = "old "


@dataclass(frozen=True, slots=True)
class Known:
    """What a witness knows of a log."""

    keys: tuple[VerifierKey, ...]  # that may sign it
    latest: Checkpoint | None  # the newest that was cosigned


class RefusalError(LogError):
    """A request that is not granted; `status` and `body` are the answer to it."""

    def __init__(
        self, status: HTTPStatus, message: str, *, size: int = 0, of: Checkpoint | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.size = size  # that was cosigned last, where the status is 409
        self.of = of  # a signed checkpoint of the size cosigned last that has another root


def format_request(old: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Return the body of a request to cosign a checkpoint, a signed note."""
    hashes = "".join(f"{encode_base64(one)}\n" for one in proof)
    return f"{_OLD}{old}\n{hashes}\n".encode() + checkpoint


def judge(request: bytes, log_named: Callable[[str], Known | None]) -> Checkpoint:
    """Return the checkpoint of a request that a witness may cosign, and must keep as the latest.

    It comes without the signatures of strangers, which would fill what is kept.
    `log_named` gives what is known of the log of an origin. Raises RefusalError otherwise:

    1. the request is malformed, or the old size above the new one    400
    2. nobody told the witness of such a log                          404
    3. no key of the log signed it, or a signature of one is wrong    403
    4. the old size is not the one cosigned last                      409, with that size
    5. it does not go on from there: a fork                           422
    """
    old, proof, note = _split_request(request)  # 1
    origin = note.partition(b"\n")[0].decode("utf-8", "replace")
    known = log_named(origin)
    if known is None:  # 2
        raise RefusalError(HTTPStatus.NOT_FOUND, f"the log {origin[:200]!r} is not known here")
    try:
        text = verify(note, *known.keys)  # 3
    except LogError as error:
        raise RefusalError(HTTPStatus.FORBIDDEN, str(error)) from None
    try:
        head = read_checkpoint_text(text, signed_by(note, *known.keys))
    except LogError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, str(error)) from None
    if old > head.size:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"old size {old} is above the size {head.size}")
    seen, seen_root = 0, merkle.EMPTY_ROOT
    if known.latest is not None:
        seen, seen_root = known.latest.size, known.latest.root
    if old != seen:  # 4
        words = f"{seen} entries were cosigned last, not {old}"
        raise RefusalError(HTTPStatus.CONFLICT, words, size=seen)
    try:
        merkle.verify_consistency(old, head.size, seen_root, head.root, proof)  # 5
    except LogError as error:
        # A wrong proof proves nothing: anybody can send one. Two roots of one size prove a fork.
        fork = head if head.size == seen and head.root != seen_root else None
        raise RefusalError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), of=fork) from None
    return head


def _split_request(request: bytes) -> tuple[int, list[bytes], bytes]:
    """Return old size, proof and note of a request; raises RefusalError when it is malformed."""
    head, empty, note = request.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    if len(request) > MAX_REQUEST_BYTES or not empty or not lines[0].startswith(_OLD):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the request has no old size, or no end")
    if len(lines) > 1 + MAX_PROOF_HASHES:
        words = f"the proof has more than {MAX_PROOF_HASHES} hashes"
        raise RefusalError(HTTPStatus.BAD_REQUEST, words)
    try:
        old = parse_number(lines[0].removeprefix(_OLD), "The old size")
        proof = [decode_base64(line, "A hash of the proof") for line in lines[1:]]
        split_note(note)
    except LogError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, str(error)) from None
    return old, proof, note
