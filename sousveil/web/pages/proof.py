"""What is proved of a finding, by whom, and what not; checked again on demand; its bundle.

Nothing on the page is believed from the index: the inclusion proof, the stamps and cosignatures are
verified for each request, the rest when somebody asks.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sousveil.case import Case
from sousveil.dossier.check import check_steps
from sousveil.errors import SousveilError
from sousveil.index.query import captures_of_watch, findings_of
from sousveil.index.store import Index
from sousveil.model import Capture, Finding
from sousveil.run.evidence.single import Check, Proved, Vouched, check_finding, prove, vouched
from sousveil.run.publish.bundles import write_bundle
from sousveil.run.publish.output import Output
from sousveil.run.publish.withheld import withheld_fields
from sousveil.run.quotes import quote_reader
from sousveil.run.read.analyse import load_engine
from sousveil.tlog.keychain import key_chain
from sousveil.web.desk import Desk
from sousveil.web.render import render
from sousveil.web.safety.roles import needs

MAX_VOUCHED = 12  # stamps, and as many cosignatures, told one by one: the earliest first

PIECE_BYTES = 2**16

_NO_SUCH = "There is no such finding. It may be found otherwise now, under another id."


# Bundles take a processor and a disk whole: one at a time, whoever asks.
_turn = threading.Lock()


def proof(request: Request) -> Response:
    """Show what is proved of a finding."""
    return _page(request, (), 0.0)


def check_again(request: Request) -> Response:
    """Check a finding's evidence now, and show what came of it."""
    desk: Desk = request.app.state.desk
    begun = time.perf_counter()
    with desk.index() as index:
        case, finding = desk.case(), _finding(request, index)
        reread = quote_reader(case, index, load_engine(case, index))
        checks = check_finding(case, finding, reread)
    return _page(request, checks, time.perf_counter() - begun)


@needs("reviewer")
def bundle(request: Request) -> Response:
    """Make the finding's bundle, as `sousveil bundle` does by itself, and send it.

    What would tell of those behind the case is withheld, or nothing is sent and the page says why.
    """
    desk: Desk = request.app.state.desk
    case = desk.case()
    # Beside the evidence, which lies there as open as the bundle. Once it is open it has no name
    # any more, so that nothing of it is left whoever hangs up.
    with _turn, desk.index() as index, TemporaryDirectory(dir=case.pending) as folder:
        finding = _finding(request, index)
        path = Path(folder) / f"finding-{finding.id}.wacz"
        try:
            write_bundle(
                case,
                index,
                [finding.id],
                Output(path),
                hidden=withheld_fields((), (), frozenset()),
                with_decisions=False,
                now=desk.clock(),
                progress=lambda *_: None,
            )
        except SousveilError as error:
            raise HTTPException(422, f"The bundle was not made. {error}") from error
        size, file = path.stat().st_size, path.open("rb")
    return StreamingResponse(
        _pieces(file),
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{path.name}"',
            "Content-Length": str(size),
        },
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _page(request: Request, checks: Sequence[Check], seconds: float) -> Response:
    desk: Desk = request.app.state.desk
    case = desk.case()
    with desk.index() as index:
        finding = _finding(request, index)
        earlier, later = _beside(index, finding)
    proved, by, problem = _told(case, finding)
    return render(
        request,
        "proof.html",
        finding=finding,
        proved=proved,
        vouched=by,
        problem=problem,
        keys=[str(one) for one in key_chain(case.log, case.settings.key).keys],
        origin=case.settings.origin,
        checks=checks,
        is_right=bool(checks) and all(one.holds for one in checks),
        checked_at=desk.clock(),
        seconds=seconds,
        steps=check_steps(finding, earlier, later),
        MAX_VOUCHED=MAX_VOUCHED,
    )


def _told(case: Case, finding: Finding) -> tuple[Proved | None, Vouched | None, str]:
    """Return the proof of a finding's entry and who vouches for it, or what is wrong."""
    try:
        found = prove(case, finding.log_index)
        return found, vouched(case, found.head, finding.log_index), ""
    except SousveilError as error:
        return None, None, str(error)


def _beside(index: Index, finding: Finding) -> tuple[list[Capture], list[Capture]]:
    """Return the other captures of a finding's repository, before and after its own."""
    if finding.source.commit is None or finding.watch_id is None:
        return [], []
    held = [(one.log_index, one.capture) for one in captures_of_watch(index, finding.watch_id)]
    return (
        [capture for at, capture in held if at < finding.log_index],
        [capture for at, capture in held if at > finding.log_index],
    )


def _finding(request: Request, index: Index) -> Finding:
    for one in findings_of(index, [request.path_params["finding_id"]]):
        return one
    raise HTTPException(404, _NO_SUCH)


ROUTES = (
    Route("/proof/{finding_id}", proof, methods=["GET"]),
    Route("/proof/{finding_id}/check", check_again, methods=["POST"]),
    Route("/proof/{finding_id}/bundle", bundle, methods=["POST"]),
)
