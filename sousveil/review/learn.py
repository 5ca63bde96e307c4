"""Learning: what a case's decisions say about the shipped weights.

Takes decisions as `Example`s and gives corrections: for each feature, how much it moves the
log-odds that a passage is a claim. Logistic regression with an L2 penalty around the shipped
weights (a normal prior whose mean they are), so that without decisions nothing changes, and each
feature moves as far as decisions push it. Cues are corrected; the weights of words stay. The
optimum is unique; cyclic coordinate descent with the bound p(1-p) <= 1/4 reaches it without a step
that makes it worse (Böhning and Lindsay 1988).
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sousveil.claims.judgement import EVEN
from sousveil.claims.model import Model
from sousveil.claims.wording import WORD
from sousveil.model import Finding, Review
from sousveil.review.decisions import status

MIN_DECISIONS = 8  # of each kind; with fewer, one odd page decides
MIN_SOURCES = 2  # one to learn from, one to measure on
MAX_DECISIONS = 5_000  # the latest; training on so many takes half a minute
MAX_FOLDS = 10  # each trains once; with more sources, several are left out together
# Prior precision. Of 1 to 32, 16 and 32 foretold unseen sources best, on labelled passages of which
# some 350 were decisions. A single feature moves slowly, the thirty of a passage together at ease.
PENALTY = 16.0
MIN_SEEN = 2  # decisions with a feature; one alone says more of its page than of the feature
MAX_SWEEPS = 300
TOLERANCE = 1e-3  # of log-odds, far below what changes a score's second digit
DIGITS = 4  # of a correction, as in the shipped weights

ALWAYS = ""  # the feature that every passage has: the intercept


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """A decision to learn from."""

    finding_id: str
    source: str  # what is left out together: a host, a repository
    features: tuple[str, ...]
    is_claim: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """How well decisions are foretold."""

    wrong: int  # decisions on the other side of the threshold
    log_loss: float  # mean, in nats; what a coin knows has 0.693


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt, and what it is worth on sources it was not learnt from."""

    corrections: dict[str, float]  # of the log-odds, by feature
    seen: dict[str, int]  # in how many decisions each of those features stands
    sources: int
    before: Figures
    after: Figures

    @property
    def is_better(self) -> bool:
        """Whether unseen sources are judged better, and no more decisions wrongly."""
        return self.after.log_loss < self.before.log_loss and self.after.wrong <= self.before.wrong


def examples(
    findings: Mapping[str, Finding], reviews: Mapping[str, Sequence[Review]]
) -> list[Example]:
    """Return what can be learnt from, the latest MAX_DECISIONS, in the order of their ids.

    Left out are findings that people disagree on, and passages that only discuss a topic: whether
    that is right says nothing about claims.
    """
    latest = sorted(reviews, key=lambda finding_id: reviews[finding_id][-1].log_index)
    return sorted(
        Example(
            finding.id,
            source_of(finding),
            finding.claim.features,
            status(reviews[finding.id]) == "confirmed",
        )
        for finding in (findings[finding_id] for finding_id in latest[-MAX_DECISIONS:])
        if status(reviews[finding.id]) in {"confirmed", "rejected"}
        and finding.claim.label != "discusses"
        and finding.claim.features
    )


def source_of(finding: Finding) -> str:
    """Return what shares its templates and its author: a host's pages, or a repository."""
    if finding.source.path is not None:
        return finding.url
    return urlsplit(finding.url).netloc or finding.url


def learn(taught: Collection[Example], shipped: Model) -> Lesson:
    """Return corrections to `shipped`, and how unseen sources are judged with and without them.

    The order of `taught` is irrelevant. Sources are left out one by one, or a few together.
    """
    ordered = sorted(taught)
    odds = [log_odds(shipped, example.features) for example in ordered]
    corrections = fit(ordered, odds)
    sources = sorted({example.source for example in ordered})
    fold = {source: number % MAX_FOLDS for number, source in enumerate(sources)}
    after = list(odds)
    for number in sorted(set(fold.values())):
        kept = [row for row, one in enumerate(ordered) if fold[one.source] != number]
        without = fit([ordered[row] for row in kept], [odds[row] for row in kept], corrections)
        for row, example in enumerate(ordered):
            if fold[example.source] == number:
                after[row] += _moved(without, example.features)
    seen = Counter(name for example in ordered for name in (ALWAYS, *example.features))
    return Lesson(
        corrections,
        {name: seen[name] for name in corrections},
        len(sources),
        _figures(ordered, odds),
        _figures(ordered, after),
    )


def fit(
    taught: Sequence[Example], odds: Sequence[float], start: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the correction of each feature, those that round to nothing left out.

    `odds` are the log-odds that the shipped weights give to each of `taught`, which are in order.
    Wherever the search starts, it ends at the one optimum, to TOLERANCE.
    """
    columns: dict[str, list[int]] = {ALWAYS: list(range(len(taught)))}
    for row, example in enumerate(taught):
        for name in example.features:
            if not name.startswith(WORD):
                columns.setdefault(name, []).append(row)
    kept = {name: columns[name] for name in sorted(columns) if len(columns[name]) >= MIN_SEEN}
    before = {name: (start or {}).get(name, 0.0) for name in kept}
    found = _descend(
        list(kept.values()),
        odds=[one + _moved(before, each.features) for one, each in zip(odds, taught, strict=True)],
        targets=[float(example.is_claim) for example in taught],
        found=list(before.values()),
    )
    rounded = {name: round(value, DIGITS) for name, value in zip(kept, found, strict=True)}
    return {name: value for name, value in rounded.items() if value}


def log_odds(model: Model, features: Collection[str]) -> float:
    """Return the calibrated log-odds that a passage with these features is a claim."""
    chance = model.claim_probability(model.probabilities(features))
    return math.log(chance / (1 - chance))


def _descend(
    columns: Sequence[Sequence[int]],
    *,
    odds: list[float],
    targets: Sequence[float],
    found: list[float],
) -> list[float]:
    """Return what minimises log loss plus penalty; `columns` are the rows that have a feature.

    Starts at `found`, with which `odds` were reckoned; both are changed in place.
    """
    for _ in range(MAX_SWEEPS):
        largest = 0.0
        for column, rows in enumerate(columns):
            excess = sum([_chance(odds[row]) - targets[row] for row in rows])
            gradient = excess + PENALTY * found[column]
            step = -gradient / (PENALTY + len(rows) / 4)
            found[column] += step
            for row in rows:
                odds[row] += step
            largest = max(largest, abs(step))
        if largest < TOLERANCE:
            break
    return found


def _chance(odds: float) -> float:
    return 0.5 + 0.5 * math.tanh(odds / 2)  # the logistic function, which never overflows so


def _moved(corrections: Mapping[str, float], features: Iterable[str]) -> float:
    return sum([corrections.get(name, 0.0) for name in (ALWAYS, *features)])


def _figures(decided: Sequence[Example], odds: Sequence[float]) -> Figures:
    pairs = list(zip(odds, (example.is_claim for example in decided), strict=True))
    wrong = sum((_chance(one) >= EVEN) != is_claim for one, is_claim in pairs)
    margins = [one if is_claim else -one for one, is_claim in pairs]
    losses = [math.log1p(math.exp(-abs(margin))) + max(0.0, -margin) for margin in margins]
    return Figures(wrong, round(math.fsum(losses) / max(1, len(losses)), DIGITS))
