"""Stamps by OpenSSL: what is not in strict DER, yet valid by the program that most others use.

OpenSSL's own authority leaves the set of certificates unsorted, and public authorities run it;
rfc3161-client refuses such a token. Takes a response and gives a `Token`, or holds it against data
and certificates, by `openssl ts`. Its files lie in a temporary folder.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sousveil.errors import LogError
from sousveil.tlog.timestamps.chain import Certificate, read_certificates, write_certificates
from sousveil.tlog.timestamps.values import Token

# It reads a few kilobytes; a second is long.
OPENSSL_SECONDS = 20

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(
    r"^Time stamp: ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(\.\d{1,6})?\d* (\d{4}) GMT$",
    re.MULTILINE,
)
_STATUS = re.compile(r"^Status: (.+)\.$", re.MULTILINE)
_ALGORITHM = re.compile(r"^Hash Algorithm: (\S+)$", re.MULTILINE)
_NONCE = re.compile(r"^Nonce: 0x([0-9A-F]{1,64})$", re.MULTILINE)
_OID = re.compile(r"\(([0-9.]+)\)")
# ERR_print_errors(3): thread, "error", code, library, function, reason, file, line, more.
_REASON = re.compile(r":error:[0-9A-F]+:[^:\n]*:[^:\n]*:([^:\n]*):[^:\n]*:\d+:(.*)$", re.MULTILINE)


def read_token(response: bytes) -> Token:
    """Return what a response says; raises LogError when OpenSSL cannot read it, or is missing."""
    with TemporaryDirectory(prefix="sousveil-") as folder:
        work = Path(folder)
        (work / "response").write_bytes(response)
        text = _openssl(work, "ts", "-reply", "-in", "response", "-text").decode("utf-8", "replace")
        status = _STATUS.search(text)
        if status is None or status[1] != "Granted":
            said = status[1] if status else "nothing"
            raise LogError(f"The authority gave no stamp; its status is: {said[:100]}.")
        _openssl(work, "ts", "-reply", "-in", "response", "-token_out", "-out", "token")
        listed = ("pkcs7", "-inform", "DER", "-in", "token", "-print_certs", "-out", "listed")
        _openssl(work, *listed)
        certificates = read_certificates((work / "listed").read_bytes(), "The stamp")
        signed = _openssl(work, "cms", "-inform", "DER", "-in", "token", "-cmsout", "-print")
    nonce, algorithm = _NONCE.search(text), _ALGORITHM.search(text)
    return Token(
        at=_time(text),
        algorithm=algorithm[1].lower() if algorithm else "",
        nonce=int(nonce[1], 16) if nonce else None,
        certificates=tuple(certificates),
        digests=frozenset(_digests(signed.decode("utf-8", "replace"))),
    )


def verify_token(response: bytes, data: bytes, at: datetime, path: Sequence[Certificate]) -> None:
    """Hold a stamp against the data it is of and the path from its signer to a root.

    The certificates must have been valid `at` that time. Raises LogError when anything does not
    hold.
    """
    with TemporaryDirectory(prefix="sousveil-") as folder:
        work = Path(folder)
        (work / "response").write_bytes(response)
        (work / "data").write_bytes(data)
        (work / "root").write_bytes(write_certificates(path[-1:]))
        (work / "path").write_bytes(write_certificates(path))
        seconds = str(int(at.timestamp()))
        trust = ("-CAfile", "root", "-untrusted", "path", "-attime", seconds)
        told = _openssl(work, "ts", "-verify", "-in", "response", "-data", "data", *trust)
    if b"Verification: OK" not in told:
        raise LogError("The stamp does not hold, says openssl.")


def _digests(printed: str) -> list[str]:
    """Return the object identifiers of the digests that a printed CMS structure names first."""
    return _OID.findall(printed.partition("digestAlgorithms:")[2].partition("encapContentInfo:")[0])


def _time(text: str) -> datetime:
    found = _TIME.search(text)
    if found is None or found[1] not in _MONTHS:
        raise LogError("The stamp tells no time.")
    month, day, hour, minute, second, fraction, year = found.groups()
    try:
        at = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError as error:
        raise LogError(f"The stamp tells no time: {error}.") from error
    return at + timedelta(seconds=float(fraction or 0))


def _openssl(work: Path, *arguments: str) -> bytes:
    """Run openssl among our own files and return what it printed.

    Without the system's configuration, which may choose other providers or refuse to load.
    """
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            cwd=work,
            env=os.environ | {"LC_ALL": "C", "OPENSSL_CONF": os.devnull},
            capture_output=True,
            timeout=OPENSSL_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise LogError(
            "The stamp is not in strict DER, and openssl, which reads it all the same, is missing."
            " Install openssl."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LogError(f"openssl took more than {OPENSSL_SECONDS} seconds over a stamp.") from error
    if done.returncode:
        found = _REASON.findall(done.stderr.decode("utf-8", "replace"))
        reason = " ".join(found[-1]).strip() if found else "no reason told"
        raise LogError(f"openssl refuses the stamp: {reason[:200]}.")
    return done.stdout
