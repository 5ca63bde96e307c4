"""Drawings: SVG 2 as markup, safe whatever stands in names and quotes, and its numbers as a table.

Takes shapes with plain attributes and text; gives `Markup`. Every text is escaped, and characters
that hide or reorder text are shown by their number. Colours are classes of the style sheet: light,
dark and print look at the same drawing. A group with a title and a description (SVG 2, 5.8), not
an image: its links stay links to those who hear it.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from unicodedata import east_asian_width

from markupsafe import Markup

from sousveil.dossier.text import visible

WIDTH = 960  # of every drawing, in its own units; a page shows it as wide as there is room
LETTER = 7.4  # width of a letter in a drawing's text of 13 units, as far as it can be told

Link: TypeAlias = Callable[[str], str]
"""Gives the address of what has this id; "" where it has no page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a drawing's table."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A view, ready for a page."""

    name: str  # as a text calls for it: "matrix"
    title: str
    told: str  # what it shows, and what its signs mean, in sentences
    svg: Markup
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def shape(name: str, *content: str, **attributes: object) -> Markup:
    """Return an element; `content` is escaped unless it is markup of ours.

    An underscore in an attribute's name stands for a hyphen, but "class_" is "class". Numbers are
    written with one decimal.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(_number(value))}"'
        for key, value in attributes.items()
        if value != ""
    )
    inner = "".join(_escaped(one) for one in content)
    return Markup(f"<{name}{told}>{inner}</{name}>" if inner else f"<{name}{told}/>")  # noqa: S704  # escaped above


def linked(href: str, title: str, *content: Markup) -> Markup:
    """Return shapes that tell `title` when pointed at, and lead to `href` unless that is ""."""
    parts = (shape("title", title), *content)
    return shape("a", *parts, href=href, aria_label=title) if href else shape("g", *parts)


def svg(name: str, title: str, told: str, height: float, *content: Markup) -> Markup:
    """Return a whole drawing, `WIDTH` wide; its ids begin with its name."""
    return shape(
        "svg",
        *(shape("title", title, id=f"{name}-title"), shape("desc", told, id=f"{name}-told")),
        *content,
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="group",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-told",
    )


def label(
    text: str, x: float, y: float, *, room: float, class_: str = "", end: bool = False
) -> Markup:
    """Return a line of text, cut to the room that there is."""
    anchor = "end" if end else ""
    return shape("text", cut(text, room), x=x, y=y, class_=class_, text_anchor=anchor)


def cut(text: str, room: float) -> str:
    """Return a text's beginning that fits; a wide character (UAX 11) takes twice the room."""
    told, used = "", 0.0
    line = " ".join(visible(text).split())
    for at, character in enumerate(line):
        used += LETTER * (2 if east_asian_width(character) in "WF" else 1)
        if used > room and at < len(line):
            return f"{told[:-1].rstrip()}…"
        told += character
    return told


def _escaped(text: str) -> str:
    return text if isinstance(text, Markup) else html.escape(visible(text))


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return value if isinstance(value, str) else str(value)
