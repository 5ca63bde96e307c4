"""What a browser may do with each thing we serve: names, header fields, policies.

Two origins, on one port. The *bar* holds our words: what this is, when it was captured, whether the
quote was found. The *stage* holds the player and, in frames of the same origin, the archived pages
with their scripts. Both names carry a random part, which whoever does not know it cannot ask for:
no other site (a name rebound to this computer arrives as a Host that is not ours), no other user.
Being subdomains of `localhost`, browsers look them up nowhere (RFC 6761, section 6.3); being of one
site, the stage in its frame is no third party, to which browsers deny service workers.

What an archived script can do is written for a page made to do harm:
- it can read the stage, hence everything in this file, and draw there what it likes;
- it cannot read or change the bar, being of another origin, nor replace it or open windows, the
  frame being a sandbox;
- it cannot send anything: every document, worker and answer on the stage, archived ones included
  (`pages/guard.js`), may connect to the stage only.

The last holds whole in browsers that know Connection-Allowlist (Chromium 152 and later). Others go
by the Content-Security-Policy alone: that stops every request, but neither WebRTC nor the opening
of a connection ahead of a request that is then not made, and a name looked up for it tells a name.
"""

from dataclasses import dataclass

CONTENT = "Content-Security-Policy"
# The WICG's draft of the same name. The player redirects an address to its capture, on the stage;
# where else an archived answer redirects to, the other policy forbids.
CONNECTIONS = "Connection-Allowlist"
CONNECTIONS_WITHIN = '("{}/*");webrtc=block;redirects=allow'


@dataclass(frozen=True, slots=True)
class Names:
    """The two origins, as `http://HOST:PORT`."""

    bar: str
    stage: str


def names(token: str, port: int) -> Names:
    """Return the origins of a server on `port`, named by the random `token`."""
    return Names(f"http://{token}.localhost:{port}", f"http://replay.{token}.localhost:{port}")


def bar_fields(origins: Names) -> dict[str, str]:
    """Return the header fields of what the bar's origin serves."""
    return _fields(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
        f" frame-src {origins.stage}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def stage_fields(origins: Names) -> dict[str, str]:
    """Return the header fields of what the stage's origin serves, and of what is replayed there.

    Pages are archived with their inline scripts and styles, and some make code from text.
    """
    fields = _fields(
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'self';"
        f" base-uri 'self'; form-action 'self'; frame-ancestors 'self' {origins.bar}"
    )
    return fields | {CONNECTIONS: CONNECTIONS_WITHIN.format(origins.stage)}


def _fields(policy: str) -> dict[str, str]:
    return {
        CONTENT: policy,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Origin-Agent-Cluster": "?1",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "Cache-Control": "no-store",
    }
