"""The pairs of ../shared/data/history, with the quotes that left and those that stayed.

Which quotes did is told by letters alone; no rule is asked.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sousveil.changes.answer import Kind
from sousveil.changes.answer.text import words_of
from sousveil.extract import extract
from sousveil.model import Document

DATA = Path(__file__).parents[2] / "shared" / "data" / "history"
QUOTES = 6  # of each pair
MIN_QUOTE_WORDS = 8
ABSENT = {"page_removed", "moved_notice"}
NO_PAGE = {"soft404", "block_page", "error_page", "empty_page", "truncated"}
# Labels set by a rule that do not hold on reading, with what was read there.
READ = {
    "otac-0026": {Kind.LOGIN_WALL},  # "Sign in to continue to …"
    "otac-0029": {Kind.UNTOLD, Kind.REDIRECTED_AWAY},  # the front page of the documentation
    "otac-0030": {Kind.UNTOLD, Kind.REDIRECTED_AWAY},
    "otac-0056": {Kind.UNTOLD, Kind.MOVED_NOTICE},  # a list of regions to choose from
    "otac-0128": {Kind.TRUNCATED},  # breaks off in a word: "provided by AS"
    "otac-0147": {Kind.TRUNCATED},  # the same: "OR DESTRUCTI"
    "otac-0170": {Kind.TRUNCATED},  # the menu, without the policy
}


@dataclass(frozen=True, slots=True)
class Row:
    """A pair, with what is true of quotes of its former text."""

    id: str
    kind: str
    before: Document
    after: Document | None
    source: bytes
    lasts: float  # hours until the former text was back
    left: tuple[str, ...]  # quotes that really went
    stay: tuple[str, ...]  # quotes that did not, or of which nobody can say so


def all_rows() -> Iterator[Row]:
    """Yield all pairs."""
    for name in ("ota-contrib", "alibabacloud-docs", "edgi-html"):
        for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
            yield _row(json.loads(line))


def _row(told: dict[str, object]) -> Row:
    kind = str(told["kind"])
    if "before_file" in told:
        sources = [(DATA / str(told[name])).read_bytes() for name in ("before_file", "after_file")]
        before, source = page_of(sources[0], "text/html"), sources[1]
        after: Document | None = page_of(source, "text/html")
    else:
        source = str(told["after"] or "").encode()
        before = page_of(str(told["before"]).encode(), "text/plain")
        after = None if told["after"] is None else page_of(source, "text/plain")
    identity = str(told["id"])
    read = "truncated" if identity in READ else kind
    left, stay = _quotes(read, before, after, told.get("removed"))
    return Row(identity, kind, before, after, source, _lasts(told), left, stay)


def page_of(source: bytes, media_type: str) -> Document:
    """Return a page as we read it."""
    return extract(source, media_type=media_type, charset="utf-8", name="page")


def _lasts(told: dict[str, object]) -> float:
    back = re.search(r"back on (\S+)", str(told["label_basis"]))
    if not back:
        return float("inf")
    away = datetime.fromisoformat(back[1]) - datetime.fromisoformat(str(told["after_date"]))
    return away / timedelta(hours=1)


def _quotes(
    kind: str, before: Document, after: Document | None, removed: object
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return quotes that left and quotes that stay, by letters alone: no rule is asked."""
    sentences = [one for one in re.split(r"(?<=[.!?。！？])\s|\n", before.text) if _is_quote(one)]
    every = len(sentences) // QUOTES + 1
    chosen = dict.fromkeys(sentences[::every])
    if kind in NO_PAGE:
        return (), tuple(chosen)
    if kind in ABSENT or after is None:
        return tuple(chosen), ()
    text, former = letters(after.text), letters(before.text)
    stay = tuple(one for one in chosen if letters(one) in text)
    if kind != "removal":
        return (), stay
    told = [str(one) for one in removed] if isinstance(removed, list) else sentences
    gone = [one for one in told if _is_quote(one) and letters(one) in former]
    return tuple([one for one in gone if letters(one) not in text][:QUOTES]), stay


def _is_quote(text: str) -> bool:
    return len(words_of(text)) >= MIN_QUOTE_WORDS


def letters(text: str) -> str:
    """Return what is left of a text when its spaces, digits and marks are not compared."""
    return "".join(one for one in text if one.isalpha())
