"""Words: what happened to a repository, a site or a feed, in one sentence.

Takes a `Happening` and gives a sentence for the person at this computer, which names everything
(`sentence`), and the `Notice` that may leave it, which names no address, branch or tag
(`history_notice`). Findings whose quotes stood only in commits that were dropped are told with it.
"""

import re
from collections.abc import Sequence

from sousveil.model import Finding, Happening, Notice, Turn

MAX_NAMED = 3  # addresses that a sentence names; the others are counted
_SHORT_ID = 12  # digits by which people know a commit
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

QUIET = frozenset({"joined_map"})
"""Kinds that no alert is sent of: sites grow every day."""

_SENTENCES = {
    "rewritten": "The history of {subject} was rewritten: {dropped}. It was at commit {before} and"
    " is at {after} now",
    "branch_deleted": "Branch {subject} was deleted, at commit {before}; {reason}",
    "branch_renamed": "Branch {subject} is called {after} now",
    "tag_deleted": "Tag {subject} was deleted, at commit {before}; {reason}",
    "tag_renamed": "Tag {subject} is called {after} now",
    "tag_moved": "Tag {subject} was moved from commit {before} to {after}",
    "repository_gone": "The repository is gone: {reason}",
    "repository_closed": "The repository cannot be read any more: {reason}",
    "repository_elsewhere": "The repository is not where it was: {reason}",
    "repository_back": "The repository can be read again",
    "left_map": "{count} left the site map: {items}",
    "joined_map": "{count} came into the site map: {items}",
    "unlinked": "No page of the site links to {count} any more: {items}",
    "entry_left": "The entry “{subject}” was taken out of the feed",
    "entry_edited": "The entry “{subject}” of the feed was edited: “{before}” became “{after}”",
    "forbidden": "robots.txt forbids {count} now that it allowed: {items}",
}
_MANY = {
    "branch_deleted": "Many branches were deleted, {reason}",
    "branch_renamed": "Many branches were renamed, {reason}",
    "tag_deleted": "Many tags were deleted, {reason}",
    "tag_renamed": "Many tags were renamed, {reason}",
    "tag_moved": "Many tags were moved, {reason}",
    "rewritten": "The history of many branches was rewritten, {reason}",
}
_DISCREET = {
    "rewritten": "The history of a watched repository was rewritten: {dropped}",
    "branch_deleted": "A branch of a watched repository was deleted",
    "branch_renamed": "A branch of a watched repository was renamed",
    "tag_deleted": "A tag of a watched repository was deleted",
    "tag_renamed": "A tag of a watched repository was renamed",
    "tag_moved": "A tag of a watched repository was moved to another commit",
    "repository_gone": "A watched repository is gone",
    "repository_closed": "A watched repository asks for a password now: it is private, or gone",
    "repository_elsewhere": "A watched repository is not where it was",
    "repository_back": "A watched repository can be read again",
    "left_map": "{count} left the site map of a watched site",
    "joined_map": "{count} came into the site map of a watched site",
    "unlinked": "No page of a watched site links to {count} of it any more",
    "entry_left": "An entry was taken out of a watched feed",
    "entry_edited": "An entry of a watched feed was edited",
    "forbidden": "The robots.txt of a watched site forbids {count} now that it allowed",
}


def stood_only_there(happening: Happening, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings whose quotes came in with commits that no branch or tag reaches now."""
    dropped = set(happening.turn.items)
    return [
        one
        for one in findings
        if one.watch_id == happening.watch_id
        and one.source.entered is not None
        and one.source.entered.id in dropped
        and one.source.reach == "dropped"
    ]


def sentence(happening: Happening, lost: Sequence[str] = ()) -> str:
    """Return what happened, in one sentence; `lost` are quotes of what `stood_only_there`."""
    turn = happening.turn
    form = _SENTENCES[turn.kind] if turn.subject else _MANY[turn.kind]
    return f"{_filled(form, turn)}{_lost(lost)}."


def history_notice(happening: Happening, lost: Sequence[str] = ()) -> Notice:
    """Return what people are told of a happening by other ways than this computer.

    `lost` are quotes in which nothing is left that is to be hidden (`changes/quoted.py`).
    """
    text = f"{_filled(_DISCREET[happening.turn.kind], happening.turn)}{_lost(lost)}."
    return Notice(
        happening.id, happening.at, "history", text, None, happening.watch_id, happening.log_index
    )


def _filled(form: str, turn: Turn) -> str:
    count = turn.count
    commits = "1 commit is" if count == 1 else f"{count} commits are"
    return form.format(
        subject=_short(turn.subject),
        before=_short(turn.before),
        after=_short(turn.after),
        reason=turn.reasons[0] if turn.reasons else "",
        dropped=f"{commits} reached by no branch or tag any more",
        count="1 page" if count == 1 else f"{count} pages",
        items=", ".join(turn.items[:MAX_NAMED]) + (", …" if count > MAX_NAMED else ""),
    )


def _short(name: str) -> str:
    """Return a name as people say it: a branch or a tag without its folder, a commit's digits."""
    if _OBJECT_ID.fullmatch(name):
        return name[:_SHORT_ID]
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _lost(quotes: Sequence[str]) -> str:
    if not quotes:
        return ""
    more = len(quotes) - 1
    others = f" and {more} more {'quote' if more == 1 else 'quotes'}" if more else ""
    return f"; {quotes[0]}{others} stood only there"
