"""Pages: a template and plain values become an answer.

Two nets hold captured text, which is hostile: Jinja2 escapes every value, always, and before that
`dossier.text.visible` shows by number what hides or reorders text. Both act without being asked.
Templates are compiled once. They have the same words for numbers, times, labels and verdicts as the
dossier, and its macros for captured text, as "dossier/parts.html".
"""

import functools
from collections.abc import Mapping

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import sousveil
from sousveil.changes.words import ANSWERS, VERDICTS
from sousveil.dossier import text, wording
from sousveil.jsonform import instant
from sousveil.model import LABELS
from sousveil.web.safety.guard import CSRF_FIELD, session_of

# Longest run of captured text shown at once: in a row of a list, in a quote, on a page of its own.
MAX_LINE_CHARS = 240
MAX_QUOTE_CHARS = 600
MAX_PASSAGE_CHARS = 6_000

# The desk's rooms, in the order in which a day goes through them; those that exist are shown.
NAVIGATION = (
    ("/", "Today", "t"),
    ("/review", "Review", "r"),
    ("/findings", "Findings", "f"),
    ("/targets", "Targets", "a"),
    ("/actors", "Actors", "w"),
    ("/timeline", "Timeline", "l"),
    ("/facts", "Facts", "c"),
    ("/search", "Search", "s"),
    ("/manage", "Add & manage", "m"),
)
EDITORS_ROOMS = frozenset({"/manage"})


def render(
    request: Request,
    name: str,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    csrf: str = "",
    **values: object,
) -> Response:
    """Return the page that the template `name` makes of `values`.

    Beside them it has `user`, `csrf()`, `case_title`, `is_team`, `navigation` and `here`, the
    request's path.
    `csrf` is the token of a form for those who have no session.
    """
    session = session_of(request)
    page = _templates().get_template(name)
    html = page.render(
        user=request.user,
        csrf=lambda: _csrf_field(session.csrf if session else csrf),
        case_title=request.app.state.desk.title,
        is_team=request.app.state.desk.access.team is not None,
        navigation=_rooms(request),
        here=request.url.path,
        **values,
    )
    # A lone surrogate has no UTF-8 form; `visible` has replaced those of captured text.
    return HTMLResponse(html.encode("utf-8", "replace"), status_code, headers)


def _rooms(request: Request) -> list[tuple[str, str, str]]:
    """Return the rooms that the user of a request may enter."""
    rooms: tuple[tuple[str, str, str], ...] = request.app.state.navigation
    is_editor = request.user is not None and request.user.may("editor")
    return [one for one in rooms if is_editor or one[0] not in EDITORS_ROOMS]


def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)


@functools.cache
def _templates() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader(__package__),
                PrefixLoader(
                    {
                        "dossier": PackageLoader("sousveil.dossier"),
                        "differences": PackageLoader("sousveil.run.differences"),
                    }
                ),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "day": wording.day,
        "direction": text.direction,
        "instant": instant,
        "language": wording.language,
        "language_tag": text.language_tag,
        "line": lambda value: text.shorten([text.Piece(value)], MAX_LINE_CHARS),
        "minute": wording.minute,
        "pieces": lambda value, limit: text.shorten([text.Piece(value)], limit),
        "public": text.public_address,
        "second": wording.second,
        "sentence": wording.sentence,
        "shorten": text.shorten,
    }
    environment.globals |= {
        "ANSWERS": ANSWERS,
        "LABELS": LABELS,
        "LABEL_MEANINGS": wording.LABEL_MEANINGS,
        "PASSAGE": MAX_PASSAGE_CHARS,
        "QUOTE": MAX_QUOTE_CHARS,
        "SPEAKERS": wording.SPEAKERS,
        "VERDICTS": VERDICTS,
        "count": wording.count,
        "in_context": text.in_context,
        "listing": wording.listing,
        "version": sousveil.__version__,
        "web_link": text.web_link,
    }
    return environment


def _finalize(value: object) -> object:
    """Make every value that a template prints harmless; markup of our own passes."""
    return (
        text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
    )
