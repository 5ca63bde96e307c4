"""What libcurl says went wrong, as the `Failure` to record.

Takes the code with which a transfer ended and gives its kind and words for a person. Through an
exit it keeps apart what is the exit's own trouble, which tells nothing of the target, from what
the exit tells of the target. Codes are those of libcurl-errors(3).
"""

import pycurl

from sousveil.capture.guard.exits import Exit
from sousveil.model import Failure, FailureKind

_KINDS: dict[int, tuple[FailureKind, str]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: (FailureKind.DNS, "the name was not found"),
    pycurl.E_COULDNT_CONNECT: (FailureKind.CONNECT, "no connection"),
    pycurl.E_OPERATION_TIMEDOUT: (FailureKind.TIMEOUT, "too slow"),
    pycurl.E_GOT_NOTHING: (FailureKind.DISCONNECT, "closed without an answer"),
    pycurl.E_PARTIAL_FILE: (FailureKind.DISCONNECT, "closed in the middle of the answer"),
    pycurl.E_SEND_ERROR: (FailureKind.DISCONNECT, "closed while we asked"),
    pycurl.E_RECV_ERROR: (FailureKind.DISCONNECT, "the connection broke"),
    pycurl.E_PEER_FAILED_VERIFICATION: (FailureKind.TLS, "the certificate is not to be trusted"),
    pycurl.E_SSL_CONNECT_ERROR: (FailureKind.TLS, "no TLS session"),
    pycurl.E_SSL_CIPHER: (FailureKind.TLS, "no TLS session"),
}

# What pycurl has no names for: CURLE_PROXY, and those of CURLproxycode that stand for a reply in
# `exits.TARGET_REPLIES`.
_E_PROXY = 97
_EXIT_REPLIES = {
    19: FailureKind.CONNECT,  # CURLPX_REPLY_CONNECTION_REFUSED
    21: FailureKind.DNS,  # CURLPX_REPLY_HOST_UNREACHABLE: so Tor says that it knows no such name
    22: FailureKind.CONNECT,  # CURLPX_REPLY_NETWORK_UNREACHABLE
}
_NO_EXIT = frozenset({pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_PROXY})


def failure_of(
    curl: pycurl.Curl, code: int, words: str, *, host: str, exit_: Exit | None
) -> Failure | None:
    """Return why a transfer from `host` ended with `code` and `words`; None when it ended well."""
    if code == 0:
        return None
    if exit_ is not None and (failure := _exit_failure(curl, code, words, host, exit_)):
        return failure
    kind, meaning = _KINDS.get(code, (FailureKind.PROTOCOL, "no answer in HTTP/1.1"))
    return Failure(kind, f"{host}: {meaning} ({words or curl.errstr()})")


def _exit_failure(
    curl: pycurl.Curl, code: int, words: str, host: str, exit_: Exit
) -> Failure | None:
    """Return what went wrong before the exit had connected us; None for all that came later."""
    # A silent exit and a silent target look alike until there is somebody to send a request to.
    never_there = code == pycurl.E_OPERATION_TIMEDOUT and not curl.getinfo(pycurl.REQUEST_SIZE)
    if code == _E_PROXY:
        kind = _EXIT_REPLIES.get(curl.getinfo(pycurl.PROXY_ERROR), FailureKind.EXIT)
    elif code in _NO_EXIT or never_there:
        kind = FailureKind.EXIT
    else:
        return None
    if kind is FailureKind.EXIT:
        return Failure(
            kind, f"{exit_} does not lead to {host} ({words}); nothing was asked without it"
        )
    return Failure(kind, f"{host}: not reached through {exit_} ({words})")
