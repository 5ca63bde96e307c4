"""Beside: what a host says to other addresses, and what that makes of an answer.

A made-up address shows what everybody gets who asks for what is not there, the front page and a
neighbour show whether the host is in trouble, or walled as a whole.
"""

from dataclasses import replace

from sousveil.changes.answer.case import Case
from sousveil.changes.answer.status import WHOLE_PAGE
from sousveil.changes.answer.text import Text, likeness
from sousveil.changes.answer.values import ABSENCES, Around, Came, Kind, Other
from sousveil.changes.looks import UNSURE

# Two answers of a host are alike from this share of common text on: dates, counters and the address
# that an error page repeats make the rest.
ALIKE_SHARE = 0.8

# At most this sure of an absence while the host fails at addresses that answered before.
TROUBLED_CONFIDENCE = 0.5

# Of a soft 404 that nothing but a made-up address tells.
ALONE_CONFIDENCE = 0.6


def as_any_address(case: Case) -> Came | None:
    """Check 6: what a made-up address, the front page or another page of the host gets, too."""
    if _is_alike(case.after, case.around.neighbour):
        well = "a page of this host that answered well before gets the same answer"
        return Came(Kind.UNTOLD, 0.6, (well,))
    is_home = _is_alike(case.after, case.around.home)
    if _is_alike(case.after, case.around.made_up):
        if is_home and _answers(case.around.neighbour):
            sent = "the answer is the front page, as at a made-up address"
            return Came(Kind.REDIRECTED_AWAY, 0.85, (sent, "another page of the host is open"))
        if is_home:
            return Came(Kind.UNTOLD, 0.6, ("every address of this host gives this answer",))
        # A wall before a part of the site would answer so, too, unless another page is open.
        sureness = 0.9 if _answers(case.around.neighbour) else ALONE_CONFIDENCE
        same = "a made-up address of this host gets the same answer"
        return Came(Kind.SOFT_404, sureness, (same,))
    if is_home:
        return Came(Kind.REDIRECTED_AWAY, 0.85, ("the answer is the front page",))
    return None


def _is_alike(answer: Text, other: Other | None) -> bool:
    if other is None or other.document is None:
        return False
    return likeness(Text(other.document), answer) >= ALIKE_SHARE


def with_doubts(case: Case, came: Came) -> Came:
    """Add what all kinds share: the text kept, a broken certificate, what the host says besides."""
    kept = came.kept if came.kept is not None or not case.compared else case.compared.kept
    came = replace(came, kept=kept)
    if case.status is None:
        return came
    if not case.answer.is_verified:
        doubt = "the server's certificate did not hold: anybody could have answered"
        kind = Kind.UNTOLD if came.kind in ABSENCES else came.kind
        return replace(came, kind=kind, confidence=UNSURE, reasons=(*came.reasons, doubt))
    return _beside_others(case.around, came)


def _beside_others(around: Around, came: Came) -> Came:
    """Weigh an absence against what else the host says."""
    if came.kind not in ABSENCES:
        if came.kind is Kind.BLOCK_PAGE and _answers(around.neighbour):
            alone = "another page of the host is open: not all of it is barred"
            return replace(came, reasons=(*came.reasons, alone))
        return came
    confidence, reasons = came.confidence, list(came.reasons)
    beside = (
        (around.home, "the host's front page"),
        (around.neighbour, "another page of the host"),
    )
    for other, name in beside:
        if other and not _answers(other):
            confidence = min(confidence, TROUBLED_CONFIDENCE)
            how = f"HTTP {other.status}" if other.status else "nothing"
            reasons.append(f"{name} answers {how}: it may be the host that is in trouble")
        elif other:
            reasons.append(f"{name} answers well")
    if around.is_listed is not None:
        reasons.append(f"the site map {'still names' if around.is_listed else 'does not name'} it")
    return replace(came, confidence=confidence, reasons=tuple(reasons))


def _answers(other: Other | None) -> bool:
    return other is not None and other.status in WHOLE_PAGE
