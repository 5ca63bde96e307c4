"""Rules: what stands between a text and its publication, sentence by sentence.

Takes statements and what is known of the findings they cite; gives every problem, with its line. A
statement of fact needs a citation that is live (this version finds it), confirmed (people read it
and agree) and verifying (its evidence is whole); what stands in quotation marks must stand, letter
for letter, in a passage that is cited there, in the message of the commit that brought it in or
took it out, or in a named person's translation of it. Pure.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sousveil.dossier.views.told import VIEWS
from sousveil.dossier.writing.parse import Statement, Written
from sousveil.model import Finding, Translation

MAX_TOLD_CHARACTERS = 160  # of a sentence, in a problem

_FINDING = re.compile(r"f:([0-9a-f]{12})")
_OMISSION = re.compile(r"\s*\[(?:…|\.\.\.|withheld: [^\]\n]{1,40})\]\s*")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Cited:
    """A finding that a text may cite."""

    finding: Finding
    problem: str  # why it is no evidence, in words; "" when it is
    translations: tuple[Translation, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text cannot be published as it is."""

    line: int  # of the text, from 1
    sentence: str  # what it is about
    problem: str  # what is wrong, and what to do

    def __str__(self) -> str:
        """Return the problem as one line."""
        told = self.sentence
        if len(told) > MAX_TOLD_CHARACTERS:
            told = f"{told[:MAX_TOLD_CHARACTERS].rstrip()}…"
        return (
            f"line {self.line}: {told!r}: {self.problem}"
            if told
            else (f"line {self.line}: {self.problem}")
        )


def problems(
    written: Written, known: Mapping[str, Cited], actors: Collection[str] = ()
) -> list[Problem]:
    """Return what stands against a text, in its order.

    `known` are the case's findings by id, `actors` the names of those it has something on: a
    heading that says something of one needs a citation, too.
    """
    found = [
        Problem(statement.line, statement.text, problem)
        for statement in written.statements
        for problem in _problems(statement, known, actors)
    ]
    for line, address in written.pictures:
        match = _FINDING.fullmatch(address)
        if match is None or match[1] not in known:
            told = f"the picture {address!r} is no finding's. Write ![](f:ID)."
            found.append(Problem(line, "", told))
    found += [
        Problem(line, "", f"{{{name}}} is no view. There are {', '.join(VIEWS)}.")
        for line, name in written.views
        if name not in VIEWS
    ]
    return sorted(found, key=lambda one: one.line)


def _problems(
    statement: Statement, known: Mapping[str, Cited], actors: Collection[str]
) -> Iterator[str]:
    cited: list[Cited] = []
    for name in dict.fromkeys(statement.cites):
        match = _FINDING.fullmatch(name)
        one = known.get(match[1]) if match else None
        if match is None:
            yield f"cites @{name}, which is no citation. Write [@f:ID], with a finding's id."
        elif one is None:
            yield f"cites f:{match[1]}, which this case does not find (any more). Cite another."
        elif one.problem:
            yield f"cites f:{match[1]}, {one.problem}"
        else:
            cited.append(one)
    if not statement.cites and _must_cite(statement, actors):
        yield (
            "states a fact and cites nothing. Add [@f:ID] of a confirmed finding, or put it"
            " between ::: ours and ::: if it is your own view or method."
        )
        return
    if cited or statement.kind == "quote":
        for quote in statement.quotes:
            if not any(stands_in(quote, passage) for passage in _passages(cited)):
                yield (
                    f"“{_cut(quote)}” stands in no passage that is cited here, nor in a"
                    " translation of one. Quote letter for letter, mark what you leave out with"
                    " […], or record the translation with its translator:"
                    " sousveil translate ID TEXT --lang LANG --by NAME."
                )


def _must_cite(statement: Statement, actors: Collection[str]) -> bool:
    if statement.kind == "heading":
        return any(_says_of(statement.text, name) for name in actors)
    return statement.kind in {"fact", "quote"}


def _says_of(heading: str, name: str) -> bool:
    """Whether a heading names an actor and says more than the name."""
    low, named = heading.casefold(), name.casefold()
    at = low.find(named)
    return at >= 0 and any(c.isalpha() for c in low[:at] + low[at + len(named) :])


def _passages(cited: Sequence[Cited]) -> Iterator[str]:
    for one in cited:
        yield from _originals(one.finding)
        yield from (translation.text for translation in one.translations)


def _originals(finding: Finding) -> Iterator[str]:
    """Give what a finding may be quoted from: git's hashes vouch for the messages of commits."""
    yield finding.passage
    yield finding.quote
    commits = (finding.source.entered, finding.source.left)
    yield from (commit.message for commit in commits if commit is not None)


def translation_of(quote: str, cited: Sequence[Cited]) -> Translation | None:
    """Return the translation that a quote comes from; None when it stands in an original."""
    for one in cited:
        if any(stands_in(quote, original) for original in _originals(one.finding)):
            return None
    found = (t for one in cited for t in one.translations if stands_in(quote, t.text))
    return next(found, None)


def stands_in(quote: str, passage: str) -> bool:
    """Whether a quote stands in a passage letter for letter, but for white space and […].

    A comma or full stop before the closing mark may be the writer's own.
    """
    whole = _BLANK.sub(" ", passage)
    return _in_order(quote, whole) or _in_order(quote.rstrip(",."), whole)


def _in_order(quote: str, passage: str) -> bool:
    at = 0
    parts = [_BLANK.sub(" ", part).strip() for part in _OMISSION.split(quote)]
    if not any(parts):
        return False
    for part in parts:
        found = passage.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TOLD_CHARACTERS else f"{text[:MAX_TOLD_CHARACTERS]}…"
