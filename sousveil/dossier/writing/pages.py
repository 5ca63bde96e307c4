"""Pages: a dossier's text as HTML, each citation a number that leads to its evidence.

Takes a text that the rules let pass, and gives markup of ours around what its writer and others
wrote: all of that is escaped, and characters that hide or reorder text are shown by their number.
In print, where there are no other pages, citations lead to the list of evidence below the text.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.token import Token
from markupsafe import Markup

from sousveil.dossier.text import direction, language_tag, visible
from sousveil.dossier.writing.errata import Erratum
from sousveil.dossier.writing.parse import CITATION, VIEW, Written, reader
from sousveil.dossier.writing.rules import Cited, translation_of
from sousveil.model import Finding

_CITED = re.compile(r"\[@[^\]\n]*\]")  # whose ids are no words
MAX_ALTERNATIVE = 300  # characters of a quote, for who does not see its picture


@dataclass(frozen=True, slots=True)
class Text:
    """A text that the rules let pass, with what a dossier says around it."""

    written: Written
    known: Mapping[str, Cited]  # the case's findings, by id
    number: int | None  # of the edition, from 1; None for a draft
    errata: tuple[Erratum, ...] = ()  # of this edition and those before, the latest first
    has_bundle: bool = False  # whether the evidence of what is cited lies beside, as one file

    @property
    def title(self) -> str:
        """Its title, or that it has none."""
        return self.written.title or "Dossier"

    @property
    def direction(self) -> str:
        """The direction of most of it."""
        return direction(" ".join(one.text for one in self.written.statements))

    @property
    def cited(self) -> frozenset[str]:
        """The ids of the findings that it cites."""
        named = {name for one in self.written.statements for name in one.cites}
        named |= {address for _, address in self.written.pictures}
        return frozenset(name.removeprefix("f:") for name in named)


@dataclass(frozen=True, slots=True)
class Body:
    """A text, ready for its page."""

    markup: Markup
    cited: tuple[Finding, ...]  # in the order of their numbers, from 1


def body(
    text: Text, pictures: Mapping[str, str], views: Mapping[str, Markup], *, in_print: bool
) -> Body:
    """Return a text as markup.

    `pictures` are addresses of findings' pictures by id, as the page names them; one that has none
    is told in words. `views` are the drawings that a text may place, by name.
    """
    numbers: dict[str, int] = {}
    rules = _Rules(text.known, pictures, numbers, in_print=in_print)
    markdown = reader()
    markdown.renderer.rules |= {  # type: ignore[attr-defined]  # the protocol does not tell of it
        CITATION: rules.citation,
        "text": rules.text,
        "image": rules.image,
        "fence": rules.code,
        VIEW: lambda tokens, at, *_: views[tokens[at].content],
        "blockquote_open": rules.quote,
        "container_ours_open": rules.ours,
        "table_open": lambda *_: '<div class="wide"><table>\n',
        "table_close": lambda *_: "</table></div>\n",
    }
    for link in _links(text.written.tokens):
        link.attrSet("rel", "noreferrer noopener nofollow")
    for block, own in _turned(text.written.tokens, text.direction):
        block.attrSet("dir", own)
    told = markdown.renderer.render(text.written.tokens, markdown.options, {})
    return Body(Markup(told), tuple(text.known[one].finding for one in numbers))  # noqa: S704  # escaped


def _links(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from (one for one in token.children or () if one.type == "link_open")


def _turned(tokens: Sequence[Token], most: str) -> Iterator[tuple[Token, str]]:
    """Yield the blocks that run the other way than most of a text, with their own direction."""
    for block, inside in pairwise(tokens):
        if inside.type == "inline" and any(one.isalpha() for one in inside.content):
            own = direction(_CITED.sub("", inside.content))
            if own != most:
                yield block, own


class _Rules:
    """How tokens are written that are ours, or that need more than escaping."""

    def __init__(
        self,
        known: Mapping[str, Cited],
        pictures: Mapping[str, str],
        numbers: MutableMapping[str, int],
        *,
        in_print: bool,
    ) -> None:
        self._known = known
        self._pictures = pictures
        self._numbers = numbers
        self._in_print = in_print

    def citation(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        ids = [name.removeprefix("f:") for name in tokens[at].meta["cites"]]
        cited = [self._known[one] for one in ids]
        told = (translation_of(quote, cited) for quote in tokens[at].meta["quotes"])
        names = sorted({one.by for one in told if one is not None})
        by = f'<span class="translator">translated by {_escaped(", ".join(names))}</span>'
        return "".join(self._link(one) for one in ids) + (by if names else "")

    def _link(self, one: str, words: str = "") -> str:
        number = self._numbers.setdefault(one, len(self._numbers) + 1)
        target = f"#evidence-{number}" if self._in_print else f"findings/{one}.html"
        told = f"{words} {number}" if words else str(number)
        return f'<a class="cite" href="{target}" aria-label="Evidence {number}">{told}</a>'

    def text(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        return _escaped(tokens[at].content)

    def code(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        return f'<pre dir="ltr"><code>{_escaped(tokens[at].content)}</code></pre>\n'

    def image(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        one = str(tokens[at].attrGet("src")).removeprefix("f:")
        words = _escaped(tokens[at].content)
        link = self._link(one, words)
        if one not in self._pictures:
            return link
        shown = _escaped(self._known[one].finding.quote[:MAX_ALTERNATIVE])
        source = _escaped(self._pictures[one])
        return (
            f'<span class="figure"><img src="{source}" alt="{shown}" loading="lazy">{link}</span>'
        )

    def quote(self, tokens: Sequence[Token], at: int, *_: object) -> str:
        """Return how a quoted block begins: in its own direction, and in the language cited."""
        end = next(n for n in range(at, len(tokens)) if tokens[n].type == "blockquote_close")
        inside = [child for one in tokens[at:end] for child in one.children or ()]
        told = " ".join(one.content for one in inside if one.type in {"text", "code_inline"})
        lang = next((self._language(one) for one in inside if one.type == CITATION), "")
        return f'<blockquote dir="{direction(told)}" lang="{lang}">\n'

    def _language(self, citation: Token) -> str:
        """Return the language of what stands before a citation: its finding's, or translation's."""
        cited = [self._known[name.removeprefix("f:")] for name in citation.meta["cites"]]
        told = (translation_of(quote, cited) for quote in citation.meta["quotes"])
        translation = next(filter(None, told), None)
        return language_tag(translation.lang if translation else cited[0].finding.lang)

    def ours(self, *_: object) -> str:
        return '<div class="ours"><p class="kicker">In our own words</p>\n'


def _escaped(text: str) -> str:
    return html.escape(visible(text))
