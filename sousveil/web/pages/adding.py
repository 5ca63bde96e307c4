"""Adding: many targets pasted at once, checked before they are added; one changed or retired.

Checking asks nothing of the network and writes nothing; trying asks each address once, in a job,
and keeps nothing either. Lines that name the same fields are one
commit of the log, as one `sousveil add` is.
"""

from collections import Counter
from dataclasses import asdict
from urllib.parse import urlencode

from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.case import is_watched
from sousveil.errors import InputError
from sousveil.index.pace import retired
from sousveil.index.query import watches, watches_of
from sousveil.model import Watch, WatchKind
from sousveil.run.visit.trying import MAX_TRIED
from sousveil.run.visit.watches import add_watches, retire_watches, watches_in_log
from sousveil.watch.targets import DEFAULT_EVERY, find_watches, make_watch
from sousveil.web.desk import Desk
from sousveil.web.jobs.work import VISIT_DUE, try_out, visit
from sousveil.web.pages import taking
from sousveil.web.pasted import MAX_ACTOR, MAX_TEXT, Checked, Defaults, check_pasted
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field
from sousveil.web.safety.limits import MAX_UPLOAD_BYTES

MAX_WORD = 40
SHOWN = 200  # lines of a preview; what is beyond is counted, and what is refused comes first
MAX_TRIED_TEXT = 100_000  # that goes with a job: twenty addresses, and notes beside them
_TO_TRY = frozenset({"new", "known"})
KINDS = [kind.value for kind in WatchKind]


@needs("editor")
def targets(request: Request) -> Response:
    """Show the place where addresses are pasted."""
    added = request.query_params.get("added", "")[:MAX_WORD]
    return _shown(request, "", Defaults(), None, added=added)


@needs("editor")
def check(request: Request) -> Response:
    """Show what would become of each line that was pasted."""
    text, defaults = _pasted(request)
    try:
        return _shown(request, text, defaults, _check(request, text, defaults))
    except InputError as error:
        return _shown(request, text, defaults, None, problem=str(error))


@needs("editor")
def add(request: Request) -> Response:
    """Add what was checked; lines that are refused are left out."""
    desk: Desk = request.app.state.desk
    text, defaults = _pasted(request)
    lines = [one for one in _check(request, text, defaults) if one.state in {"new", "known"}]
    done: Counter[str] = Counter()
    now = desk.clock()
    with desk.writing() as (writer, index):
        for given in dict.fromkeys(one.given for one in lines):
            wanted = [one.watch for one in lines if one.watch and one.given == given]
            told = add_watches(writer, index, wanted, now, given=given)
            done.update(what for _, what in told)
    if field(request, "then", most=MAX_WORD) == "visit" and not is_watched(desk.case()):
        job = desk.jobs.start(VISIT_DUE, request.user.name)
        return RedirectResponse(f"/manage/jobs/{job.id}", 303)
    query = urlencode({"added": f"{done['added']}-{done['changed']}-{done['already watched']}"})
    return RedirectResponse(f"/manage/targets?{query}", 303)


@needs("editor")
def try_them(request: Request) -> Response:
    """Ask for what was checked to be tried: each address is asked once, and nothing is kept."""
    desk: Desk = request.app.state.desk
    text, defaults = _pasted(request)
    lines = [one.watch for one in _check(request, text, defaults) if one.state in _TO_TRY]
    watches = [watch for watch in lines if watch is not None]
    if not watches or not _can_be_tried(len(watches), text):
        raise HTTPException(400, f"Give 1 to {MAX_TRIED} addresses that are sound.")
    form = (("text", text), *asdict(defaults).items())
    job = desk.jobs.start(try_out([one.target for one in watches], form), request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


@needs("editor")
def target(request: Request) -> Response:
    """Show one target, to change or to retire."""
    desk: Desk = request.app.state.desk
    watch_id = request.path_params["watch_id"]
    with desk.index() as index:
        watch, ended = watches_of(index, [watch_id]).get(watch_id), retired(index)
        if watch is None:
            raise HTTPException(404, "Nothing is watched under this name.")
        return render(
            request,
            "manage_target.html",
            watch=watch,
            every=interval(watch.every_seconds),
            retired_at=ended.get(watch.id),
        )


@needs("editor")
def change(request: Request) -> Response:
    """Log another schedule, or another actor, of one target."""
    desk: Desk = request.app.state.desk
    watch = _logged(request)
    actor = " ".join(field(request, "actor", most=MAX_ACTOR).split())
    wanted = make_watch(
        watch.target,
        kind=watch.kind,
        every=field(request, "every", most=MAX_WORD),
        actor=actor or None,
        now=desk.clock(),
    )
    with desk.writing() as (writer, index):
        add_watches(writer, index, [wanted], desk.clock(), given=("every_seconds", "actor"))
    return RedirectResponse(f"/manage/targets/{watch.id}", 303)


@needs("editor")
def retire(request: Request) -> Response:
    """Log that a target is not visited any more."""
    desk: Desk = request.app.state.desk
    watch = _logged(request)
    with desk.writing() as (writer, index):
        retire_watches(writer, index, [watch], desk.clock())
    return RedirectResponse(f"/manage/targets/{watch.id}", 303)


@needs("editor")
def again(request: Request) -> Response:
    """Watch a target again that was retired."""
    desk: Desk = request.app.state.desk
    watch_id = request.path_params["watch_id"]
    with desk.writing() as (writer, index):
        watch = watches_of(index, [watch_id]).get(watch_id)
        if watch is None:
            raise HTTPException(404, "Nothing was watched under this name.")
        add_watches(writer, index, [watch], desk.clock(), given=())
    return RedirectResponse(f"/manage/targets/{watch_id}", 303)


@needs("editor")
def visit_now(request: Request) -> Response:
    """Ask for a visit of one target."""
    desk: Desk = request.app.state.desk
    job = desk.jobs.start(visit([_logged(request).id]), request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


def interval(seconds: int) -> str:
    """Return how often something is looked at, as it is typed: "6h"."""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _logged(request: Request) -> Watch:
    """Return the watch that the path names, as the log has it; raises TargetError."""
    desk: Desk = request.app.state.desk
    (found,) = find_watches(watches_in_log(desk.case()), [request.path_params["watch_id"]])
    return found


def _pasted(request: Request) -> tuple[str, Defaults]:
    return field(request, "text", most=MAX_TEXT), Defaults(
        actor=field(request, "actor", most=MAX_ACTOR),
        every=field(request, "every", most=MAX_WORD),
        kind=field(request, "kind", most=MAX_WORD),
    )


def _check(request: Request, text: str, defaults: Defaults) -> list[Checked]:
    desk: Desk = request.app.state.desk
    with desk.index() as index:
        ended = retired(index)
        known = {watch.id for watch in watches(index) if watch.id not in ended}
    allowed = desk.case().settings.allow_hosts
    return check_pasted(text, defaults, known=known, allowed=allowed, now=desk.clock())


def _shown(
    request: Request,
    text: str,
    defaults: Defaults,
    lines: list[Checked] | None,
    *,
    problem: str = "",
    added: str = "",
) -> Response:
    desk: Desk = request.app.state.desk
    states = Counter(one.state for one in lines or [])
    order = {"refused": 0, "twice": 1}
    ranked = sorted(lines or [], key=lambda one: order.get(one.state, 2))
    return render(
        request,
        "manage_targets.html",
        text=escape(text),  # as it is: what is checked is what is added
        defaults=defaults,
        lines=ranked[:SHOWN],
        states=states,
        ready=states["new"] + states["known"],
        is_checked=lines is not None,
        problem=problem,
        added=_counts(added),
        interval=interval,
        KINDS=KINDS,
        MAX_UPLOAD_BYTES=MAX_UPLOAD_BYTES,
        DEFAULT_EVERY=DEFAULT_EVERY,
        is_watched=is_watched(desk.case()),
        can_try=_can_be_tried(states["new"] + states["known"], text),
        MAX_TRIED=MAX_TRIED,
    )


def _can_be_tried(addresses: int, text: str) -> bool:
    """Whether so much may be asked at once, and what was pasted is short enough to go with it."""
    return 0 < addresses <= MAX_TRIED and len(text) <= MAX_TRIED_TEXT


def _counts(added: str) -> list[int]:
    """Return how many were added, changed and known already, as the address tells."""
    parts = added.split("-")
    return [int(one) for one in parts] if all(one.isdecimal() for one in parts) else []


ROUTES = (
    *taking.ROUTES,
    Route("/manage", targets),
    Route("/manage/targets", targets),
    Route("/manage/targets/check", check, methods=["POST"]),
    Route("/manage/targets/try", try_them, methods=["POST"]),
    Route("/manage/targets/add", add, methods=["POST"]),
    Route("/manage/targets/{watch_id}", target),
    Route("/manage/targets/{watch_id}/change", change, methods=["POST"]),
    Route("/manage/targets/{watch_id}/retire", retire, methods=["POST"]),
    Route("/manage/targets/{watch_id}/again", again, methods=["POST"]),
    Route("/manage/targets/{watch_id}/visit", visit_now, methods=["POST"]),
)
