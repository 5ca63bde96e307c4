"""Revisions: what another engine makes of the captures it read again, and why.

Takes the findings of before and of now and gives what came, went or changed, in words. A finding
that is quoted otherwise has another id: it is recognised by its place, and by words of the one that
stand in the passage of the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sousveil.claims import Engine
from sousveil.claims.features import read
from sousveil.claims.judgement import EVEN, decide
from sousveil.claims.lexicon import lexicon
from sousveil.index.former import Record
from sousveil.model import BlockKind, Finding

MOVED = 0.1  # difference of two scores from which on it is told
MAX_TRIED = 200  # findings of one document that a vanished one is held against

_CODE = frozenset({BlockKind.CODE, BlockKind.COMMENT, BlockKind.STRING, BlockKind.FIELD})


@dataclass(frozen=True, slots=True)
class Revision:
    """What another engine changed about a finding: what it was, and what it is now."""

    finding: Finding  # as it is now, or as it was when it is found no more
    before: Finding | None  # None: it was not found
    is_found: bool
    old_engine: str
    new_engine: str
    why: tuple[str, ...]  # in words

    @property
    def changed(self) -> tuple[str, ...]:
        """Name what differs between before and after: "label", "trait", "quote", "score"."""
        return _differences(self.before, self.finding) if self.before and self.is_found else ()


def revise(
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
    read_before: Mapping[Record, str],
    engine: Engine,
) -> list[Revision]:
    """Return what `engine` changed: what changed in itself, then what went, then what came.

    `before` are the findings of the captures that it read again, `after` all findings of now, both
    by id; `read_before` tells which engine had read a capture.
    """
    kept = [
        _changed(was, after[finding_id], engine)
        for finding_id, was in before.items()
        if finding_id in after
        and was.claim.engine != after[finding_id].claim.engine
        and _differences(was, after[finding_id])
    ]
    gone = [was for finding_id, was in before.items() if finding_id not in after]
    came = [
        now
        for finding_id, now in after.items()
        if finding_id not in before and _record(now) in read_before
    ]
    successors = _successors(gone, came)
    taken = {now.id for now in successors.values()}
    return [
        *kept,
        *(_changed(was, successors[was.id], engine) for was in gone if was.id in successors),
        *(_lost(was, engine) for was in gone if was.id not in successors),
        *(
            Revision(
                now,
                None,
                is_found=True,
                old_engine=read_before[_record(now)],
                new_engine=engine.name,
                why=now.claim.reasons,
            )
            for now in came
            if now.id not in taken
        ),
    ]


def engine_change(old: str, new: str) -> str:
    """Say in which parts two engines' names differ: "ethnicity 1+d4e5f6, now 1+0718ab"."""
    was, now = _parts(old), _parts(new)
    told = [
        f"{name} {was[name]}, now {now[name]}" if name in now else f"{name} {was[name]} no more"
        for name in was
        if was[name] != now.get(name)
    ]
    told += [f"now {name} {version}" for name, version in now.items() if name not in was]
    return "; ".join(told)


def _parts(engine: str) -> dict[str, str]:
    pairs = [part.rpartition(" ") for part in engine.split(", ")]
    return {name: version for name, _, version in pairs}


def _changed(was: Finding, now: Finding, engine: Engine) -> Revision:
    old, new = was.claim.reasons, now.claim.reasons
    why = [
        *(f"now it {reason}" for reason in new if reason not in old),
        *(f"no longer: {reason}" for reason in old if reason not in new),
    ]
    return Revision(
        now,
        was,
        is_found=True,
        old_engine=was.claim.engine,
        new_engine=engine.name,
        why=tuple(why),
    )


def _lost(was: Finding, engine: Engine) -> Revision:
    """Tell a finding that went, with what the engine makes of its passage alone."""
    code = was.lang == "code" or was.source.kind in _CODE
    context = f"{was.source.context}\n{was.title}"
    reading = read(was.passage, lexicon(engine.topics), context=context, code=code)
    decision = decide(reading, engine.model)
    if reading.anchor is None:
        why = ["no term of the topics stands in its passage now"]
    elif decision.label != "none" and decision.score >= EVEN:
        why = ["its passage alone would still be found: it is cut, or read, otherwise now"]
    else:
        why = [f"its passage alone scores {decision.score:.2f} now, {was.claim.score:.2f} before"]
    new = [reason for reason in decision.reasons if reason not in was.claim.reasons]
    return Revision(
        was,
        was,
        is_found=False,
        old_engine=was.claim.engine,
        new_engine=engine.name,
        why=(*why, *new),
    )


def _differences(was: Finding, now: Finding) -> tuple[str, ...]:
    differs = {
        "label": was.claim.label != now.claim.label,
        "trait": was.claim.trait != now.claim.trait,
        "quote": was.quote != now.quote,
        "score": abs(was.claim.score - now.claim.score) > MOVED,
    }
    return tuple(name for name, different in differs.items() if different)


def _successors(gone: Iterable[Finding], came: Iterable[Finding]) -> dict[str, Finding]:
    """Return, for what went, what now says the same in its place; each at most once."""
    by_place: dict[tuple[str, ...], list[Finding]] = {}
    for now in came:
        by_place.setdefault(_place(now), []).append(now)
    found: dict[str, Finding] = {}
    for was in gone:
        near = by_place.get(_place(was), [])
        for now in near[:MAX_TRIED]:
            if _words(now.quote) in _words(was.passage) or _words(was.quote) in _words(now.passage):
                found[was.id] = now
                near.remove(now)
                break
    return found


def _place(finding: Finding) -> tuple[str, ...]:
    source = finding.source
    return finding.claim.topic, finding.url, source.path or "", source.part or ""


def _record(finding: Finding) -> Record:
    return finding.capture.record.warc, finding.capture.record.offset


def _words(text: str) -> str:
    return " ".join(text.split())
