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
NEAR = 60  # units: about ten words, or twenty hanzi
LINKED = 140  # an attribute list may stand between the verb and the term
LIST_GAP = 36  # between two values of one list
LIST_LENGTH = 3

_HANZI = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:#|//|/\*|\*|\"\"\")|[=<>]{1,2}.*[;,(]|\w+\(|\"\w+\"\s*:|</?\w+", re.M
)
_ACTION = ("infer", "target", "flag", "weakinfer")
_STRONG = ("capability", "list", "attribute", "group", "proxy", "field", "value")
_SPOKEN = frozenset(
    "infer weakinfer target flag person body tech offer attributes report event actor negation "
    "denial forbid law error study risk self".split()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen in a passage."""

    features: dict[str, str]  # name -> the words that brought it, as they stand in the passage
    anchor: Hit | None  # in normalised offsets; None when no term stands in the passage
    quote: Span  # of the source: the clause that carries the anchor
    trait: str  # "" without anchor
    topic: str


EMPTY = Reading({}, None, (0, 0), "", "")


class _Passage:
    """A passage with its hits, sorted out once for the features below."""

    def __init__(self, text: str, context: str, words: Lexicon, *, code: bool) -> None:
        self.source = text[:MAX_PASSAGE_CHARACTERS]
        self.code = code
        self.normal: Normal = normalise(self.source)
        self.text = self.normal.text
        self.cues = words.cues(self.text)
        raw = [h for h in words.terms(self.text) if code or h.kind != "field" or self._named(h)]
        kept = uncleared(raw, self.cues)
        self.cleared = [h for h in raw if h not in kept]
        self.terms = _with_lists(kept)
        above = normalise(context[-400:]).text
        self.context = words.cues(above)
        self.context_terms = words.terms(above)
        cut = lines if code else sentences
        self.spans = self._normal_spans(cut(self.source))
        self.unit = 3 if len(_HANZI.findall(self.text)) * 3 > len(self.text) else 1

    def _normal_spans(self, spans: list[Span]) -> list[Span]:
        """Return source spans in normalised offsets; a joint belongs to what follows it."""
        cuts = [self.normal.offset(start) for start, _ in spans[1:]]
        return list(pairwise([0, *cuts, len(self.text)]))

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


def _with_lists(terms: list[Hit]) -> list[Hit]:
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
            if len(run) >= LIST_LENGTH:
                found.append(Hit(run[0].start, run[-1].end, "", run[0].topic, trait, "list"))
            run = [hit] if hit is not None else []
    return sorted(found, key=lambda h: (h.start, -h.end))


def read(text: str, words: Lexicon, *, context: str = "", code: bool = False) -> Reading:
    """Return what stands in a passage. `context` holds headings or declarations above it."""
    passage = _Passage(text, context, words, code=code)
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
    _combine(features)
    trait, topic = _trait(passage, anchor, here)
    return Reading(features, anchor, _clause(passage, anchor, actions), trait, topic)


def _anchor(passage: _Passage, cues: dict[int, list[Hit]]) -> tuple[Hit, list[Hit]]:
    """Return the first term that something is done with, and the words that say what."""
    best: tuple[int, Hit, list[Hit]] | None = None
    for term in passage.terms:
        near = [
            c
            for c in cues.get(passage.sentence(term), [])
            if c.cls in _ACTION
            and not (c.start < term.end and term.start < c.end)
            and passage.gap(c, term) <= LINKED
        ]
        strong = [c for c in near if c.cls != "weakinfer"]
        rank = 3 if term.kind == "capability" else 2 if strong else 1 if near else 0
        if term.kind == "list":
            rank += 1
        if best is None or rank >= 2 > best[0] or (rank > best[0] and best[0] < 2):  # noqa: PLR2004
            best = (rank, term, near)
    assert best is not None
    return best[1], sorted(best[2], key=lambda c: passage.gap(c, best[1]))


def _describe_terms(
    passage: _Passage, features: dict[str, str], anchor: Hit, actions: list[Hit]
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
    passage: _Passage,
    features: dict[str, str],
    anchor: Hit,
    cues: dict[int, list[Hit]],
    here: int,
) -> None:
    for index, hits in cues.items():
        for hit in hits:
            if hit.cls.startswith("code") and not passage.code:
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


_CLAUSE_STOP = re.compile(r"[.,;:!?。，；：！？、]|\bbut\b|\band\b|\bwhile\b|但|而")


def _describe_mood(
    passage: _Passage, features: dict[str, str], anchor: Hit, actions: list[Hit], cues: list[Hit]
) -> None:
    """Say whether the statement is negated, denied, forbidden, or reported by somebody else."""
    verb = next((a for a in actions if a.cls != "flag"), anchor)
    first = min(verb.start, anchor.start)
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
    for cue in cues:
        if cue.cls in {"actor", "report", "self", "offer", "event", "tech"}:
            order = "leads" if cue.end <= first else "trails"
            features.setdefault(f"{cue.cls} {order}", passage.words(cue))


def _describe_shape(passage: _Passage, features: dict[str, str], anchor: Hit) -> None:
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
    if head and any(
        c.cls in {"infer", "weakinfer"} and c.start <= head.start(1) < c.end for c in passage.cues
    ):
        features["opens with inferring"] = head.group(1)
    words = re.findall(r"\b[A-Za-z][a-z]+\b", text[:160].split("\n", 1)[0])
    if len(words) >= 5 and sum(w[0].isupper() for w in words) > 0.6 * len(words):  # noqa: PLR2004
        features["headline"] = ""
    if re.search(r"[“\"「『].{12,}[”\"」』]", text) and not passage.code:
        features["quotes somebody"] = ""
    if len(_CODE.findall(text)) > 1:
        features["looks like code"] = ""


_PAIRS = (
    ("linked", "says report"), ("linked", "says actor"), ("linked", "says offer"),
    ("linked", "says tech"), ("linked", "says body"), ("linked", "says person"),
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


def _trait(passage: _Passage, anchor: Hit, here: int) -> tuple[str, str]:
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


def _clause(passage: _Passage, anchor: Hit, actions: Sequence[Hit]) -> Span:
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
