"""Measures the claim finder and writes docs/reference/claim-figures.md: `make bench`.

All figures are out of fold, with the passages of a source in one fold. Shared passages are those
of public documents; ours are written by us, a quarter of them *sealed*: no one looked at them while
working on terms and cues. Without ../shared only ours are measured, and the page is not written.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from bench.figures import (
    Detection,
    Verdict,
    accuracy,
    calibration_error,
    confusion,
    detected,
    detection,
    macro_f1,
    quote_overlaps,
    trait_right,
    verdicts,
)
from bench.passages import corpus, readings, words
from bench.training import Seen, calibrate, everyday, out_of_fold
from sousveil.claims.features import Reading
from sousveil.claims.judgement import decide
from sousveil.claims.lexicon import Lexicon
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, shipped_model
from sousveil.claims.normal import normalise
from sousveil.claims.wording import ABOUT, AFTER, BEFORE, IN, OF, ORDER, WORD

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "claim-figures.md"
SHARES = (0.125, 0.25, 0.5, 1.0)  # of our passages, for the learning curve
MISSES = 5  # shown of each group of languages
SHOWN = 220  # characters of a passage
GROUPS: dict[str, Callable[[Verdict], bool]] = {
    "all": lambda _: True,
    "Chinese": lambda v: v.row.lang.startswith("zh"),
    "English": lambda v: v.row.lang == "en",
    "code": lambda v: v.row.lang == "code",
    "other languages": lambda v: not v.row.lang.startswith(("zh", "en", "code")),
}


def main() -> None:
    """Measure, print, and write the page."""
    rows = corpus()
    seen = list(zip(rows, readings(rows), strict=True))
    common = everyday(measured=False)
    told = judged(seen, common)
    kinds = {
        "shared": [v for v in told if v.row.shared],
        "sealed": [v for v in told if v.row.sealed],
        "own": [v for v in told if v.row.kind == "own" and v.row.blind],
    }
    parts = [_detection(kinds), _quality(kinds), _confusion(kinds), _ordinary()]
    parts += [_curve(seen, common), _ablation(seen, common), _misses(kinds["own"])]
    text = "\n\n".join(parts)
    print(text)
    if kinds["shared"]:
        PAGE.write_text(f"{HEAD}\n\n{text}\n", "utf-8")


HEAD = """# What the claim finder is worth

Made by `make bench`; what the figures mean stands in [how claims are found](
../explanation/claims.md). *shared*: labelled passages of public documents, not part of this
repository. *own*: passages that we wrote; *sealed*: the quarter of them that nobody looked at while
working on terms and cues. Every passage was judged by a model that saw nothing of its source."""


def judged(seen: Seen, common: Seen) -> list[Verdict]:
    """Return the verdicts of cross-validation."""
    chances = out_of_fold(seen, common)
    return list(verdicts(seen, chances, calibrate(seen, chances)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _detection(kinds: dict[str, list[Verdict]]) -> str:
    rows = []
    for kind, group in kinds.items():
        keyword = detection([(_keyword(v), v.claim) for v in group])
        rows.append([f"{kind}, naive keyword list", *_cells(keyword)])
        for name, belongs in GROUPS.items():
            chosen = [v for v in group if belongs(v)]
            if chosen:
                rows.append([f"{kind}, {name}", *_cells(detected(chosen))])
    return "## Claim or not\n\n" + table(["", "precision", "recall", "F1", "passages"], rows)


@cache
def _lexicon() -> Lexicon:
    return words()


def _keyword(verdict: Verdict) -> bool:
    terms = _lexicon().terms(normalise(verdict.row.text).text)
    return any(term.kind not in {"value", "hint"} for term in terms)


def _cells(figures: Detection) -> list[str]:
    parts = (figures.precision, figures.recall, figures.f1)
    return [*(f"{part:.3f}" for part in parts), f"{figures.passages:,}"]


def _quality(kinds: dict[str, list[Verdict]]) -> str:
    measures = {
        "accuracy of the five labels": accuracy,
        "macro-F1 of the five labels": macro_f1,
        "trait right in true findings": trait_right,
        "quote overlaps the labelled span": quote_overlaps,
        "expected calibration error": calibration_error,
    }
    rows = [
        [name, *(f"{measure(group):.3f}" for group in kinds.values())]
        for name, measure in measures.items()
    ]
    return "## Labels, traits, quotes, scores\n\n" + table(["", *kinds], rows)


def _confusion(kinds: dict[str, list[Verdict]]) -> str:
    parts = ["## Labelled (rows) and found (columns)"]
    for kind, group in kinds.items():
        rows = [[gold, *map(str, counts)] for gold, counts in confusion(group).items()]
        parts.append(table([kind, *MODEL_LABELS], rows))
    return "\n\n".join(parts)


def _ordinary() -> str:
    """Measure the shipped weights on the half of the ordinary passages that no training saw."""
    model = shipped_model()
    kept = everyday(measured=True)
    false = sum(decide(reading, model).label in CLAIM_LABELS for _, reading in kept)
    return (
        "## Ordinary text\n\n"
        f"Of {len(kept):,} ordinary passages in which a term stands, from documents that no"
        f" training saw, {false} would be called claims. How many that is of all passages,"
        " `python bench/field.py` tells."
    )


def _curve(seen: Seen, common: Seen) -> str:
    """Measure with less of our own passages to learn from."""
    rows = []
    for share in SHARES:
        chances = out_of_fold(seen, common, share=share)
        told = list(verdicts(seen, chances, calibrate(seen, chances)))
        rows.append([f"{share:.1%}", *_both(told)])
    return "## Learning curve\n\n" + table(["of our passages", "F1 shared", "F1 sealed"], rows)


def _both(told: Sequence[Verdict]) -> list[str]:
    groups = [v for v in told if v.row.shared], [v for v in told if v.row.sealed]
    return [f"{detected(group).f1:.3f}" for group in groups]


def _ablation(seen: Seen, common: Seen) -> str:
    """Measure with one part left out."""
    cases: dict[str, tuple[Seen, Seen]] = {
        "everything": (seen, common),
        "no words": (_without(seen, _is_word), _without(common, _is_word)),
        "no cues": (_without(seen, _is_cue), _without(common, _is_cue)),
        "no words for their place": (_without(seen, _is_placed), _without(common, _is_placed)),
        "no ordinary text": (seen, ()),
    }
    rows = [[name, *_both(judged(*case))] for name, case in cases.items()]
    return "## Ablation\n\n" + table(["", "F1 shared", "F1 sealed"], rows)


def _without(seen: Seen, left_out: Callable[[str], bool]) -> Seen:
    return [(row, _less(reading, left_out)) for row, reading in seen]


def _less(reading: Reading, left_out: Callable[[str], bool]) -> Reading:
    kept = {name: told for name, told in reading.features.items() if not left_out(name)}
    return replace(reading, features=kept)


def _is_word(name: str) -> bool:
    return name.startswith(WORD)


def _is_cue(name: str) -> bool:
    return not name.startswith((WORD, "anchor ", "has "))


def _is_placed(name: str) -> bool:
    return name.startswith((IN, OF, BEFORE, AFTER, ORDER, ABOUT))


def _misses(group: Sequence[Verdict]) -> str:
    """List passages of ours that are judged wrongly, the surest first."""
    parts = ["## Known misses", "Of our own passages, by group of languages, the surest first."]
    for name, belongs in list(GROUPS.items())[1:]:
        wrong = [v for v in group if belongs(v) and v.found != v.claim and not v.row.sealed]
        wrong.sort(key=lambda v: -abs(v.decision.score - 0.5))
        for title, chosen in (
            ("claims that are not found", [v for v in wrong if v.claim]),
            ("found, but no claims", [v for v in wrong if v.found]),
        ):
            items = "\n".join(map(_item, chosen[:MISSES]))
            parts += [f"### {name}: {title} ({len(chosen)})", items or "None."]
    return "\n\n".join(parts)


def _item(verdict: Verdict) -> str:
    text = " ".join(verdict.row.text.replace("`", "'").split())
    short = text if len(text) <= SHOWN else text[:SHOWN] + " …"
    return f"- {verdict.row.label}, {verdict.decision.score:.2f}: `{short}`"


if __name__ == "__main__":
    main()
