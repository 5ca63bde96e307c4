"""Notices: what an answer that is no page says it is, by its words.

Takes the passages of an answer that the former page did not have, and gives the signs in them with
their strength. A word proves little: "has been removed" stands in every change log. So words are
read in short answers only, and those that stand out (a title, a heading) weigh more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sousveil.changes.answer.text import Text
from sousveil.changes.answer.words import SIGNS, Sign, phrases_in, plain
from sousveil.model import BlockKind

# A notice is short; an answer with more new text than this has something else to say.
MAX_NOTICE_CHARACTERS = 1_500

# A passage that stands out, a heading or the first line, is no longer than a long headline.
MAX_LOUD_CHARACTERS = 160

# What a sign needs to be believed of an answer that was not the page before (`FAINT`), and of one
# that nothing can be compared with (`LOUD`): one phrase anywhere, and one that stands out.
FAINT = 1
LOUD = 3

_TITLE_PARTS = re.compile(r"\s[|·•–—-]\s|\s?[_|｜]\s?")
_CODE = re.compile(r"(?:http|error|status|code|错误)?[ :]*([45]\d\d)(?: error)?([ .:–—-].{0,40})?")
_BY_CODE: dict[str, Sign] = {
    "401": "login",
    "403": "blocked",
    "404": "not_found",
    "405": "blocked",  # what several firewalls answer, for no visitor sends another method
    "406": "blocked",
    "410": "not_found",
    "429": "rate",
    "451": "country",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says it is."""

    sign: Sign
    strength: int  # `FAINT`, `LOUD` or more
    phrase: str


def what_it_says(
    answer: Text, fresh: Sequence[str], *, former_title: str = "", extra: str = ""
) -> Said | None:
    """Return the strongest sign in an answer, or None.

    `fresh` are its passages that the former page did not have, `former_title` is what the page had,
    which says nothing: a page may be about errors. `extra` is more text to look in, such
    as a script's, that no visitor sees. Of a `fresh` too long for a notice only what stands out
    counts, and only where it says nothing else.
    """
    known = title_parts(former_title)
    title = [part for part in title_parts(answer.document.title) if part not in known]
    loud = [*title, *_headlines(answer, fresh)]
    is_short = sum(len(one) for one in fresh) <= MAX_NOTICE_CHARACTERS
    quiet = plain("\n".join([*fresh, extra])) if is_short else ""
    said = []
    for sign in SIGNS:
        told = set(phrases_in(quiet, sign))
        shouted = [one for one in loud if _speaks(one, sign, whole=not is_short)]
        strength = min(len(told), LOUD) + LOUD * min(len(shouted), 2)
        if strength:
            said.append(Said(sign, strength, (shouted or sorted(told, key=len)[-1:])[0]))
    return max(said, key=lambda one: one.strength, default=None)


def _headlines(answer: Text, fresh: Sequence[str]) -> list[str]:
    """Return headings, or what an answer without any begins with; those that are fresh."""
    document, new = answer.document, set(fresh)
    headings = [
        document.text[block.start : block.end]
        for block in document.blocks
        if block.kind is BlockKind.HEADING and document.text[block.start : block.end] in new
    ]
    shown = [plain(one) for one in headings or fresh[:2]]
    return [one for one in shown if one and len(one) <= MAX_LOUD_CHARACTERS]


def title_parts(title: str) -> list[str]:
    """Return what a title is made of: "Page not found | Vendor" has two parts."""
    parts = [plain(part) for part in _TITLE_PARTS.split(title[:MAX_LOUD_CHARACTERS])]
    return [part for part in parts if part]


def _speaks(line: str, sign: Sign, *, whole: bool) -> bool:
    """Whether a line that stands out gives a sign; `whole`: and says nothing else."""
    code = _CODE.fullmatch(line)
    if code and not (whole and code[2]):
        return _BY_CODE.get(code[1], "error" if code[1] >= "500" else "not_found") == sign
    found = next(phrases_in(line, sign), None)
    return found is not None and (not whole or 2 * len(found) >= len(line))
