"""Cues that all topics share: the words that tell a claim from a mention.

Reads `cues/*.toml` into `Cue` values. A cue's class says what it speaks for; `CLASSES` has them
all with a phrase for the reader of a finding. Clearing classes (`CLEARING`) say that a term near
or inside them means something else: a race condition, a font, a census, an identity card.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from sousveil.errors import TopicError
from sousveil.topics.load import term_list

CLASSES = {
    "infer": "speaks of recognising or inferring",
    "weakinfer": "speaks of analysing",
    "target": "speaks of tracking or targeting",
    "flag": "speaks of alerts or watch lists",
    "person": "speaks of people",
    "body": "speaks of faces, voices or bodies",
    "signal": "speaks of names, pictures or posts",
    "tech": "speaks of a system",
    "offer": "speaks for a product",
    "attributes": "lists other attributes of people",
    "report": "reports",
    "event": "says that somebody did it",
    "actor": "names who is behind it",
    "negation": "says no or not",
    "denial": "denies or withdraws",
    "forbid": "forbids",
    "law": "speaks of law or rules",
    "error": "speaks of bias or error rates",
    "study": "speaks of research",
    "risk": "weighs risks or possibilities",
    "self": "speaks of itself",
    "rule": "opens like a rule of use",
    "codebody": "stands among face or person attributes",
    "codeattr": "stands beside other face attributes",
    "codeinfer": "predicts",
    "codecamera": "belongs to a camera or alarm interface",
    "codedoc": "stands among identity-document fields",
    "reserved": "is reserved or not yet open",
    "script": "is about language or script",
    "food": "is about food",
    "statistics": "is about statistics of a population",
    "document": "is about an identity document or form",
    "given": "is about data that people give of themselves",
    "game": "is about a game",
    "racecondition": "is about concurrent programs",
    "contest": "is about a contest",
    "imbalance": "is about class balance or shareholders",
    "market": "is about markets or reviews",
    "moderation": "is about conduct or hate speech",
    "culture": "is about culture or history",
    "byhand": "is about what people do by hand",
    "training": "is about learning or therapy",
    "fiction": "is about fiction, animals or characters",
    "generation": "is about generated text, pictures or speech",
    "topicoftext": "is about what texts are about",
    "expr": "is about program expressions",
}
CLEARING = frozenset(list(CLASSES)[list(CLASSES).index("script") :])


class Cue(NamedTuple):
    """One word or phrase with the class it speaks for; there are tens of thousands."""

    cls: str  # one of CLASSES
    text: str  # a star at either end stands for the rest of a word


@cache
def shared() -> tuple[Cue, ...]:
    """Return the cues of every language, in the order of the files.

    Raises TopicError when a file has an unknown key or class.
    """
    found: dict[Cue, None] = {}
    folder = resources.files("sousveil.topics").joinpath("cues")
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        data = tomllib.loads(path.read_text("utf-8"))
        place = f"cues/{path.name}"
        if set(data) != {"lang", "cue"}:
            raise TopicError(f"{place}: must hold lang and [cue], nothing else.")
        for cls, texts in data["cue"].items():
            if cls not in CLASSES:
                raise TopicError(f"{place}: unknown class {cls!r}. Known: {', '.join(CLASSES)}.")
            for text in term_list("cue", texts, f"{place}: {cls}"):
                found[Cue(cls, text)] = None
    return tuple(found)
