"""Notices: what happened to a sentence, or to a watch, in one sentence that people are told.

Takes a finding with its fate before and now, or the health of a watch, and what was told of it
last, and gives the `Notice` that is due, if any. A notice's id is a digest of the happening, not of
the moment at which it was noticed: the same happening has the same id however often it is worked
out, and a later one (gone again after being back) has another.

Notices leave this computer, so their text names no address, actor or case. It quotes, since that is
what people need; names and addresses within a quote are masked.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sousveil.actors.address import address_of
from sousveil.model import GONE, Fate, Finding, Notice, Verdict

# A target is told to be unwell after so many looks in a row that did not bring its page, over at
# least so long: restarts and short outages are nobody's business.
UNWELL_LOOKS = 3
UNWELL_SPAN = timedelta(hours=1)

FAILING = (
    Verdict.UNREACHABLE,
    Verdict.BLOCKED,
    Verdict.BLOCKED_BY_COUNTRY,
    Verdict.LOGIN_WALL,
    Verdict.UNKNOWN,
)
"""Verdicts on an address after which nothing is known of what stands there."""

# Of a quote: two lines of a message. The rest is in the case.
MAX_QUOTE_CHARACTERS = 200
# A quote is cut at the end of a word, unless that leaves less than this: hanzi have no spaces.
MIN_CUT_CHARACTERS = 150

# Of a text that is to be cut anyway, no more is looked at: searching takes time for each character.
MAX_READ_CHARACTERS = 1_000

MAX_NAME_CHARACTERS = 200  # a longer "name" is a paragraph that some page calls its publisher

SHORT_NAME_CHARACTERS = 4

_ID_DIGITS = 12

Happening = Literal["present", "held", "gone", "reworded", "moved"]

_MISSED = frozenset({"held", "gone", "reworded", "moved"})  # after which a sentence can be back

# What names a place on the network: with a scheme, of a person, or a bare name under a domain that
# programs do not use for anything else: `face.race` in a manual is no address.
_PATH = r"(?:[/:?#]\S{0,2000})?"
_ADDRESS = re.compile(
    rf"\b[a-z][a-z0-9+.-]{{0,20}}://\S{{1,2000}}"
    rf"|[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}"
    rf"|\b(?:www\.[a-z0-9.-]{{1,200}}|(?:[a-z0-9-]{{1,63}}\.){{1,8}}"
    rf"(?:com|org|net|edu|gov|info|biz|cn)\b){_PATH}",
    re.IGNORECASE | re.ASCII,
)

# Directions that a captured text brings along would turn ours around (UAX 9), and a soft hyphen is
# no letter.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066"
                                    "\u2067\u2068\u2069"))  # fmt: skip
_ISOLATE, _POP = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Health:
    """How the newest looks of a watch went."""

    watch_id: str
    at: datetime  # of the newest look
    log_index: int  # of the newest look
    failing_since: datetime | None  # first of the looks in a row that failed; None: it answers
    failing_looks: int = 0


def notice_of(
    finding: Finding, before: Fate | None, after: Fate, told: Notice | None
) -> Notice | None:
    """Return what people are to be told of a finding, or None.

    `before` is its fate at the last analysis, None when there was none; `told` the last notice of
    it. A look that cannot tell says nothing of a sentence: the health of its watch does.
    """
    now = _happening(after)
    if now is None or now == "present":
        if now and told and told.kind in _MISSED:
            return _notice("back", finding, after, (told.id,), _back(finding, after, told))
        return _found(finding) if before is None and told is None else None
    stands = after.gone_by is None and now == "moved"
    if stands and told is not None and told.kind == "moved":
        return None
    anchor = (told.id if told else "") if stands else after.last_seen.isoformat()
    text = f"The sentence {quoted(finding, finding.quote)} {_what_became(finding, after, now)}"
    return _notice(now, finding, after, (anchor, after.after or ""), text)


def health_notice(health: Health, told: Notice | None) -> Notice | None:
    """Return what people are to be told of a watch; `told` is the last such notice of it."""
    was_unwell = told is not None and told.kind == "unwell"
    if health.failing_since is None:
        if told is None or not was_unwell:
            return None
        text = f"A watched target answers again; it had not since {_time(told.at)}."
        return _of_watch("well", health, health.at, told.id, text)
    span = health.at - health.failing_since
    if was_unwell or health.failing_looks < UNWELL_LOOKS or span < UNWELL_SPAN:
        return None
    text = (
        f"A watched target cannot be reached or does not show its page since"
        f" {_time(health.failing_since)}; {health.failing_looks} looks in a row told nothing."
    )
    return _of_watch("unwell", health, health.failing_since, health.failing_since.isoformat(), text)


def quoted(finding: Finding, text: str) -> str:
    """Return a text in quotation marks: on one line, cut at a word's end, and names masked.

    Names are those of the finding's actor and publisher; web and e-mail addresses are masked, too.
    What is written from right to left is isolated, so that the sentence around it keeps its order.
    """
    line = "".join(" " if c.isspace() else c for c in text[:MAX_READ_CHARACTERS])
    line = line.translate(_INVISIBLE)
    line = "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cs"})
    line = _cut(_masked(finding, " ".join(line.split())))
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in line):
        line = f"{_ISOLATE}{line}{_POP}"
    return f"“{line}”"


def _masked(finding: Finding, line: str) -> str:
    line = _ADDRESS.sub("[address]", line)
    if host := address_of(finding.url).host:
        domain = re.escape(".".join(host.split(".")[-2:]))
        line = re.sub(
            rf"(?:[\w-]{{1,63}}\.){{0,8}}{domain}{_PATH}", "[address]", line, flags=re.IGNORECASE
        )
    for name in sorted(_names(finding), key=len, reverse=True):
        edge = r"(?<![a-z0-9]){}(?![a-z0-9])" if _is_short(name) else "{}"
        line = re.sub(edge.format(re.escape(name)), "[name]", line, flags=re.IGNORECASE)
    return line


def _is_short(name: str) -> bool:
    """Tell whether a name may be part of any word, as "Ao" is; one in hanzi is not."""
    return name.isascii() and len(name) < SHORT_NAME_CHARACTERS


def _happening(fate: Fate) -> Happening | None:
    """Return what a fate says of a sentence; None when nothing can be told."""
    if fate.verdict is Verdict.EDITED:
        return "reworded"
    if fate.verdict in GONE:
        return "gone"
    if fate.verdict is Verdict.MOVED:
        return "moved"
    if fate.pending in GONE:
        return "held"
    return "present" if fate.verdict is Verdict.PRESENT else None


def _found(finding: Finding) -> Notice:
    at = finding.capture.captured_at
    text = f"A sentence was found: {quoted(finding, finding.quote)}, seen {_time(at)}."
    return Notice(
        _id("found", finding.id), at, "found", text, finding.id, finding.watch_id, finding.log_index
    )


def _back(finding: Finding, after: Fate, told: Notice) -> str:
    since = "" if told.kind == "moved" else f"; it was missing at {_time(told.at)}"
    quote = quoted(finding, finding.quote)
    return (
        f"The sentence {quote} stands where it stood again, seen {_time(after.last_seen)}{since}."
    )


def _what_became(finding: Finding, fate: Fate, now: Happening) -> str:
    seen = f"last seen {_time(fate.last_seen)}"
    missing = f", missing since {_later(fate.gone_by, fate.last_seen)}" if fate.gone_by else ""
    match now:
        case "held":
            return f"is no longer where it stood; {seen}{missing} (held until confirmed)."
        case "moved":
            return f"stands elsewhere now; {seen}."
        case "reworded":
            new = f"now reads {quoted(finding, fate.after)}" if fate.after else "was reworded"
            still = ", which still makes the claim" if fate.remains else ""
            return f"{new}{still}; {seen}{missing}."
        case _:
            return f"is gone from where it stood; {seen}{missing}, and confirmed."


def _notice(
    kind: Literal["held", "gone", "reworded", "moved", "back"],
    finding: Finding,
    fate: Fate,
    happening: Iterable[str],
    text: str,
) -> Notice:
    return Notice(
        _id(kind, finding.id, *happening),
        fate.gone_by or fate.last_seen,
        kind,
        text,
        finding.id,
        finding.watch_id,
        fate.log_index,
    )


def _of_watch(
    kind: Literal["unwell", "well"], health: Health, at: datetime, happening: str, text: str
) -> Notice:
    digest = _id(kind, health.watch_id, happening)
    return Notice(digest, at, kind, text, None, health.watch_id, health.log_index)


def _id(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[
        :_ID_DIGITS
    ]


def _names(finding: Finding) -> set[str]:
    told = finding.attribution
    names = [finding.actor, *((told.actor, told.publisher) if told else ())]
    return {name for name in names if name and len(name) <= MAX_NAME_CHARACTERS}


def _cut(line: str) -> str:
    if len(line) <= MAX_QUOTE_CHARACTERS:
        return line
    end = line.rfind(" ", MIN_CUT_CHARACTERS, MAX_QUOTE_CHARACTERS)
    return line[: end if end > 0 else MAX_QUOTE_CHARACTERS - 1].rstrip(" ,;:、，；：") + "…"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _later(at: datetime, before: datetime) -> str:
    """Write a time that follows another in the same sentence: without the day if it is the same."""
    at, before = at.astimezone(UTC), before.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == before.date() else _time(at)
