"""What is withheld from a bundle: kinds of things that tell of those who made it, as fields.

Pure. A field is named by the type of its event and its place there, `review.by`; which can be
withheld at all, `bodies.py` says. What is no part of an event, such as the records of archive
files, cannot be withheld; `leaks.py` looks for what they tell.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from sousveil.bodies import WITHHOLDABLE
from sousveil.errors import InputError


class Kind(StrEnum):
    """What a bundle may be asked to withhold."""

    OPERATOR = "operator"
    TITLE = "title"
    REVIEWERS = "reviewers"
    NOTES = "notes"
    EXITS = "exits"
    LETTERS = "letters"
    FILES = "files"
    SOURCES = "sources"
    TARGETS = "targets"


FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.OPERATOR: ("case.opened.operator",),
    Kind.TITLE: ("case.opened.title",),
    Kind.REVIEWERS: (
        *("review.by", "translation.by", "desk.user.name"),
        *("fact.added.by", "fact.changed.by", "fact.withdrawn.by"),
        *("words.marked.by", "picture.marked.by", "published.by"),
    ),
    # What else a decision was made on goes with why: it may be a finding that was not asked for.
    Kind.NOTES: (
        *("review.note", "review.findings.shown"),
        *("fact.added.note", "fact.changed.note", "fact.withdrawn.note"),
        *("fact.added.fact.fields", "fact.changed.fact.fields", "fact.withdrawn.fact.fields"),
        *("words.marked.words", "words.marked.note", "picture.marked.note"),
        *("key.rotated.reason", "key.revoked.reason", "key.lost.reason"),
    ),
    Kind.EXITS: (
        *("visit.exit", "around.asked.exit", "timemap.exit", "memento.exit"),
        *("watch.added.watch.exit", "watch.changed.watch.exit"),
    ),
    Kind.LETTERS: ("inquiry.to", "inquiry.letter", "inquiry.reply.letter"),
    # A file's name may tell whose it was, or who gave it.
    Kind.FILES: ("import.file", "timemap.file"),
    Kind.SOURCES: (
        *("handed-in.given_by", "handed-in.received", "handed-in.by"),
        *("handed-in.note", "handed-in.file"),
    ),
    Kind.TARGETS: (
        *("watch.added.watch.target", "watch.changed.watch.target", "watch.retired.target"),
        *("watch.added.watch.actor", "watch.changed.watch.actor"),
    ),
}

# Nobody needs these to check a finding.
ALWAYS = frozenset(Kind) - {Kind.TITLE, Kind.TARGETS}
NAMES = frozenset({Kind.REVIEWERS, Kind.NOTES})

KNOWN = frozenset(f"{kind}.{field}" for kind, fields in WITHHOLDABLE.items() for field in fields)


def withheld_fields(
    kinds: Iterable[Kind], fields: Iterable[str], shown: Collection[Kind]
) -> frozenset[str]:
    """Return all fields to withhold: `ALWAYS` without `shown`, then `kinds`, then `fields`.

    Raises InputError for a field that no event withholds.
    """
    for field in fields:
        if field not in KNOWN:
            raise InputError(
                f"--withhold-field {field}: no event withholds this. There are:"
                f" {', '.join(sorted(KNOWN))}."
            )
    chosen = (ALWAYS - frozenset(shown)) | frozenset(kinds)
    return frozenset(field for kind in chosen for field in FIELDS[kind]) | frozenset(fields)


def of_type(kind: str, hidden: Iterable[str]) -> frozenset[str]:
    """Return which of the fields `hidden` are of events of type `kind`, without that type."""
    return frozenset(
        field for field in WITHHOLDABLE.get(kind, ()) if f"{kind}.{field}" in frozenset(hidden)
    )
