from contextlib import suppress
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import LogError
from sousveil.tlog import merkle, note
from sousveil.tlog.checkpoint import sign_checkpoint
from sousveil.tlog.proof import Proof, format_proof, parse_proof, verify_proof

SIGNER = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
KEY = SIGNER.verifier_key
ENTRIES = [b"%d" % i for i in range(11)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def node(level: int, index: int) -> bytes:
    return merkle.tree_hash(LEAVES[index << level : (index + 1) << level])


HEAD = sign_checkpoint(11, merkle.tree_hash(LEAVES), SIGNER)
PROOFS = [Proof(i, tuple(merkle.inclusion_proof(i, 11, node)), HEAD.note) for i in range(11)]
hashes = st.binary(min_size=32, max_size=32)


def test_each_entry_s_proof_verifies_from_its_file_alone() -> None:
    for index, entry in enumerate(ENTRIES):
        assert verify_proof(format_proof(PROOFS[index]), entry, KEY) == (index, HEAD)


def test_the_file_is_laid_out_as_the_standard_says() -> None:
    lines = format_proof(replace(PROOFS[10], extra=b"more")).decode().split("\n")
    hashes_64 = [note.encode_base64(one) for one in PROOFS[10].hashes]
    head = ["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 10", *hashes_64, ""]
    assert lines == head + HEAD.note.decode().split("\n")


def test_a_log_of_one_entry_has_a_proof_without_hashes() -> None:
    head = sign_checkpoint(1, LEAVES[0], SIGNER)
    assert verify_proof(format_proof(Proof(0, (), head.note)), ENTRIES[0], KEY) == (0, head)


def test_a_proof_of_another_entry_index_or_key_is_refused() -> None:
    data = format_proof(PROOFS[4])
    with pytest.raises(LogError, match="does not hold"):
        verify_proof(data, ENTRIES[5], KEY)
    with pytest.raises(LogError, match="does not hold"):
        verify_proof(format_proof(replace(PROOFS[4], index=5)), ENTRIES[4], KEY)
    stranger = note.KeySigner(SIGNER.name, Ed25519PrivateKey.generate())
    with pytest.raises(LogError, match="not signed by"):
        verify_proof(data, ENTRIES[4], stranger.verifier_key)


@given(
    st.builds(
        Proof,
        st.integers(0, 2**63 - 1),
        st.lists(hashes, max_size=63).map(tuple),
        st.binary(max_size=100),
        st.binary(max_size=100),
    )
)
def test_proofs_survive_a_write_and_a_read(proof: Proof) -> None:
    assert parse_proof(format_proof(proof)) == proof


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for tried in (data, b"c2sp.org/tlog-proof@v1\n" + data, format_proof(PROOFS[3]) + data):
        with suppress(LogError):
            verify_proof(tried, ENTRIES[3], KEY)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"c2sp.org/tlog-proof@v2\nindex 0", "no proof"),
        (b"c2sp.org/tlog-proof@v1\r\nindex 0", "no proof"),
        (b"c2sp.org/tlog-proof@v1", "no index line"),
        (b"c2sp.org/tlog-proof@v1\nindex 01", "not a number"),
        (b"c2sp.org/tlog-proof@v1\nextra !\nindex 0", "not valid base64"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nindex 0", "not valid base64"),
        (b"c2sp.org/tlog-proof@v1\nindex 0" + b"\nAAAA" * 64, "more hashes"),
        ("c2sp.org/tlog-proof@v1\nindex ٧".encode(), "not text"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 400_000, "longer than"),
    ],
)
def test_malformed_proofs_are_refused_with_what_is_wrong(head: bytes, message: str) -> None:
    with pytest.raises(LogError, match=message):
        parse_proof(head + b"\n\n" + HEAD.note)


def test_a_proof_without_its_empty_line_is_refused() -> None:
    with pytest.raises(LogError, match="no proof"):
        parse_proof(b"c2sp.org/tlog-proof@v1\nindex 0\n")
