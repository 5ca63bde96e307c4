"""Measures how well "is it really gone?" is told: `make bench`.

Plays each pair of ../shared/data/history as a course of looks: the former text once, then the later
one at `HOURS` (a transient answer only until its text was back), and asks after every look what
became of quotes. Beside `changes.answer` stand, in the same run, the rules of others
(`absence_rules.py`). Nothing is trained on the pairs; the figures by source show whether constants
chosen on one hold on the other.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

from bench.absence_pairs import DATA, READ, Row, all_rows, page_of
from bench.absence_rules import (
    HOURS,
    START,
    URL,
    Rule,
    by_difference,
    by_status,
    came_of,
    edgi,
    ours,
)
from sousveil.changes.answer import QUIET, AnswerFacts, Around, Came, Kind, Other, what_came
from sousveil.changes.course import Seen, verdict_of
from sousveil.changes.looks import Probe
from sousveil.model import Verdict

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


def main() -> None:
    """Measure and print."""
    if not DATA.is_dir():
        print(f"not measured: {DATA} is not there")
        return
    rows = list(all_rows())
    came = {row.id: came_of(row) for row in rows}
    print(f"{len(rows)} pairs, {sum(len(row.left) + len(row.stay) for row in rows)} quotes\n")
    _print_classes(rows, came)
    _print_rules(rows, came)
    _print_dressed(rows)
    _print_snapshots()


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
        "sousveil": ours(came, rows),
        "EDGI's rules": edgi,
        "status code": by_status,
        "text difference": by_difference,
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
            page = page_of(text.format(frame=frame).encode(), "text/plain")
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
        document = page_of(body.encode() if told["content_length"] else b"", "text/html")
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
