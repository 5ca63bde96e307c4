"""Turns a passage into features that carry meaning: which terms, which cues, how they stand.

Takes a passage (and the headings or declarations it stands under) and gives a `Reading`: named
features with value 1, each with the words that brought it, the anchor (the first term that an
inferring or targeting word speaks of, for the leading statement decides: LABELLING rule 10), and
its trait. Pure and linear in the passage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sousveil.claims.lexicon import Hit, Lexicon
from sousveil.claims.normal import normalise
from sousveil.claims.passage import HANZI, NEAR, Passage
from sousveil.claims.quote import quote_of
from sousveil.claims.statement import (
    STOPS,
    Cues,
    Mention,
    anchor_of,
    first_word,
    mentions,
    trait_of,
)
from sousveil.claims.windows import Span
from sousveil.claims.wording import ABOUT, ordered, placed, wording

MAX_PASSAGE_CHARACTERS = 4000  # a paragraph or a declaration; pairs of hits are weighed in it
CARD_FIELDS = 2  # one field in common proves no identity card
MANY_GROUPS = 8  # more are a list of nations, not a choice of groups
SOME_GROUPS = 2
MANY_TRAITS = 2
LONG_LIST = 5  # words; a choice of moods for a sprite is shorter
OBJECT_REACH = 24  # units between verb and object: "detects the apparent"
NEXT_WORDS = 12  # units between a negation and what it negates, when they touch
SHORT_LETTERS = 110
SHORT_HANZI = 40
HEADLINE_WORDS = 5
HEADLINE_CAPITALS = 0.6  # of the words

IDENTITY_DOCUMENT = "identity document"
FACE_ATTRIBUTES = "face attributes"
GIVEN = "given by the person"
NO_MACHINE = "no machine"
_DENYING = {
    f"{cls} {how}" for cls in ("negation", "denial", "forbid") for how in ("governs", "ahead")
}
_INFERRING = frozenset({"anchor capability", "infer near", "flag near"})
# Somebody who speaks of somebody else, or is spoken of.
REPORTING = frozenset(
    {f"{place} {cls}" for place in ("says", "around") for cls in ("actor", "report")}
    | {"proper name leads", "headline", "quotes somebody", "says byhand", "says study"}
)
_BOTH = frozenset(  # stand on cards and among face attributes alike
    {"sex", "gender", "age", "male", "female", "男", "女", "性别", "年龄", "籍贯", "身高"}
    | {"person name", "person info", "last name", "first name", "surname", "gender age"}
    | {"gender code", "em sex", "by sex", "image url", "voice", "audio", "snap"}
)
_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:#|//|/\*|\*|\"\"\")|[=<>]{1,2}.*[;,(]|\w+\(|\"\w+\"\s*:|</?\w+",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen in a passage."""

    features: dict[str, str]  # name -> the words that brought it, as they stand in the passage
    anchor: Hit | None  # in normalised offsets; None when no term stands in the passage
    quote: Span  # of the source: the clause that carries the anchor
    trait: str  # "" without anchor
    topic: str
    others: tuple[Mention, ...] = ()  # further statements, the strongest of each trait first


# Targeting that takes a machine, or somebody's watching: not "arrested", "attacked".
_WATCHING = re.compile(
    "surveil|monitor|track|profil|spy|spie|hack|phish|wiretap|eavesdrop|sniff|trace"
    "|监控|監控|监视|監視|追踪|追蹤|跟踪|画像|窃听|布控|監聽|监听"
    "|uberwach|ausspah|verfolg|vigil|espion|espi|rastre|слеж|отслеж|наблюд|прослуш|izle|gozet"
)

EMPTY = Reading({}, None, (0, 0), "", "")


def read(text: str, words: Lexicon, *, context: str = "", code: bool = False) -> Reading:
    """Return what stands in a passage. `context` holds headings or declarations above it."""
    normal = normalise(text[:MAX_PASSAGE_CHARACTERS])
    terms = words.terms(normal.text)
    if not terms:  # nearly every passage of ordinary text
        return EMPTY
    passage = Passage(text[:MAX_PASSAGE_CHARACTERS], normal, terms, context, words, code=code)
    if not passage.terms:
        return EMPTY
    by_sentence: Cues = {}
    for hit in passage.cues:
        by_sentence.setdefault(passage.sentence(hit), []).append(hit)
    features: dict[str, str] = {}
    anchor, actions = anchor_of(passage, by_sentence)
    _describe_terms(passage, features, anchor, actions)
    here = passage.sentence(anchor)
    _describe_cues(passage, features, anchor, by_sentence, here)
    _describe_mood(passage, features, anchor, actions, by_sentence.get(here, []))
    if "verb and object" in features and not _DENYING & set(features):
        features["asserts"] = features["verb and object"]
    _describe_shape(passage, features, anchor)
    if code:
        _describe_fields(passage, features)
    elif given := _given(features):
        features[GIVEN] = given
    elif not _speaks_of_machine(features):
        features[NO_MACHINE] = normal.text[anchor.start : anchor.end]
    _link(features)
    trait, topic = trait_of(passage, anchor, here)
    features |= dict.fromkeys(list(_words(passage, features, anchor, trait)), "")
    quote = quote_of(passage, anchor, actions)
    return Reading(features, anchor, quote, trait, topic, mentions(passage, by_sentence, quote))


def _describe_terms(
    passage: Passage, features: dict[str, str], anchor: Hit, actions: list[Hit]
) -> None:
    for term in passage.terms:
        features.setdefault(f"has {term.kind}", passage.words(term))
    features[f"anchor {anchor.kind}"] = passage.words(anchor)
    features["emotion" if anchor.trait == "emotion" else "other trait"] = passage.words(anchor)
    _describe_lists(passage, features)
    if passage.cleared:
        features["cleared"] = passage.words(passage.cleared[0])
    if passage.is_nested:
        features["term in a longer one"] = ""
    if len({h.trait for h in passage.terms}) > MANY_TRAITS:
        features["many traits"] = passage.words(anchor)
    for action in actions:
        name = f"{action.cls} near" if passage.gap(action, anchor) <= NEAR else f"{action.cls} far"
        features.setdefault(name, passage.words(action))
        features.setdefault(f"{anchor.kind} {action.cls}", passage.words(action))
        order = "before" if action.start < anchor.start else "after"
        features.setdefault(f"{action.cls} {order}", passage.words(action))
    if any(_takes(passage, action, anchor) for action in actions):
        features["verb and object"] = passage.words(anchor)
    if not actions and anchor.kind != "capability":
        features["no action"] = passage.words(anchor)


def _describe_lists(passage: Passage, features: dict[str, str]) -> None:
    groups = {passage.text[h.start : h.end] for h in passage.terms if h.kind == "group"}
    if len(groups) > MANY_GROUPS:
        features["many groups"] = ", ".join(sorted(groups)[:4])
    elif len(groups) > SOME_GROUPS:
        features["some groups"] = ", ".join(sorted(groups)[:4])
    longest = max(
        (len(passage.words(h).split()) for h in passage.terms if h.kind == "list"), default=0
    )
    if longest >= LONG_LIST:
        features["long list"] = passage.words(next(h for h in passage.terms if h.kind == "list"))


def _takes(passage: Passage, action: Hit, anchor: Hit) -> bool:
    """Whether an inferring or targeting word stands right by the anchor, as verb and object."""
    low, high = min(action.end, anchor.end), max(action.start, anchor.start)
    near = passage.gap(action, anchor) <= OBJECT_REACH
    return near and action.cls in {"infer", "target"} and not STOPS.search(passage.text[low:high])


def _describe_cues(
    passage: Passage,
    features: dict[str, str],
    anchor: Hit,
    cues: Cues,
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
_CLAUSE_STOP = re.compile(r"[.,;:!?。，；：！？、]|\bbut\b|\band\b|\bwhile\b|但|而")


def _describe_mood(
    passage: Passage, features: dict[str, str], anchor: Hit, actions: list[Hit], cues: list[Hit]
) -> None:
    """Say whether the statement is negated, denied, forbidden, or reported by somebody else."""
    first = first_word(passage, anchor, actions)
    for cue in cues:
        if cue.cls in {"negation", "denial", "forbid"}:
            for how in _governs(passage, cue, first):
                features.setdefault(f"{cue.cls} {how}", passage.words(cue))
        if cue.cls in {"actor", "report", "self", "offer", "event", "tech", "denial", "risk"}:
            order = "leads" if cue.end <= first else "trails"
            features.setdefault(f"{cue.cls} {order}", passage.words(cue))
    for term in passage.terms:
        if term is not anchor and term.kind in {"capability", "attribute"}:
            before = [c for c in cues if c.cls in {"negation", "denial"}]
            if any(_negates(passage, cue, term) for cue in before):
                features.setdefault("other term negated", passage.words(term))


def _governs(passage: Passage, cue: Hit, first: int) -> list[str]:
    """Return how a negating word stands to the statement that begins at `first`."""
    if cue.end > first + 1:
        return ["follows"] if cue.start >= first else []
    reach = (first - cue.end) * passage.unit
    if reach > NEAR:
        return []
    apart = _CLAUSE_STOP.search(passage.text[cue.end : first])
    return ["ahead" if apart else "governs"] + (["touches"] if reach <= NEXT_WORDS else [])


def _negates(passage: Passage, cue: Hit, term: Hit) -> bool:
    between = passage.text[cue.end : term.start]
    return 0 <= term.start - cue.end <= NEAR // passage.unit and not STOPS.search(between)


def _describe_fields(passage: Passage, features: dict[str, str]) -> None:
    """Weigh fields of identity documents against attributes of faces around a name in code.

    Both list name, sex and nation; a card has a number and an issuer, a face has glasses.
    """
    cues = [(passage.text[c.start : c.end], c.cls) for c in passage.cues]
    cues += [(passage.above[c.start : c.end], c.cls) for c in passage.context]
    card = {words for words, cls in cues if cls in {"codedoc", "document"}}
    face = {words for words, cls in cues if cls in {"codebody", "codeattr", "attributes"}} - _BOTH
    if "many groups" in features and not face:
        features[IDENTITY_DOCUMENT] = features["many groups"]
    elif len(card) >= CARD_FIELDS and len(card) > len(face) and not _DENYING & set(features):
        features[IDENTITY_DOCUMENT] = ", ".join(sorted(card)[:3])
    elif len(face) >= CARD_FIELDS and len(face) > len(card):
        features[FACE_ATTRIBUTES] = ", ".join(sorted(face)[:3])


_SHAPES = {
    "asks": re.compile(r"[?？][^?？]{0,2}\Z"),
    "item": re.compile(r"\A\s*(?:#|\*\*|[-*+•▲★]|\d+[.、])"),
    "table row": re.compile(r"\A\s*\|"),
    "percentage": re.compile(r"\d%|\d ?per ?cent|％"),
}
_QUOTED = re.compile(r"[“\"「『].{12,}[”\"」』]")
_WORD = re.compile(r"\b[A-Za-z][a-z]+\b")
_HEAD = re.compile(r"\s*[\W_]*(\w+)")


def _describe_shape(passage: Passage, features: dict[str, str], anchor: Hit) -> None:
    """Say what the passage looks like: code, a headline, a list item, a question."""
    text = passage.source
    if passage.code:
        features["is code"] = ""
    elif len(HANZI.findall(text)) * 4 > len(text):
        features["is chinese"] = ""
    if len(text) < (SHORT_LETTERS if passage.unit == 1 else SHORT_HANZI):
        features["short"] = ""
    features |= {name: "" for name, shape in _SHAPES.items() if shape.search(text)}
    head = _HEAD.match(passage.text)
    for cue in passage.cues:
        if head and cue.start <= head.start(1) < cue.end:
            features.setdefault(f"opens with {cue.cls}", passage.words(cue))
    if len(_CODE.findall(text)) > 1:
        features["looks like code"] = ""
    if not passage.code:
        _describe_voice(passage, features, anchor)


def _describe_voice(passage: Passage, features: dict[str, str], anchor: Hit) -> None:
    """Say whether a headline, a named subject or a quotation speaks."""
    text = passage.source
    words = _WORD.findall(text[:160].split("\n", 1)[0])
    capitals = sum(word[0].isupper() for word in words)
    ahead = text[: passage.normal.source_span(anchor.start, anchor.end)[0]]
    if len(words) >= HEADLINE_WORDS and capitals > HEADLINE_CAPITALS * len(words):
        features["headline"] = ""
    elif _PROPER_NAME.search(ahead):
        features["proper name leads"] = ""
    if _QUOTED.search(text):
        features["quotes somebody"] = ""


def _given(features: dict[str, str]) -> str:
    """Return the words that say that people state the attribute themselves; "" for none."""
    if _INFERRING & set(features):
        return ""
    around = features.get("around given", "") if "no action" in features else ""
    return features.get("says given", around)


def _speaks_of_machine(features: dict[str, str]) -> bool:
    """Tell whether prose speaks of a system at all: of what it does, or of watching by one.

    Arrests, bans and assaults of a group are none of our business (LABELLING, rule 5), however
    often they "target" and "face" it.
    """
    if "has capability" in features or any(
        f"{where} {kind}" in features
        for where in ("says", "near", "around")
        for kind in ("infer", "weakinfer", "tech", "flag")
    ):
        return True
    targets = (features.get(f"{where} target", "") for where in ("says", "near", "around"))
    return any(_WATCHING.search(words) for words in targets)


def _link(features: dict[str, str]) -> None:
    """Say that something is done with the trait, whatever it is."""
    for name in ("anchor capability", "infer near", "target near", "flag near", "infer far"):
        if name in features:
            features.setdefault("linked", features[name])


def _words(passage: Passage, features: dict[str, str], anchor: Hit, trait: str) -> Iterator[str]:
    """Yield the names of all that is weighed as words are."""
    here = passage.sentence(anchor)
    yield from wording(passage.text, passage.terms)
    yield from placed(passage.text, passage.terms, anchor, passage.spans[here], trait)
    by_statement: Cues = {}
    for hit in (*passage.terms, *passage.cues):
        if hit.cls != "rule" and (passage.code or not hit.cls.startswith("code")):
            by_statement.setdefault(passage.sentence(hit), []).append(hit)
    yield from ordered(by_statement.values())
    yield ABOUT + trait
    for name in features:
        if name.startswith(("says ", "around ")):
            yield f"{ABOUT}{trait} {name}"
