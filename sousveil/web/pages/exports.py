"""Exports: the case, or a part of it, in forms that others read.

Lists are files already, as they stand; what takes a while is made by a job.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sousveil.errors import InputError
from sousveil.index.query import findings_of
from sousveil.run.visit.watches import watches_in_log
from sousveil.watch.targets import find_watches
from sousveil.web.desk import Desk
from sousveil.web.jobs.work import bundle, export_form, export_wacz
from sousveil.web.render import render
from sousveil.web.safety import needs
from sousveil.web.safety.guard import field

MAX_TEXT = 200_000
MAX_NAMED = 1_000  # of targets or findings: more do not fit a command's line

# By the word that `sousveil export --format` takes: what the file's name ends in, and for whom.
FORMS = {
    "csv": (".csv", "CSV, for spreadsheets"),
    "parquet": (".parquet", "Parquet, for data frames"),
    "json": (".json", "JSON: all of the case"),
    "annotations": (".jsonld", "Web Annotations (W3C)"),
    "ftm": (".ftm.json", "FollowTheMoney, for Aleph"),
    "bibtex": (".bib", "BibTeX, for a bibliography"),
    "csl": (".csl.json", "CSL JSON, for Zotero"),
    "icalendar": (".ics", "iCalendar: what happened when"),
    "bagit": (".zip", "BagIt: the evidence, for archives"),
}


@needs("editor")
def exports(request: Request) -> Response:
    """Show what can be had, and how."""
    desk: Desk = request.app.state.desk
    made = [one for one in desk.jobs.all() if one.gives]
    return render(request, "manage_exports.html", jobs=made, FORMS=FORMS)


@needs("editor")
def wacz(request: Request) -> Response:
    """Ask for the captures of targets, or of all."""
    desk: Desk = request.app.state.desk
    named = _lines(request, "targets")
    chosen = find_watches(watches_in_log(desk.case()), named)
    work = export_wacz(f"captures-{_day(desk)}.wacz", [watch.id for watch in chosen])
    job = desk.jobs.start(work, request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


@needs("editor")
def formed(request: Request) -> Response:
    """Ask for what was found at targets, or at all, in a form of others."""
    desk: Desk = request.app.state.desk
    form = field(request, "form", most=20)
    if form not in FORMS:
        raise InputError(f"{form}: no form. There are {', '.join(FORMS)}.")
    chosen = find_watches(watches_in_log(desk.case()), _lines(request, "targets"))
    name = f"case-{_day(desk)}{FORMS[form][0]}"
    takes_all = field(request, "all", most=3) == "yes"
    work = export_form(form, name, [watch.id for watch in chosen], takes_all=takes_all)
    job = desk.jobs.start(work, request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


@needs("editor")
def bundled(request: Request) -> Response:
    """Ask for the evidence of findings."""
    desk: Desk = request.app.state.desk
    named = [one.rpartition("/")[2] for one in _lines(request, "findings")]
    with desk.index() as index:
        known = {one.id for one in findings_of(index, named)}
    missing = [one for one in named if one not in known]
    if missing or not named:
        raise InputError(
            f"{missing[0][:60]}: no finding of this case. Give the address of its page."
            if missing
            else "name a finding at least, by the address of its page."
        )
    job = desk.jobs.start(bundle(f"bundle-{_day(desk)}.wacz", named), request.user.name)
    return RedirectResponse(f"/manage/jobs/{job.id}", 303)


def _lines(request: Request, name: str) -> list[str]:
    """Return what stands on the lines of a field, each once; raises InputError for too many."""
    lines = field(request, name, most=MAX_TEXT).splitlines()
    named = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(named) > MAX_NAMED:
        raise InputError(f"{len(named):,} lines. Name {MAX_NAMED:,} at a time.")
    return named


def _day(desk: Desk) -> str:
    return f"{desk.clock():%Y-%m-%d}"


ROUTES = (
    Route("/manage/exports", exports),
    Route("/manage/exports/wacz", wacz, methods=["POST"]),
    Route("/manage/exports/form", formed, methods=["POST"]),
    Route("/manage/exports/bundle", bundled, methods=["POST"]),
)
