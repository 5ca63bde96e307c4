from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing as referee
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from sousveil.errors import LogError
from sousveil.tlog import merkle, note
from sousveil.tlog.checkpoint import open_checkpoint, sign_checkpoint
from sousveil.tlog.cosignature import cosign, cosignatures, parse_witness_key

LOG = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
FIRST, SECOND = (
    note.KeySigner(f"witness.example/w{n}", Ed25519PrivateKey.from_private_bytes(seed), b"\x04")
    for n, seed in ((2, b"\x02" * 32), (3, b"\x03" * 32))
)
AT = datetime(2026, 11, 23, 17, 0, 1, tzinfo=UTC)
HEAD = sign_checkpoint(1, merkle.leaf_hash(b"entry"), LOG)
COSIGNED = HEAD.note + cosign(HEAD.note, FIRST, AT).encode()


def test_a_cosignature_says_who_saw_the_checkpoint_and_when() -> None:
    twice = COSIGNED + cosign(COSIGNED, SECOND, AT + timedelta(hours=1)).encode()
    told = cosignatures(twice, [FIRST.verifier, SECOND.verifier])
    assert [(one.key, one.at) for one in told] == [
        (FIRST.verifier, AT),
        (SECOND.verifier, AT + timedelta(hours=1)),
    ]
    assert open_checkpoint(twice, LOG.verifier).root == HEAD.root
    assert cosignatures(twice, [SECOND.verifier])[0].key == SECOND.verifier
    assert cosignatures(HEAD.note, [FIRST.verifier]) == []


def test_the_referee_verifies_what_we_cosign() -> None:
    vkey = referee.Vkey.from_string(str(FIRST.verifier))
    assert (vkey.sig_type, vkey.key_id.to_bytes(4)) == (4, FIRST.verifier.key_id)
    theirs = TheirCheckpoint(LOG.name, 1, HEAD.root, [])
    line = referee.NoteSignature.from_line(COSIGNED.decode().splitlines()[-1])
    vkey.get_verifier().verify_note(line, theirs)
    assert line.payload[:8] == int(AT.timestamp()).to_bytes(8)


def test_the_signed_message_is_that_of_the_standard() -> None:
    """C2SP tlog-cosignature, "Ed25519 signed message": its example, signed here."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    signed = note.sign(text, LOG)
    line = cosign(signed, FIRST, datetime.fromtimestamp(1_679_315_147, UTC))
    raw = note.decode_base64(line.split(" ")[2].strip(), "it")
    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    FIRST.private_key.public_key().verify(raw[12:], message)
    assert raw[:12] == FIRST.verifier.key_id + (1_679_315_147).to_bytes(8)


def test_the_example_of_the_standard_is_read_and_strangers_in_it_are_ignored() -> None:
    signed = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
        "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX"
        "3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    _, lines = note.split_note(signed)
    assert lines[1].name == "witness.example.com/w1"
    assert int.from_bytes(lines[1].signature[:8]) == 1_679_315_147
    assert len(lines[1].signature) == 72
    assert cosignatures(signed, [FIRST.verifier]) == []


def test_every_changed_bit_of_a_cosignature_is_noticed() -> None:
    line = cosign(HEAD.note, FIRST, AT)
    raw = note.decode_base64(line.split(" ")[2].strip(), "it")
    for place in range(4, len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        signed = HEAD.note + note.signature_line(FIRST.verifier, changed[4:]).encode()
        with pytest.raises(LogError, match="The cosignature of witness"):
            cosignatures(signed, [FIRST.verifier])


def test_a_cosignature_of_another_checkpoint_or_without_a_time_is_refused() -> None:
    other = sign_checkpoint(1, merkle.leaf_hash(b"other"), LOG)
    moved = other.note + cosign(HEAD.note, FIRST, AT).encode()
    with pytest.raises(LogError, match="is wrong"):
        cosignatures(moved, [FIRST.verifier])
    timeless = HEAD.note + cosign(HEAD.note, FIRST, datetime.fromtimestamp(0, UTC)).encode()
    with pytest.raises(LogError, match="malformed"):
        cosignatures(timeless, [FIRST.verifier])


def test_a_key_of_a_log_is_no_key_of_a_witness_and_the_reverse() -> None:
    assert parse_witness_key(str(FIRST.verifier)) == FIRST.verifier
    with pytest.raises(LogError, match=r"not the Ed25519 key of a witness \(type 4\)"):
        parse_witness_key(str(LOG.verifier))
    with pytest.raises(LogError, match="not an Ed25519 key"):
        note.parse_vkey(str(FIRST.verifier))
    plain = note.sign("log.example/one\n1\nx\n", FIRST)
    with pytest.raises(LogError, match="malformed"):
        cosignatures(plain, [FIRST.verifier])


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    line = f"— {FIRST.name} {note.encode_base64(FIRST.verifier.key_id + raw)}\n".encode()
    with suppress(LogError):
        assert cosignatures(HEAD.note + line, [FIRST.verifier]) == []
    with suppress(LogError):
        cosignatures(raw, [FIRST.verifier])
