"""Fate: what became of a watched address, and of each quote found there.

Pure functions of what the log recorded: the answers of a visit (`Probe`) give a verdict on the
address; the looks at an address, in order, give the fate of a quote. Anybody who has the case can
run them again. A look that cannot tell (a time-out, a block page) never makes a quote gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from sousveil.model import Document, Failure, FailureKind, Fate, Verdict

# How alike, from 0 to 100, two passages must be for one to be called the other's new wording.
# Unrelated sentences of one page reach about 45 with this measure, a sentence with a third of its
# words replaced about 65.
REWORDED_RATIO = 58.0

# Passages of a page are compared with a vanished one at most this many times, the nearest in
# length first: a hostile page must not make the comparison slow.
MAX_CANDIDATES = 2_000

# Looks that tell whether a quote is there; all others say nothing about it.
CONCLUSIVE = frozenset(
    {
        Verdict.PRESENT,
        Verdict.MOVED,
        Verdict.REMOVED,
        Verdict.SOFT_404,
        Verdict.REDIRECTED_AWAY,
    }
)

_BY_STATUS = {
    401: (Verdict.LOGIN_WALL, 0.8),
    403: (Verdict.BLOCKED, 0.6),
    404: (Verdict.REMOVED, 0.8),
    407: (Verdict.BLOCKED, 0.6),
    410: (Verdict.REMOVED, 0.95),
    429: (Verdict.BLOCKED, 0.9),
    451: (Verdict.BLOCKED_BY_COUNTRY, 0.9),
    503: (Verdict.BLOCKED, 0.5),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer of a visit, as the log recorded it."""

    url: str
    status: int | None  # HTTP status; None for a repository, or without an answer
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Look:
    """One visit or import that says something about an address."""

    id: int  # of the index that tells it
    at: datetime
    verdict: Verdict  # on the address
    confidence: float
    outcome: str  # "HTTP 404"
    log_index: int
    found: bool  # whether the quote was there


def judge_address(probes: Sequence[Probe]) -> tuple[Verdict, float, str]:
    """Return the verdict on an address, its confidence (0 to 1), and the outcome in words.

    `probes` are the answers of one visit, redirects in order; the last one counts.
    """
    if not probes:
        return Verdict.UNKNOWN, 0.0, "nothing was tried"
    last = probes[-1]
    if last.status is None:
        return _judge_silence(last)
    cut = f", then {last.failure.message}" if last.failure else ""
    outcome = f"HTTP {last.status}{cut}"
    if last.status // 100 == 2:  # noqa: PLR2004  # the class of success, RFC 9110 section 15.3
        verdict, confidence, how = _judge_arrival(probes[0].url, last.url)
        return verdict, confidence, f"{outcome}{how}"
    if last.status // 100 == 3:  # noqa: PLR2004  # redirection, RFC 9110 section 15.4
        return Verdict.UNKNOWN, 0.5, f"{outcome}, not followed"
    verdict, confidence = _BY_STATUS.get(last.status, (Verdict.UNREACHABLE, 0.6))
    return verdict, confidence, outcome


def _judge_silence(probe: Probe) -> tuple[Verdict, float, str]:
    """Judge a probe that has no HTTP status: a repository, or no answer at all."""
    if probe.failure is None:
        return Verdict.PRESENT, 0.95, "repository read"
    if probe.failure.kind is FailureKind.REFUSED_ADDRESS:
        return Verdict.UNKNOWN, 1.0, f"not asked: {probe.failure.message}"
    return Verdict.UNREACHABLE, 0.9, probe.failure.message


def _judge_arrival(asked: str, arrived: str) -> tuple[Verdict, float, str]:
    """Tell a page that moved from one that sends its visitors to a front door."""
    before, after = urlsplit(asked), urlsplit(arrived)
    same_place = (before.path or "/") == (after.path or "/") and before.query == after.query
    if same_place:
        return Verdict.PRESENT, 0.95, ""
    if after.path in {"", "/"}:
        return Verdict.REDIRECTED_AWAY, 0.8, f", sent to the front page {arrived}"
    return Verdict.MOVED, 0.7, f", moved to {arrived}"


def quote_fate(
    finding_id: str, looks: Sequence[Look], reworded: Callable[[Look], str | None]
) -> Fate:
    """Return what became of a quote, given all looks at its address, oldest first.

    At least one look has `found`. `reworded` is asked, at most once, for the passage that stands
    in the quote's place at a look where the page is there without it.
    """
    last_found = max(index for index, look in enumerate(looks) if look.found)
    seen, later = looks[last_found], looks[last_found + 1 :]
    gone = next((look for look in later if look.verdict in CONCLUSIVE), None)
    if gone is None and not later:
        return Fate(finding_id, Verdict.PRESENT, seen.confidence, seen.at, None, None, None, "")
    if gone is None:
        last = later[-1]
        sentence = f"cannot be told since {last.at:%Y-%m-%d %H:%M} UTC: {last.outcome}"
        return Fate(
            finding_id, last.verdict, last.confidence, seen.at, None, None, last.log_index, sentence
        )
    verdict, after = gone.verdict, None
    if verdict in {Verdict.PRESENT, Verdict.MOVED}:
        after = reworded(gone)
        missing = Verdict.QUOTE_REMOVED if verdict is Verdict.PRESENT else Verdict.REDIRECTED_AWAY
        verdict = missing if after is None else Verdict.EDITED
    return Fate(
        finding_id,
        verdict,
        gone.confidence,
        seen.at,
        gone.at,
        after,
        gone.log_index,
        _gone_sentence(verdict, gone, seen),
    )


def _gone_sentence(verdict: Verdict, gone: Look, seen: Look) -> str:
    between = f"between {seen.at:%Y-%m-%d %H:%M:%S} and {gone.at:%Y-%m-%d %H:%M:%S} UTC"
    match verdict:
        case Verdict.EDITED:
            return f"reworded {between}: the answer ({gone.outcome}) has another sentence there"
        case Verdict.QUOTE_REMOVED:
            return f"not there any more, {between}: the answer ({gone.outcome}) does not hold it"
        case _:
            return f"gone {between}: the address answered {gone.outcome}"


def find_rewording(passage: str, before: Document, after: Document) -> str | None:
    """Return the passage of `after` that most likely replaced `passage` of `before`, or None.

    Only text that `before` did not have can be a new wording.
    """
    old = {before.text[block.start : block.end] for block in before.blocks}
    fresh = [text for block in after.blocks if (text := after.text[block.start : block.end])]
    candidates = sorted(
        (text for text in dict.fromkeys(fresh) if text not in old),
        key=lambda text: abs(len(text) - len(passage)),
    )[:MAX_CANDIDATES]
    best = max(candidates, key=lambda text: _likeness(passage, text), default=None)
    if best is None or _likeness(passage, best) < REWORDED_RATIO:
        return None
    return best


def _likeness(passage: str, candidate: str) -> float:
    """Compare, allowing for one of the two being the longer block that holds the other."""
    if len(candidate) > 2 * len(passage):
        return float(fuzz.partial_ratio(passage, candidate))
    return float(fuzz.ratio(passage, candidate))
