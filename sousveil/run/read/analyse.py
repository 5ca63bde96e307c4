"""Analysis: from captures in the archive to findings in the index, and their fates.

Everything here is a function of the evidence and of the engine's version: it may be wrong, and be
done again.

Who reads for long while others write hands in how its turns are taken (`Taken`): each look that was
read, and each few addresses whose fates are told, is one. What was read or told by then stays, who
is killed in between goes on from there, and what people decide meanwhile is theirs to write.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from sousveil.actors import Register
from sousveil.case import SETTINGS_FILE, Case, Taken
from sousveil.claims import Engine, engine_for
from sousveil.claims.model import shipped_model
from sousveil.errors import TopicError
from sousveil.index.former import carry_over, former_engines, former_findings
from sousveil.index.listed import TOGETHER, list_some, put_fate_of
from sousveil.index.notices import new_notices, put_fates
from sousveil.index.query import (
    captures_of_look,
    event_body,
    fates_of,
    finding_ids,
    findings,
    findings_of,
    register_of,
    unread,
    unreadable,
)
from sousveil.index.readings import put_reading
from sousveil.index.reviews import logged_model
from sousveil.index.search.passages import Passage, cut
from sousveil.index.store import Held, Index
from sousveil.index.verdicts import no_longer_stale, put_told
from sousveil.model import Document, Fact, Fate, Finding, Happening
from sousveil.review.casemodel import case_model
from sousveil.review.decisions import status
from sousveil.review.revisions import Revision, revise
from sousveil.run.ranking import places, put_later
from sousveil.run.read.editions import note_editions
from sousveil.run.read.facts import facts_beside, notices_in
from sousveil.run.read.fates import AddressTold, tell_fates
from sousveil.run.read.histories import read_histories
from sousveil.run.read.looks import read_look
from sousveil.run.read.repositories import BUNDLE_TYPE, read_repository
from sousveil.topics import Topic, distinct, load

Progress = Callable[[int, int, str], None]

# Fates are told for so long in one turn: what a person at the desk does not notice.
TURN_SECONDS = 0.3

Changed: TypeAlias = tuple[Finding, Fate | None, Fate]
"""(finding, its fate before, None when there was none, its fate now)"""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis changed."""

    captures: int  # read just now
    new: tuple[Finding, ...]
    gone: tuple[tuple[Finding, Fate], ...]  # whose quote is no longer there, since the last time
    held: tuple[tuple[Finding, Fate], ...]  # missed for the first time, which is not confirmed yet
    changed: tuple[Changed, ...]  # of which something else is told than before
    happened: tuple[Happening, ...]  # to whole repositories, sites and feeds, since the last time
    unread: tuple[tuple[str, str, str], ...]  # URL, media type and reason: no text to be had
    revised: tuple[Revision, ...]  # what the last change of the engine changed
    is_revision: bool  # whether the engine changed just now
    is_comparable: bool = True  # False when an earlier index could not be read


def load_topics(case: Case) -> tuple[Topic, ...]:
    """Return the topics that the case's settings name.

    A relative path is one below the case folder. Raises TopicError for an unknown topic,
    and for two of one name.
    """
    try:
        return distinct(load(topic_place(case, name)) for name in case.settings.topics)
    except TopicError as error:
        raise TopicError(f"{case.root / SETTINGS_FILE}, topics: {error}") from error


def topic_place(case: Case, name: str) -> str:
    """Return what `load` takes for a topic as a case's settings name it."""
    return str(case.root / name) if name.endswith(".toml") else name


def load_engine(case: Case, index: Index) -> Engine:
    """Return the engine that reads this case, with its own model if it has one that fits.

    Raises TopicError as `load_topics`.
    """
    form = logged_model(index)
    model = case_model(form, shipped_model()) if form else None
    return engine_for(load_topics(case), model)


def analyse(
    case: Case,
    index: Index,
    engine: Engine,
    progress: Progress,
    earlier: Path | None = None,
    *,
    turn: Taken = nullcontext,
) -> Analysis:
    """Read every capture that this engine has not read, and tell what became of what was looked at.

    `earlier` is an index that this one replaces: what another engine found there is told, too. Who
    does not hold the case's lock hands in how it is taken, a `turn` at a time.
    """
    known = finding_ids(index)
    waiting = unread(index, engine.name)
    _read_all(case, index, waiting, engine=engine, progress=progress, turn=turn)
    happened = read_histories(case, index, turn)
    note_editions(case, index, turn)
    is_comparable = earlier is None or carry_over(index, earlier)
    engines, revised = former_engines(index), list[Revision]()
    if engines:
        revised = revise(former_findings(index), _by_id(findings(index)), engines, engine)
    new, changed = _tell(case, index, known, frozenset(one.finding.id for one in revised), turn)
    ranked = list(places(index))
    for start in range(0, len(ranked), TOGETHER):
        with turn():
            put_later(index, ranked[start : start + TOGETHER])
    return Analysis(
        captures=len(waiting),
        new=new,
        gone=tuple(
            (finding, after)
            for finding, before, after in changed
            if after.is_gone and not (before and before.is_gone)
        ),
        held=tuple(
            (finding, after)
            for finding, before, after in changed
            if after.pending is not None and not (before and before.pending is not None)
        ),
        changed=changed,
        happened=tuple(happened),
        unread=tuple(unreadable(index)),
        revised=tuple(revised),
        is_revision=earlier is not None or any(held.engine is not None for held in waiting),
        is_comparable=is_comparable,
    )


def _read_all(
    case: Case,
    index: Index,
    waiting: Sequence[Held],
    *,
    engine: Engine,
    progress: Progress,
    turn: Taken,
) -> None:
    """Read the looks to which captures belong that this engine has not read."""
    looks = list(dict.fromkeys(held.look_id for held in waiting))
    register = register_of(index)
    _list_findings(index, register, turn)
    for done, look_id in enumerate(looks):
        held = captures_of_look(index, look_id)
        progress(done, len(looks), held[0].capture.url)
        if held[0].capture.media_type == BUNDLE_TYPE:
            with turn():  # git's copy of a repository is nobody else's meanwhile
                _read_bundle(case, index, held[0], engine=engine, progress=progress)
        else:
            _read_look(case, index, held, engine=engine, register=register, turn=turn)
    _list_findings(index, register, turn)


def _list_findings(index: Index, register: Register, turn: Taken) -> None:
    """Bring the listed findings level with what is known; all of them when a name changed."""
    is_level = False
    while not is_level:
        with turn():
            is_level = list_some(index, status, TOGETHER, register)


def _read_look(
    case: Case,
    index: Index,
    held: Sequence[Held],
    *,
    engine: Engine,
    register: Register,
    turn: Taken,
) -> None:
    passages: dict[int, list[Passage]] = {one.id: [] for one in held}

    candidates: dict[int, list[Fact]] = {one.id: [] for one in held}

    def take(one: Held, part: str | None, document: Document) -> None:
        passages[one.id] += cut(document, part)
        candidates[one.id] += notices_in(one, part, document)

    body = event_body(index, held[0].log_index)
    read = read_look(case, held, body, engine, take)
    with turn(), index.transaction():
        for one, what in zip(held, read, strict=True):
            for part, document in what.by_part.items():
                here = (finding for finding in what.findings if finding.source.part == part)
                candidates[one.id] += facts_beside(one, part, document, here, candidates[one.id])
            put_reading(
                index,
                one,
                what.findings,
                passages[one.id],
                candidates[one.id],
                engine=engine.name,
                note=what.note,
            )
        list_some(index, status, TOGETHER, register)


def _tell(
    case: Case, index: Index, known: frozenset[str], by_another: frozenset[str], turn: Taken
) -> tuple[tuple[Finding, ...], tuple[Changed, ...]]:
    """Tell what became of each address at which something is new, and return the news.

    What is new at an address when its turn begins is told in that turn, whoever wrote it.
    """
    fates = tell_fates(case, index)
    new, changed = list[tuple[Finding, ...]](), list[tuple[Changed, ...]]()
    is_over = False
    while not is_over:
        with turn():
            told = list(_for_a_turn(fates))
            found, otherwise = _news(index, told, known, by_another)
            _put_told(case, index, told, otherwise)
        new.append(found)
        changed.append(otherwise)
        is_over = not told
    return tuple(chain(*new)), tuple(chain(*changed))


def _for_a_turn(fates: Iterator[AddressTold]) -> Iterator[AddressTold]:
    """Yield what is told within a turn, one address at least while there are any."""
    until = time.monotonic() + TURN_SECONDS
    for one in fates:
        yield one
        if time.monotonic() >= until:
            return


def _news(
    index: Index, told: Sequence[AddressTold], known: frozenset[str], by_another: frozenset[str]
) -> tuple[tuple[Finding, ...], tuple[Changed, ...]]:
    """Return what was found for the first time, and of which findings something else is told now.

    What another engine makes of old captures (`by_another`) did not happen now: it is no news.
    """
    fates_now = {fate.finding_id: fate for one in told for fate in one.fates}
    before = fates_of(index, fates_now)
    other = [
        finding_id
        for finding_id, fate in fates_now.items()
        if _says_else(before.get(finding_id), fate)
        and (finding_id in before or finding_id not in by_another)
    ]
    found = _by_id(findings_of(index, other))
    new = tuple(one for one in found.values() if one.id not in known and one.id not in by_another)
    changed = tuple((found[one], before.get(one), fates_now[one]) for one in other)
    return new, changed


def _says_else(before: Fate | None, after: Fate) -> bool:
    """Whether a fate tells people something else than before, not just the same of a later look."""
    if before is None:
        return True
    return after != replace(
        before,
        last_seen=after.last_seen,
        confidence=after.confidence,
        reasons=after.reasons,
        evidence=after.evidence,
    )


def _put_told(
    case: Case, index: Index, told: Sequence[AddressTold], changed: Sequence[Changed]
) -> None:
    """Put what is told into the index: a crash between the two lets it be told again."""
    fates = [fate for one in told for fate in one.fates]
    with index.transaction():
        put_fates(
            index,
            fates,
            list(new_notices(index, changed)),
            stood_at={finding: look for one in told for finding, look in one.stood_at.items()},
            channels=case.settings.alerts.channels,
        )
        put_fate_of(index, fates)
    with index.transaction():
        for one in told:
            put_told(index, one.address, one.told, held=one.held, is_quiet=one.is_quiet)
        no_longer_stale(index, (one.address for one in told))


def _by_id(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.id: finding for finding in found}


def _read_bundle(
    case: Case,
    index: Index,
    held: Held,
    *,
    engine: Engine,
    progress: Progress,
) -> None:
    if held.watch_id is None:
        note = "a repository that came with an import; add it as a target to have it read"
        put_reading(index, held, [], engine=engine.name, note=note)
    else:
        read_repository(case, index, held, engine=engine, progress=progress)
