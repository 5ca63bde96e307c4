"""Topics: what the case looks for, edited as a copy of its own and tried before it is saved."""

from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError, TopicError
from sousveil.topics.load import KINDS, MAX_FILE_BYTES, parse
from sousveil.web.desk import Desk
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field
from sousveil.web.topics import (
    MAX_SHOWN,
    Trial,
    checked,
    save,
    text_of,
    topics_of,
    trial,
    with_line,
)

MAX_WORD = 40

NEW = """\
name = "disability"
version = 1
title = "Disability"
description = "A product or system infers a disability of people from face, gait or voice."

[trait.disability.attribute]
en = ["disability"]
"""


@needs("editor")
def topics(request: Request) -> Response:
    """List what the case looks for."""
    desk: Desk = request.app.state.desk
    saved = request.query_params.get("saved", "")[:MAX_WORD]
    return render(request, "manage_topics.html", topics=topics_of(desk.case()), saved=saved)


@needs("editor")
def topic(request: Request) -> Response:
    """Show the text of one topic, to be changed."""
    desk: Desk = request.app.state.desk
    name = request.path_params["topic"]
    case = desk.case()
    if name == "new":
        return _editor(request, name, NEW)
    own = next((one for one in topics_of(case) if one.topic.name == name), None)
    if own is None:
        raise HTTPException(404, "The case looks for no such topic.")
    return _editor(request, name, text_of(case, own))


@needs("editor")
def tried(request: Request) -> Response:
    """Show what a text would find and lose: on the page, or by itself for its script."""
    desk: Desk = request.app.state.desk
    name, text = request.path_params["topic"], field(request, "text", most=MAX_FILE_BYTES)
    own = {one.topic.name: one.topic for one in topics_of(desk.case())}
    problem, result = "", None
    try:
        after = parse(text, "topic")
        with desk.index() as index:
            result = trial(index, own.get(after.name), after)
    except TopicError as error:
        problem = with_line(text, str(error))
    if field(request, "part", most=MAX_WORD):
        return render(
            request, "parts/trial_alone.html", trial=result, problem=problem, shown=MAX_SHOWN
        )
    return _editor(request, name, text, problem, result)


@needs("editor")
def keep(request: Request) -> Response:
    """Save a topic as the case's own, if it is sound."""
    desk: Desk = request.app.state.desk
    case, text = desk.case(), field(request, "text", most=MAX_FILE_BYTES)
    try:
        found = checked(text, topics_of(case))
        save(case, text, found)
    except (TopicError, InputError) as error:
        return _editor(request, request.path_params["topic"], text, str(error))
    return RedirectResponse(f"/manage/topics?saved={found.name}", 303)


def _editor(
    request: Request, name: str, text: str, problem: str = "", result: Trial | None = None
) -> Response:
    return render(
        request,
        "manage_topic.html",
        topic=name,
        text=escape(text),  # as it is: what hides in it must not come back as a number
        problem=problem,
        trial=result,
        shown=MAX_SHOWN,
        KINDS=KINDS,
    )


ROUTES = (
    Route("/manage/topics", topics),
    Route("/manage/topics/{topic}", topic),
    Route("/manage/topics/{topic}/try", tried, methods=["POST"]),
    Route("/manage/topics/{topic}/save", keep, methods=["POST"]),
)
