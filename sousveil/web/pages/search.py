"""Search: words in all that was ever read, each hit with its place and when it stood there."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sousveil.dossier.text import Piece
from sousveil.errors import InputError
from sousveil.index.lists import listed
from sousveil.index.search.find import MAX_HITS, Hit, Results, search
from sousveil.index.search.patterns import Span
from sousveil.index.search.question import MAX_QUESTION_CHARACTERS, ask
from sousveil.index.store import Index
from sousveil.jsonform import hit_json
from sousveil.model import HANDED_IN_URN, Json
from sousveil.web.api.files import as_file
from sousveil.web.desk import Desk
from sousveil.web.pages.lists import asked, chosen, known
from sousveil.web.render import render

HITS = 20  # of a page

_COLUMNS = {name: name for name in (
    "address", "part", "kind", "lang", "text", "first_seen", "last_seen", "stands",
)}  # fmt: skip


def find(request: Request) -> Response:
    """Show what a question finds, or how to ask one."""
    desk: Desk = request.app.state.desk
    filter_ = chosen(request)
    text = asked(request, "q", MAX_QUESTION_CHARACTERS + 1)
    offset = _offset(request)
    told, refusal = None, ""
    with desk.index() as index:
        if text.strip():
            try:
                told = search(index, ask(text), filter_, limit=HITS, offset=offset)
            except InputError as error:
                refusal = str(error)
        found = _findings(index, told)
        return render(
            request,
            "search.html",
            q=text,
            told=told,
            refusal=refusal,
            offset=offset,
            following=offset + HITS,
            findings=found,
            pieces=pieces,
            HANDED_IN_URN=HANDED_IN_URN,
            **known(index, filter_),
        )


def _offset(request: Request) -> int:
    text = asked(request, "offset", 9)
    return min(int(text), MAX_HITS) if text.isascii() and text.isdigit() else 0


def _findings(index: Index, told: Results | None) -> Json:
    ids = [one for hit in told.hits for one in hit.findings] if told else []
    return {one.finding.id: one for one in listed(index, ids)}


def pieces(hit: Hit) -> list[Piece]:
    """Return the part of a passage around its first match, with what matches marked."""
    text, marks, begin = hit.snippet()
    before = [Piece("…")] if begin else []
    behind = [Piece("…")] if begin + len(text) < len(hit.text) else []
    return [*before, *_marked(text, marks), *behind]


def _marked(text: str, marks: Sequence[Span]) -> list[Piece]:
    told, at = [], 0
    for start, end in marks:
        told += [Piece(text[at:start]), Piece(text[start:end], quoted=True)]
        at = end
    return [one for one in (*told, Piece(text[at:])) if one.text]


def found_file(request: Request) -> Response:
    """Give all hits; raises InputError for what is no question."""
    filter_ = chosen(request)
    question = ask(asked(request, "q", MAX_QUESTION_CHARACTERS + 1))

    def rows(index: Index, _limit: int, _after: str) -> tuple[list[Json], str]:
        told = search(index, question, filter_, limit=MAX_HITS)
        return [hit_json(hit) for hit in told.hits], ""

    return as_file(request, "search", rows, _COLUMNS)


ROUTES = (
    Route("/search", find),
    Route("/search.csv", found_file),
    Route("/search.json", found_file),
)
