"""How a finding reads in a terminal."""

from collections.abc import Sequence

from sousveil.changes.words import ANSWERS, MISSING, VERDICTS
from sousveil.cli.telling.screen import clock, plain, say
from sousveil.model import GONE, Fate, Finding, Listing, Review, Verdict, Visit
from sousveil.review.decisions import status

_STYLES = {
    "offers": "bold red",
    "reports": "bold yellow",
    "denies": "bold cyan",
    "discusses": "bold",
}

SEALED = "read, and sealed until others have read it,"


def tell_finding(finding: Finding, fate: Fate | None, reviews: Sequence[Review] = ()) -> None:
    """Print a finding in three lines, what, the quote, and where, then what became of it."""
    claim = finding.claim
    head = f"{finding.id}  {claim.label}  {claim.trait}  {claim.score:.2f}"
    say(head + (f"  {plain(finding.actor)}" if finding.actor else ""), _STYLES[claim.label])
    say(f"    “{plain(finding.quote)}”")
    say(f"    {where(finding)}", "dim")
    if fate is not None and fate.verdict is not Verdict.PRESENT:
        # What is awaited before a missing quote is called gone is told by the evidence.
        head = "missing" if fate.pending in GONE else became(fate)
        say(f"    {head}: {plain(fate.evidence)}", "magenta")
        if fate.after:
            say(f"    now: “{plain(fate.after)}”")
    for line in review_lines(reviews):
        say(f"    {line}", "green" if status(reviews) == "confirmed" else "yellow")


_SPEAKERS = {
    "actor": "the actor itself speaks",
    "third party": "a third party speaks",
    "unknown": "who speaks is not known",
}


def tell_who(finding: Finding) -> None:
    """Print whose system a finding is about, who speaks, what says so, and official lists."""
    told = finding.attribution
    if told is None:
        return
    actor = plain(told.actor) if told.actor else "nobody is named"
    published = f", published by {plain(told.publisher)}" if told.publisher else ""
    say(f"Who: {actor}{published}; {_SPEAKERS[told.speaker]}")
    for sentence in told.evidence:
        say(f"    - {plain(sentence)}")
    for listing in told.listings:
        say(f"    listed: {listing_line(listing)}", "yellow")


def listing_line(listing: Listing) -> str:
    """Return what an official list says: "NDAA 889, as “Acme Corp.”, since 2019-08-13"."""
    dates = [f"since {listing.since}"] if listing.since else []
    dates += [f"until {listing.until}"] if listing.until else []
    source = [f"({plain(listing.source)})"] if listing.source else []
    told = ", ".join([plain(listing.list), f"as “{plain(listing.name)}”", *dates])
    return " ".join([told, *source])


def review_lines(reviews: Sequence[Review]) -> list[str]:
    """Return who decided what, a line each, and that they disagree if they do."""
    lines = [
        (SEALED if one.decision == "sealed" else one.decision)
        + f" by {plain(one.by)}, {clock(one.at)}"
        + (", which settles it" if one.settles else "")
        + (f": {plain(one.note)}" if one.note else "")
        for one in reviews
    ]
    return [*lines, "disputed: they do not agree"] if status(reviews) == "disputed" else lines


def became(fate: Fate) -> str:
    """Return what became of a quote, in a few words: "gone: no longer there"."""
    if fate.pending is not None and fate.pending in GONE:
        return f"{MISSING}: {ANSWERS[fate.pending]}"
    if fate.verdict is Verdict.EDITED or fate.verdict not in GONE:
        return VERDICTS[fate.verdict]
    return f"gone: {VERDICTS[fate.verdict]}"


def visit_line(made: Visit) -> str:
    """Return what one visit brought, on one line: "“not found”  https://…  (HTTP 404)"."""
    return f"{ANSWERS[made.verdict]:<16}  {plain(made.address)}  ({plain(made.outcome)})"


def where(finding: Finding) -> str:
    """Return where and when a quote was seen, on one line."""
    source = finding.source
    place = plain(finding.url)
    if source.path is not None:
        place += f"  {plain(source.path)}"
    if source.line > 1 or source.path is not None:
        place += f":{source.line}"
    how = "handed in" if finding.capture.is_handed_in else "seen"
    return f"{place}  {how} {clock(finding.capture.captured_at)}"
