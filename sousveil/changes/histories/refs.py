"""Branches and tags: which were deleted, renamed, moved, and whose history was rewritten.

Takes what two visits saw of a repository's references and the commits that none of them reaches any
more; gives `Turn`s. History is rewritten when commits of a branch are dropped: no branch or tag
reaches them, so whoever clones the repository does not get them (a push with --force). A branch
whose name left and whose tip another new branch names was renamed, and nothing is lost; so it
is with tags. A tag that was made anew at the same commit says what it said before.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sousveil.model import Turn

# Git's hashes name both states; what is left to doubt is the server's list of names.
CONFIDENCE = 0.95

# Turns of one kind told one by one; more at one visit are told as one, with names.
MAX_EACH = 20
# Commits or names that a turn lists; the others are counted.
MAX_ITEMS = 1_000

_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"

_Fate = Literal["deleted", "renamed"]
_Kind = Literal["branch_deleted", "branch_renamed", "tag_deleted", "tag_renamed"]
_KINDS: Mapping[tuple[str, _Fate], _Kind] = {
    (_BRANCHES, "deleted"): "branch_deleted",
    (_BRANCHES, "renamed"): "branch_renamed",
    (_TAGS, "deleted"): "tag_deleted",
    (_TAGS, "renamed"): "tag_renamed",
}


@dataclass(frozen=True, slots=True)
class Refs:
    """What a visit saw of a repository's branches and tags."""

    named: Mapping[str, str]  # "refs/heads/main", "refs/tags/v1", "HEAD" -> object id
    commits: Mapping[str, str] = field(default_factory=dict)  # tag object -> commit it names

    def commit_of(self, name: str) -> str:
        """Return the commit that a reference names, tags followed."""
        return self.commits.get(self.named[name], self.named[name])


def refs_between(
    before: Refs, after: Refs, dropped: Mapping[str, Sequence[str]]
) -> tuple[Turn, ...]:
    """Return what became of the branches and tags of `before`.

    `dropped` holds, for each commit that a reference of `before` named and that no reference of
    `after` reaches, all commits that went with it.
    """
    turns = [
        *_left(before, after, dropped),
        *_changed(before, after, dropped),
    ]
    explained = {turn.before for turn in turns}
    head = before.named.get("HEAD", "")
    if head in dropped and head not in explained and "HEAD" in after.named:
        turns.append(_rewritten("HEAD", head, after.commit_of("HEAD"), dropped[head]))
    return tuple(_together(turns))


def _left(before: Refs, after: Refs, dropped: Mapping[str, Sequence[str]]) -> Iterator[Turn]:
    """Tell of the names that are not there any more."""
    new = {(_folder(name), after.named[name]): name for name in _new_names(before, after)}
    for name in sorted(before.named.keys() - after.named.keys()):
        folder, commit = _folder(name), before.commit_of(name)
        if not folder:
            continue
        if (other := new.get((folder, before.named[name]))) is not None:
            reason = f"{other} appeared at the same visit and names the same {_what(folder)}"
            kind = _KINDS[folder, "renamed"]
            yield Turn(kind, name, commit, other, confidence=CONFIDENCE, reasons=(reason,))
        else:
            went = tuple(dropped.get(commit, ()))
            yield Turn(
                _KINDS[folder, "deleted"],
                name,
                commit,
                items=went[:MAX_ITEMS],
                count=len(went),
                confidence=CONFIDENCE,
                reasons=(_reached(went),),
            )


def _new_names(before: Refs, after: Refs) -> list[str]:
    """Return the names that came, so that the first by name is what remains of equal ones."""
    return sorted(after.named.keys() - before.named.keys(), reverse=True)


def _changed(before: Refs, after: Refs, dropped: Mapping[str, Sequence[str]]) -> Iterator[Turn]:
    """Tell of the names that lead elsewhere; a branch that only went on is nothing to tell."""
    for name in sorted(before.named.keys() & after.named.keys()):
        old, new = before.commit_of(name), after.commit_of(name)
        went = tuple(dropped.get(old, ()))
        if old == new:
            continue
        if name.startswith(_TAGS):
            reasons = [_reached(went)]
            if not any(character.isdigit() for character in name):
                reasons.append("its name holds no number: such tags are often moved on purpose")
            yield Turn(
                "tag_moved",
                name,
                old,
                new,
                items=went[:MAX_ITEMS],
                count=len(went),
                confidence=CONFIDENCE,
                reasons=tuple(reasons),
            )
        elif went and name.startswith(_BRANCHES):
            yield _rewritten(name, old, new, went)


def _rewritten(name: str, old: str, new: str, went: Sequence[str]) -> Turn:
    reasons = (f"no branch or tag reaches commit {old[:12]} any more, at which it stood",)
    items = tuple(went[:MAX_ITEMS])
    return Turn("rewritten", name, old, new, items, len(went), CONFIDENCE, reasons)


def _reached(went: Sequence[str]) -> str:
    if not went:
        return "its commits are reached by other branches or tags"
    commits = "1 commit" if len(went) == 1 else f"{len(went)} commits"
    return f"{commits} went with it: no branch or tag reaches them any more"


def _together(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Tell what happened to many names at once in one turn of each kind."""
    listed = list(turns)
    often = Counter(turn.kind for turn in listed)
    for kind in dict.fromkeys(turn.kind for turn in listed):
        alike = [turn for turn in listed if turn.kind == kind]
        if often[kind] <= MAX_EACH:
            yield from alike
            continue
        names = tuple(turn.subject for turn in alike)
        commits = dict.fromkeys(item for turn in alike for item in turn.items)
        reasons = (f"{len(names)} at one visit: {', '.join(names[:MAX_EACH])}, …",)
        items = tuple(commits)[:MAX_ITEMS]
        yield Turn(kind, "", "", "", items, len(commits), CONFIDENCE, reasons)


def _folder(name: str) -> str:
    return next((folder for folder in (_BRANCHES, _TAGS) if name.startswith(folder)), "")


def _what(folder: str) -> str:
    return "commit" if folder == _BRANCHES else "object"
