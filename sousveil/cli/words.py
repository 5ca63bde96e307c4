"""How a finding reads in a terminal."""

from collections.abc import Sequence

from sousveil.cli.screen import clock, plain, say
from sousveil.model import Fate, Finding, Review, Verdict
from sousveil.review.decisions import status

_STYLES = {
    "offers": "bold red",
    "reports": "bold yellow",
    "denies": "bold cyan",
    "discusses": "bold",
}


def tell_finding(finding: Finding, fate: Fate | None, reviews: Sequence[Review] = ()) -> None:
    """Print a finding in three lines, what, the quote, and where, then what became of it."""
    claim = finding.claim
    head = f"{finding.id}  {claim.label}  {claim.trait}  {claim.score:.2f}"
    say(head + (f"  {plain(finding.actor)}" if finding.actor else ""), _STYLES[claim.label])
    say(f"    “{plain(finding.quote)}”")
    say(f"    {where(finding)}", "dim")
    if fate is not None and fate.verdict is not Verdict.PRESENT:
        say(f"    {fate.verdict}: {plain(fate.evidence)}", "magenta")
    for line in review_lines(reviews):
        say(f"    {line}", "green" if status(reviews) == "confirmed" else "yellow")


def review_lines(reviews: Sequence[Review]) -> list[str]:
    """Return who decided what, a line each, and that they disagree if they do."""
    lines = [
        f"{one.decision} by {plain(one.by)}, {clock(one.at)}"
        + (f": {plain(one.note)}" if one.note else "")
        for one in reviews
    ]
    return [*lines, "disputed: they do not agree"] if status(reviews) == "disputed" else lines


def tell_gone(finding: Finding, fate: Fate) -> None:
    """Print what vanished: the quote, what became of it, and what shows it."""
    say(f"{finding.id}  {fate.verdict}", "bold magenta")
    say(f"    “{plain(finding.quote)}”")
    if fate.after:
        say(f"    now: “{plain(fate.after)}”")
    say(f"    {plain(fate.evidence)}")
    say(f"    {where(finding)}", "dim")


def where(finding: Finding) -> str:
    """Return where and when a quote was seen, on one line."""
    source = finding.source
    place = plain(finding.url)
    if source.path is not None:
        place += f"  {plain(source.path)}"
    if source.line > 1 or source.path is not None:
        place += f":{source.line}"
    return f"{place}  seen {clock(finding.capture.captured_at)}"
