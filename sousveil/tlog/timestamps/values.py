"""What a time stamp says, before anything of it is held against the log."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509


@dataclass(frozen=True, slots=True)
class Query:
    """A request for a stamp."""

    der: bytes  # TimeStampReq, RFC 3161, section 2.4.1
    nonce: int


@dataclass(frozen=True, slots=True)
class Token:
    """A granted response, read but not verified."""

    at: datetime  # genTime
    algorithm: str  # of the imprint: "sha512"
    nonce: int | None
    certificates: tuple[x509.Certificate, ...]  # that it brings, in no order
    digests: frozenset[str]  # that its signature rests on: object identifiers


@dataclass(frozen=True, slots=True)
class Held:
    """A stamp that holds."""

    at: datetime
    path: tuple[x509.Certificate, ...]  # from the authority's own certificate to the root

    @property
    def expires_at(self) -> datetime:
        """When the first of its certificates ends."""
        return min(one.not_valid_after_utc for one in self.path)
