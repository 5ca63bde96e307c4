"""Findings of made-up companies, for tests of who they are about."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sousveil.actors.register import Actor, Register
from sousveil.model import (
    BlockKind,
    Capture,
    Claim,
    Finding,
    Imprint,
    Label,
    RecordRef,
    Source,
)

HALCYON = Actor(
    "Halcyon Vision",
    names=("Halcyon Vision", "翠鸟视觉", "Halcyon Gate"),
    common=("Halcyon",),
    never=("Halcyon days",),
    domains=("halcyon.example", "cloud.example/docs/halcyon"),
    accounts=("github.com/halcyon-vision",),
)
ODDLESTANE = Actor("Oddlestane", names=("Oddlestane",), domains=("oddlestane.example",))
DAILY = Actor("Example Daily", names=("Example Daily",), domains=("daily.example",), reports=True)
REGISTER = Register([HALCYON, ODDLESTANE, DAILY])

_CAPTURE = Capture(
    "", datetime(2026, 11, 2, 8, 0, tzinfo=UTC), 200, "text/html", RecordRef("", 0, 0, "", "")
)


def finding(
    passage: str,
    quote: str = "",
    *,
    url: str = "https://somewhere.example/page",
    label: Label = "offers",
    title: str = "",
    context: str = "",
    path: str | None = None,
    imprint: Sequence[Imprint] = (),
) -> Finding:
    """A finding whose quote, the whole passage if none is given, stands in `passage`."""
    quote = quote or passage
    start = passage.index(quote)
    claim = Claim(
        "ethnicity", "ethnicity", label, 0.9, 100 + start, 100 + start + len(quote), 100,
        100 + len(passage), (), "claims 0",
    )  # fmt: skip
    source = Source(BlockKind.PARAGRAPH, context, 1, 1, 0, len(quote), "utf-8", path=path)
    return Finding(
        "0" * 12, claim, quote, "", "", passage, url, title, "en", None, _CAPTURE, source, 0, None,
        imprint=tuple(imprint),
    )  # fmt: skip
