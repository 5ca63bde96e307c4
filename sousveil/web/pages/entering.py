"""A fact by hand: words of a captured text are chosen or pasted, looked up, and told as fields.

Two steps on one page. First the words: they must stand in what was captured, character by
character; if they do not, the nearest text is shown and nothing can be entered. Then the fields,
with what a machine reads in these words for a person to check.
"""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError
from sousveil.model import BOUNDS, FACT_KINDS, FIELDS, PAPERS, FactKind
from sousveil.review.decisions import MAX_NOTE_CHARACTERS
from sousveil.review.facts import MAX_QUOTE_CHARACTERS, MAX_VALUE_CHARACTERS
from sousveil.run.facts import Entry, add, lines_at, proposed, quoted_at
from sousveil.web.desk import Desk
from sousveil.web.pages.facts import MAX_ID, MAX_PLACE, page_of
from sousveil.web.pages.lists import asked
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

_OPTION = re.compile(r"\A--[a-z]+:? ")  # by which the command line names a field
MAX_WORDS = 200  # by which lines are sought


@needs("reviewer")
def entering(request: Request) -> Response:
    """Show the words that stand where they are said to, with the fields to fill, or what is wrong.

    A pasted quote (`quote`) comes before a chosen line (`line`).
    """
    desk: Desk = request.app.state.desk
    kind = _kind(asked(request, "kind", MAX_ID))
    place, words = asked(request, "place", MAX_PLACE).strip(), asked(request, "words", MAX_WORDS)
    quote = _quote(asked(request, "quote", MAX_QUOTE_CHARACTERS + 1))
    quote = quote or asked(request, "line", MAX_QUOTE_CHARACTERS + 1)
    source, lines, problem = None, [], ""
    with desk.index() as index:
        try:
            if quote:
                source = quoted_at(desk.case(), index, Entry("words", "", quote, place))
            elif place:
                lines = lines_at(desk.case(), index, place, words)
        except InputError as error:
            problem = _OPTION.sub("", str(error))
    return render(
        request,
        "fact_new.html",
        status_code=400 if problem else 200,
        kind=kind,
        place=place,
        words=words,
        quote=quote,
        source=source,
        lines=lines,
        problem=problem,
        proposed=proposed(kind, quote) if source else {},
        names=tuple(FIELDS[kind]),
        choices={"bound": BOUNDS, "type": PAPERS},
        KINDS=FACT_KINDS,
    )


@needs("reviewer")
def entered(request: Request) -> Response:
    """Log the fact, and lead to its page."""
    desk: Desk = request.app.state.desk
    kind = _kind(field(request, "kind", most=MAX_ID))
    place = field(request, "place", most=MAX_PLACE).strip()
    whole = _quote(field(request, "quote", most=MAX_QUOTE_CHARACTERS))
    entries = []
    for name in FIELDS[kind]:
        value = field(request, name, most=MAX_VALUE_CHARACTERS)
        own = _quote(field(request, f"quote-{name}", most=MAX_QUOTE_CHARACTERS))
        if value.strip():
            entries.append(Entry(name, value, own or whole, place))
    note = field(request, "note", most=MAX_NOTE_CHARACTERS)
    by, now = request.user.name, desk.clock()
    with desk.writing() as (writer, index):
        event = add(writer, index, kind, entries, by=by, note=note, now=now)
    return RedirectResponse(page_of(event.body["fact"]["id"]), 303)


def _kind(given: str) -> FactKind:
    return next((one for one in FACT_KINDS if one == given), "figure")


def _quote(text: str) -> str:
    """Undo what browsers make of line breaks."""
    return text.replace("\r\n", "\n")


ROUTES = (
    Route("/facts/new", entering),
    Route("/facts/new", entered, methods=["POST"]),
)
