"""What tender notices call things, in Chinese and English, and how a label is told in a line.

The words are data (`labels.toml`), the functions pure, over text that `reading.narrow` made.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any

MONEY_FIELDS = frozenset({"budget", "ceiling", "price"})
DATE_FIELDS = frozenset({"published", "awarded"})

# What numbers a line: "一、", "(2)", "II.1.4)", "BT-21-Procedure", and marks of lists and emphasis.
_LEAD = (
    r"(?:[(\[]?(?:section )?(?:[一二三四五六七八九十]{1,3}|\d{1,2}(?:\.\d{1,2}){0,3}"
    r"|[ivx]{1,4}(?:\.[\d.]{1,6})?|bt-\d{2,4}(?:-[a-z]{1,12})?|[①-⑳])"
    r"[)\]、.．,: ]{1,3}|[*•●■◆▪·-]{1,2} ?){0,2}"
)
_UNIT = r"(?: ?[(\[](?P<unit>[^()\[\]:]{1,24})[)\]])?"


@dataclass(frozen=True, slots=True)
class Label:
    """A label: the field that it names, or the section that it opens."""

    field: str  # "" for something that we do not keep
    section: str = ""  # whose name and address follow: "buyer"
    is_strong: bool = False  # tender notices alone call it so
    unit: str = ""  # in brackets behind it: "万元"


def label_of(text: str) -> Label | None:
    """Return the label that a short text is, as a whole; None when it is none that we know."""
    match = _WHOLE.fullmatch(text.strip())
    return _label(match["label"], match["unit"] or "") if match else None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label within a line: where it begins, and where its value does."""

    label: Label
    start: int
    value: int


def labels_in(line: str) -> list[Labelled]:
    """Return the labels of a line that a colon follows, in order; a line may hold several.

    One in square brackets needs no colon. A run of words and a colon that we do not know is a
    label, too: it ends the value before.
    """
    found: list[Labelled] = []
    for match in _candidates(line):
        words, start = match["label"] or match["boxed"], match.start("from")
        known = _label(words, match["unit"] or "")
        while known is None and (heading := _HEADING.match(words)):
            start = match.start("label" if match["label"] else "boxed") + heading.end()
            words = words[heading.end() :]
            known = _label(words, match["unit"] or "")
        known = known or _ending(_plain(words))
        if known is not None:
            found.append(Labelled(known, start, match.end()))
        elif found and not match["boxed"]:
            found.append(Labelled(Label(""), match.start("from"), match.end()))
    return found


def _candidates(line: str) -> Iterator["re.Match[str]"]:
    """Yield the words of a line before a colon, or in brackets: looked for right before each."""
    done = 0
    for end in _ENDS.finditer(line):
        low, stop = max(done, end.start() - _REACH), end.end() + _TAIL
        if end.start() >= done and (match := _IN_LINE.search(line, low, stop)):
            yield match
            done = match.end()


def _label(words: str, unit: str) -> Label | None:
    plain = _plain(words)
    if unit and (whole := _table().get(f"{plain}({_plain(unit)})")):
        return whole
    known = _table().get(plain) or _made_up(plain)
    if known is None:
        return None
    return Label(known.field, known.section, known.is_strong, unit)


@lru_cache(maxsize=4_096)  # a notice says the same few dozen
def _made_up(plain: str) -> Label | None:
    """Return the label that is made up of words that tenders use: "signed contract price"."""
    match = _patterns("en" if plain.isascii() else "zh").fullmatch(plain)
    return Label(match.lastgroup or "", is_strong=plain not in _data()["weak"]) if match else None


def _ending(plain: str) -> Label | None:
    """Return the label that ends a longer Chinese one: "原公告的采购项目编号"."""
    if plain.isascii():
        return None
    for cut in range(1, len(plain) - LEAST_ENDING + 1):
        known = _table().get(plain[cut:])
        if known is not None and known.field and not known.section:
            return replace(known, is_strong=False)
    return None


def _plain(words: str) -> str:
    """Fold a label: no spaces in Chinese ("名 称"), single ones in English, no dots, lower case."""
    words = words.strip().strip(".*:").lower()
    if not words.isascii():
        return re.sub(r"\s", "", words)
    return " ".join(re.sub(r"\.(?= |$)", "", words).split())


@cache  # made when the first notice is read
def _table() -> Mapping[str, Label]:
    """Return the labels that are known as they stand."""
    data = _data()
    table = {words: Label("name") for words in data["name"]}
    table |= {words: Label("address") for words in data["address"]}
    table |= {words: Label("town") for words in data["town"]}
    for lang in ("zh", "en"):
        for field, listed in data[lang]["fields"].items():
            kept = "" if field == "other" else field
            for words in listed:
                table[words] = Label(kept, is_strong=bool(kept) and words not in data["weak"])
        for section, listed in data[lang]["sections"].items():
            for words in listed:
                table[words] = replace(table.get(words, Label("")), section=section)
    return table


@cache
def _patterns(lang: str) -> "re.Pattern[str]":
    """Return the patterns of labels that are made up of several words."""
    made_up: Mapping[str, Sequence[str]] = _data()[lang]["patterns"]
    return re.compile("|".join(f"(?P<{field}>{'|'.join(made)})" for field, made in made_up.items()))


@cache
def _data() -> Mapping[str, Any]:
    path = resources.files("sousveil.facts").joinpath("labels.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


LEAST_ENDING = 4  # characters of a label that may end a longer one; shorter ones are parts of words
# Words before a label in one line: a sentence's end, or, in Chinese, another phrase.
_HEADING = re.compile(r"[^.]{1,60}\. |(?=[^ ]*[一-鿿])[^ ]{1,30} ")
_LONGEST = 44  # characters of a label, its brackets not counted
_REACH = 140  # characters before a colon in which its label begins, with a number and brackets
_TAIL = 4  # characters behind it that belong to it
_ENDS = re.compile(r"[:\]]")
_WORDS = rf"[一-鿿][一-鿿 、/()]{{0,24}}?|[a-z][a-z /&.()'-]{{1,{_LONGEST}}}?"
_WHOLE = re.compile(rf"{_LEAD}(?P<label>{_WORDS}){_UNIT} ?[:.]?", re.IGNORECASE)
_IN_LINE = re.compile(
    rf"(?:^|(?<=[ ;。,，.()|]))(?P<from>){_LEAD}"
    rf"(?:\[(?P<boxed>{_WORDS})\] ?:?|(?P<label>{_WORDS}){_UNIT}[*_ ]{{0,3}}:(?!//)[*_ ]{{0,3}})",
    re.IGNORECASE,
)
