"""How a finding reads in a terminal."""

from sousveil.cli.screen import clock, plain, say
from sousveil.model import Fate, Finding, Verdict

_STYLES = {
    "offers": "bold red",
    "reports": "bold yellow",
    "denies": "bold cyan",
    "discusses": "bold",
}


def tell_finding(finding: Finding, fate: Fate | None) -> None:
    """Print a finding in three lines: what, the quote, and where."""
    claim = finding.claim
    head = f"{finding.id}  {claim.label}  {claim.trait}  {claim.score:.2f}"
    say(head + (f"  {plain(finding.actor)}" if finding.actor else ""), _STYLES[claim.label])
    say(f"    “{plain(finding.quote)}”")
    say(f"    {where(finding)}", "dim")
    if fate is not None and fate.verdict is not Verdict.PRESENT:
        say(f"    {fate.verdict}: {plain(fate.evidence)}", "magenta")


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
