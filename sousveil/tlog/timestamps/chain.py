"""Chains: from the certificate that signed a stamp to a root, and which roots are trusted here.

Takes certificates and gives the path between them (RFC 5280, section 6.1.3: names and signatures;
dates and purposes are the verifier's). Reads the system's trusted roots, and nothing else.
"""

import ssl
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sousveil.errors import LogError

# Public authorities have three certificates in a row; nobody has this many.
MAX_DEPTH = 8
# In a file that comes with one stamp: its chain.
MAX_CERTIFICATES = 16
# In a file of trusted roots: public ones hold some 150.
MAX_ROOTS = 2_000

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"

Certificate = x509.Certificate

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises at certificates that strangers made."""


def read_certificates(pem: bytes, what: str, limit: int = MAX_CERTIFICATES) -> list[Certificate]:
    """Return the certificates in a PEM file, at least one; raises LogError, naming `what`."""
    if pem.count(_BEGIN) > limit:
        raise LogError(f"{what} holds more than {limit:,} certificates. It was not read.")
    try:
        found = x509.load_pem_x509_certificates(pem)
    except UNREADABLE as error:
        raise LogError(f"{what} holds no certificates that can be read: {error}.") from error
    return found


def write_certificates(chain: Iterable[Certificate]) -> bytes:
    """Return a PEM file of certificates, in their order."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in chain)


@cache
def system_roots() -> tuple[Certificate, ...]:
    """Return the roots that this computer trusts; those that cannot be read are passed over."""
    file = ssl.get_default_verify_paths().cafile
    data = Path(file).read_bytes() if file else b""
    found: list[Certificate] = []
    with warnings.catch_warnings():
        # What is wrong with a root of the system's is not for who stamps a log to mend.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for block in data.split(_BEGIN)[1 : MAX_ROOTS + 1]:
            pem = _BEGIN + block.partition(_END)[0] + _END
            try:
                found.append(x509.load_pem_x509_certificate(pem))
            except UNREADABLE:
                continue  # a root in a form that this library refuses is a root we cannot use
    return tuple(found)


def path_to_root(
    signer: Certificate, among: Iterable[Certificate], roots: Sequence[Certificate]
) -> tuple[Certificate, ...]:
    """Return the certificates from `signer` to one of `roots`, both included.

    `among` are certificates that may stand between. Raises LogError when none leads there.
    """
    between = list(dict.fromkeys(among))
    path = _climb((signer,), between, roots)
    if path is None:
        raise LogError(
            f"The stamp's certificate, of {name_of(signer)}, does not lead to a trusted root. Name"
            " the authority's root with ca_file in case.toml, if you trust it."
        )
    return path


def check_path(path: Sequence[Certificate]) -> None:
    """Raise LogError unless the root signed itself, and OpenSSL can read every certificate.

    The library that verifies stamps ends the whole program at one that it cannot.
    """
    if not _issued(path[-1], path[-1]):
        raise LogError(f"The root {name_of(path[-1])} is none: it did not sign itself.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for one in path:
        try:
            context.load_verify_locations(cadata=one.public_bytes(Encoding.DER))
        except ssl.SSLError as error:
            raise LogError(f"OpenSSL cannot read a certificate of the stamp: {error}.") from error


def _climb(
    path: tuple[Certificate, ...], between: Sequence[Certificate], roots: Sequence[Certificate]
) -> tuple[Certificate, ...] | None:
    last = path[-1]
    if last in roots:
        return path
    if len(path) == MAX_DEPTH:
        return None
    for above in (*roots, *between):
        if above not in path and _issued(last, above):
            found = _climb((*path, above), between, roots)
            if found is not None:
                return found
    return None


def _issued(certificate: Certificate, above: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def may_stamp(certificate: Certificate) -> bool:
    """Tell whether a certificate is for time stamping alone (RFC 3161, section 2.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (*UNREADABLE, x509.ExtensionNotFound):
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def name_of(certificate: Certificate) -> str:
    """Return the common name of a certificate's owner, or the whole name where there is none."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else certificate.subject.rfc4514_string()


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate in hexadecimal, as its owner publishes it."""
    return certificate.fingerprint(hashes.SHA256()).hex()
