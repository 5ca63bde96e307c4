"""A difference as JSON: one object, whose rows are those that changed."""

from sousveil.changes.diff.values import Change, Diff, Member, Piece, Row
from sousveil.jsonform import instant
from sousveil.model import Block, Json
from sousveil.run.differences.difference import Difference, findings_in
from sousveil.run.differences.looks import Look
from sousveil.run.differences.wording import notes


def difference_json(difference: Difference, *, with_noise: bool) -> Json:
    """Return a difference as JSON; rows that are noise are left out, and counted, or marked."""
    diff = difference.diff
    changed = [row for row in diff.rows if row.change is not Change.SAME]
    return {
        "address": difference.address,
        "from": _look(difference.former),
        "to": _look(difference.later),
        "seen": difference.seen,
        "rows": [_row(difference, row) for row in changed if with_noise or row.noise is None],
        "unchanged": len(diff.rows) - len(changed),
        "hidden": 0 if with_noise else sum(row.noise is not None for row in changed),
        "left": [_member(one) for one in difference.members.left],
        "came": [_member(one) for one in difference.members.came],
        "taught_by": difference.taught_by,
        "notes": list(notes(difference)),
    }


def _look(look: Look) -> Json:
    return {
        "number": look.number,
        "at": instant(look.visit.started_at),
        "outcome": look.visit.outcome,
        "log_index": look.visit.log_index,
    }


def _row(difference: Difference, row: Row) -> Json:
    diff = difference.diff
    return {
        "change": row.change.value,
        "kind": _block(diff, row).kind.value,
        "context": diff.context(row),
        "was_block": row.was,
        "now_block": row.now,
        "before": row.text_before,
        "after": row.text_after,
        "pieces": [_piece(piece) for piece in row.pieces],
        "edited": row.is_edited,
        "minor": row.is_minor,
        "noise": row.noise.value if row.noise else None,
        "findings": [finding.id for finding in findings_in(difference, row)],
    }


def _block(diff: Diff, row: Row) -> Block:
    if row.now is not None and row.change is not Change.AWAY:
        return diff.after.blocks[row.now]
    return diff.before.blocks[row.was or 0]


def _piece(piece: Piece) -> Json:
    return {
        "was": piece.was,
        "now": piece.now,
        "changed": piece.is_changed,
        "watched": piece.is_watched,
    }


def _member(member: Member) -> Json:
    return {"kind": member.kind, "name": member.name, "of": member.of, "line": member.line}
