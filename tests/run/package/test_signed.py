"""A signature proves that its key signed this package, whose name a certificate bears, and when."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from sousveil.archive.wacz_signature import own_key, signed_data
from sousveil.run.package import signed
from sousveil.run.package.proved import not_proved, proved
from tests.authority import Authority, authority
from tests.run.package.packages import (
    DIGEST,
    HOME,
    WARC,
    Files,
    files,
    problems,
    relisted,
    saying,
    verified,
    warc,
    zipped,
)

DOMAIN = "sign.gate.example"
CREATED = datetime.now(UTC).replace(microsecond=0)


def made_now() -> Files:
    return saying(files(), created=f"{CREATED:%Y-%m-%dT%H:%M:%SZ}")


def with_signature(package: Files, told: dict[str, Any]) -> Files:
    digest = json.loads(package[DIGEST]) | {"signedData": told}
    return package | {DIGEST: json.dumps(digest).encode()}


def hash_of(package: Files) -> str:
    return str(json.loads(package[DIGEST])["hash"])


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


# ---------------------------------------------------------------- of one key


def anonymous(folder: Path) -> tuple[Files, dict[str, Any]]:
    package = made_now()
    key = own_key(folder / "key.pem")
    return package, signed_data(hash_of(package), key, created=text(CREATED), software="x/1")


def test_a_self_made_signature_proves_that_one_key_signed_all(tmp_path: Path) -> None:
    package, told = anonymous(tmp_path)
    result = verified(zipped(tmp_path / "signed.wacz", with_signature(package, told)))
    assert problems(result) == ""
    assert result.signed is not None
    assert (result.signed.kind, result.signed.public_key) == ("anonymous", told["publicKey"])
    assert f"One key signed all of it: {told['publicKey']}." in list(proved(result))
    words = " ".join(not_proved(result))
    assert "a self-made signature shows only that one key signed all of it" in words
    assert "no authority stamped it" in words


def test_each_flipped_byte_of_a_signature_is_found(tmp_path: Path) -> None:
    package, told = anonymous(tmp_path)
    raw = base64.b64decode(told["signature"])
    for place in range(0, len(raw), 5):
        changed = bytearray(raw)
        changed[place] ^= 1
        other = told | {"signature": base64.b64encode(changed).decode()}
        path = zipped(tmp_path / "changed.wacz", with_signature(package, other))
        assert "the signature does not hold" in problems(verified(path))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hash": "sha256:" + "0" * 64}, "what was signed is another manifest"),
        ({"extra": "x"}, "says what it must not, and nobody signed"),
        ({"created": None}, "does not tell created"),
        ({"publicKey": "AAAA"}, "its publicKey cannot be read"),
        ({"publicKey": "not base64"}, "its publicKey is not in base64"),
        ({"signature": "AAAA"}, "the signature does not hold"),
        ({"signature": None}, "does not tell signature"),
    ],
)
def test_what_is_wrong_with_a_signature_is_named(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    package, told = anonymous(tmp_path)
    path = zipped(tmp_path / "changed.wacz", with_signature(package, told | change))
    result = verified(path)
    assert expected in problems(result)
    assert list(proved(result)) == []


def test_a_package_that_was_changed_and_listed_anew_is_not_the_one_signed(tmp_path: Path) -> None:
    package, told = anonymous(tmp_path)
    changed = with_signature(saying(package, title="Other"), told)
    assert "another manifest" in problems(verified(zipped(tmp_path / "x.wacz", changed)))


def test_a_signature_in_der_and_on_another_curve_is_read(tmp_path: Path) -> None:
    package, told = anonymous(tmp_path)
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.sign(hash_of(package).encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for form in (der, r.to_bytes(32, "big") + s.to_bytes(32, "big")):
        other = told | {
            "signature": base64.b64encode(form).decode(),
            "publicKey": base64.b64encode(spki).decode(),
        }
        result = verified(zipped(tmp_path / "x.wacz", with_signature(package, other)))
        assert problems(result) == ""
        assert "players read P-384 alone" in " ".join(one.problem for one in result.remarks)


# ---------------------------------------------------------------- of a domain


class Site:
    """Who certifies a domain, and the domain's own key."""

    def __init__(self, until: datetime | None = None) -> None:
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Gate Root")])
        self.root = self._issue(name, name, self.ca_key, None)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
        self.leaf = self._issue(subject, name, self.key, until or CREATED + timedelta(days=60))

    def _issue(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        until: datetime | None,
    ) -> x509.Certificate:
        is_ca = until is None
        since = CREATED - timedelta(days=300 if is_ca else 30)
        usage = x509.KeyUsage(
            digital_signature=not is_ca,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=is_ca,
            crl_sign=is_ca,
            encipher_only=False,
            decipher_only=False,
        )
        of_ca = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key())
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until or CREATED + timedelta(days=3_000))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(own, critical=False)
            .add_extension(of_ca, critical=False)
        )
        if not is_ca:
            names = x509.SubjectAlternativeName([x509.DNSName(DOMAIN)])
            server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            builder = builder.add_extension(names, critical=False)
            builder = builder.add_extension(server, critical=False)
        return builder.sign(self.ca_key, hashes.SHA256())

    def sign(self, package: Files, house: Authority) -> dict[str, Any]:
        """Return what a signing service gives."""
        signature = base64.b64encode(
            self.key.sign(hash_of(package).encode(), ec.ECDSA(hashes.SHA256()))
        ).decode()
        chain = self.leaf.public_bytes(Encoding.PEM) + self.root.public_bytes(Encoding.PEM)
        return {
            "hash": hash_of(package),
            "created": text(CREATED),
            "software": "signer/1",
            "version": "0.1.0",
            "signature": signature,
            "domain": DOMAIN,
            "domainCert": chain.decode(),
            "timeSignature": stamp(house, signature),
            "timestampCert": (house.signer.pem + house.root.pem).decode(),
        }


def stamp(house: Authority, data: str) -> str:
    return base64.b64encode(house.reply(house.query(data.encode()))).decode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path / "house") as made:
        yield made


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a site whose root this computer trusts."""
    made = Site()
    monkeypatch.setattr(signed, "system_roots", lambda: (made.root,))
    return made


def test_a_domain_s_signature_proves_the_name_and_the_time(
    tmp_path: Path, site: Site, house: Authority
) -> None:
    package = made_now()
    told = site.sign(package, house)
    result = verified(zipped(tmp_path / "signed.wacz", with_signature(package, told)))
    assert problems(result) == ""
    assert result.signed is not None
    assert result.signed.stamp is not None
    assert (result.signed.domain, result.signed.root) == (DOMAIN, "Gate Root")
    assert not result.signed.stamp.is_trusted
    words = " ".join(proved(result))
    assert f"Whoever held the certificate for {DOMAIN} signed all of it." in words
    assert "certified by CN=Gate Root, under the root Gate Root" in words
    assert "says Stamp House Signer under the root Stamp House Root" in words
    assert "which this computer does not know" in words
    assert f"Who at {DOMAIN} signed it" in " ".join(not_proved(result))


def test_a_name_that_nobody_trusted_certified_is_refused(tmp_path: Path, house: Authority) -> None:
    package = made_now()
    told = Site().sign(package, house)
    result = verified(zipped(tmp_path / "signed.wacz", with_signature(package, told)))
    assert "does not lead to a root that this computer trusts" in problems(result)
    assert list(proved(result)) == []


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def wrong(site: Site, house: Authority, name: str) -> dict[str, str]:
    """Return the one field of a domain's signature that is not as it should be."""
    changes = {
        "another domain": {"domain": "bank.example"},
        "another key": {"domainCert": pem(Site().leaf)},
        "a stamp of something else": {"timeSignature": stamp(house, "something else")},
        "a stamp by another": {"timestampCert": pem(site.root)},
        "a stamp of bytes": {"timeSignature": base64.b64encode(bytes(range(256))).decode()},
        "a stamp a day later": {"created": text(CREATED - timedelta(days=1))},
        "another's cross-signing": {"crossSignedCert": pem(Site().leaf)},
        "no certificate": {"domainCert": "garbage"},
        "a key beside": {"publicKey": "AAAA"},
    }
    return changes[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("another domain", "is not of that name"),
        ("another key", "the signature does not hold"),
        ("a stamp of something else", "the time stamp of the signature does not hold"),
        ("a stamp by another", "the time stamp of the signature does not hold"),
        ("a stamp of bytes", "the time stamp of the signature does not hold"),
        ("a stamp a day later", "more than ten minutes apart"),
        ("another's cross-signing", "crossSignedCert is of another key"),
        ("no certificate", "holds no certificates"),
        ("a key beside", "says what it must not"),
    ],
)
def test_what_is_wrong_with_a_domain_s_signature_is_named(
    tmp_path: Path, site: Site, house: Authority, name: str, expected: str
) -> None:
    package = made_now()
    told = site.sign(package, house) | wrong(site, house, name)
    result = verified(zipped(tmp_path / "wrong.wacz", with_signature(package, told)))
    assert expected in problems(result)


def test_any_changed_byte_of_a_certificate_is_a_fault(
    tmp_path: Path, site: Site, house: Authority
) -> None:
    package = made_now()
    told = site.sign(package, house)
    der = site.leaf.public_bytes(Encoding.DER)
    for place in range(0, len(der), 3):
        changed = bytearray(der)
        changed[place] ^= 1 << place % 8
        text = base64.encodebytes(changed).decode()
        leaf = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
        other = told | {"domainCert": leaf + pem(site.root)}
        path = zipped(tmp_path / "changed.wacz", with_signature(package, other))
        assert verified(path).faults, place


def test_a_certificate_that_had_run_out_when_it_signed_is_refused(
    tmp_path: Path, house: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Site(until=CREATED - timedelta(days=1))
    monkeypatch.setattr(signed, "system_roots", lambda: (late.root,))
    package = made_now()
    told = late.sign(package, house)
    result = verified(zipped(tmp_path / "late.wacz", with_signature(package, told)))
    assert "was not valid at" in problems(result)


def test_a_record_younger_than_the_stamp_is_a_contradiction(
    tmp_path: Path, site: Site, house: Authority
) -> None:
    package = saying(files(), created="2051-01-01T00:00:00Z")
    package = relisted(package | {WARC: warc(HOME, at="2050-01-01T00:00:00Z")})
    told = site.sign(package, house)
    result = verified(zipped(tmp_path / "x.wacz", with_signature(package, told)))
    assert "holds a record of 2050-01-01 00:00:00 UTC, and its signature" in problems(result)
