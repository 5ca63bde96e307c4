"""A passage with its terms and cues, sorted out once for what is asked of it.

Takes source text with the headings or declarations above it, and gives terms that mean what they
seem to (`Passage.terms`), cues, and the statements they stand in, all in normalised offsets.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from operator import attrgetter, itemgetter

from sousveil.claims.lexicon import Hit, Lexicon, uncleared
from sousveil.claims.normal import Normal, normalise
from sousveil.claims.windows import Span, lines, sentences

MAX_CONTEXT_CHARACTERS = 2000  # what stands above or around a passage only helps to read it
LONGEST_CUE = 100  # characters; the cues of topics/ have 40 at most
NEAR = 60  # units: about ten words, or twenty hanzi
AROUND = 100  # units: a sentence
NEGATED_VERB = 24  # characters from a negation in code to its verb: never guess or infer
POSSIBLE_REACH = 40  # characters before a participle: can also be automatically
NUMBER_REACH = 6  # characters before a value of a field: "10: "
LIST_GAP = 36  # characters between two values of one list
LIST_LENGTH = 3  # values that make a list
LINE_GAP = 90  # units: a comment behind or above a list of values
SHOUTED = 0.6  # share of capitals from which a passage is written in capitals throughout

_start = attrgetter("start")
HANZI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPACED = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]")  # a letter of words between spaces
_DENYING = frozenset({"negation", "denial", "forbid"})
_POSSIBLE = re.compile(r"\b(?:can|may|will|shall|must) (?:\w+ )?be (?:\w+ly )?\Z")
_NUMBERED = re.compile(r"\d\s*[:=.、-]\s*\Z")
_UNSURE = frozenset({"ambiguous", "hint", "list"})
_CLARIFYING = frozenset({"body", "attributes", "codebody", "codeattr"})
_PEOPLE = frozenset({"person", "body"})
_MACHINES = frozenset({"infer", "weakinfer", "flag", "tech"})
_DECIDING = frozenset({"infer", "weakinfer", "target", "flag"})
_COLOURS = frozenset({"white", "black", "yellow", "brown"} | {"白", "黄", "黑", "棕", "黄色"})
_FORM_KINDS = frozenset({"proxy", "ambiguous", "hint"})
_KEYWORDS = frozenset(
    {"string", "strings", "integer", "pointer", "template", "variable", "variables", "public"}
    | {"private", "protected", "static", "import", "export", "return", "if", "for", "case", "self"}
    | {"default", "interface", "match", "token", "pattern", "async", "thread", "lock", "object"}
    | {"dictionary"}
)
# Words that are a term once their marks are folded: Vietnamese for cause, thin, stick, break and
# crow, Polish for also.
_ANOTHER = frozenset({"gay", "tez"})
_ACCENTED = frozenset({"gây", "gầy", "gậy", "gãy", "gáy", "też"})
_PLACES = frozenset({"nation", "籍贯", "native place"})
_SELECTING = frozenset({"infer", "target", "flag"})


class Passage:
    """A passage with its hits, sorted out once for the features below."""

    def __init__(
        self,
        source: str,
        normal: Normal,
        terms: list[Hit],
        context: str,
        words: Lexicon,
        *,
        code: bool,
    ) -> None:
        self.source = source
        self.code = code
        self.normal = normal
        self.text = normal.text
        self.cues = _without_possible(_without_reserved(words.cues(self.text)), self.text)
        if code:
            self.cues = _without_keywords(_without_values(self.cues, self.text), self.text)
        raw = [h for h in terms if self._counts(h)]
        kept = uncleared(raw, self.cues)
        standing = frozenset(kept)
        outermost = uncleared(raw, [])
        self.cleared = [h for h in outermost if h not in standing]
        self.cues = _without_straddling(self.cues, kept, self.text)
        self.is_nested = len(outermost) < len(raw)  # "islam" in "umat islam": not meant otherwise
        self.above = normalise(context[:MAX_CONTEXT_CHARACTERS]).text
        self.context = words.cues(self.above)
        self.context_terms = words.terms(self.above)
        self.unit = 3 if len(HANZI.findall(self.text)) * 3 > len(self.text) else 1
        self._values = [h for h in kept if h.kind in {"value", "group"}]
        self.terms = self._meant(_with_lists([h for h in kept if self._listed(h)], self.text))
        cut = lines if code else sentences
        self.spans = self._normal_spans(cut(self.source))

    def _normal_spans(self, spans: list[Span]) -> list[Span]:
        """Return source spans in normalised offsets; a joint belongs to what follows it."""
        cuts = [self.normal.offset(start) for start, _ in spans[1:]]
        return list(pairwise([0, *cuts, len(self.text)]))

    def _counts(self, hit: Hit) -> bool:
        """Whether a hit may count in this kind of text: hints in prose, names of code in code."""
        if self.text[hit.start : hit.end] in _ANOTHER and self.words(hit).lower() in _ACCENTED:
            return False
        if self.code:
            return hit.kind != "hint"
        return hit.kind != "field" or self._named(hit)

    def _listed(self, hit: Hit) -> bool:
        """Whether a common word may count; one hanzi does only between marks: (白、黄、黑)."""
        return hit.kind not in {"value", "hint"} or self._whole(hit)

    def _whole(self, hit: Hit) -> bool:
        """Whether a hit is no single hanzi within a word, as 男 is in 男子."""
        if hit.end - hit.start > 1:
            return True
        around = self.text[max(0, hit.start - 1) : hit.start] + self.text[hit.end : hit.end + 1]
        return not HANZI.search(around)

    def _meant(self, terms: list[Hit]) -> list[Hit]:
        """Return the terms without ambiguous ones that nothing nearby makes clear.

        A face or another attribute does so, or people together with a machine or what it does.
        Hints count where no other term does: beside "ethnicity", an angry customer is no claim.
        """
        terms = [h for h in terms if not self._acronym(h) and not self._only_colours(h, terms)]
        terms = self._without_places(terms)
        sure = {h.topic for h in terms if h.kind not in _UNSURE}
        sure |= {h.topic for h in self.context_terms if h.kind not in _UNSURE}
        clear = [c for c in self.cues if c.cls in _CLARIFYING and self._whole(c)]
        above = any(c.cls in _CLARIFYING for c in self.context)
        decides = self._cues_of(_DECIDING)
        people, machines = self._cues_of(_PEOPLE), self._cues_of(_MACHINES)
        kept = []
        for hit in terms:
            known = hit.kind not in _UNSURE or (hit.kind == "list" and not self._colours(hit))
            makes_clear = clear + decides if hit.kind == "hint" else clear
            if (
                known
                or above
                or hit.topic in sure
                or self._clear(hit, makes_clear)
                or (self._clear(hit, people, AROUND) and self._clear(hit, machines, AROUND))
            ):
                kept.append(hit)
        return [hit for hit in kept if hit.kind != "hint"] or kept

    def _cues_of(self, classes: frozenset[str]) -> list[Hit]:
        """Return the cues of some classes in prose; none in code, which says it by names."""
        return [] if self.code else [c for c in self.cues if c.cls in classes]

    def _clear(self, hit: Hit, clear: Sequence[Hit], reach: int = NEAR) -> bool:
        """Whether one of the cues stands near a hit, and is not part of it."""
        return any(not overlap(cue, hit) for cue in self.near(hit, clear, reach))

    def _colours(self, hit: Hit) -> bool:
        """Whether a list of values names nothing but colours, which may be those of a car."""
        if hit.trait != "race":
            return False
        values = [v for v in self._values if hit.start <= v.start and v.end <= hit.end]
        return all(self.text[v.start : v.end] in _COLOURS for v in values)

    def _only_colours(self, hit: Hit, terms: list[Hit]) -> bool:
        """Whether a hit is a list of colours and nothing beside it says that they are of people."""
        return (
            hit.kind == "list"
            and self._colours(hit)
            and not any(
                t.kind != "list" and t.topic == hit.topic and self.gap(t, hit) <= LINE_GAP
                for t in terms
            )
        )

    def _acronym(self, hit: Hit) -> bool:
        """Whether a word of prose is an acronym: an engine called RACE is no race."""
        words = self.words(hit)
        capitals = hit.kind == "ambiguous" and words.isascii() and words.isupper()
        if self.code or not capitals or len(words) <= 1:
            return False
        return self.unit > 1 or not self._shouts

    @cached_property
    def _shouts(self) -> bool:
        """Whether the passage is written in capitals throughout."""
        letters = [c for c in self.source if c.isascii() and c.isalpha()]
        upper = sum(c.isupper() for c in letters)
        return upper >= SHOUTED * len(letters)

    def _without_places(self, terms: list[Hit]) -> list[Hit]:
        """Drop origins and nations that nobody is picked out by (LABELLING rule 3)."""
        if any(t.kind not in _FORM_KINDS for t in terms):
            return terms
        acts = [c for c in self.cues if c.cls in _SELECTING]
        return [
            t
            for t in terms
            if not ((self.code and t.kind == "proxy") or self.text[t.start : t.end] in _PLACES)
            or self.near(t, acts, NEAR)
        ]

    def _named(self, hit: Hit) -> bool:
        """Whether a hit in prose is written as a name in code is: EthicCode, race_type."""
        words = self.words(hit)
        return " " in self.text[hit.start : hit.end] and not re.search(r"\s", words)

    def sentence(self, hit: Hit) -> int:
        """Return the index of the statement in which a hit begins."""
        return bisect_right(self.spans, hit.start, key=itemgetter(0)) - 1

    def words(self, hit: Hit) -> str:
        """Return a hit as it stands in the source, to the end of its word: of recogni* all."""
        start, end = self.normal.source_span(hit.start, hit.end)
        if not self.code and start < end and _SPACED.match(self.source, end - 1):
            while _SPACED.match(self.source, end):
                end += 1
        return self.source[start:end]

    def near(self, hit: Hit, cues: Sequence[Hit], reach: int) -> list[Hit]:
        """Return the cues at most `reach` units from a hit, overlapping ones too, in order.

        `cues` stand in the order of the text. Only those that may be near are looked at, for a
        hostile page can have thousands of both in one sentence.
        """
        low, high = hit.start - reach // self.unit, hit.end + reach // self.unit
        first = bisect_left(cues, low - LONGEST_CUE, key=_start)
        last = bisect_right(cues, high, key=_start)
        return [cue for cue in cues[first:last] if cue.end >= low]

    def gap(self, one: Hit, two: Hit) -> int:
        """Return the distance of two hits in units of a Latin letter; 0 when they overlap."""
        between = max(one.start, two.start) - min(one.end, two.end)
        return max(0, between) * self.unit


def overlap(one: Hit, two: Hit) -> bool:
    """Whether two hits have a character in common."""
    return one.start < two.end and two.start < one.end


def _without_values(cues: list[Hit], text: str) -> list[Hit]:
    """Drop negations that are values of a field in code: 1-不微笑, 2-微笑 denies nothing.

    A verb near tells a real one, but not where the value stands behind its number: 0: not
    estimated, 1: estimated.
    """
    verbs = [c.start for c in cues if c.cls in {"infer", "weakinfer"}]
    return [
        c
        for c in cues
        if c.cls != "negation"
        or (
            any(0 <= start - c.start <= NEGATED_VERB for start in verbs)
            and not _NUMBERED.search(text, max(0, c.start - NUMBER_REACH), c.start)
        )
    ]


def _without_straddling(cues: list[Hit], terms: Sequence[Hit], text: str) -> list[Hit]:
    """Drop cues that share one hanzi with a term: 人族 in 真人族裔 is no word of it."""
    starts = {t.start for t in terms if HANZI.match(text, t.start)}
    ends = {t.end for t in terms if HANZI.match(text, t.end - 1)}
    return [
        c
        for c in cues
        if c.end - c.start == 1
        or not (
            (c.end - 1 in starts and c.end not in ends)
            or (c.start + 1 in ends and c.start not in starts)
        )
    ]


def _without_keywords(cues: list[Hit], text: str) -> list[Hit]:
    """Drop cues that are keywords or types in code: "public" names no people, "if" no doubt."""
    return [c for c in cues if text[c.start : c.end] not in _KEYWORDS]


def _with_lists(terms: list[Hit], text: str) -> list[Hit]:
    """Return the terms, with runs of values or groups as one term of kind "list"."""
    found = [h for h in terms if h.kind != "value"]
    for trait in sorted({h.trait for h in terms}):
        listed = [h for h in terms if h.trait == trait and h.kind in {"value", "group"}]
        run: list[Hit] = []
        for hit in [*listed, None]:
            if hit is not None and run and hit.start < run[-1].end:
                continue
            if hit is not None and (not run or hit.start - run[-1].end <= LIST_GAP):
                run.append(hit)
                continue
            if len({text[h.start : h.end] for h in run}) >= LIST_LENGTH:
                found.append(Hit(run[0].start, run[-1].end, "", run[0].topic, trait, "list"))
            run = [hit] if hit is not None else []
    return sorted(found, key=lambda h: (h.start, -h.end))


def _without_reserved(cues: list[Hit]) -> list[Hit]:
    """Drop denials within a longer "reserved": 暂不开放 denies nothing (LABELLING rule 1)."""
    reserved = [c for c in cues if c.cls == "reserved"]
    return [
        c
        for c in cues
        if c.cls not in _DENYING or not any(r.start <= c.start and c.end <= r.end for r in reserved)
    ]


def _without_possible(cues: list[Hit], text: str) -> list[Hit]:
    """Drop events that only may come: what "can be raised" is offered, and nobody did it."""
    return [
        c
        for c in cues
        if c.cls != "event" or not _POSSIBLE.search(text, max(0, c.start - POSSIBLE_REACH), c.start)
    ]
