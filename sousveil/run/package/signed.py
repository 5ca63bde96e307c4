"""The signature of a package: who vouches for it, and since when.

Takes what the package says of itself and the `signedData` of its digest file. Follows WACZ-auth
0.1.0, "Verification". Both kinds are read: an anonymous key, of which nobody says whose it is, and
a key in the certificate of a domain, with an RFC 3161 time stamp of the signature. Certificates are
held against the roots that this computer trusts, as of the time that the stamp tells.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sousveil.archive.wacz_check.jsontext import instant_of, text_of
from sousveil.archive.wacz_check.manifest import DIGEST, Manifest
from sousveil.archive.wacz_check.records import MAX_CLOCK_ERROR, moment
from sousveil.archive.wacz_check.told import Told, cited
from sousveil.errors import LogError
from sousveil.model import Json
from sousveil.tlog.timestamps.chain import (
    UNREADABLE,
    Certificate,
    fingerprint,
    name_of,
    read_certificates,
    system_roots,
)
from sousveil.tlog.timestamps.token import SOUND, check_token
from sousveil.tlog.timestamps.values import Held

_COMMON = frozenset({"hash", "created", "software", "version", "signature"})
_ANONYMOUS = _COMMON | {"publicKey"}
_DOMAIN = _COMMON | {"domain", "domainCert", "timeSignature", "timestampCert"}
_OPTIONAL = frozenset({"crossSignedCert"})
_VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that holds."""

    at: datetime
    by: str  # the authority, as its certificate names it
    root: str
    root_sha256: str
    is_trusted: bool  # whether this computer trusts the root by itself


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds."""

    kind: str  # "anonymous" or "domain"
    public_key: str  # SPKI in base64
    software: str
    domain: str = ""  # that the certificate bears
    issuer: str = ""  # who certified that
    root: str = ""  # trusted by this computer; "" when the chain leads to none
    stamp: Stamped | None = None


class _Refused(Exception):  # noqa: N818  # a reason, in words for a person; never leaves this module
    """Why a signature does not hold."""


def check_signature(manifest: Manifest, told: Told) -> Signed | None:
    """Return who signed the package; None, and faults, when a signature does not hold.

    A package need not be signed: that is a remark.
    """
    if "signedData" not in manifest.digest:
        told.odd(DIGEST, "bears no signature: whoever changes the package can mend its digests")
        return None
    data = manifest.digest["signedData"]
    if not isinstance(data, dict):
        told.fault(DIGEST, "its signedData is no object")
        return None
    try:
        _check_form(data, manifest, told)
        return _domain(data, told) if "domainCert" in data else _anonymous(data, told)
    except _Refused as refused:
        told.fault(DIGEST, str(refused))
    except UNREADABLE as error:  # certificates are read as they are looked at
        told.fault(DIGEST, f"its certificates cannot be read: {error}")
    return None


def _check_form(data: Json, manifest: Manifest, told: Told) -> None:
    """Hold `signedData` against its two forms, and against what it signs."""
    wanted = _DOMAIN if "domainCert" in data or "domain" in data else _ANONYMOUS
    if missing := sorted(one for one in wanted if not text_of(data.get(one))):
        told.fault(DIGEST, f"its signedData does not tell {', '.join(missing)}")
    allowed = wanted | (_OPTIONAL if wanted is _DOMAIN else frozenset())
    if extra := sorted(set(data) - allowed):
        told.fault(
            DIGEST, f"its signedData says what it must not, and nobody signed: {cited(str(extra))}"
        )
    if text_of(data.get("version")) not in {"", _VERSION}:
        told.odd(DIGEST, f"its signedData is of version {cited(text_of(data.get('version')))}")
    if instant_of(data.get("created")) is None:
        told.odd(DIGEST, "its signedData does not tell in RFC 3339 when it was made")
    if not manifest.is_bound or data.get("hash") != f"sha256:{manifest.sha256}":
        raise _Refused("what was signed is another manifest than the one in this package")


def _anonymous(data: Json, told: Told) -> Signed:
    encoded = text_of(data.get("publicKey"))
    try:
        key = load_der_public_key(_decoded(encoded, "publicKey"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _Refused(f"its publicKey cannot be read: {error}") from error
    _check_ecdsa(key, data)
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, ec.SECP384R1):
        told.odd(DIGEST, f"is signed on the curve {key.curve.name}; players read P-384 alone")
    return Signed("anonymous", _spki(key), text_of(data.get("software")))


def _domain(data: Json, told: Told) -> Signed:
    """Return who signed by a domain's certificate; the numbers are those of WACZ-auth's steps."""
    chain = _certificates(data, "domainCert")
    leaf, domain = chain[0], text_of(data.get("domain"))
    key = leaf.public_key()
    _check_ecdsa(key, data)  # 4
    stamp = _stamp(data, told)  # 6, 9
    created = instant_of(data.get("created"))
    at = stamp.at if stamp is not None else created
    if at is None:
        raise _Refused("tells no time at which its certificate is to be checked")
    if stamp is not None and (created is None or abs(stamp.at - created) > MAX_CLOCK_ERROR):  # 7
        told.fault(
            DIGEST,
            f"says that it was signed at {moment(created) if created else 'no time'}, and the stamp"
            f" of the signature is of {moment(stamp.at)}: more than ten minutes apart",
        )
    root = _trusted(leaf, chain, domain, at, told)  # 5, 8
    if text_of(data.get("crossSignedCert")):  # 10
        cross = _certificates(data, "crossSignedCert")
        if _spki(cross[0].public_key()) != _spki(key):
            told.fault(DIGEST, "its crossSignedCert is of another key than its domainCert")
    return Signed(
        "domain",
        _spki(key),
        text_of(data.get("software")),
        domain=domain,
        issuer=leaf.issuer.rfc4514_string(),
        root=root,
        stamp=stamp,
    )


def _trusted(
    leaf: Certificate, chain: Sequence[Certificate], domain: str, at: datetime, told: Told
) -> str:
    """Return the trusted root that vouches for the domain's name; "", and a fault, for none."""
    try:
        verifier = (
            PolicyBuilder()
            .store(Store(list(system_roots())))
            .time(at)
            .build_server_verifier(x509.DNSName(domain))
        )
        path = verifier.verify(leaf, list(chain[1:]))
    except (VerificationError, *UNREADABLE) as error:
        told.fault(
            DIGEST,
            f"the certificate for '{cited(domain)}' does not lead to a root that this computer"
            f" trusts, or is not of that name, or was not valid at {moment(at)}: {error}."
            f" Its chain ends with {cited(chain[-1].issuer.rfc4514_string())}",
        )
        return ""
    return name_of(path[-1])


def _stamp(data: Json, told: Told) -> Stamped | None:
    """Return the time stamp of the signature; None, and a fault, when it does not hold."""
    try:
        chain = _certificates(data, "timestampCert")
        response = _decoded(text_of(data.get("timeSignature")), "timeSignature")
        held = _held(response, text_of(data.get("signature")).encode(), chain)
    except (LogError, _Refused) as error:
        told.fault(DIGEST, f"the time stamp of the signature does not hold: {error}")
        return None
    root = held.path[-1]
    return Stamped(
        at=held.at,
        by=name_of(held.path[0]),
        root=name_of(root),
        root_sha256=fingerprint(root),
        is_trusted=root in system_roots(),
    )


def _held(response: bytes, signature: bytes, chain: Sequence[Certificate]) -> Held:
    """Hold a stamp against the roots that this computer trusts, or else the last of its chain."""
    known = [one for one in system_roots() if _is_named(one, chain)]
    roots = [*known, chain[-1]]
    return check_token(response, signature, roots=roots, extra=chain, algorithms=SOUND)


def _is_named(root: Certificate, chain: Iterable[Certificate]) -> bool:
    return any(root.subject in {one.subject, one.issuer} for one in chain)


def _check_ecdsa(key: object, data: Json) -> None:
    """Raise unless the signature is by this key over the manifest's hash.

    Either as r and s one after the other, as browsers sign, or in DER, as authsign does.
    """
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _Refused("is not signed by ECDSA, the one algorithm that WACZ-auth knows")
    signature = _decoded(text_of(data.get("signature")), "signature")
    half = (key.curve.key_size + 7) // 8
    if len(signature) == 2 * half:
        numbers = (signature[:half], signature[half:])
        signature = encode_dss_signature(*(int.from_bytes(one, "big") for one in numbers))
    try:
        key.verify(signature, text_of(data.get("hash")).encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise _Refused("the signature does not hold: package or signature was changed") from error


def _certificates(data: Json, name: str) -> list[Certificate]:
    try:
        return read_certificates(text_of(data.get(name)).encode("utf-8", "replace"), f"its {name}")
    except LogError as error:
        raise _Refused(str(error)) from error


def _decoded(text: str, what: str) -> bytes:
    """Return what base64 stands for, of which one form alone is taken: no byte may change."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Refused(f"its {what} is not in base64") from error
    if base64.b64encode(data).decode() != text:
        raise _Refused(f"its {what} is not in base64 as it should be")
    return data


def _spki(key: object) -> str:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _Refused("is not signed by ECDSA, the one algorithm that WACZ-auth knows")
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
