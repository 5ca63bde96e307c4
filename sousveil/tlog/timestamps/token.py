"""Tokens: a request for a time stamp, and whether what came is one.

Takes the data that is to be stamped and gives the query to send; takes the response and gives who
says that the data existed, and when. Follows RFC 3161, sections 2.4.1 and 2.4.2, and RFC 5816. The
certificates must have been valid at the stamp's own time: a stamp outlives them, and `audit.py`
tells when it should be renewed. Does no I/O, but where OpenSSL must read what is not strict DER.

What is checked, in this order: granted; imprint and signature by sound digests; the nonce, if it is
told; a certificate for time stamping alone, which leads to a root that is trusted; then signature,
dates and imprint.
"""

from collections.abc import Iterable, Sequence

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from sousveil.errors import LogError
from sousveil.tlog.timestamps import openssl
from sousveil.tlog.timestamps.chain import (
    UNREADABLE,
    Certificate,
    check_path,
    may_stamp,
    path_to_root,
)
from sousveil.tlog.timestamps.values import Held, Query, Token

# A response with its whole chain has some 8,000 bytes; RSA certificates of 8,192 bits double that.
MAX_TOKEN_BYTES = 64 * 2**10

ALGORITHM = "sha512"  # the log itself rests on SHA-256: a stamp rests on another one
_OIDS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SOUND = frozenset(_OIDS.values())  # what others' stamps may be over

# Digests that a signature must not rest on any more. When one is added here, stamps that rest on
# it are refused, and those that are kept want renewal.
BROKEN_DIGESTS = frozenset({"1.2.840.113549.2.5", "1.3.14.3.2.26"})  # MD5, SHA-1


def make_query(data: bytes) -> Query:
    """Return a request for a stamp of `data`, with a nonce of 64 random bits.

    The authority is asked for its certificate, without which nobody can check the stamp.
    """
    request = TimestampRequestBuilder(data, HashAlgorithm.SHA512, nonce=True, cert_req=True).build()
    if request.nonce is None:
        raise LogError("The request for a stamp has no nonce. Nothing was sent.")
    return Query(request.as_bytes(), request.nonce)


def check_token(
    response: bytes,
    data: bytes,
    *,
    roots: Sequence[Certificate],
    extra: Iterable[Certificate] = (),
    nonce: int | None = None,
    algorithms: frozenset[str] = frozenset({ALGORITHM}),
) -> Held:
    """Return who stamped `data`, and when; raises LogError, with the reason, when nobody did.

    `roots` are trusted, `extra` may stand between them and the signer. `nonce` is that of the
    query, where the response came just now; without it, the signer's own certificate may be in
    `extra`, too. The stamp must be over one of `algorithms`.
    """
    if len(response) > MAX_TOKEN_BYTES:
        raise LogError(f"The stamp is longer than {MAX_TOKEN_BYTES:,} bytes. It was not read.")
    try:
        return _checked(response, data, roots, list(extra), nonce=nonce, algorithms=algorithms)
    except (*UNREADABLE, VerificationError) as error:
        raise LogError(f"The stamp does not hold: {error}.") from error


def _checked(
    response: bytes,
    data: bytes,
    roots: Sequence[Certificate],
    extra: Sequence[Certificate],
    *,
    nonce: int | None,
    algorithms: frozenset[str],
) -> Held:
    """Return what `check_token` does; certificates are read as they are looked at, and may fail."""
    decoded = _decode(response)
    token = openssl.read_token(response) if decoded is None else _token(decoded)
    if token.algorithm not in algorithms:
        wanted = " or ".join(sorted(algorithms))
        raise LogError(f"The stamp is over another digest than {wanted}: {token.algorithm}.")
    if token.digests & BROKEN_DIGESTS:
        raise LogError("The stamp's signature rests on a digest that is broken, MD5 or SHA-1.")
    if nonce is not None and token.nonce != nonce:
        raise LogError(
            "The stamp answers another request than ours: its nonce is not the one sent."
        )
    # Ours asked for it; a response to another's query need not bring any (section 2.4.1, certReq).
    brought = token.certificates or (extra if nonce is None else ())
    signers = [one for one in dict.fromkeys(brought) if may_stamp(one)]
    if len(signers) != 1:
        raise LogError(
            "The stamp brings no certificate that is for time stamping alone"
            " (RFC 3161, section 2.3), or more than one."
        )
    path = path_to_root(signers[0], [*token.certificates, *extra], roots)
    check_path(path)
    if decoded is None:
        openssl.verify_token(response, data, token.at, path)
    else:
        between = list(path[1:-1])
        verifier = VerifierBuilder(None, path[0], between, [path[-1]]).build()
        verifier.verify_message(decoded, data)
    return Held(token.at, path)


def _decode(response: bytes) -> TimeStampResponse | None:
    """Return a response that is in strict DER; None for another, which OpenSSL may read."""
    try:
        return decode_timestamp_response(response)
    except ValueError:
        return None


def _token(response: TimeStampResponse) -> Token:
    if response.status != PKIStatus.GRANTED:
        # With modifications, too, it is not what was asked for (RFC 3161, section 2.4.2).
        said = "; ".join(response.status_string)[:200]
        raise LogError(f"The authority gave no stamp; its status is {response.status}: {said}.")
    info, signed = response.tst_info, response.signed_data
    algorithm = info.message_imprint.hash_algorithm.dotted_string
    return Token(
        at=info.gen_time,
        algorithm=_OIDS.get(algorithm, algorithm),
        nonce=info.nonce,
        certificates=tuple(map(x509.load_der_x509_certificate, signed.certificates)),
        digests=frozenset(one.dotted_string for one in signed.digest_algorithms),
    )
