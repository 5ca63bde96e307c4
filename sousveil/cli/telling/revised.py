"""How it reads, in a terminal and as JSON, that another engine changed what was found."""

from collections.abc import Iterable, Mapping, Sequence

from sousveil.cli.telling.screen import plain, say
from sousveil.cli.telling.words import review_lines, where
from sousveil.jsonform import finding_json
from sousveil.model import Finding, Json, Review
from sousveil.review.revisions import Revision, engine_change

MAX_WHY = 6  # lines for one finding


def tell_revisions(revised: Sequence[Revision], decided: Mapping[str, tuple[Review, ...]]) -> None:
    """Print what changed: the engines' difference, then each finding with what it was."""
    for change in dict.fromkeys((one.old_engine, one.new_engine) for one in revised):
        say(f"Read anew, because the engine changed: {engine_change(*change)}", "bold")
    for one in revised:
        say(f"{one.finding.id}  {_headline(one)}", "bold yellow")
        if one.before is not None and "quote" in one.changed:
            say(f"    was: “{plain(one.before.quote)}” ({one.before.id})")
        say(f"    “{plain(one.finding.quote)}”")
        for why in one.why[:MAX_WHY]:
            say(f"    {plain(why)}")
        for line in review_lines(decided.get(_decided_id(one), ())):
            say(f"    {line}")
        say(f"    {where(one.finding)}", "dim")


def _headline(one: Revision) -> str:
    if one.before is None:
        return f"found now  {_judged(one.finding)}"
    if not one.is_found:
        return f"no longer found  {_judged(one.before)}"
    return f"changed ({', '.join(one.changed)})  {_judged(one.before)}, now {_judged(one.finding)}"


def _judged(finding: Finding) -> str:
    claim = finding.claim
    return f"{claim.label} {claim.trait} {claim.score:.2f}"


def _decided_id(one: Revision) -> str:
    return one.before.id if one.before is not None else one.finding.id


def revisions_json(
    revised: Iterable[Revision], decided: Mapping[str, tuple[Review, ...]]
) -> list[Json]:
    """Return one line for each revision: the finding as it is now, or was, and what changed."""
    return [
        {
            "event": "revised",
            "change": "found" if one.before is None else "changed" if one.is_found else "lost",
            "changed": list(one.changed),
            "why": list(one.why),
            "old_engine": one.old_engine,
            "new_engine": one.new_engine,
            **({"before": _told(one.before)} if one.before else {}),
            **({"after": _told(one.finding)} if one.is_found else {}),
            **finding_json(one.finding, None, decided.get(_decided_id(one), ())),
        }
        for one in revised
    ]


def _told(finding: Finding) -> Json:
    claim = finding.claim
    return {
        "id": finding.id,
        "label": claim.label,
        "trait": claim.trait,
        "score": claim.score,
        "quote": finding.quote,
        "reasons": list(claim.reasons),
    }
