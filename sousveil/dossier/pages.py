"""Pages: a report rendered to files, in memory.

Takes a `Report` and gives the bytes of each file by its path below the dossier's folder. Two nets
hold hostile text: the template engine escapes every value (Jinja2, autoescape), and before that
`text.visible` replaces what escaping leaves, in every value, without being asked for. The pages
carry a Content Security Policy (CSP Level 3) that allows our own style sheet and nothing else.
"""

import json
import re
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sousveil.changes.histories.words import sentence as happened
from sousveil.changes.trace import copy_line, story
from sousveil.changes.words import ANSWERS, VERDICTS
from sousveil.dossier import text, view, wording
from sousveil.dossier.check import check_steps
from sousveil.dossier.compare import before_and_after
from sousveil.dossier.summary import summary
from sousveil.dossier.views.told import CELLS, FACTS, views_of
from sousveil.dossier.writing.pages import Text, body
from sousveil.errors import InputError
from sousveil.jsonform import finding_json, instant
from sousveil.model import LABELS, Report

# Longest run of captured text shown at once: on the front page, on a finding's own page.
MAX_FRONT_CHARS = 420
MAX_PAGE_CHARS = 6_000
MAX_LINE_CHARS = 300  # titles, addresses, paths, names
# Of a drawing's table in print: a page's half; all of them are in the evidence.
MAX_PRINTED_ROWS = 25

_FINDING_ID = re.compile(r"[0-9a-f]{12}")


def render(report: Report, text: Text | None = None) -> dict[str, bytes]:
    """Return the files of a dossier by relative path; the same report gives the same bytes.

    A `text` comes first, and what follows from the report alone behind it.
    Raises InputError if a finding's id is not 12 hexadecimal digits, for it names a file, and for a
    text with a view in it that is empty.
    """
    for finding in report.findings:
        if not _FINDING_ID.fullmatch(finding.id):
            raise InputError(
                f"finding {finding.id!r}: the id is not 12 hexadecimal digits. "
                "The index is damaged; run `sousveil reindex`."
            )
    arranged = view.arrange(report)
    templates = _environment()
    page = templates.get_template("finding.html")
    listed = arranged.listed
    drawn = views_of(arranged)
    overview = "evidence.html" if text else "index.html"
    templates.globals["overview"] = overview
    pages = {
        overview: templates.get_template("index.html").render(
            view=arranged, listed=listed, drawings=drawn.drawings
        ),
        "style.css": _style(),
        "findings.json": _findings_json(arranged),
    }
    for statement in arranged.statements:
        name = f"findings/{statement.finding.id}.html"
        pages[name] = page.render(view=arranged, statement=statement, listed=listed)
    if drawn.squares:
        cells = templates.get_template("cells.html")
        pages[CELLS] = cells.render(view=arranged, squares=drawn.squares)
    if report.facts:
        facts = templates.get_template("facts.html")
        pages[FACTS] = facts.render(view=arranged, listed=listed)
    if text is not None:
        pages |= _of_text(text, arranged, templates)
    return {name: content.encode("utf-8") for name, content in pages.items()}


def _style() -> str:
    """Return the style sheet, with that of drawings."""
    parts = ("templates/style.css", "views/static/drawing.css")
    return "\n".join(files(__package__).joinpath(part).read_text("utf-8") for part in parts)


def _of_text(text: Text, arranged: view.View, templates: Environment) -> dict[str, str]:
    """Return the pages of a text: to read, to print, and what was corrected."""
    drawn = {one: views_of(arranged, in_print=one, in_text=True).drawings for one in (False, True)}
    if empty := [one for one in text.written.views if one[1] not in drawn[False]]:
        named = ", ".join(f"line {line}: {{{name}}}" for line, name in empty)
        raise InputError(
            f"the text places views that are empty: {named}. This case has nothing to draw there"
            " that people confirmed; review more, or take the lines out."
        )
    figure = templates.get_template("drawing.html").module.drawn  # type: ignore[attr-defined]  # a macro
    shown = {
        statement.finding.id: f"pictures/{statement.picture.part.path.name}"
        for statement in arranged.statements
        if statement.picture
    }
    by_id = {statement.finding.id: statement for statement in arranged.statements}
    page, pages = templates.get_template("written.html"), {}
    for name, in_print in (("index.html", False), ("print.html", True)):
        most = MAX_PRINTED_ROWS if in_print else None
        figures = {key: figure(one, in_print, most) for key, one in drawn[in_print].items()}
        told = body(text, shown, figures, in_print=in_print)
        cited = [by_id[finding.id] for finding in told.cited]
        pages[name] = page.render(
            view=arranged, text=text, body=told, cited=cited, printed=in_print
        )
    if text.errata:
        errata = templates.get_template("errata.html")
        pages["errata.html"] = errata.render(view=arranged, text=text)
    return pages


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": wording.day,
        "instant": instant,
        "language": wording.language,
        "language_tag": text.language_tag,
        "direction": text.direction,
        "minute": wording.minute,
        "second": wording.second,
        "sentence": wording.sentence,
        "public": text.public_address,
        "line": lambda value: text.shorten([text.Piece(value)], MAX_LINE_CHARS),
        "pieces": lambda value, limit: text.shorten([text.Piece(value)], limit),
        "shorten": text.shorten,
    }
    environment.globals |= {
        "before_and_after": before_and_after,
        "check_steps": check_steps,
        "count": wording.count,
        "happened": happened,
        "listing_dates": wording.listing_dates,
        "in_context": text.in_context,
        "copy_line": copy_line,
        "seen": wording.seen,
        "story": story,
        "summary": summary,
        "web_link": text.web_link,
        "BLOCK_KINDS": wording.BLOCK_KINDS,
        "DECISIONS": wording.DECISIONS,
        "FRONT": MAX_FRONT_CHARS,
        "LABELS": LABELS,
        "LABEL_MEANINGS": wording.LABEL_MEANINGS,
        "MARKS": wording.MARKS,
        "PAGE": MAX_PAGE_CHARS,
        "PICTURES": wording.PICTURES,
        "SPEAKERS": wording.SPEAKERS,
        "VERDICTS": VERDICTS,
        "ANSWERS": ANSWERS,
    }
    return environment


def _finalize(value: object) -> object:
    """Make every value that a template prints harmless; markup of our own passes."""
    return (
        text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
    )


def _findings_json(arranged: view.View) -> str:
    """Return all findings as a JSON array, one a line; local folders by name only."""
    forms = [
        finding_json(
            statement.finding,
            statement.fate,
            (),
            statement.trace,
            arranged.report.translations.get(statement.finding.id, ()),
        )
        for statement in arranged.statements
    ]
    for form in forms:
        trace = form.get("trace", {})
        places = [form["capture"], *trace.get("copies", []), trace.get("moved_to")]
        for place in filter(None, places):
            place["url"] = text.public_address(place["url"])
        if form["id"] in arranged.report.decided:
            form["status"] = arranged.report.decided[form["id"]]
    lines = [json.dumps(form, ensure_ascii=False) for form in forms]
    # A lone surrogate cannot be UTF-8; as \udXXX it is valid JSON (RFC 8259 section 7).
    array = "[\n" + ",\n".join(lines) + "\n]\n"
    return array.encode("utf-8", "backslashreplace").decode("utf-8")
