"""Taking in: an archive that somebody else made, handed in at the desk, is imported by a job.

What is handed in is kept beside the jobs until it was imported: the case holds it then, byte for
byte, under the log. As large as any form of the desk may be; larger ones come by the command line.
"""

import re
import secrets
import shutil
from pathlib import Path, PurePosixPath

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.archive.foreign import SUFFIXES
from sousveil.web.desk import Desk
from sousveil.web.jobs.work import take_in
from sousveil.web.safety import needs
from sousveil.web.safety.guard import form_of

MAX_NAME = 100
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


@needs("editor")
def take(request: Request) -> Response:
    """Keep the file of a form, and ask for it to be imported."""
    desk: Desk = request.app.state.desk
    given = form_of(request).get("archive")
    name = _name(given.filename or "") if isinstance(given, UploadFile) else ""
    if not isinstance(given, UploadFile) or not name.lower().endswith(SUFFIXES):
        raise HTTPException(
            400, "Hand in an archive of pages: a .warc, .warc.gz, .arc, .arc.gz or .wacz file."
        )
    folder = desk.jobs.folder.parent / "handed-in"
    _drop_imported(desk, folder)
    place = folder / secrets.token_hex(8)
    place.mkdir(parents=True, mode=0o700)
    path = place / name
    path.write_bytes(given.file.read())  # the guard has counted it
    job = desk.jobs.start(take_in(str(path)), request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


def _name(text: str) -> str:
    """Return a file's name as it can stand on any disk, without what leads elsewhere."""
    return _STRANGE.sub("-", PurePosixPath(text.replace("\\", "/")).name)[-MAX_NAME:].lstrip(".-")


def _drop_imported(desk: Desk, folder: Path) -> None:
    """Remove what was handed in and waits for no job any more."""
    awaited = {Path(job.command[-1]).parent for job in desk.jobs.all() if not job.is_over}
    for place in folder.glob("*"):
        if place not in awaited:
            shutil.rmtree(place, ignore_errors=True)


ROUTES = (Route("/manage/targets/import", take, methods=["POST"]),)
