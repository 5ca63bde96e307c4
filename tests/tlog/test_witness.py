from contextlib import suppress
from http import HTTPStatus

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sousveil.tlog import merkle, note
from sousveil.tlog.checkpoint import Checkpoint, sign_checkpoint
from sousveil.tlog.witness import Known, RefusalError, format_request, judge

LOG = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
NEXT = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x05" * 32))
LEAVES = [merkle.leaf_hash(b"%d" % i) for i in range(12)]
FORKED = [*LEAVES[:4], merkle.leaf_hash(b"another"), *LEAVES[5:]]


def head(size: int, leaves: list[bytes] = LEAVES, signer: note.Signer = LOG) -> Checkpoint:
    return sign_checkpoint(size, merkle.tree_hash(leaves[:size]), signer)


def proof(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    def node(level: int, index: int) -> bytes:
        return merkle.tree_hash(leaves[index << level : (index + 1) << level])

    return merkle.consistency_proof(old, new, node)


def asked(request: bytes, latest: Checkpoint | None) -> HTTPStatus:
    """Return the status of the answer by a witness that cosigned `latest` last."""
    known = {LOG.name: Known((LOG.verifier, NEXT.verifier), latest)}
    try:
        judge(request, known.get)
    except RefusalError as refusal:
        return refusal.status
    return HTTPStatus.OK


def test_every_continuation_is_granted_and_every_fork_refused_at_every_small_size() -> None:
    for old in range(12):
        for new in range(old, 13):
            latest = head(old) if old else None
            right = format_request(old, proof(old, new), head(new).note)
            assert asked(right, latest) == HTTPStatus.OK, (old, new)
            wrong = format_request(old, proof(old, new, FORKED), head(new, FORKED).note)
            is_fork = old > 4
            expected = HTTPStatus.UNPROCESSABLE_ENTITY if is_fork else HTTPStatus.OK
            assert asked(wrong, latest) == expected, (old, new)


def test_a_smaller_log_is_a_conflict_with_the_size_that_was_cosigned() -> None:
    with pytest.raises(RefusalError, match="9 entries were cosigned last, not 7") as refused:
        judge(
            format_request(7, proof(7, 8), head(8).note),
            {LOG.name: Known((LOG.verifier,), head(9))}.get,
        )
    assert (refused.value.status, refused.value.size) == (HTTPStatus.CONFLICT, 9)
    assert asked(format_request(9, [], head(8).note), head(9)) == HTTPStatus.BAD_REQUEST
    assert asked(format_request(0, [], head(9).note), head(9)) == HTTPStatus.CONFLICT


def test_a_log_that_nobody_added_is_not_found_and_a_key_that_nobody_knows_forbidden() -> None:
    other = note.KeySigner("log.example/two", LOG.private_key)
    assert asked(format_request(0, [], head(1, signer=other).note), None) == HTTPStatus.NOT_FOUND
    stranger = note.KeySigner(LOG.name, Ed25519PrivateKey.generate())
    assert asked(format_request(0, [], head(1, signer=stranger).note), None) == HTTPStatus.FORBIDDEN


def test_a_wrong_signature_of_a_known_key_is_forbidden_beside_a_right_one() -> None:
    forged = note.signature_line(NEXT.verifier, b"\0" * 64).encode()
    assert asked(format_request(0, [], head(1).note + forged), None) == HTTPStatus.FORBIDDEN


def test_a_log_whose_key_changes_goes_on_and_strangers_signatures_are_not_kept() -> None:
    stranger = note.KeySigner("else.example", Ed25519PrivateKey.generate())
    line = note.sign(head(6).note.decode().partition("\n\n")[0] + "\n", stranger)
    with_line = head(6, signer=NEXT).note + line.partition(b"\n\n")[2]
    known = Known((LOG.verifier, NEXT.verifier), head(5))
    request = format_request(5, proof(5, 6), with_line)
    assert judge(request, {LOG.name: known}.get) == head(6, signer=NEXT)


def test_a_proof_that_is_not_needed_or_of_another_length_is_unprocessable() -> None:
    extra = format_request(0, [b"\0" * 32], head(3).note)
    assert asked(extra, None) == HTTPStatus.UNPROCESSABLE_ENTITY
    again = format_request(3, [b"\0" * 32], head(3).note)
    assert asked(again, head(3)) == HTTPStatus.UNPROCESSABLE_ENTITY
    cut = format_request(3, proof(3, 9)[:-1], head(9).note)
    assert asked(cut, head(3)) == HTTPStatus.UNPROCESSABLE_ENTITY


def test_an_empty_log_has_the_empty_root() -> None:
    empty = sign_checkpoint(0, merkle.EMPTY_ROOT, LOG)
    assert asked(format_request(0, [], empty.note), None) == HTTPStatus.OK
    wrong = sign_checkpoint(0, b"\1" * 32, LOG)
    assert asked(format_request(0, [], wrong.note), None) == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + head(1).note,
        b"old -1\n\n" + head(1).note,
        b"new 0\n\n" + head(1).note,
        b"old 0\nnot base64\n\n" + head(1).note,
        b"old 0\n\n" + head(1).note.partition(b"\n\n")[0],
        b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + head(1).note,
        b"old 0\r\n\r\n" + head(1).note,
        b"old 0\n\n" + note.sign("log.example/one\n1\nnope\n", LOG),
        b"old 0\n\n" + head(1).note + b"x" * 300_000,
    ],
)
def test_what_is_malformed_is_a_bad_request(request_: bytes) -> None:
    assert asked(request_, None) == HTTPStatus.BAD_REQUEST


@given(st.binary() | st.binary().map(lambda data: format_request(0, [], data)))
def test_any_bytes_are_refused(data: bytes) -> None:
    with suppress(RefusalError):
        judge(data, {LOG.name: Known((LOG.verifier,), None)}.get)
        raise AssertionError
