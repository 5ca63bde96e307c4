"""Measures diffs on real pairs: `make bench`.

Compares the former and the later text of each pair of ../shared/data/history. Told are the time of
the processor; how many pairs without a change have an empty diff; how many of the words that the
data's own labels call removed are shown as removed, or as moved; and what learning noise does, in
two ways. *Own noise*: each pair labelled as noise is looked at four times before, by turns as it
was and as it became, with other figures where it differs, and must be hidden wholly. *Planted
noise*: a clock, a counter and a teaser that changes are put into every pair that was really edited;
they must be hidden, and none of the labelled removals with them.
"""

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sousveil.changes.answer.text import words_of
from sousveil.changes.diff.compare import compare
from sousveil.changes.diff.noise import learn, quieten
from sousveil.changes.diff.values import Change, Diff, Row
from sousveil.changes.diff.watched import watched_terms
from sousveil.extract import extract
from sousveil.model import Document
from sousveil.topics import load

DATA = Path(__file__).parents[2] / "shared" / "data" / "history"
LOOKS = 4  # that teach what changes by itself
REMOVING = ("tiny_edit", "small_edit", "edit", "removal")
READABLE = 0.9  # of the words of one labelled run
WATCHED = watched_terms((load("ethnicity"),))  # as a case watches when nothing else is said
TEASERS = (
    "A new lens for low light",
    "Three questions to our founder",
    "Visit us at the fair",
    "What the press says",
    "Why shops choose us",
    "Our office in the north has opened",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A page before and after."""

    id: str
    kind: str
    before: str
    after: str
    removed: tuple[str, ...]  # as the data's own labels tell
    media_type: str


def main() -> None:
    """Measure and print."""
    if not DATA.is_dir():
        print(f"not measured: {DATA} is not there")
        return
    pairs = list(_pairs())
    timed = [_timed(pair) for pair in pairs]
    diffs = {pair.id: diff for pair, (diff, _) in zip(pairs, timed, strict=True)}
    _print_times(pairs, [seconds for _, seconds in timed])
    none = [pair for pair in pairs if pair.kind == "none"]
    empty = sum(not _shown(diffs[pair.id]) for pair in none)
    print(f"no change: {empty} of {len(none)} diffs are empty")
    _print_removals(pairs, lambda pair: diffs[pair.id], "removals")
    _print_own_noise([pair for pair in pairs if pair.kind == "noise"])
    _print_planted([pair for pair in pairs if pair.kind in REMOVING])


def _pairs() -> Iterator[Pair]:
    for name in ("ota-contrib", "alibabacloud-docs", "edgi-html"):
        for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
            told = json.loads(line)
            if "before_file" in told:
                sides = [(DATA / told[side]).read_text("utf-8", "replace") for side in _FILES]
                yield Pair(told["id"], told["kind"], sides[0], sides[1], (), "text/html")
            elif told["after"] is not None:
                removed = tuple(told.get("removed") or ())
                texts = told["before"], told["after"]
                yield Pair(told["id"], told["kind"], *texts, removed, "text/plain")


_FILES = ("before_file", "after_file")


def _document(text: str, media_type: str) -> Document:
    return extract(text.encode(), media_type=media_type, charset="utf-8", name="page")


def _timed(pair: Pair) -> tuple[Diff, float]:
    before, after = (_document(text, pair.media_type) for text in (pair.before, pair.after))
    start = time.process_time()
    diff = compare(before, after, WATCHED)
    return diff, time.process_time() - start


def _print_times(pairs: Sequence[Pair], seconds: Sequence[float]) -> None:
    worst = max(range(len(pairs)), key=seconds.__getitem__)
    size = len(pairs[worst].before) + len(pairs[worst].after)
    print(
        f"{len(pairs)} pairs: median {1000 * statistics.median(seconds):.1f} ms, worst"
        f" {1000 * seconds[worst]:.0f} ms ({pairs[worst].id}, {size:,} characters)"
    )


def _shown(diff: Diff) -> list[Row]:
    return [row for row in diff.rows if row.change is not Change.SAME and row.noise is None]


def _print_removals(pairs: Sequence[Pair], diff_of: Callable[[Pair], Diff], title: str) -> None:
    """Print how many of the words that the labels call removed are shown as such."""
    words, told, runs, readable = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for pair in pairs:
        if pair.kind not in REMOVING:
            continue
        gone = Counter(words_of("\n".join(_gone(_shown(diff_of(pair))))))
        for labelled in pair.removed:
            if not (wanted := Counter(words_of(labelled))):
                continue  # marks and figures alone
            share = (wanted & gone).total() / wanted.total()
            words[pair.kind] += wanted.total()
            told[pair.kind] += (wanted & gone).total()
            runs[pair.kind] += 1
            readable[pair.kind] += share >= READABLE
    for kind in REMOVING:
        if words[kind]:
            print(
                f"{title}, {kind}: {told[kind] / words[kind]:.1%} of {words[kind]:,} labelled words"
                f" shown; {readable[kind]} of {runs[kind]} runs of words nearly whole"
            )


def _gone(rows: Sequence[Row]) -> Iterator[str]:
    """Give what is shown as removed, or as moved from where it was."""
    for row in rows:
        yield from (piece.was for piece in row.pieces if piece.is_changed)


def _print_own_noise(pairs: Sequence[Pair]) -> None:
    hidden = minor = guarded = 0
    for pair in pairs:
        before, after = (_document(text, pair.media_type) for text in (pair.before, pair.after))
        diff = compare(before, after, WATCHED)
        quiet = quieten(diff, learn(list(_looks(diff, pair))), [])
        shown = _shown(quiet)
        hidden += not shown
        guarded += any(any(piece.is_watched for piece in row.pieces) for row in shown)
        minor += all(row.is_minor for row in _shown(diff))
    print(
        f"own noise: {hidden} of {len(pairs)} hidden wholly ({guarded} of the others hold a watched"
        f" term); without learning {minor} are told to differ in figures or marks only"
    )


def _looks(diff: Diff, pair: Pair) -> Iterator[Document]:
    """Give captures that are by turns as the former text and as the later, with other figures."""
    dice = random.Random(pair.id)  # noqa: S311  # no secret
    for at in range(LOOKS):
        gone = {Change.ADDED, Change.MOVED} if at % 2 else {Change.REMOVED, Change.AWAY}
        passages = (
            "".join(_turned(row, dice, is_former=at % 2 == 1))
            for row in diff.rows
            if row.change not in gone
        )
        yield _joined(list(passages), diff.before)


def _turned(row: Row, dice: random.Random, *, is_former: bool) -> Iterator[str]:
    for piece in row.pieces:
        text = piece.was if is_former else piece.now
        redrawn = (dice.choice("0123456789") if one.isdigit() else one for one in text)
        yield "".join(redrawn) if piece.is_changed and row.change is Change.EDITED else text


def _joined(texts: Sequence[str], like: Document) -> Document:
    """Return a document of these passages."""
    blocks, start = [], 0
    for text in texts:
        blocks.append(type(like.blocks[0])(start, start + len(text), like.blocks[0].kind))
        start += len(text) + 1
    return Document("\n".join(texts), tuple(blocks), like.format, like.charset)


def _print_planted(pairs: Sequence[Pair]) -> None:
    quiet: dict[str, Diff] = {}
    hidden = 0
    for pair in pairs:
        looks = [_planted(pair.before, at) for at in range(LOOKS)]
        former, later = _planted(pair.before, LOOKS), _planted(pair.after, LOOKS + 1)
        quiet[pair.id] = quieten(compare(former, later, WATCHED), learn(looks), [])
        rows = _shown(quiet[pair.id])
        texts = {row.text_before for row in rows} | {row.text_after for row in rows}
        hidden += texts.isdisjoint((*_noise(LOOKS), *_noise(LOOKS + 1)))
    print(f"planted noise: hidden wholly in {hidden} of {len(pairs)} pairs that were edited")
    _print_removals(pairs, lambda pair: quiet[pair.id], "with noise learnt")


def _noise(at: int) -> tuple[str, str, str]:
    clock = f"It is 10:{10 + 7 * at} on the {at + 1} of May"
    return clock, TEASERS[at], f"Viewed {1_000 + 13 * at:,} times"


def _planted(text: str, at: int) -> Document:
    clock, teaser, counter = _noise(at)
    return _document(f"{clock}\n\n{text}\n\nRead also\n\n{teaser}\n\n{counter}", "text/plain")


if __name__ == "__main__":
    main()
