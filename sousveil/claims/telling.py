"""What each cue of the model says of a passage, in words, for whoever reads the weights.

Takes the name of a feature, as `features.read` gives it and model.json weighs it. Reasons of a
finding are fewer: `judgement.meaning` has those that say something to a reporter by themselves.
"""

from sousveil.claims.judgement import KIND_REASONS, meaning
from sousveil.topics.cues import CLASSES

_SHAPES = {
    "asks": "is a question",
    "asserts": "says plainly that the trait is recognised or tracked",
    "emotion": "is about emotions",
    "given by the person": "is about data that people give of themselves",
    "heading names": "stands under a heading that names a trait",
    "headline": "is a headline",
    "identity document": "stands among identity-document fields",
    "is chinese": "is written in hanzi or kana",
    "is code": "is source code",
    "item": "is an item of a list",
    "linked": "does something with the trait",
    "long list": "lists many values of the trait",
    "looks like code": "looks like source code",
    "many traits": "names three traits or more",
    "no action": "does nothing with the trait",
    "other trait": "is about another trait than emotion",
    "percentage": "has a percentage",
    "proper name leads": "names somebody before the trait",
    "quotes somebody": "quotes what somebody said",
    "short": "is short",
    "table row": "is a row of a table",
    "term in a longer one": "names the trait within a longer name",
    "verb and object": "has the trait right by a word of recognising or tracking",
}
_PLACES = {
    "before": "before the trait",
    "after": "after the trait",
    "leads": "before what is said",
    "trails": "after what is said",
}


def in_words(feature: str) -> str:
    """Return what a cue says of a passage: "speaks of a system, before what is said".

    Returns "" for a name that is none of a cue.
    """
    first, _, last = feature.rpartition(" ")
    if feature in _SHAPES:
        return _SHAPES[feature]
    if last in _PLACES and first in CLASSES:
        return f"{CLASSES[first]}, {_PLACES[last]}"
    if last in CLASSES and first == "opens with":
        return f"{CLASSES[last]} in its first word"
    if last in CLASSES and first in KIND_REASONS:
        return f"{KIND_REASONS[first]} and {CLASSES[last]}"
    return meaning(feature)
