"""Jobs: what was asked for, how far it is, and the file that it made.

How far a job is comes as server-sent events (HTML, "Server-sent events"): each is all that is to
be shown, under a name made of it, so a browser that comes back says with Last-Event-ID what it has
seen and gets what is new. Without a script the page has a link that loads it again.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sousveil.run.visit.trying import Tried
from sousveil.web.desk import Desk
from sousveil.web.jobs.player import is_installed
from sousveil.web.jobs.store import Job
from sousveil.web.jobs.work import ANALYSE, VERIFY, VISIT_DUE, Work
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

MAX_WORD = 40
MAX_HOPS = 5  # of a redirect, one by one
MAX_TOLD_BYTES = 4 * 2**20  # of what twenty addresses answered: titles and quotes have bounds

# How often a job is looked at, and for how long: a browser comes back by itself, and whether its
# user is still let in is asked then.
GLANCE_SECONDS = 0.4
STREAM_SECONDS = 120
# A comment as often as that keeps proxies from closing what says nothing.
QUIET_SECONDS = 15

WORKS: dict[str, Work] = {"due": VISIT_DUE, "analyse": ANALYSE, "verify": VERIFY}


@needs("editor")
def jobs(request: Request) -> Response:
    """List the jobs, the newest first."""
    desk: Desk = request.app.state.desk
    return render(request, "jobs.html", jobs=desk.jobs.all())


@needs("editor")
def start(request: Request) -> Response:
    """Ask for work that needs to be told nothing more."""
    desk: Desk = request.app.state.desk
    work = WORKS.get(field(request, "work", most=MAX_WORD))
    if work is None:
        raise HTTPException(400, "There is no such work.")
    job = desk.jobs.start(work, request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


@needs("editor")
def job(request: Request) -> Response:
    """Show one job."""
    desk: Desk = request.app.state.desk
    found = _named(request)
    ahead = [one for one in desk.jobs.all() if not one.is_over and one.asked_at < found.asked_at]
    return render(
        request,
        "job.html",
        job=found,
        ahead=len(ahead),
        has_result=desk.jobs.result(found) is not None,
        is_played=_is_played(desk, found),
        tried=_tried(desk, found),
        form=[(name, escape(value)) for name, value in found.form],  # as it is, as it was checked
        MAX_HOPS=MAX_HOPS,
    )


@needs("editor")
def stop(request: Request) -> Response:
    """End a job."""
    desk: Desk = request.app.state.desk
    found = _named(request)
    desk.jobs.stop(found.id)
    return RedirectResponse(f"/manage/jobs/{found.id}", 303)


@needs("editor")
def result(request: Request) -> Response:
    """Give the file that a job made to whoever asked for it."""
    found = _named(request)
    path = _file_of(request, found)
    return FileResponse(path, media_type="application/octet-stream", filename=found.gives)


@needs("editor")
def play(request: Request) -> Response:
    """Open the file that a job made in the player, on an origin of its own, and lead there."""
    desk: Desk = request.app.state.desk
    found = _named(request)
    path = _file_of(request, found)
    if not _is_played(desk, found):
        raise HTTPException(404, "There is no player here, or it does not take this file.")
    return render(request, "player.html", job=found, address=desk.players.open(path))


def _tried(desk: Desk, job: Job) -> list[Tried]:
    """Return what addresses answered, of a job that tried some."""
    path = desk.jobs.result(job)
    if path is None or job.command[0] != "try":
        return []
    with path.open("rb") as file:
        return msgspec.json.Decoder(Tried).decode_lines(file.read(MAX_TOLD_BYTES))


def _file_of(request: Request, job: Job) -> Path:
    """Return the file that a job made for whoever asks; raises HTTPException (403, 404)."""
    desk: Desk = request.app.state.desk
    if job.by != request.user.name:
        raise HTTPException(403, "This file is for whoever asked for it.")
    path = desk.jobs.result(job)
    if path is None:
        raise HTTPException(404, "There is no such file, or not any more. Ask for it again.")
    return path


def _is_played(desk: Desk, job: Job) -> bool:
    """Whether the player can show what a job made: it serves this computer's own browser alone."""
    return job.gives.endswith(".wacz") and desk.access.team is None and is_installed()


@needs("editor")
def events(request: Request) -> Response:
    """Tell how far a job is, until it is over or the stream has lasted long enough."""
    desk: Desk = request.app.state.desk
    found = _named(request)
    seen = request.headers.get("last-event-id", "")
    return StreamingResponse(
        _events(desk, found.id, seen),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(desk: Desk, job_id: str, seen: str) -> AsyncIterator[str]:
    quiet = 0.0
    for _ in range(int(STREAM_SECONDS / GLANCE_SECONDS)):
        found = await asyncio.to_thread(desk.jobs.find, job_id)
        if found is None:
            return
        name, data = _told(found)
        if name != seen:
            seen, quiet = name, 0.0
            yield f"id: {name}\ndata: {data}\n\n"
        elif quiet >= QUIET_SECONDS:
            quiet = 0.0
            yield ":\n\n"
        if found.is_over:
            return
        await asyncio.sleep(GLANCE_SECONDS)
        quiet += GLANCE_SECONDS


def _told(job: Job) -> tuple[str, str]:
    """Return what is to be shown of a job as JSON, on one line, with its name."""
    how = job.progress
    data = json.dumps(
        {
            "state": job.state,
            "title": how.title if how else "",
            "done": how.done if how else 0,
            "total": how.total if how else None,
            "note": how.note if how else "",
            "said": job.said,
        }
    )
    return hashlib.sha256(data.encode()).hexdigest()[:16], data


def _named(request: Request) -> Job:
    """Return the job that the path names; raises HTTPException (404)."""
    desk: Desk = request.app.state.desk
    found = desk.jobs.find(request.path_params["job_id"])
    if found is None:
        raise HTTPException(404, "There is no such job, or not any more.")
    return found


ROUTES = (
    Route("/manage/jobs", jobs),
    Route("/manage/jobs/start", start, methods=["POST"]),
    Route("/manage/jobs/{job_id}", job),
    Route("/manage/jobs/{job_id}/events", events),
    Route("/manage/jobs/{job_id}/result", result),
    Route("/manage/jobs/{job_id}/play", play, methods=["POST"]),
    Route("/manage/jobs/{job_id}/stop", stop, methods=["POST"]),
)
