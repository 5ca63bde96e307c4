"""Conceal: values as they may be published, with what tells of private people taken out. Pure.

Takes the values that a dossier or an export is made of, before anything is made of them, so that no
page, title, alternative text, link or table can hold what is withheld. What patterns find and what
editors marked is replaced by words that name its kind, `[withheld: phone number]`, unless an editor
marked it to be shown. A name found behind a label is withheld in all that is told of that finding.
Evidence itself is never changed: records, digests, ids and places are passed as they are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from ahocorasick_rs import AhoCorasick, MatchKind

from sousveil.dossier.harm.marks import Marks
from sousveil.dossier.harm.patterns import Kind, Span, merged, private_spans
from sousveil.dossier.text import quote_bounds
from sousveil.model import Capture, Field, Finding, LogHead, PictureFile, RecordRef, Report, Stamp

T = TypeVar("T")

LEAST_NAME_CHARACTERS = 2  # of a name that is withheld elsewhere, too: one hanzi is in any text

# Ours, or of the evidence: to change it would make it name something else.
_KEPT_TYPES = (RecordRef, LogHead, Stamp, PictureFile)
_KEPT = frozenset(
    {
        *("id", "finding_id", "watch_id", "engine", "topic", "trait", "label", "features", "lang"),
        *("charset", "media_type", "blob", "sha256", "quote_sha256", "operator", "software", "by"),
    }
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# What may be half of an address or a number, where the words around a quote end: with something in
# it that words have not.
_OPENING = re.compile(r"\A[A-Za-z0-9._%+@-]*[0-9_@+.-][A-Za-z0-9._%+@-]*")
_CLOSING = re.compile(r"(?<![A-Za-z0-9._%+@-])[A-Za-z]*[0-9_@+.-][A-Za-z0-9._%+@-]*\Z")
_SUM = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something that was found, and where."""

    kind: Kind
    exact: str
    where: str  # a finding's id; "" where it stands beside findings
    is_shown: bool = False  # for an editor marked it so


class Concealer:
    """Takes private things out of values, and remembers what it met: `met`."""

    def __init__(self, marks: Marks) -> None:
        """Conceal by patterns and by the marks of a case."""
        self._marks = marks
        self.met: dict[Withheld, None] = {}

    def report(self, report: Report) -> Report:
        """Return a report with all that it holds of others concealed."""
        names = {one.id: self.names_of(one) for one in report.findings}
        changed: dict[str, Any] = {}
        for one in fields(report):
            value = getattr(report, one.name)
            if isinstance(value, Mapping):  # by finding id
                changed[one.name] = {
                    key: self.value(told, key, names.get(key, ())) for key, told in value.items()
                }
            elif one.name not in _KEPT:
                changed[one.name] = self.value(value)
        return replace(report, **changed)

    def finding(self, finding: Finding) -> Finding:
        """Return a finding with what is withheld replaced, alike in its quote and around it."""
        names = self.names_of(finding)
        whole, start, end = quote_bounds(finding)
        # 1. One text of all that is known around the quote: a selector's words end anywhere, and
        #    where they end within an address the passage tells that they do.
        before = _longer(whole[:start], finding.prefix, from_end=True)
        after = _longer(whole[end:], finding.suffix, from_end=False)
        text = before + finding.quote + after
        opens, closes = len(before), len(before) + len(finding.quote)
        spans = self.spans(text, finding.id, names)
        spans = merged([*spans, *_moved(self.spans(finding.quote, finding.id, names), opens)])

        def written(first: int, last: int) -> str:
            return _written(text[first:last], _within(spans, first, last))

        # 2. Each part is written by itself, so that the quote stands in its passage as before.
        quote = written(opens, closes)
        passage = written(opens - start, opens) + quote + written(closes, closes + len(whole) - end)
        prefix = written(max(0, opens - len(finding.prefix)), opens)
        suffix = written(closes, closes + len(finding.suffix))
        # 3. What reaches beyond the passage may end in half a number.
        prefix = _OPENING.sub("", prefix) if len(finding.prefix) > start else prefix
        suffix = _CLOSING.sub("", suffix) if len(finding.suffix) > len(whole) - end else suffix
        bare = replace(finding, quote="", passage="", prefix="", suffix="")
        return replace(
            self.value(bare, finding.id, names),
            quote=quote,
            passage=passage
            if whole == finding.passage
            else self.text(finding.passage, finding.id, names),
            prefix=prefix,
            suffix=suffix,
        )

    def value(self, value: T, finding_id: str = "", names: Iterable[str] = ()) -> T:
        """Return plain values, in dataclasses, lists and mappings, with every text concealed."""
        changed: Any = value
        if isinstance(value, str):
            # The words of an enumeration are ours.
            changed = self.text(value, finding_id, names) if type(value) is str else value
        elif isinstance(value, Finding) and value.quote:
            changed = self.finding(value)
        elif isinstance(value, Capture):
            changed = replace(value, url=self.text(value.url, finding_id, names))
        elif isinstance(value, _KEPT_TYPES):
            pass
        elif isinstance(value, Field) and _SUM.fullmatch(value.value):
            # A sum is drawn, and added up; the quote that says it is concealed.
            changed = replace(value, source=self.value(value.source, finding_id, names))
        elif isinstance(value, (tuple, list)):
            changed = type(value)(self.value(one, finding_id, names) for one in value)
        elif isinstance(value, dict):
            changed = {key: self.value(one, finding_id, names) for key, one in value.items()}
        elif is_dataclass(value) and not isinstance(value, type):
            old = {one.name: getattr(value, one.name) for one in fields(value)}
            new = {
                key: one if key in _KEPT else self.value(one, finding_id, names)
                for key, one in old.items()
            }
            if any(new[key] is not old[key] and new[key] != old[key] for key in old):
                changed = replace(value, **new)
        return changed  # type: ignore[no-any-return]  # of the type that was given

    def text(self, text: str, finding_id: str = "", names: Iterable[str] = ()) -> str:
        """Return a text with what is withheld from it replaced by the words for its kind."""
        found = self.spans(text, finding_id, names)
        return _written(text, found) if found else text

    def spans(self, text: str, finding_id: str = "", names: Iterable[str] = ()) -> list[Span]:
        """Return what is withheld of a text that stands in a finding, or beside any: ""."""
        found = private_spans(text)
        if text.startswith(_WEB):
            found = [one for one in found if one.kind is Kind.EMAIL]
        for name in names:
            found += [
                Span(match.start(), match.end(), Kind.NAME)
                for match in re.finditer(re.escape(name), text)
            ]
        marked = [Span(*place, Kind.MARKED) for place in self._marked("withheld", text, finding_id)]
        shown = self._marked("shown", text, finding_id)
        kept: list[Span] = []
        for one in found:
            is_shown = any(start <= one.start and one.end <= end for start, end in shown)
            self._meet(one, text, finding_id, is_shown=is_shown)
            kept += [] if is_shown else [one]
        for one in marked:
            self._meet(one, text, finding_id, is_shown=False)
        return merged([*marked, *kept])

    def is_shown_in(self, words: str, finding_id: str) -> bool:
        """Whether an editor marked all of these words to be shown in a finding."""
        return (0, len(words)) in self._marked("shown", words, finding_id)

    def _meet(self, span: Span, text: str, finding_id: str, *, is_shown: bool) -> None:
        self.met[Withheld(span.kind, text[span.start : span.end], finding_id, is_shown)] = None

    def names_of(self, finding: Finding) -> tuple[str, ...]:
        """Return the names that a finding's own texts give as those of contact persons."""
        source = finding.source
        commits = filter(None, (source.commit, source.entered, source.left))
        texts = (
            *(finding.passage, finding.prefix + finding.quote + finding.suffix, finding.title),
            *(commit.message for commit in commits),
        )
        found = {
            text[one.start : one.end].strip()
            for text in texts
            for one in private_spans(text)
            if one.kind is Kind.NAME
        }
        return tuple(sorted(one for one in found if len(one) >= LEAST_NAME_CHARACTERS))

    def _marked(self, shown_as: str, text: str, finding_id: str) -> list[tuple[int, int]]:
        """Return where words stand that an editor marked, here or everywhere."""
        automaton, places = self._automata[shown_as]
        if automaton is None:
            return []
        whole = _SURROGATE.sub("\ufffd", text)  # which are no text, and which hostile pages hold
        return [
            (start, end)
            for which, start, end in automaton.find_matches_as_indexes(whole, overlapping=True)
            if places[which] & {"", finding_id}
        ]

    @cached_property
    def _automata(self) -> dict[str, tuple[AhoCorasick | None, list[set[str]]]]:
        """Return, of what is withheld and shown, what finds the words, and where they are meant."""
        automata: dict[str, tuple[AhoCorasick | None, list[set[str]]]] = {}
        for shown_as in ("withheld", "shown"):
            places: dict[str, set[str]] = {}
            for one in self._marks.words:
                if one.shown_as == shown_as:
                    places.setdefault(one.words, set()).add(one.finding_id)
            made = AhoCorasick(list(places), matchkind=MatchKind.Standard) if places else None
            automata[shown_as] = (made, list(places.values()))
        return automata


def counts(met: Iterable[Withheld]) -> dict[str, int]:
    """Return how many things of each kind are withheld; one met twice counts once."""
    found = {(one.kind, one.exact) for one in met if not one.is_shown}
    return {str(kind): number for kind, number in sorted(Counter(k for k, _ in found).items())}


def _longer(known: str, other: str, *, from_end: bool) -> str:
    """Return the longer of two texts that begin, or end, alike; the first where they do not."""
    is_alike = other.endswith(known) if from_end else other.startswith(known)
    return other if is_alike else known


def _moved(spans: Iterable[Span], by: int) -> list[Span]:
    return [Span(one.start + by, one.end + by, one.kind) for one in spans]


def _within(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """Return the parts of spans from `start` to `end`, counted from `start`."""
    return [
        Span(max(one.start, start) - start, min(one.end, end) - start, one.kind)
        for one in spans
        if one.start < end and start < one.end
    ]


def _written(text: str, spans: Iterable[Span]) -> str:
    parts, at = [], 0
    for one in spans:
        parts += [text[at : one.start], f"[withheld: {one.kind}]"]
        at = one.end
    return "".join([*parts, text[at:]])
