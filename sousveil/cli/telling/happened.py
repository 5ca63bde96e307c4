"""How what happened to a repository, a site or a feed as a whole reads in a terminal."""

from collections.abc import Mapping, Sequence

from sousveil.changes.histories.words import sentence
from sousveil.changes.words import between
from sousveil.cli.telling.screen import plain, say
from sousveil.model import Finding, Happening, Watch

MAX_SENTENCE_CHARACTERS = 1_000


def tell_happenings(
    happened: Sequence[Happening],
    lost: Mapping[str, Sequence[Finding]],
    watched: Sequence[Watch],
    *,
    why: bool,
) -> None:
    """Print what happened, the newest first, with the findings that stood only in what is gone."""
    if happened:
        say("Whole repositories, sites and feeds", "bold underline")
    targets = {watch.id: watch.target for watch in watched}
    for one in reversed(happened):
        quotes = [f"“{plain(finding.quote)}”" for finding in lost[one.id]]
        say(plain(sentence(one, quotes), limit=MAX_SENTENCE_CHARACTERS), "bold magenta")
        say(
            f"    {plain(targets.get(one.watch_id, ''))}  {between(one.since, one.at)}; log entry"
            f" {one.log_index}",
            "dim",
        )
        for reason in one.turn.reasons if why else ():
            say(f"    - {plain(reason)}", "dim")
