from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing as referee

from sousveil.errors import LogError
from sousveil.tlog import note

# RFC 8032 section 7.1, TEST 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

SIGNER = note.KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(SEED))
KEY = SIGNER.verifier
TEXT = "first\n\nlast line: 日志\n"
SIGNED = note.sign(TEXT, SIGNER)


def stranger(name: str) -> note.KeySigner:
    return note.KeySigner(name, Ed25519PrivateKey.generate())


def signature_line(name: str, raw: bytes) -> bytes:
    return f"— {name} {note.encode_base64(raw)}\n".encode()


def test_a_key_is_written_as_the_referee_writes_it() -> None:
    assert KEY.public_key == PUBLIC
    theirs = referee.Vkey("log.example/one", None, 1, PUBLIC)
    assert int.from_bytes(KEY.key_id) == theirs.key_id
    assert str(referee.Vkey.from_string(str(KEY))) == str(theirs)
    assert note.parse_vkey(SIGNER.verifier_key) == KEY


def test_a_signing_key_survives_a_write_and_a_read() -> None:
    text = note.format_skey(SIGNER)
    assert text.startswith(f"PRIVATE+KEY+log.example/one+{KEY.key_id.hex()}+")
    assert note.parse_skey(text).private_key.private_bytes_raw() == SEED


def test_a_signer_never_shows_its_key() -> None:
    assert "private" not in repr(SIGNER)
    assert repr(SIGNER) == "KeySigner(name='log.example/one')"


def test_the_text_of_a_signed_note_comes_back() -> None:
    assert note.verify(SIGNED, KEY) == TEXT
    assert note.sign(TEXT, SIGNER) == SIGNED


def test_signatures_of_strangers_are_ignored_even_with_our_name_or_our_id() -> None:
    namesake = stranger(KEY.name)
    twin = signature_line("other.example", KEY.key_id + b"\x00" * 64)
    many = b"".join(
        signature_line(f"witness{i}.example", b"abcd" + bytes([i]) * 5_000) for i in range(16)
    )
    own_name = note.sign(TEXT, namesake).split(b"\n\n")[-1]
    text, ours = SIGNED.rsplit(b"\n\n", 1)
    assert note.verify(text + b"\n\n" + many + twin + own_name + ours, KEY) == TEXT


def test_a_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    bad = signature_line(KEY.name, KEY.key_id + b"\x00" * 64)
    with pytest.raises(LogError, match=r"signature by log\.example/one is wrong"):
        note.verify(SIGNED + bad, KEY)
    with pytest.raises(LogError, match="is wrong"):
        note.verify(SIGNED.replace(b"first", b"worst"), KEY)


def test_a_note_that_our_key_did_not_sign_is_refused() -> None:
    with pytest.raises(LogError, match=r"not signed by log\.example/one"):
        note.verify(note.sign(TEXT, stranger("other.example")), KEY)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (b"", "no signature lines"),
        (SIGNED[:-1], "no signature lines"),
        (TEXT.encode(), "malformed"),
        (SIGNED.replace("— ".encode(), b"- "), "malformed"),
        (SIGNED.replace(b"one ", b"one"), "malformed"),
        (SIGNED + signature_line("a.example", b"abcd"), "too short"),
        (SIGNED + signature_line("a+b.example", b"abcde"), "cannot name a key"),
        (SIGNED + "— a.example ab*d\n".encode(), "not valid base64"),
        (SIGNED.replace(b"first", b"fir\xff"), "not UTF-8"),
        (SIGNED.replace(b"first", b"fir\r"), "control character"),
        (SIGNED + SIGNED.rsplit(b"\n\n", 1)[1] * 64, "more than 64 signatures"),
        (b"x" * note.MAX_NOTE_BYTES + SIGNED, "longer than 262,144 bytes"),
    ],
)
def test_malformed_notes_are_refused_with_what_is_wrong(damage: bytes, message: str) -> None:
    with pytest.raises(LogError, match=message):
        note.verify(damage, KEY)


def test_each_flipped_bit_of_a_note_is_noticed() -> None:
    # Base64 has unused bits at its end; they too must not be free to change.
    for at in range(len(SIGNED)):
        for bit in range(8):
            flipped = SIGNED[:at] + bytes([SIGNED[at] ^ 1 << bit]) + SIGNED[at + 1 :]
            with pytest.raises(LogError):
                note.verify(flipped, KEY)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for tried in (data, data + b"\n\n" + SIGNED, SIGNED + data):
        with suppress(LogError):
            note.verify(tried, KEY)


@given(st.text(max_size=100) | st.text().map(lambda text: f"PRIVATE+KEY+{text}"))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    with suppress(LogError):
        assert str(note.parse_vkey(text)) == text
    with suppress(LogError):
        assert note.format_skey(note.parse_skey(text)) == text


@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="+"), min_size=1))
def test_keys_of_any_name_are_read_back(name: str) -> None:
    key = note.VerifierKey(name, PUBLIC)
    assert note.parse_vkey(str(key)) == key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\n", "x" * 513])
def test_names_that_would_break_a_note_are_refused(name: str) -> None:
    with pytest.raises(LogError, match="cannot name a key"):
        note.check_name(name)


def test_a_key_with_another_id_or_kind_is_refused() -> None:
    name, key_id, encoded = SIGNER.verifier_key.split("+", 2)
    with pytest.raises(LogError, match="mistyped or cut"):
        note.parse_vkey(f"{name}+00000000+{encoded}")
    with pytest.raises(LogError, match="mistyped or cut"):
        note.parse_vkey(f"other.example+{key_id}+{encoded}")
    ecdsa = note.encode_base64(b"\x02" + PUBLIC)
    with pytest.raises(LogError, match="not an Ed25519 key"):
        note.parse_vkey(f"{name}+{key_id}+{ecdsa}")
    with pytest.raises(LogError, match="not of the form"):
        note.parse_vkey(name)


def test_a_damaged_signing_key_is_refused_without_being_shown() -> None:
    text = note.format_skey(SIGNER)
    secret = text.split("+", 4)[4]
    other = note.encode_base64(note.ED25519 + b"\x07" * 32)
    for damaged in (text[1:], text[:-4], text.replace(secret, other)):
        with pytest.raises(LogError) as caught:
            note.parse_skey(damaged)
        assert secret[:20] not in str(caught.value)
        assert other[:20] not in str(caught.value)
