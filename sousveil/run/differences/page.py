"""The page of a difference: one HTML file, before and after side by side.

Takes a `Difference` and what was found of the screenshots; gives the file's bytes. Nothing is
loaded and no script runs: a Content Security Policy (CSP Level 3) allows the file's own styles and
pictures alone. Hostile text is held as in the dossier: by the template engine's escaping, and
before it by `visible`, which no value passes by.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sousveil.changes.diff.values import Change, Row
from sousveil.dossier.text import language_tag, public_address, visible
from sousveil.run.differences import wording
from sousveil.run.differences.difference import Difference, findings_in
from sousveil.run.differences.screen_worker import Answer, Compared, Shown

# Passages that stand, shown before and behind one that changed; the others are folded.
NEIGHBOURS = 1

Group: TypeAlias = Literal["shown", "folded", "noise"]

_LABELS = {
    Change.SAME: "",
    Change.EDITED: "edited",
    Change.REMOVED: "removed",
    Change.ADDED: "added",
    Change.MOVED: "moved here",
    Change.AWAY: "moved away",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it."""

    row: Row
    label: str
    place: str
    context: str  # "" where the line above stands under the same
    findings: tuple[str, ...]


def page(difference: Difference, screens: Answer, *, with_noise: bool) -> bytes:
    """Return the page; `with_noise` shows unfolded what was learnt to change by itself."""
    template = _environment().get_template("difference.html")
    return template.render(
        difference=difference,
        groups=grouped(difference),
        screens=screens if isinstance(screens, Compared) else None,
        unscreened="" if isinstance(screens, Compared) else screens.reason,
        pictures=_pictures(screens) if isinstance(screens, Compared) else (),
        summary=wording.summary(difference.diff, with_noise=with_noise),
        hidden="" if with_noise else wording.hidden(difference.diff),
        with_noise=with_noise,
        notes=[*filter(None, [wording.no_page_since(difference)]), *wording.notes(difference)],
    ).encode("utf-8", "replace")


def grouped(difference: Difference) -> list[tuple[Group, list[Line]]]:
    """Return the rows in runs that are shown alike: "shown", "folded" or "noise"."""
    return list(_groups(list(_lines(difference))))


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"language_tag": language_tag, "public": public_address}
    environment.globals |= {"member_line": wording.member_line}
    return environment


def _finalize(value: object) -> object:
    """Make every value that the template prints harmless; markup of our own passes."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return visible(str(value)) if is_text else value


def _lines(difference: Difference) -> Iterator[Line]:
    diff, context = difference.diff, ""
    for row in diff.rows:
        under = diff.context(row)
        yield Line(
            row,
            _LABELS[row.change] + (" and edited" if _is_both(row) else ""),
            wording.place(diff, row),
            under if under != context else "",
            tuple(finding.id for finding in findings_in(difference, row)),
        )
        context = under


def _is_both(row: Row) -> bool:
    return row.change is Change.MOVED and row.is_edited


def _groups(lines: list[Line]) -> Iterator[tuple[Group, list[Line]]]:
    """Give the lines in runs that are shown alike."""
    near: set[int] = set()
    for number, line in enumerate(lines):
        if line.row.change is not Change.SAME and line.row.noise is None:
            near.update(range(number - NEIGHBOURS, number + NEIGHBOURS + 1))
    kinds: list[Group] = [
        "noise" if line.row.noise is not None else "shown" if number in near else "folded"
        for number, line in enumerate(lines)
    ]
    for kind, run in groupby(zip(kinds, lines, strict=True), lambda pair: pair[0]):
        yield kind, [line for _, line in run]


def _pictures(screens: Compared) -> tuple[tuple[str, Shown, str], ...]:
    """Return both pictures with their captions, as data: URLs (RFC 2397)."""
    return tuple(
        (caption, shown, f"data:image/jpeg;base64,{b64encode(shown.data).decode()}")
        for caption, shown in (("before", screens.before), ("after", screens.after))
    )
