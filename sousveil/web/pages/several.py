"""Several at once: what a filter finds is shown and counted first, then decided in one go.

The preview holds a digest of the findings that it counted. What is sent with it is decided only if
the same filter still finds the same: nobody decides on what came in between unseen.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.index.query import findings_of
from sousveil.index.queue import Alike, traits, waiting_alike
from sousveil.index.reviews import last_by
from sousveil.index.store import Index
from sousveil.model import LABELS, Finding
from sousveil.review.decisions import MAX_NOTE_CHARACTERS
from sousveil.run.deciding import Verdict, decide
from sousveil.web.cards import disputed
from sousveil.web.desk import Desk
from sousveil.web.pages.review import DECISIONS, MAX_ID
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

# Decided on in one go: more than anybody can look over, and some 10 MB of the log.
MOST = 2_000
SHOWN = 25  # quotes of them
GROUPS = 8  # hosts that are counted by name
MAX_FILTER = 200
_FIELDS = ("words", "label", "trait", "place")


def several(request: Request) -> Response:
    """Show what a filter finds, and what would be decided."""
    desk: Desk = request.app.state.desk
    alike = _asked(request.query_params.get)
    with desk.index() as index:
        ids = _found(index, request.user.name, alike)
        found = findings_of(index, ids)
        return render(
            request,
            "several.html",
            alike=alike,
            labels=LABELS,
            traits=traits(index),
            total=len(ids),
            is_cut=len(ids) == MOST,
            shown=found[:SHOWN],
            by_label=_counted([one.claim.label for one in found]),
            by_trait=_counted([one.claim.trait for one in found]),
            by_host=_counted([_host(one) for one in found]),
            quotes=len({one.quote for one in found}),
            digest=_digest(ids),
            decided=_number(request.query_params.get("decided", "")),
            can_undo=bool(last_by(index, request.user.name)),
            disputes=len(disputed(index)),
        )


@needs("reviewer")
def decide_several(request: Request) -> Response:
    """Log one decision on all that a preview showed."""
    desk: Desk = request.app.state.desk
    decision = DECISIONS.get(field(request, "decision", most=MAX_ID))
    alike = _asked(lambda name, _: field(request, name, most=MAX_FILTER))
    if decision is None or not alike:
        raise HTTPException(400, "Say what is to be decided, and on which findings.")
    note = field(request, "note", most=MAX_NOTE_CHARACTERS)
    with desk.writing() as (writer, index):
        ids = _found(index, request.user.name, alike)
        if not ids or _digest(ids) != field(request, "digest", most=MAX_ID):
            raise HTTPException(
                409, "Other findings wait now than those you saw. Look again, then decide."
            )
        decide(writer, index, ids, Verdict(decision, request.user.name, note), desk.clock())
    return RedirectResponse(f"/review/several?decided={len(ids)}", 303)


def _asked(get: Callable[[str, str], str]) -> Alike:
    return Alike(**{name: get(name, "").strip()[:MAX_FILTER] for name in _FIELDS})


def _found(index: Index, name: str, alike: Alike) -> list[str]:
    """Return what a filter finds, in the order of the ids; nothing without a filter."""
    return sorted(waiting_alike(index, name, alike, MOST)) if alike else []


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()


def _counted(values: Sequence[str]) -> list[tuple[str, int]]:
    return Counter(values).most_common(GROUPS)


def _host(finding: Finding) -> str:
    try:
        return urlsplit(finding.url).netloc or finding.url
    except ValueError:
        return finding.url


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len(str(MOST)) + 1 else 0


ROUTES = (
    Route("/review/several", several, methods=["GET"]),
    Route("/review/several", decide_several, methods=["POST"]),
)
