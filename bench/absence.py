"""Measures how well "is it really gone?" is told: `make bench`.

Plays each pair of ../shared/data/history as a course of looks: the former text once, then the later
one at `HOURS` (a transient answer only until its text was back), and asks after every look what
became of quotes. Beside `changes.answer` stand, in the same run, a status-code rule, a rule by text
difference, and EDGI's rules, written from their issues' descriptions: an answer whose title says
"not found" or that led to the front page is a 404, blocked and failed captures are left out, and a
page is gone when 14 days brought nothing but errors. Nothing is trained on the pairs; the figures
by source show whether constants chosen on one hold on the other.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from sousveil.changes.answer import (
    QUIET,
    AnswerFacts,
    Around,
    Came,
    Kind,
    Other,
    standing_of,
    what_came,
)
from sousveil.changes.answer.text import words_of
from sousveil.changes.course import Seen, verdict_of
from sousveil.changes.looks import Probe
from sousveil.extract import extract
from sousveil.model import Document, Verdict

DATA = Path(__file__).parents[2] / "shared" / "data" / "history"
START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://vendor.example/page"
HOURS = (0, 1, 6, 24, 48, 96, 192, 340, 360)  # of looks, after the first that differs
QUOTES = 6  # of each pair
MIN_QUOTE_WORDS = 8
REMOVED = frozenset(
    {Verdict.REMOVED, Verdict.QUOTE_REMOVED, Verdict.SOFT_404, Verdict.REDIRECTED_AWAY}
)
KINDS = {
    "none": {Kind.UNCHANGED},
    "noise": {Kind.NOISE, Kind.UNCHANGED},
    "tiny_edit": {Kind.TINY_EDIT},
    "small_edit": {Kind.EDIT, Kind.REMOVAL, Kind.ADDITION},
    "edit": {Kind.EDIT},
    "removal": {Kind.REMOVAL},
    "addition": {Kind.ADDITION},
    "page_removed": {Kind.NOT_FOUND},
    "soft404": {Kind.SOFT_404},
    "block_page": {Kind.BLOCK_PAGE, Kind.LOGIN_WALL},
    "error_page": {Kind.ERROR_PAGE},
    "empty_page": {Kind.EMPTY},
    "truncated": {Kind.TRUNCATED},
    "moved_notice": {Kind.MOVED_NOTICE},
}
UNCHANGED = {"none", "noise"}
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
# (answer with status 200, where it led, whether a made-up address gets it, too)
DRESSES = {
    "notice, English": ("Sorry\n\nThe page you want does not exist.", URL, False),
    "notice, Chinese": ("提示\n\n您访问的页面不存在，请返回首页。", URL, False),
    "notice in the site's frame": ("{frame}\n\nPage not found", URL, False),
    "no known words, as a made-up address": ("Ni havas nenion tian\n\nTralala.", URL, True),
    "front page": ("Welcome\n\n" + "We make many things. " * 90, "https://vendor.example/", False),
    "wall: challenge, Chinese": ("访问验证\n\n请完成安全验证后继续访问", URL, True),
    "wall: challenge in the frame": ("{frame}\n\nVerify you are human", URL, True),
    "wall: maintenance, Chinese": ("系统升级维护\n\n预计明早恢复，请稍后再访问。", URL, True),
    "wall: login, led elsewhere": ("Please log in\n\nForgot password?", f"{URL}/login", False),
    "wall: no known words, led elsewhere": ("Haltu\n\nKiu vi estas?", f"{URL}/sign-in", False),
    "wall: no known words": ("Haltu\n\nNi ne konas vin, provu morgau.", URL, False),
}
WALLS = {dress for dress in DRESSES if dress.startswith("wall")}


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


Rule: TypeAlias = Callable[[Row, str, int], Verdict]
"""(row, quote, looks made since the page was first different) -> what became of the quote"""


def main() -> None:
    """Measure and print."""
    if not DATA.is_dir():
        print(f"not measured: {DATA} is not there")
        return
    rows = list(_rows())
    came = {row.id: _came(row) for row in rows}
    print(f"{len(rows)} pairs, {sum(len(row.left) + len(row.stay) for row in rows)} quotes\n")
    _print_classes(rows, came)
    _print_rules(rows, came)
    _print_dressed(rows)
    _print_snapshots()


# ---------------------------------------------------------------- pairs


def _rows() -> Iterator[Row]:
    for name in ("ota-contrib", "alibabacloud-docs", "edgi-html"):
        for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
            yield _row(json.loads(line))


def _row(told: dict[str, object]) -> Row:
    kind = str(told["kind"])
    if "before_file" in told:
        sources = [(DATA / str(told[name])).read_bytes() for name in ("before_file", "after_file")]
        before, source = _document(sources[0], "text/html"), sources[1]
        after: Document | None = _document(source, "text/html")
    else:
        source = str(told["after"] or "").encode()
        before = _document(str(told["before"]).encode(), "text/plain")
        after = None if told["after"] is None else _document(source, "text/plain")
    identity = str(told["id"])
    read = "truncated" if identity in READ else kind
    left, stay = _quotes(read, before, after, told.get("removed"))
    return Row(identity, kind, before, after, source, _lasts(told), left, stay)


def _document(source: bytes, media_type: str) -> Document:
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
    text, former = _letters(after.text), _letters(before.text)
    stay = tuple(one for one in chosen if _letters(one) in text)
    if kind != "removal":
        return (), stay
    told = [str(one) for one in removed] if isinstance(removed, list) else sentences
    gone = [one for one in told if _is_quote(one) and _letters(one) in former]
    return tuple([one for one in gone if _letters(one) not in text][:QUOTES]), stay


def _is_quote(text: str) -> bool:
    return len(words_of(text)) >= MIN_QUOTE_WORDS


def _letters(text: str) -> str:
    return "".join(one for one in text if one.isalpha())


# ---------------------------------------------------------------- rules


def _came(row: Row) -> Came:
    status = 404 if row.after is None else 200
    facts = AnswerFacts([Probe(URL, status, None)], source=row.source)
    return what_came(row.before, row.after, facts)


def _ours(came: dict[str, Came], rows: Sequence[Row]) -> Rule:
    stands = {
        (row.id, quote): standing_of(quote, row.before, row.after)[0]
        for row in rows
        if row.after is not None and came[row.id].is_page
        for quote in row.left + row.stay
    }

    def rule(row: Row, quote: str, looks: int) -> Verdict:
        answer, standing = came[row.id], stands.get((row.id, quote))
        hours = [hour for hour in HOURS[:looks] if hour < row.lasts]
        course = [
            Seen(START + timedelta(hours=hour), number, answer, standing)
            for number, hour in enumerate(hours, 1)
        ]
        first = Seen(START - timedelta(hours=24), 0, Came(Kind.PAGE, 0.95, ("seen",)))
        return verdict_of([first, *course]).verdict

    return rule


def _by_status(row: Row, quote: str, looks: int) -> Verdict:
    del quote, looks
    return Verdict.REMOVED if row.after is None else Verdict.PRESENT


def _by_difference(row: Row, quote: str, looks: int) -> Verdict:
    del looks
    if row.after is None:
        return Verdict.REMOVED
    return Verdict.PRESENT if quote in row.after.text else Verdict.QUOTE_REMOVED


def _edgi(row: Row, quote: str, looks: int) -> Verdict:
    hours = HOURS[looks - 1]
    status = _effective_status(row)
    if status in {404, 410}:
        lasted = min(hours, row.lasts) >= 14 * 24
        return Verdict.REMOVED if lasted else Verdict.UNKNOWN
    if status >= 400:  # noqa: PLR2004  # RFC 9110 section 15.5
        return Verdict.BLOCKED
    assert row.after is not None
    return Verdict.PRESENT if _letters(quote) in _letters(row.after.text) else Verdict.QUOTE_REMOVED


def _effective_status(row: Row) -> int:
    if row.after is None:
        return 404
    lines = row.after.text.strip().splitlines()
    title = (row.after.title or (lines[0] if lines else "")).casefold()
    if "not found" in title or re.search(r"\b404\b", title):
        return 404
    if "access denied" in title or "forbidden" in title or re.search(r"\b(?:403|429)\b", title):
        return 403
    return 500 if re.search(r"\b50\d\b", title) or "error" in title else 200


# ---------------------------------------------------------------- figures


def _print_classes(rows: Sequence[Row], came: dict[str, Came]) -> None:
    groups: dict[str, list[bool]] = defaultdict(list)
    read: list[bool] = []
    confused: Counter[tuple[str, str]] = Counter()
    for row in rows:
        kind = came[row.id].kind
        right = kind in KINDS[row.kind]
        groups["all"].append(right)
        groups[row.id.split("-")[0]].append(right)
        read.append(kind in READ.get(row.id, KINDS[row.kind]))
        if not right:
            confused[row.kind, kind.value] += 1
    for name, each in {**groups, "all, labels as read": read}.items():
        print(f"right class, {name:<20}{_share(sum(each), len(each))}")
    for (label, told), count in confused.most_common():
        print(f"    {count:>3}  {label} told as {told}")


def _print_rules(rows: Sequence[Row], came: dict[str, Came]) -> None:
    rules: dict[str, Rule] = {
        "sousveil": _ours(came, rows),
        "EDGI's rules": _edgi,
        "status code": _by_status,
        "text difference": _by_difference,
    }
    print(f"\n{'':<18}{'false removals':>22}{'of pairs':>20}{'real removals told':>24}", end="")
    print(f"{'quiet pairs alerted':>24}")
    for name, rule in rules.items():
        stay = {(row.id, quote): _ever(rule, row, quote) for row in rows for quote in row.stay}
        left = [_finally(rule, row, quote) for row in rows for quote in row.left]
        false = {identity for (identity, _), wrong in stay.items() if wrong}
        quiet = [row for row in rows if row.kind in UNCHANGED]
        alerted = sum(_alerts(name, rule, row, came[row.id]) for row in quiet)
        print(
            f"{name:<18}{_share(sum(stay.values()), len(stay)):>22}"
            f"{_share(len(false), len(rows)):>20}{_share(sum(left), len(left)):>24}"
            f"{_share(alerted, len(quiet)):>24}"
        )
        if name == "sousveil":
            last = [_last(rule, row, quote) for row in rows for quote in row.left]
            print(f"    {last.count(Verdict.EDITED)} of them told as reworded")
            print(f"    false in {', '.join(sorted(false)) or 'no pair'}")


def _ever(rule: Rule, row: Row, quote: str) -> bool:
    return any(rule(row, quote, looks) in REMOVED for looks in range(1, len(HOURS) + 1))


def _finally(rule: Rule, row: Row, quote: str) -> bool:
    return _last(rule, row, quote) in REMOVED | {Verdict.EDITED}


def _last(rule: Rule, row: Row, quote: str) -> Verdict:
    return rule(row, quote, len(HOURS))


def _alerts(name: str, rule: Rule, row: Row, came: Came) -> bool:
    """Whether a pair without change raises an alert, of a quote or of the page."""
    if any(rule(row, quote, len(HOURS)) is not Verdict.PRESENT for quote in row.stay):
        return True
    if name == "sousveil":
        return came.kind not in QUIET
    return name != "status code" and row.after is not None and row.before.text != row.after.text


def _print_dressed(rows: Sequence[Row]) -> None:
    """Pages that were removed, with the answers that hide it, and walls before pages that stand.

    The notices are ours; those without known words stand for languages that no list has.
    """
    gone, walled = [row for row in rows if row.kind == "page_removed"], rows[:: len(rows) // 40]
    for dress, (text, url, made_up) in DRESSES.items():
        chosen = walled if dress in WALLS else gone
        told = []
        for row in chosen:
            frame = "\n\n".join(text_ for text_ in row.before.text.split("\n")[:3])
            page = _document(text.format(frame=frame).encode(), "text/plain")
            around = Around(made_up=Other(200, page)) if made_up else Around()
            facts = AnswerFacts([Probe(URL, 302, None), Probe(url, 200, None)])
            came = what_came(row.before, page, facts, around)
            course = [
                Seen(START + timedelta(hours=hour), number, came)
                for number, hour in enumerate(HOURS)
            ]
            told.append(verdict_of(course).verdict in REMOVED)
        name = "falsely gone" if dress in WALLS else "told gone"
        print(f"{dress:<42}{name}: {_share(sum(told), len(told))}")


def _print_snapshots() -> None:
    """Tell good captures from bad ones by status, headers and title; their bodies are not kept."""
    right = total = 0
    for line in (DATA / "snapshot-quality.jsonl").read_text("utf-8").splitlines():
        told = json.loads(line)
        headers = json.loads((DATA / told["file"]).read_text("utf-8"))["data"]["headers"]
        body = f"<title>{told['title']}</title>" + "<p>word</p>" * min(told["content_length"], 2000)
        facts = AnswerFacts(
            [Probe(told["url"], told["status"], None)],
            {name.casefold(): value for name, value in headers.items()},
        )
        document = _document(body.encode() if told["content_length"] else b"", "text/html")
        came = what_came(None, document, facts)
        is_good = came.is_page or came.kind is Kind.NOT_FOUND
        total += 1
        right += is_good == (told["good_snapshot_score"] > 0.5)  # noqa: PLR2004  # half
        if is_good != (told["good_snapshot_score"] > 0.5):  # noqa: PLR2004
            print(f"    {told['id']}: {told['status']} {told['title']!r} told as {came.kind}")
    print(f"\ncaptures told good or bad {_share(right, total)}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} ({part}/{whole})" if whole else "none"


if __name__ == "__main__":
    main()
