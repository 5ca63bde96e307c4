"""Measures the claim finder: `make bench`.

Prints, from one run: precision, recall and F1 of claim or not for a naive keyword list and for
our model; five-way accuracy, macro-F1, trait, quote overlap, calibration; the same by group of
languages; the confusion table; and passages per second. All figures are out of fold, with the
passages of a source kept in one fold. Without ../shared the committed passages are measured.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.passages import Row, calibrate, corpus, out_of_fold, readings, words
from sousveil.claims.features import Reading, read
from sousveil.claims.judgement import EVEN, MAX_SPANS, decide
from sousveil.claims.model import CLAIM_LABELS, MODEL_LABELS, Model, shipped_model
from sousveil.claims.normal import normalise

CALIBRATION_BINS = 10
ORDINARY = "The quick release fixes a crash in the settings window when no printer is installed. "
ORDINARY_PASSAGES = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """A passage with what was decided out of fold."""

    row: Row
    reading: Reading
    score: float
    label: str
    keyword: bool  # whether a naive list of terms would call it a claim

    @property
    def claim(self) -> bool:
        """Whether it is labelled a claim."""
        return self.row.label in CLAIM_LABELS

    @property
    def found(self) -> bool:
        """Whether it was decided to be a claim."""
        return self.label in CLAIM_LABELS


def main() -> None:
    """Measure and print."""
    rows = corpus()
    seen = readings(rows)
    shared = any(row.shared for row in rows)
    chances = out_of_fold(rows, seen)
    scale = calibrate(rows, chances)
    verdicts = [
        _verdict(r, s, c, scale)
        for r, s, c in zip(rows, seen, chances, strict=True)
        if c and (r.shared or not shared)
    ]
    kind = "labelled passages of ../shared" if shared else "our own passages (../shared is absent)"
    print(f"Claims: {len(verdicts)} {kind}, out of fold by source, {len(rows)} rows in all\n")
    _print_detection(verdicts)
    _print_quality(verdicts)
    _print_confusion(verdicts)
    _print_speed(rows)


def _verdict(
    row: Row, seen: Reading, chances: tuple[float, ...], scale: dict[str, float]
) -> Verdict:
    shipped = shipped_model()
    model = Model((0.0,), {}, scale["slope"], scale["offset"], shipped.record)
    score = model.claim_probability(chances) if seen.anchor is not None else 0.0
    settled = decide(seen, shipped)
    if settled.label == "none" and len(settled.reasons) == 1 and seen.features:
        score = settled.score  # decided by a rule, which no fold changes
    among = CLAIM_LABELS if score >= EVEN else MODEL_LABELS[len(CLAIM_LABELS) :]
    label = max(among, key=lambda name: chances[MODEL_LABELS.index(name)])
    terms = words().terms(normalise(row.text).text)
    return Verdict(row, seen, score, label, any(term.kind != "value" for term in terms))


def _print_detection(verdicts: Sequence[Verdict]) -> None:
    print(f"{'claim or not':<28}{'precision':>10}{'recall':>8}{'F1':>7}{'passages':>10}")
    groups: list[tuple[str, Callable[[Verdict], bool]]] = [
        ("all", lambda _: True),
        ("Chinese", lambda v: v.row.lang.startswith("zh")),
        ("English", lambda v: v.row.lang == "en"),
        ("code", lambda v: v.row.lang == "code"),
        ("other languages", lambda v: not v.row.lang.startswith(("zh", "en", "code"))),
    ]
    keyword = [(v.keyword, v.claim) for v in verdicts]
    print(f"{'naive keyword list, all':<28}{_figures(keyword)}")
    for name, belongs in groups:
        chosen = [(v.found, v.claim) for v in verdicts if belongs(v)]
        if chosen:
            print(f"{'sousveil, ' + name:<28}{_figures(chosen)}")


def _figures(pairs: Sequence[tuple[bool, bool]]) -> str:
    both = sum(found and claim for found, claim in pairs)
    precision = both / max(1, sum(found for found, _ in pairs))
    recall = both / max(1, sum(claim for _, claim in pairs))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"{precision:>10.3f}{recall:>8.3f}{f1:>7.3f}{len(pairs):>10}"


def _print_quality(verdicts: Sequence[Verdict]) -> None:
    right = sum(v.label == v.row.label for v in verdicts) / len(verdicts)
    true = [v for v in verdicts if v.found and v.claim]
    trait = sum(v.reading.trait == v.row.trait for v in true) / max(1, len(true))
    spanned = [v for v in true if v.row.spans]
    overlap = f"{sum(map(_overlaps, spanned)) / len(spanned):.3f}" if spanned else "unmeasured"
    print(f"\nfive-way accuracy {right:.3f}   macro-F1 {_macro_f1(verdicts):.3f}")
    print(f"trait right in true findings {trait:.3f}   quote overlaps the labelled {overlap}")
    print(f"expected calibration error {_calibration_error(verdicts):.3f}")


def _overlaps(verdict: Verdict) -> bool:
    quotes = [verdict.reading.quote, *(m.quote for m in verdict.reading.others)][:MAX_SPANS]
    for span in verdict.row.spans:
        at = verdict.row.text.find(span)
        if any(at < end and start < at + len(span) for start, end in quotes):
            return True
    return False


def _macro_f1(verdicts: Sequence[Verdict]) -> float:
    total = 0.0
    for label in MODEL_LABELS:
        both = sum(v.label == label == v.row.label for v in verdicts)
        either = sum((v.label == label) + (v.row.label == label) for v in verdicts)
        total += 2 * both / max(1, either)
    return total / len(MODEL_LABELS)


def _calibration_error(verdicts: Sequence[Verdict]) -> float:
    """Return the mean distance of score and truth over ten equal bins of the score."""
    bins: dict[int, list[Verdict]] = {}
    for verdict in verdicts:
        index = min(int(verdict.score * CALIBRATION_BINS), CALIBRATION_BINS - 1)
        bins.setdefault(index, []).append(verdict)
    return sum(
        abs(sum(v.score for v in group) - sum(v.claim for v in group)) for group in bins.values()
    ) / len(verdicts)


def _print_confusion(verdicts: Sequence[Verdict]) -> None:
    print(f"\n{'labelled / found':<18}" + "".join(f"{label:>11}" for label in MODEL_LABELS))
    for gold in MODEL_LABELS:
        counts = (
            sum(v.row.label == gold and v.label == found for v in verdicts)
            for found in MODEL_LABELS
        )
        print(f"{gold:<18}" + "".join(f"{count:>11}" for count in counts))


def _print_speed(rows: Sequence[Row]) -> None:
    lexicon = words()
    ordinary = [f"{ORDINARY}{number}" for number in range(ORDINARY_PASSAGES)]
    for name, texts in (("ordinary", ordinary), ("labelled", [row.text for row in rows])):
        start = time.perf_counter()
        for text in texts:
            decide(read(text, lexicon), shipped_model())
        rate = len(texts) / (time.perf_counter() - start)
        print(f"{'speed, ' + name + ' passages':<28}{rate:>10,.0f} a second")


if __name__ == "__main__":
    main()
