"""Decides on one passage: label, trait, score, reasons.

Takes what `features.read` saw and the model's weights, and gives a `Decision`; `judge` does so
for a bare text, the way any labelled set is scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.claims.features import (
    FACE_ATTRIBUTES,
    GIVEN,
    IDENTITY_DOCUMENT,
    NO_MACHINE,
    REPORTING,
    Reading,
    read,
)
from sousveil.claims.lexicon import lexicon
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model, shipped_model
from sousveil.claims.windows import Span
from sousveil.topics.cues import CLASSES
from sousveil.topics.load import Topic

MOST_SURE = 0.99  # a program that has read one passage is never surer, whatever the odds say
RECORDED_SCORE = 0.02  # of an attribute that people state themselves
EVEN = 0.5  # a passage is called a claim when that is likelier than not
MAX_REASONS = 6
MAX_DOUBTS = 2
MAX_SPANS = 3  # a headline and what repeats it
MAX_REASON_WORDS = 60  # characters of the passage shown in a reason

KIND_REASONS = {
    "capability": "names the capability",
    "attribute": "names the trait",
    "group": "names a group",
    "proxy": "names a sign of the trait",
    "list": "lists values of the trait",
    "value": "has a word for a value of the trait",
    "ambiguous": "names the trait",
    "hint": "has a word that may speak of the trait",
    "field": "has a field for the trait",
}


_RECORDED = {  # certain: LABELLING rule 3
    IDENTITY_DOCUMENT: "stands among identity-document fields",
    GIVEN: "is about data that people give of themselves",
}
_STANDINGS = frozenset({"near", "far", "governs", "ahead", "touches", "follows"})
_OTHER_REASONS = {
    "many groups": "names many groups",
    "some groups": "names several groups",
    "cleared": "has the word in another sense",
    "other term negated": "says no or not of another trait",
    FACE_ATTRIBUTES: "stands among face attributes",
    NO_MACHINE: "speaks of no system near",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a passage."""

    label: str  # one of model.LABELS, or "none"
    topic: str
    trait: str  # "none" when the label is
    score: float  # calibrated probability that the passage is a claim
    discusses: float  # probability of the label discusses
    quote: Span  # of the passage
    reasons: tuple[str, ...]  # in words, the strongest first


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one passage as a whole."""

    label: str  # offers, reports, denies, discusses or none
    trait: str
    score: float  # calibrated probability that it is a claim
    spans: list[str]  # exact substrings that carry the claim; none for discusses and none


def judge(text: str, lang: str, topics: Sequence[Topic]) -> Judgement:
    """Return the verdict on one passage. `lang` is a BCP 47 tag, "code" for source text, or ""."""
    reading = read(text, lexicon(tuple(topics)), code=lang == "code")
    decision = decide(reading, shipped_model())
    quotes = [decision.quote, *(mention.quote for mention in reading.others)][:MAX_SPANS]
    spans = [text[slice(*q)] for q in quotes] if decision.label in CLAIM_LABELS else []
    return Judgement(decision.label, decision.trait, decision.score, spans)


def decide(reading: Reading, model: Model) -> Decision:
    """Return label, trait and reasons for what was read. The same reading gives the same answer."""
    return decided(reading, model.probabilities(reading.features), model)


def decided(reading: Reading, chances: tuple[float, ...], model: Model) -> Decision:
    """Return what follows from the `chances` of each of MODEL_LABELS, calibrated by `model`."""
    if reading.anchor is None:
        return Decision("none", "", "none", 0.0, 0.0, (0, 0), ())
    for name, phrase in _RECORDED.items():
        if name in reading.features:
            reason = f"{phrase}: {reading.features[name]}"
            return Decision("none", "", "none", RECORDED_SCORE, 0.0, reading.quote, (reason,))
    score = model.claim_probability(chances)
    claims = len(CLAIM_LABELS)
    among = range(claims) if score >= EVEN else range(claims, len(MODEL_LABELS))
    label = MODEL_LABELS[max(among, key=lambda i: chances[i])]
    if label == "reports" and (
        "is code" in reading.features or not REPORTING & set(reading.features)
    ):
        label = max(("offers", "denies"), key=lambda name: chances[MODEL_LABELS.index(name)])
    return Decision(
        label=label,
        topic=reading.topic,
        trait="none" if label == "none" else reading.trait,
        score=round(min(score, MOST_SURE), 4),
        discusses=round(chances[MODEL_LABELS.index("discusses")], 4),
        quote=reading.quote,
        reasons=_reasons(reading, model, label),
    )


def _reasons(reading: Reading, model: Model, label: str) -> tuple[str, ...]:
    """Name what the passage is about, what spoke for the label, and what spoke against it."""
    column = MODEL_LABELS.index(label)
    named: dict[str, None] = {}
    weighed: dict[str, float] = {}
    for name, words in reading.features.items():
        phrase = _phrase(name, words)
        if name.startswith(("anchor ", "has ")) and phrase:
            named[phrase] = None
        elif phrase and (row := model.weights.get(name)) is not None:
            others = sum(row) - row[column]
            weighed[phrase] = weighed.get(phrase, 0.0) + row[column] - others / (len(row) - 1)
    ranked = sorted(weighed.items(), key=lambda item: (-item[1], item[0]))
    spoke_for = [phrase for phrase, weight in ranked if weight > 0]
    against = [f"but {phrase}" for phrase, weight in ranked[::-1] if weight < 0]
    return (*[*named, *spoke_for][:MAX_REASONS], *against[:MAX_DOUBTS])


def _phrase(feature: str, words: str) -> str:
    """Return a feature in words a reporter understands; "" for one that only serves the model."""
    shown = " ".join(words.split())[:MAX_REASON_WORDS]
    spoken = meaning(feature)
    return f"{spoken}: {shown}" if shown and spoken else ""


def meaning(feature: str) -> str:
    """Return what a feature says of a passage: "speaks of law or rules"; "" if nothing alone."""
    place, _, rest = feature.partition(" ")
    if place in {"has", "anchor"}:
        return KIND_REASONS.get(rest, "")
    if place in {"says", "near", "around"} and rest in CLASSES:
        return f"{CLASSES[rest]}{' nearby' if place == 'around' else ''}"
    return CLASSES.get(place, "") if rest in _STANDINGS else _OTHER_REASONS.get(feature, "")
