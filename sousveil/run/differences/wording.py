"""How a difference is told in words, the same in the terminal and on the page."""

from collections import Counter
from collections.abc import Iterator

from sousveil.changes.diff.noise import MIN_CAPTURES
from sousveil.changes.diff.values import Change, Diff, Member, MemberKind, Row
from sousveil.changes.words import minute
from sousveil.run.differences.difference import Difference

_MEMBERS: dict[MemberKind, str] = {
    "endpoint": "endpoint",
    "field": "field",
    "member": "enumeration member",
    "constant": "constant",
}
_COUNTED = (Change.REMOVED, Change.EDITED, Change.MOVED, Change.ADDED)
MAX_CONTEXT_CHARACTERS = 80


def summary(diff: Diff, *, with_noise: bool) -> str:
    """Return what changed, counted: "1 passage removed, 2 edited"."""
    told = [row for row in diff.rows if with_noise or row.noise is None]
    counts = Counter(row.change for row in told)
    parts = [f"{counts[change]:,} {change}" for change in _COUNTED if counts[change]]
    if not parts:
        return "Nothing changed but noise." if hidden(diff) else "Nothing changed in the text."
    minor = sum(row.is_minor for row in told)
    tail = f" ({minor:,} in figures, dates, addresses or marks only)" if minor else ""
    return f"Passages: {', '.join(parts)}{tail}."


def hidden(diff: Diff) -> str:
    """Return what is left out as noise, counted by its reason; "" when nothing is."""
    counts = Counter(row.noise for row in diff.rows if row.noise and row.change is not Change.AWAY)
    total = counts.total()
    if not total:
        return ""
    reasons = ", ".join(f"{count:,} {noise}" for noise, count in counts.most_common())
    return f"{total:,} {'change' if total == 1 else 'changes'} hidden as noise: {reasons}"


def place(diff: Diff, row: Row) -> str:
    """Return where a passage that moved came from, or went to; "" for another."""
    if row.change is Change.MOVED and row.was is not None:
        where, blocks, word = row.was, diff.before.blocks, "from"
    elif row.change is Change.AWAY and row.now is not None:
        where, blocks, word = row.now, diff.after.blocks, "to"
    else:
        return ""
    under = blocks[where].context[:MAX_CONTEXT_CHARACTERS]
    tail = f", under “{under}”" if under else ""
    return f"{word} passage {where + 1:,} of {len(blocks):,}{tail}"


def member_line(member: Member, *, came: bool) -> str:
    """Return a line such as "field `ethnicity` left `FaceAttribute` (line 42)"."""
    verb = "came" if came else "left"
    of = f" {'to ' if came else ''}`{member.of}`" if member.of else ""
    line = f" (line {member.line:,})" if member.line is not None else ""
    return f"{_MEMBERS[member.kind]} `{member.name}` {verb}{of}{line}"


def no_page_since(difference: Difference) -> str:
    """Return that the page did not come when it was last asked for; "" when it did."""
    newest = difference.newest
    if newest.is_page or newest.number <= difference.later.number:
        return ""
    return (
        f"The newest look, {newest.number} of {minute(newest.visit.started_at)}, did not bring the"
        f" page: {newest.visit.outcome}."
    )


def notes(difference: Difference) -> Iterator[str]:
    """Give what a reader must know of how the two were compared, in sentences."""
    if difference.seen == "rendered":
        yield "Compared is what a browser showed both times."
    else:
        yield "Compared is what the address answered, without a browser."
    for look in (difference.former, difference.later):
        if not look.is_page:
            yield f"Look {look.number} did not bring the page: {look.visit.outcome}."
    others = difference.taught_by
    if others < MIN_CAPTURES:
        yield (
            f"What changes by itself was not learnt: that takes {MIN_CAPTURES} other captures of"
            f" this address, and there {'is' if others == 1 else 'are'} {others}."
        )
    else:
        yield f"What changes by itself was learnt from {others} other captures of this address."
    if difference.untaught:
        yield f"{difference.untaught} others could not be read; `sousveil analyse` says why."
    yield from (f"Not compared: {what}" for what in difference.diff.unread)
    yield from difference.members.strange
