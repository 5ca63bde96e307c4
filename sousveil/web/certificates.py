"""Certificates in words: what the certificate that a server showed says of itself.

Takes PEM as it was archived and gives plain values, or why it cannot be read: certificates come
from strangers. Nothing is verified here; whether the chain held was noted when it was captured.
X.509 as in RFC 5280.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from sousveil.tlog.timestamps.chain import UNREADABLE

MAX_NAMES = 40  # of those it is for; some have hundreds
MAX_CHARS = 300  # of a name


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as a person reads it."""

    owner: str
    issuer: str
    since: datetime | None = None
    until: datetime | None = None
    names: tuple[str, ...] = ()  # of hosts
    more_names: int = 0
    serial: str = ""  # hexadecimal
    sha256: str = ""  # hexadecimal, of the whole
    problem: str = ""  # why nothing else is told


def read_certificate(pem: str) -> Certificate:
    """Return what a certificate says."""
    try:
        read = x509.load_pem_x509_certificate(pem.encode())
        names = _names(read)
        return Certificate(
            owner=_name(read.subject),
            issuer=_name(read.issuer),
            since=read.not_valid_before_utc,
            until=read.not_valid_after_utc,
            names=tuple(one[:MAX_CHARS] for one in names[:MAX_NAMES]),
            more_names=max(len(names) - MAX_NAMES, 0),
            serial=f"{read.serial_number:x}"[:MAX_CHARS],
            sha256=read.fingerprint(SHA256()).hex(),
        )
    except UNREADABLE as error:
        return Certificate("", "", problem=f"it cannot be read ({str(error)[:MAX_CHARS]})")


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:MAX_CHARS]


def _names(read: x509.Certificate) -> list[str]:
    try:
        found = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(one.value) for one in found]
