"""A stamp is taken only from whom it should come, for what was sent, by a real authority."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sousveil.errors import LogError
from sousveil.tlog.timestamps import openssl
from sousveil.tlog.timestamps.chain import (
    may_stamp,
    name_of,
    path_to_root,
    read_certificates,
    write_certificates,
)
from sousveil.tlog.timestamps.token import MAX_TOKEN_BYTES, check_token, make_query
from tests.authority import Authority, authority, issue

DATA = b"sousveil.case/0123456789abcdef\n7\nroot\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path / "tsa") as made:
        yield made


def test_a_stamp_tells_when_and_by_whom_the_data_existed(house: Authority) -> None:
    query = make_query(DATA)
    held = check_token(
        house.reply(query.der), DATA, roots=[house.root.certificate], nonce=query.nonce
    )
    assert abs(held.at - datetime.now(UTC)) < timedelta(seconds=30)
    assert [name_of(one) for one in held.path] == ["Stamp House Signer", "Stamp House Root"]


def test_a_stamp_that_is_not_in_strict_der_is_read_by_openssl(tmp_path: Path) -> None:
    with authority(tmp_path / "tsa", with_chain=True) as house:
        query = make_query(DATA)
        response = house.reply(query.der)
        roots = [house.root.certificate]
        held = check_token(response, DATA, roots=roots, nonce=query.nonce)
        assert abs(held.at - datetime.now(UTC)) < timedelta(seconds=30)
        assert openssl.read_token(response).digests == {"2.16.840.1.101.3.4.2.1"}
        with pytest.raises(LogError, match="imprint"):
            check_token(response, DATA + b"x", roots=roots)
        with pytest.raises(LogError, match="its nonce is not the one sent"):
            check_token(response, DATA, roots=roots, nonce=query.nonce + 1)


def test_both_readers_tell_the_same_of_one_stamp(house: Authority) -> None:
    response = house.reply(make_query(DATA).der)
    held = check_token(response, DATA, roots=[house.root.certificate])
    token = openssl.read_token(response)
    assert (token.at, token.algorithm) == (held.at, "sha512")
    openssl.verify_token(response, DATA, token.at, held.path)


@pytest.mark.parametrize("with_chain", [False, True])
def test_an_authority_whose_certificate_has_expired_stamps_nothing(
    tmp_path: Path, *, with_chain: bool
) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    with authority(tmp_path / "tsa", since=past[0], until=past[1], with_chain=with_chain) as house:
        response = house.reply(make_query(DATA).der)
        with pytest.raises(LogError, match="certificate has expired"):
            check_token(response, DATA, roots=[house.root.certificate])


def test_a_stamp_that_was_made_in_time_holds_after_its_certificate_ends(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    with authority(tmp_path / "tsa", until=soon) as house:
        response = house.reply(make_query(DATA).der)
        held = check_token(response, DATA, roots=[house.root.certificate])
    assert held.expires_at == soon.replace(microsecond=0)
    later = held.at + timedelta(days=9_000)
    openssl.verify_token(response, DATA, held.at, held.path)
    with pytest.raises(LogError, match="expired"):
        openssl.verify_token(response, DATA, later, held.path)


def test_another_authority_under_the_same_name_is_not_believed(house: Authority) -> None:
    stranger = issue("Stamp House Root", None)
    response = house.reply(make_query(DATA).der)
    other = issue("Elsewhere", None)
    with pytest.raises(LogError, match="does not lead to a trusted root"):
        check_token(response, DATA, roots=[other.certificate])
    # The same key, but another certificate, leads there too: the key is what signs.
    assert (
        check_token(response, DATA, roots=[stranger.certificate]).path[-1] == stranger.certificate
    )


def test_a_certificate_for_another_purpose_stamps_nothing(tmp_path: Path) -> None:
    with authority(tmp_path / "tsa") as house:
        response = house.reply(make_query(DATA).der)
        server = issue("A Server", house.root, usage=ExtendedKeyUsageOID.SERVER_AUTH)
        with pytest.raises(LogError, match="does not lead"):
            path_to_root(server.certificate, [], [issue("Nobody", None).certificate])
        assert check_token(response, DATA, roots=[house.root.certificate])
    assert may_stamp(house.signer.certificate)
    assert not may_stamp(server.certificate)
    assert not may_stamp(house.root.certificate)


def test_an_intermediate_that_the_stamp_does_not_bring_may_come_beside_it(house: Authority) -> None:
    middle = issue("Stamp House Middle", house.root)
    house.signer = issue("Stamp House Second", middle, usage=ExtendedKeyUsageOID.TIME_STAMPING)
    response = house.reply(make_query(DATA).der)
    roots = [house.root.certificate]
    with pytest.raises(LogError, match="does not lead"):
        check_token(response, DATA, roots=roots)
    held = check_token(response, DATA, roots=roots, extra=[middle.certificate])
    assert read_certificates(write_certificates(held.path), "it") == list(held.path)
    assert len(held.path) == 3


def test_a_stamp_over_other_data_does_not_hold(house: Authority) -> None:
    response = house.reply(make_query(b"other").der)
    with pytest.raises(LogError, match="does not hold: Mismatch"):
        check_token(response, DATA, roots=[house.root.certificate])


def test_every_changed_byte_of_a_signature_is_noticed(house: Authority) -> None:
    response = house.reply(make_query(DATA).der)
    roots = [house.root.certificate]
    for place in range(len(response) - 60, len(response), 7):
        changed = bytearray(response)
        changed[place] ^= 1
        with pytest.raises(LogError):
            check_token(bytes(changed), DATA, roots=roots)


def test_a_response_without_end_is_not_read() -> None:
    with pytest.raises(LogError, match="longer than"):
        check_token(b"0" * (MAX_TOKEN_BYTES + 1), DATA, roots=[])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_stamp_or_refused(data: bytes) -> None:
    with suppress(LogError):
        check_token(data, DATA, roots=[])


@given(st.binary(max_size=400))
def test_any_bytes_are_certificates_or_refused(data: bytes) -> None:
    pem = b"-----BEGIN CERTIFICATE-----\n" + data + b"\n-----END CERTIFICATE-----\n"
    for text in (data, pem):
        with suppress(LogError):
            read_certificates(text, "The file")
