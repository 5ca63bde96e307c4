"""Several at once: what a filter finds is shown and counted first, then decided in one go.

The preview holds a digest of the findings that it counted. What is sent with it is decided only if
the same filter still finds the same: nobody decides on what came in between unseen.
"""

import hashlib
from collections.abc import Iterable, Sequence

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError
from sousveil.index.filters import Filter, filter_from
from sousveil.index.lists import disputed
from sousveil.index.queue import tally, traits, waiting_alike
from sousveil.index.reviews import has_decided
from sousveil.index.search.question import MAX_QUESTION_CHARACTERS, ask
from sousveil.index.store import Index
from sousveil.model import LABELS
from sousveil.review.decisions import MAX_NOTE_CHARACTERS
from sousveil.run.deciding import Verdict, decide, is_lesson
from sousveil.web.cards import findings_by_id
from sousveil.web.desk import Desk
from sousveil.web.pages.review import DECISIONS, MAX_ID
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field, form_of

# Decided on in one go: more than anybody can look over, and some 10 MB of the log.
MOST = 2_000
SHOWN = 25  # quotes of them at once; all can be gone through before one decides
GROUPS = 8  # hosts that are counted by name


def several(request: Request) -> Response:
    """Show what a filter finds, and what would be decided."""
    desk: Desk = request.app.state.desk
    words = request.query_params.get("words", "")[:MAX_QUESTION_CHARACTERS]
    chosen = _chosen(request.query_params.multi_items())
    with desk.index() as index:
        ids = _found(index, request.user.name, chosen, words)
        first = min(_number(request.query_params.get("begin", "")), max(len(ids) - 1, 0))
        begin = first // SHOWN * SHOWN
        return render(
            request,
            "several.html",
            chosen=chosen,
            words=words,
            is_asked=bool(chosen or words.strip()),
            labels=LABELS,
            traits=traits(index),
            total=len(ids),
            is_cut=len(ids) == MOST,
            begin=begin,
            SHOWN=SHOWN,
            shown=findings_by_id(index, ids[begin : begin + SHOWN]).values(),
            tally=tally(index, ids, GROUPS),
            digest=_digest(ids),
            decided=_number(request.query_params.get("decided", "")),
            can_undo=has_decided(index, request.user.name),
            disputes=len(disputed(index)),
        )


@needs("reviewer")
def decide_several(request: Request) -> Response:
    """Log one decision on all that a preview showed."""
    desk: Desk = request.app.state.desk
    decision = DECISIONS.get(field(request, "decision", most=MAX_ID))
    words = field(request, "words", most=MAX_QUESTION_CHARACTERS)
    texts = [(name, one) for name, one in form_of(request).multi_items() if isinstance(one, str)]
    chosen = _chosen(texts)
    if decision is None or not (chosen or words.strip()):
        raise HTTPException(400, "Say what is to be decided, and on which findings.")
    verdict = Verdict(decision, request.user.name, field(request, "note", most=MAX_NOTE_CHARACTERS))
    with desk.writing() as (writer, index):
        ids = _found(index, request.user.name, chosen, words)
        if not ids or _digest(ids) != field(request, "digest", most=MAX_ID):
            raise HTTPException(
                409, "Other findings wait now than those you saw. Look again, then decide."
            )
        events = decide(writer, index, ids, verdict, desk.clock())
    answer = RedirectResponse(f"/review/several?decided={len(ids)}", 303)
    if is_lesson(events):
        answer.background = BackgroundTask(desk.learn)
    return answer


def _chosen(given: Iterable[tuple[str, str]]) -> Filter:
    try:
        return filter_from(given)
    except InputError as error:
        raise HTTPException(400, str(error)) from error


def _found(index: Index, name: str, chosen: Filter, words: str) -> list[str]:
    """Return what a filter finds, in the order of the ids; nothing without a filter."""
    if not chosen and not words.strip():
        return []
    try:
        question = ask(words) if words.strip() else None
    except InputError as error:
        raise HTTPException(400, str(error)) from error
    if question is not None and question.regexes:
        raise HTTPException(400, "Patterns are for the search; give words or a “phrase” here.")
    return waiting_alike(index, name, chosen, question, MOST)


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len(str(MOST)) + 1 else 0


ROUTES = (
    Route("/review/several", several, methods=["GET"]),
    Route("/review/several", decide_several, methods=["POST"]),
)
