from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import tlog as referee
from tlog_scales.signing import PlainEd25519Signer, Vkey

from sousveil.errors import LogError
from sousveil.tlog import note
from sousveil.tlog.checkpoint import MAX_SIZE, open_checkpoint, sign_checkpoint

SIGNER = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
ROOT = bytes(range(32))


@given(st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_checkpoints_survive_a_write_and_a_read(size: int, root: bytes) -> None:
    signed = sign_checkpoint(size, root, SIGNER)
    assert open_checkpoint(signed.note, SIGNER.verifier) == signed
    assert (signed.origin, signed.size, signed.root) == (SIGNER.name, size, root)


def test_the_referee_verifies_ours_and_we_verify_the_referee_s() -> None:
    ours = sign_checkpoint(70_000, ROOT, SIGNER)
    theirs = referee.Checkpoint.from_text(ours.note.decode())
    theirs.verify(Vkey.from_string(SIGNER.verifier_key))
    assert (theirs.origin, theirs.size, theirs.root_hash) == (SIGNER.name, 70_000, ROOT)
    signer = PlainEd25519Signer(SIGNER.name, SIGNER.private_key)
    witness = PlainEd25519Signer("witness.example", Ed25519PrivateKey.generate())
    made = referee.Checkpoint.make_signed(SIGNER.name, 70_000, ROOT, [witness, signer])
    opened = open_checkpoint(made.serialize().encode(), SIGNER.verifier)
    assert (opened.size, opened.root) == (ours.size, ours.root)


def test_extension_lines_are_allowed() -> None:
    text = f"log.example/one\n7\n{note.encode_base64(ROOT)}\nmore\n"
    assert open_checkpoint(note.sign(text, SIGNER), SIGNER.verifier).size == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log.example/one\n7\n", "three lines"),
        ("\n", "three lines"),
        (f"log.example/one\n\n{note.encode_base64(ROOT)}\n", "three lines"),
        (f"log.example/one\n7\n{note.encode_base64(ROOT)}\n\nx\n", "three lines"),
        (f"other.example\n7\n{note.encode_base64(ROOT)}\n", "belongs to another log"),
        (f"log.example/one\n07\n{note.encode_base64(ROOT)}\n", "not a number"),
        (f"log.example/one\n+7\n{note.encode_base64(ROOT)}\n", "not a number"),
        (f"log.example/one\n٧\n{note.encode_base64(ROOT)}\n", "not a number"),
        (f"log.example/one\n{2**63}\n{note.encode_base64(ROOT)}\n", "not a number"),
        ("log.example/one\n" + "9" * 5_000 + f"\n{note.encode_base64(ROOT)}\n", "not a number"),
        (f"log.example/one\n7\n{note.encode_base64(ROOT[:31])}\n", "not 32 bytes"),
        ("log.example/one\n7\nnot base64\n", "not valid base64"),
    ],
)
def test_signed_texts_that_are_no_checkpoint_are_refused(text: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        open_checkpoint(note.sign(text, SIGNER), SIGNER.verifier)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n")))
def test_any_signed_text_is_read_or_refused(text: str) -> None:
    with suppress(LogError):
        open_checkpoint(note.sign(text + "\n", SIGNER), SIGNER.verifier)
