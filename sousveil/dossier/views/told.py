"""The views of a dossier: each drawn from its report, by name; a view that is empty is left out.

Takes an arranged report and says of each mark where its evidence is: the page of a finding, the
place on the page of facts, the quotes of a cell of the matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sousveil.dossier.view import Statement, View
from sousveil.dossier.views.drawing import Drawing, Link
from sousveil.dossier.views.events import draw_timeline, moments
from sousveil.dossier.views.figures import draw_figures, points
from sousveil.dossier.views.matrix import Square, draw_matrix, squares
from sousveil.dossier.views.projects import draw_projects, projects
from sousveil.dossier.views.shared import draw_shared, shared
from sousveil.model import Fate

VIEWS = ("matrix", "timeline", "figures", "projects", "shared")
"""The views, by the names under which a text calls for them."""

CELLS, FACTS = "matrix.html", "facts.html"
"""The pages on which the quotes of a matrix's cells stand, and those of facts."""


@dataclass(frozen=True, slots=True)
class Told:
    """The views of a report, and what their marks lead to."""

    drawings: dict[str, Drawing]  # those that are not empty
    squares: tuple[tuple[str, Square, tuple[Statement, ...]], ...]  # each with its anchor


def views_of(view: View, *, in_print: bool = False, in_text: bool = False) -> Told:
    """Return the views of a report; in print, where there are no other pages, without links.

    In a person's text they state facts as its sentences do, so of findings that people confirmed.
    """
    statements = {one.finding.id: one for one in view.statements}
    every = [one.finding for one in view.statements]
    decided = view.report.decided
    findings = [one for one in every if not in_text or decided.get(one.id) == "confirmed"]

    def fate_of(finding_id: str) -> Fate | None:
        return statements[finding_id].fate

    def is_gone(finding_id: str) -> bool:
        return statements[finding_id].state == "gone"

    def gone_by(finding_id: str) -> datetime | None:
        fate = fate_of(finding_id)
        return fate.gone_by if fate and is_gone(finding_id) else None

    told = squares(every, is_gone)
    anchors = {(one.actor, one.trait): f"cell-{number}" for number, one in enumerate(told, 1)}
    finding = _link("findings/{}.html", is_none=in_print)
    fact = _link(f"{FACTS}#{{}}", is_none=in_print)
    cell = _link(f"{CELLS}#{{}}", is_none=in_print)
    drawn = (
        draw_matrix(squares(findings, is_gone), lambda one: cell(anchors[one.actor, one.trait])),
        draw_timeline(moments(findings, fate_of, view.report.letters), finding),
        draw_figures(points(view.report.facts), fact),
        draw_projects(projects(view.report.facts), fact),
        draw_shared(shared(findings, gone_by), view.report.made_at, finding),
    )
    return Told(
        {one.name: _limited(one) if in_text else one for one in drawn if one is not None},
        tuple(
            (
                anchors[one.actor, one.trait],
                one,
                tuple(statements[each] for each in one.findings),
            )
            for one in told
        ),
    )


def _limited(drawing: Drawing) -> Drawing:
    """Return a drawing that says of which findings it is; facts are confirmed wherever they are."""
    if drawing.name in {"figures", "projects"}:
        return drawing
    return replace(drawing, told=f"{drawing.told} Of findings that people confirmed alone.")


def _link(form: str, *, is_none: bool) -> Link:
    link: Callable[[str], str] = (lambda _: "") if is_none else form.format
    return link
