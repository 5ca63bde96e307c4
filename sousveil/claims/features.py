"""Turns a passage into features that carry meaning: which terms, which cues, how they stand.

Takes a passage (and the headings or declarations it stands under) and gives a `Reading`: named
features with value 1, each with the words that brought it, the anchor (the first term that an
inferring or targeting word speaks of, for the leading statement decides: LABELLING rule 10), and
its trait. Pure and linear in the passage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sousveil.claims.lexicon import Hit, Lexicon, uncleared
from sousveil.claims.normal import Normal, normalise
from sousveil.claims.windows import Span, lines, sentences

MAX_PASSAGE_CHARACTERS = 6000  # a window is a paragraph or a declaration; a longer one is cut
MAX_CONTEXT_CHARACTERS = 2000
NEAR = 60  # units: about ten words, or twenty hanzi
LINKED = 140  # an attribute list may stand between the verb and the term
LIST_GAP = 36  # between two values of one list
LIST_LENGTH = 3
CARD_FIELDS = 2
MAX_MENTIONS = 6

_HANZI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:#|//|/\*|\*|\"\"\")|[=<>]{1,2}.*[;,(]|\w+\(|\"\w+\"\s*:|</?\w+", re.M
)
_UNSURE = frozenset({"ambiguous", "list"})
_CLARIFYING = frozenset({"body", "attributes", "codebody", "codeattr"})
_BOTH = frozenset(  # stand on cards and among face attributes alike
    (
        "sex",
        "gender",
        "age",
        "male",
        "female",
        "男",
        "女",
        "性别",
        "年龄",
        "籍贯",
        "身高",
        "surname",
    )
    + ("person name", "person info", "last name", "first name", "gender code", "em sex", "by sex")
    + ("image url", "voice", "audio", "gender age", "snap")
)
_COLOURS = frozenset("white black yellow brown red green blue color colour 白 黄 黑 棕".split())
IDENTITY_DOCUMENT = "identity document"
FACE_ATTRIBUTES = "face attributes"
_ACTION = ("infer", "target", "flag", "weakinfer")


@dataclass(frozen=True, slots=True)
class Mention:
    """Another clause of the passage that says the same as the anchor's, or of another trait."""

    trait: str
    topic: str
    quote: Span


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen in a passage."""

    features: dict[str, str]  # name -> the words that brought it, as they stand in the passage
    anchor: Hit | None  # in normalised offsets; None when no term stands in the passage
    quote: Span  # of the source: the clause that carries the anchor
    trait: str  # "" without anchor
    topic: str
    others: tuple["Mention", ...] = ()  # further statements, the strongest of each trait first


EMPTY = Reading({}, None, (0, 0), "", "")


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
        self.cues = _without_reserved(words.cues(self.text))
        raw = [h for h in terms if code or h.kind != "field" or self._named(h)]
        kept = uncleared(raw, self.cues)
        self.cleared = [h for h in raw if h not in kept]
        self.above = normalise(context[:MAX_CONTEXT_CHARACTERS]).text
        self.context = words.cues(self.above)
        self.context_terms = words.terms(self.above)
        self.unit = 3 if len(_HANZI.findall(self.text)) * 3 > len(self.text) else 1
        self.terms = self._meant(_with_lists([h for h in kept if self._listed(h)], self.text))
        cut = lines if code else sentences
        self.spans = self._normal_spans(cut(self.source))

    def _normal_spans(self, spans: list[Span]) -> list[Span]:
        """Return source spans in normalised offsets; a joint belongs to what follows it."""
        cuts = [self.normal.offset(start) for start, _ in spans[1:]]
        return list(pairwise([0, *cuts, len(self.text)]))

    def _listed(self, hit: Hit) -> bool:
        """Whether a value may count; one hanzi does only between marks: (白、黄、黑)."""
        if hit.kind != "value" or hit.end - hit.start > 1:
            return True
        around = self.text[max(0, hit.start - 1) : hit.start] + self.text[hit.end : hit.end + 1]
        return not _HANZI.search(around)

    def _meant(self, terms: list[Hit]) -> list[Hit]:
        """Return the terms without ambiguous ones that nothing nearby makes clear."""
        sure = {h.topic for h in terms if h.kind not in _UNSURE}
        sure |= {h.topic for h in self.context_terms if h.kind not in _UNSURE}
        clear = [c for c in self.cues if c.cls in _CLARIFYING]
        above = any(c.cls in _CLARIFYING for c in self.context)
        kept = []
        for hit in terms:
            known = hit.kind not in _UNSURE or (hit.kind == "list" and not self._colours(hit))
            if known or above or hit.topic in sure or any(self.gap(c, hit) <= NEAR for c in clear):
                kept.append(hit)
        return kept

    def _colours(self, hit: Hit) -> bool:
        """Whether a list of values names nothing but colours, which may be those of a theme."""
        words = set(re.findall(r"\w+", self.text[hit.start : hit.end]))
        return hit.trait == "race" and not words - _COLOURS

    def _named(self, hit: Hit) -> bool:
        """Whether a hit in prose is written as a name in code is: EthicCode, race_type."""
        words = self.words(hit)
        return " " in self.text[hit.start : hit.end] and not re.search(r"\s", words)

    def sentence(self, hit: Hit) -> int:
        for index, (start, end) in enumerate(self.spans):
            if start <= hit.start < end:
                return index
        return len(self.spans) - 1

    def words(self, hit: Hit) -> str:
        start, end = self.normal.source_span(hit.start, hit.end)
        return self.source[start:end]

    def gap(self, one: Hit, two: Hit) -> int:
        between = max(one.start, two.start) - min(one.end, two.end)
        return max(0, between) * self.unit


def _without_reserved(cues: list[Hit]) -> list[Hit]:
    """Drop what a longer "reserved" contains: 暂不开放 denies nothing (LABELLING rule 1)."""
    reserved = [c for c in cues if c.cls == "reserved"]
    return [
        c
        for c in cues
        if c.cls == "reserved" or not any(r.start <= c.start and c.end <= r.end for r in reserved)
    ]


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


def read(text: str, words: Lexicon, *, context: str = "", code: bool = False) -> Reading:
    """Return what stands in a passage. `context` holds headings or declarations above it."""
    normal = normalise(text[:MAX_PASSAGE_CHARACTERS])
    terms = words.terms(normal.text)
    if not terms:  # nearly every passage of ordinary text
        return EMPTY
    passage = Passage(text[:MAX_PASSAGE_CHARACTERS], normal, terms, context, words, code=code)
    if not passage.terms:
        return EMPTY
    by_sentence: dict[int, list[Hit]] = {}
    for hit in passage.cues:
        by_sentence.setdefault(passage.sentence(hit), []).append(hit)
    features: dict[str, str] = {}
    anchor, actions = _anchor(passage, by_sentence)
    _describe_terms(passage, features, anchor, actions)
    here = passage.sentence(anchor)
    _describe_cues(passage, features, anchor, by_sentence, here)
    _describe_mood(passage, features, anchor, actions, by_sentence.get(here, []))
    _describe_shape(passage, features, anchor)
    if code:
        _describe_fields(passage, features)
    _combine(features)
    trait, topic = _trait(passage, anchor, here)
    quote = _clause(passage, anchor, actions)
    return Reading(features, anchor, quote, trait, topic, _others(passage, by_sentence, quote))


def _anchor(passage: Passage, cues: dict[int, list[Hit]]) -> tuple[Hit, list[Hit]]:
    """Return the first term that something is done with, and the words that say what."""
    best: tuple[int, Hit, list[Hit]] | None = None
    for term in passage.terms:
        near = _actions(passage, term, cues)
        strong = [c for c in near if c.cls != "weakinfer"]
        rank = 3 if term.kind == "capability" else 2 if strong else 1 if near else 0
        if term.kind == "list":
            rank += 1
        if best is None or rank >= 2 > best[0] or (rank > best[0] and best[0] < 2):  # noqa: PLR2004
            best = (rank, term, near)
    assert best is not None
    return best[1], sorted(best[2], key=lambda c: passage.gap(c, best[1]))


def _actions(passage: Passage, term: Hit, cues: dict[int, list[Hit]]) -> list[Hit]:
    """Return the words in the term's sentence that do something with it, the nearest first."""
    near = [
        c
        for c in cues.get(passage.sentence(term), [])
        if c.cls in _ACTION
        and not (c.start < term.end and term.start < c.end)
        and passage.gap(c, term) <= LINKED
    ]
    return sorted(near, key=lambda c: passage.gap(c, term))


def _others(passage: Passage, cues: dict[int, list[Hit]], quote: Span) -> tuple[Mention, ...]:
    """Return further clauses that name a trait as surely as the anchor's, without overlap."""
    taken = [quote]
    found: list[Mention] = []
    for term in passage.terms:
        if term.kind in {"ambiguous", "proxy"}:
            continue
        actions = _actions(passage, term, cues)
        strong = term.kind in {"capability", "field", "list"} or any(
            a.cls in {"infer", "target", "flag"} and passage.gap(a, term) <= NEAR for a in actions
        )
        if not strong and not passage.code:
            continue
        start, end = _clause(passage, term, actions)
        if all(end <= low or high <= start for low, high in taken) and start < end:
            taken.append((start, end))
            found.append(Mention(term.trait, term.topic, (start, end)))
        if len(found) == MAX_MENTIONS:
            break
    return tuple(found)


def _describe_terms(
    passage: Passage, features: dict[str, str], anchor: Hit, actions: list[Hit]
) -> None:
    for term in passage.terms:
        features.setdefault(f"has {term.kind}", passage.words(term))
    features[f"anchor {anchor.kind}"] = passage.words(anchor)
    features["emotion" if anchor.trait == "emotion" else "other trait"] = passage.words(anchor)
    groups = {passage.text[h.start : h.end] for h in passage.terms if h.kind == "group"}
    if len(groups) > 8:  # noqa: PLR2004 - a nation list, not a choice of groups
        features["many groups"] = ", ".join(sorted(groups)[:4])
    elif len(groups) > 2:  # noqa: PLR2004
        features["some groups"] = ", ".join(sorted(groups)[:4])
    if passage.cleared:
        features["cleared"] = passage.words(passage.cleared[0])
    if len({h.trait for h in passage.terms}) > 2:  # noqa: PLR2004
        features["many traits"] = passage.words(anchor)
    for action in actions:
        name = f"{action.cls} near" if passage.gap(action, anchor) <= NEAR else f"{action.cls} far"
        features.setdefault(name, passage.words(action))
        features.setdefault(f"{anchor.kind} {action.cls}", passage.words(action))
        order = "before" if action.start < anchor.start else "after"
        features.setdefault(f"{action.cls} {order}", passage.words(action))
    if not actions and anchor.kind != "capability":
        features["no action"] = passage.words(anchor)


def _describe_cues(
    passage: Passage,
    features: dict[str, str],
    anchor: Hit,
    cues: dict[int, list[Hit]],
    here: int,
) -> None:
    for index, hits in cues.items():
        for hit in hits:
            if hit.cls == "rule" or (hit.cls.startswith("code") and not passage.code):
                continue
            if index == here:
                features.setdefault(f"says {hit.cls}", passage.words(hit))
                if passage.gap(hit, anchor) <= NEAR:
                    features.setdefault(f"near {hit.cls}", passage.words(hit))
            else:
                features.setdefault(f"around {hit.cls}", passage.words(hit))
    for hit in passage.context:
        features.setdefault(f"around {hit.cls}", "")
    if passage.context_terms:
        features["heading names"] = ""


_PROPER_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}|^[A-Z]\w+(?: [A-Z]\w+)+ (?!of\b)[a-z]+s?\b")
_STOPS = re.compile(r"[.;!?。，；！？|]")
_CLAUSE_STOP = re.compile(r"[.,;:!?。，；：！？、]|\bbut\b|\band\b|\bwhile\b|但|而")


def _describe_mood(
    passage: Passage, features: dict[str, str], anchor: Hit, actions: list[Hit], cues: list[Hit]
) -> None:
    """Say whether the statement is negated, denied, forbidden, or reported by somebody else."""
    first = _first(passage, anchor, actions)
    for cue in cues:
        if cue.cls not in {"negation", "denial", "forbid"}:
            continue
        between = passage.text[cue.end : first]
        reach = (first - cue.end) * passage.unit
        if cue.end <= first + 1 and reach <= NEAR:
            stops = len(_CLAUSE_STOP.findall(between))
            features.setdefault(
                f"{cue.cls} governs" if stops == 0 else f"{cue.cls} ahead", passage.words(cue)
            )
            if reach <= 12:  # noqa: PLR2004 - the very next words
                features.setdefault(f"{cue.cls} touches", passage.words(cue))
        elif cue.start >= first:
            features.setdefault(f"{cue.cls} follows", passage.words(cue))
    for term in passage.terms:
        if term is anchor or term.kind not in {"capability", "attribute"}:
            continue
        if any(
            c.cls in {"negation", "denial"}
            and 0 <= term.start - c.end <= NEAR // passage.unit
            and not _STOPS.search(passage.text[c.end : term.start])
            for c in cues
        ):
            features.setdefault("other term negated", passage.words(term))
    for cue in cues:
        if cue.cls in {"actor", "report", "self", "offer", "event", "tech", "denial", "risk"}:
            order = "leads" if cue.end <= first else "trails"
            features.setdefault(f"{cue.cls} {order}", passage.words(cue))


def _first(passage: Passage, anchor: Hit, actions: Sequence[Hit]) -> int:
    """Return where the inferring starts: at the verb of the anchor's own clause, or the anchor."""
    if anchor.kind == "capability":
        return anchor.start
    for action in actions:
        between = passage.text[action.end : anchor.start]
        if action.cls != "flag" and action.start < anchor.start and not _STOPS.search(between):
            return action.start
    return anchor.start


def _describe_fields(passage: Passage, features: dict[str, str]) -> None:
    """Weigh fields of identity documents against attributes of faces around a name in code.

    Both list name, sex and nation; a card has a number and an issuer, a face has glasses.
    """
    cues = [(passage.text[c.start : c.end], c.cls) for c in passage.cues]
    cues += [(passage.above[c.start : c.end], c.cls) for c in passage.context]
    card = {words for words, cls in cues if cls in {"codedoc", "document"}}
    face = {words for words, cls in cues if cls in {"codebody", "codeattr", "attributes"}} - _BOTH
    if len(card) >= CARD_FIELDS and len(card) > len(face):
        features[IDENTITY_DOCUMENT] = ", ".join(sorted(card)[:3])
    elif len(face) >= CARD_FIELDS and len(face) > len(card):
        features[FACE_ATTRIBUTES] = ", ".join(sorted(face)[:3])


def _describe_shape(passage: Passage, features: dict[str, str], anchor: Hit) -> None:
    text = passage.source
    hanzi = len(_HANZI.findall(text))
    if passage.code:
        features["is code"] = ""
    elif hanzi * 4 > len(text):
        features["is chinese"] = ""
    if "?" in text[-3:] or "？" in text[-3:]:
        features["asks"] = "?"
    if len(text) < (40 if passage.unit == 3 else 110):  # noqa: PLR2004
        features["short"] = ""
    if re.match(r"\s*(?:#|\*\*|[-*+•▲★]|\d+[.、])", text):
        features["item"] = ""
    if text.lstrip().startswith("|"):
        features["table row"] = ""
    if re.search(r"\d%|\d ?per ?cent|％", text):
        features["percentage"] = ""
    head = re.match(r"\s*[\W_]*(\w+)", passage.text)
    if head:
        for cue in passage.cues:
            if cue.start <= head.start(1) < cue.end:
                features.setdefault(f"opens with {cue.cls}", passage.words(cue))
    words = re.findall(r"\b[A-Za-z][a-z]+\b", text[:160].split("\n", 1)[0])
    if len(words) >= 5 and sum(w[0].isupper() for w in words) > 0.6 * len(words):  # noqa: PLR2004
        features["headline"] = ""
    elif not passage.code and _PROPER_NAME.search(
        text[: passage.normal.source_span(anchor.start, anchor.end)[0]]
    ):
        features["proper name leads"] = ""
    if re.search(r"[“\"「『].{12,}[”\"」』]", text) and not passage.code:
        features["quotes somebody"] = ""
    if len(_CODE.findall(text)) > 1:
        features["looks like code"] = ""


_PAIRS = (
    ("linked", "says report"), ("linked", "says actor"), ("linked", "says offer"),
    ("linked", "says tech"), ("linked", "says body"), ("linked", "says signal"), ("says signal", "says infer"), ("linked", "says person"),
    ("linked", "says law"), ("linked", "says forbid"), ("linked", "says error"),
    ("linked", "says risk"), ("linked", "says study"), ("linked", "says event"),
    ("linked", "says self"), ("linked", "says denial"), ("linked", "around report"),
    ("linked", "around actor"), ("linked", "around law"), ("linked", "around tech"),
    ("linked", "around error"), ("linked", "around body"), ("linked", "around offer"),
    ("says actor", "says event"), ("says actor", "says report"), ("says actor", "says denial"),
    ("says actor", "says target"), ("says tech", "says target"), ("says tech", "says infer"),
    ("says body", "says infer"), ("says body", "says target"), ("says event", "says tech"),
    ("says forbid", "says law"), ("negation governs", "says self"), ("near attributes", "near offer"),
    ("negation touches", "linked"), ("denial touches", "linked"), ("no action", "near attributes"),
    ("no action", "says body"), ("no action", "says tech"), ("says study", "says error"),
    ("has group", "says target"), ("says byhand", "says tech"), ("item", "says forbid"),
    ("is code", "around codebody"), ("is code", "near codeattr"), ("is code", "says codeattr"),
    ("is code", "around codeattr"), ("is code", "says codebody"), ("is code", "says codedoc"),
    ("is code", "around codedoc"), ("is code", "linked"), ("is chinese", "linked"),
    ("short", "linked"), ("headline", "linked"), ("headline", "says actor"),
    ("says report", "says denial"), ("denial governs", "says actor"), ("denial leads", "says actor"),
    ("opens with rule", "linked"), ("item", "opens with rule"), ("proper name leads", "says event"),
    ("proper name leads", "linked"), ("says study", "linked"), ("says training", "linked"),
    ("opens with infer", "linked"), ("says study", "has capability"),
    ("has capability", "says offer"), ("has capability", "says law"), ("is code", "has list"),
)  # fmt: skip


def _combine(features: dict[str, str]) -> None:
    """Add the pairs that mean more together than apart."""
    for name in ("anchor capability", "infer near", "target near", "flag near", "infer far"):
        if name in features:
            features.setdefault("linked", features[name])
    for one, two in _PAIRS:
        if one in features and two in features:
            features[f"{one} + {two}"] = features[two] or features[one]


def _trait(passage: Passage, anchor: Hit, here: int) -> tuple[str, str]:
    """Return trait and topic of the leading statement; Uyghur Muslims are picked by ethnicity."""
    if anchor.trait == "religion":
        for hit in passage.terms:
            if (
                hit.trait == "ethnicity"
                and hit.kind == "group"
                and passage.sentence(hit) == here
                and abs(hit.start - anchor.start) <= 40
            ):  # noqa: PLR2004 - one noun phrase
                return hit.trait, hit.topic
    return anchor.trait, anchor.topic


def _clause(passage: Passage, anchor: Hit, actions: Sequence[Hit]) -> Span:
    """Return the source span of the clause with the anchor and the word closest to it."""
    start, end = anchor.start, anchor.end
    close = [a for a in actions if passage.gap(a, anchor) <= NEAR][:2]
    for action in close:
        start, end = min(start, action.start), max(end, action.end)
    low, high = passage.spans[passage.sentence(anchor)]
    source = passage.source
    begin, finish = passage.normal.source_span(start, max(end, start + 1))
    low_source = passage.normal.source_span(low, low + 1)[0]
    high_source = passage.normal.source_span(high - 1, high)[1]
    stops = "，,;；:：\n|()（）" if not passage.code else "\n"
    while begin > low_source and source[begin - 1] not in stops:
        begin -= 1
    while finish < high_source and source[finish] not in stops:
        finish += 1
    while begin < finish and source[begin].isspace():
        begin += 1
    while finish > begin and source[finish - 1].isspace():
        finish -= 1
    return begin, finish
