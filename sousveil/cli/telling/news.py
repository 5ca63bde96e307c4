"""What visits brought, as a terminal or a program is told it, whichever command visited."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sousveil.changes.words import MISSING
from sousveil.cli.telling.happened import tell_happenings
from sousveil.cli.telling.revised import revisions_json, tell_revisions
from sousveil.cli.telling.screen import clock, count_of, plain, say, tell, write_json
from sousveil.cli.telling.words import tell_finding
from sousveil.cli.tracing import tell_change
from sousveil.index.histories import lost_with
from sousveil.index.query import watches
from sousveil.index.reviews import reviews
from sousveil.index.store import Index
from sousveil.index.traces import traces
from sousveil.jsonform import finding_json, instant
from sousveil.model import GONE, Fate, Finding, Json, Verdict, Visit
from sousveil.review.revisions import Revision
from sousveil.run.read.analyse import Analysis
from sousveil.run.visit.visits import Crawled, Postponed

MAX_KINDS = 8  # media types named when captures cannot be read

_LEFT_OUT = {  # why an address of a site was not asked for
    "beyond": "beyond what one visit remembers",
    "depth": "too many links away",
    "no page": "pictures and programs",
    "pages": "over the limit of pages",
    "robots": "not allowed by robots.txt, or it could not be had",
    "scope": "outside the scope",
    "seen": "seen before",
    "trap": "like many others",
}


def just_revised(result: Analysis) -> tuple[Revision, ...]:
    """Return what another engine changed, unless it was told at an earlier run."""
    return result.revised if result.is_revision else ()


def tell_analysis(
    result: Analysis,
    index: Index,
    revised: Sequence[Revision],
    *,
    as_json: bool,
) -> None:
    """Tell what an analysis found new, what vanished, and what another engine changed."""
    decided = reviews(index) if revised else {}
    if as_json:
        write_json([*_changes_json(result), *revisions_json(revised, decided)])
        return
    tell_revisions(revised, decided)
    for finding in result.new:
        tell_finding(finding, None)
    back = _back(result)
    by_id = traces(index) if result.gone or result.held or back else {}
    for title, changed in (
        ("What vanished", result.gone),
        ("What is missing", result.held),
        ("What stands again", back),
    ):
        if changed:
            say(title, "bold")
        for finding, fate in changed:
            tell_change(finding, fate, by_id[finding.id], why=False)
    tell_happenings(result.happened, lost_with(index, result.happened), watches(index), why=False)
    if result.unread:
        kinds = Counter(media_type or "unknown" for _, media_type, _ in result.unread)
        told = ", ".join(f"{plain(kind)} {count}" for kind, count in kinds.most_common(MAX_KINDS))
        tell(f"{len(result.unread)} captures are kept, but could not be read, or not whole: {told}")
    told = f"{count_of(len(result.new), 'new finding')}, {len(result.gone)} gone"
    told += f", {len(result.held)} {MISSING}" if result.held else ""
    told += f", {len(back)} back" if back else ""
    by_another = f", {len(revised)} changed by another engine" if revised else ""
    say(f"{told}{by_another}.")


def _back(result: Analysis) -> list[tuple[Finding, Fate]]:
    """Return what was missing, confirmed or not, and stands again."""
    return [
        (finding, after)
        for finding, before, after in result.changed
        if before is not None
        and (before.verdict in GONE or before.pending in GONE)
        and after.verdict is Verdict.PRESENT
    ]


def tell_next(result: Analysis) -> None:
    """Tell a person what to do next."""
    if result.gone or result.held or result.happened:
        tell("Next: sousveil changes --why")
    elif result.new:
        tell(f"Next: sousveil show {result.new[0].id}")


def _changes_json(result: Analysis) -> list[Json]:
    fates = {finding.id: fate for finding, fate in (*result.gone, *result.held)}
    return [
        *({"event": "found", **finding_json(one, fates.get(one.id))} for one in result.new),
        *({"event": "gone", **finding_json(finding, fate)} for finding, fate in result.gone),
        *({"event": "held", **finding_json(finding, fate)} for finding, fate in result.held),
    ]


def visit_json(made: Visit, targets: Mapping[str, str]) -> Json:
    """Return a visit as JSON; `targets` gives the target of each watch by its id."""
    return {
        "event": "visit",
        "watch": made.watch_id,
        "target": targets[made.watch_id],
        "address": made.address,
        "at": instant(made.started_at),
        "verdict": made.verdict,
        "outcome": made.outcome,
        "status": made.status,
        "captures": len(made.captures),
        "log_index": made.log_index,
    }


def crawl_line(crawl: Crawled) -> str:
    """Return how a visit to a site or a feed ended, on one line."""
    told = f"{plain(crawl.watch.target)}: asked for {count_of(crawl.asked, 'page')}"
    left_out = ", ".join(
        f"{count} {_LEFT_OUT.get(reason, reason)}"
        for reason, count in sorted(crawl.left_out.items())
    )
    return f"{told}; left out: {left_out}" if left_out else told


def tell_postponed(left: Postponed) -> None:
    """Say that a watch was not visited, and until when its server wants rest."""
    target, until = plain(left.watch.target), clock(left.until)
    tell(f"left for later: {target}: the server asked for rest until {until}", "yellow")
