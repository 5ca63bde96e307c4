"""Analysis: from captures in the archive to findings in the index, and their fates.

Everything here is a function of the evidence and of the engine's version: it may be wrong, and be
done again.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sousveil.case import SETTINGS_FILE, Case
from sousveil.claims import Engine, engine_for
from sousveil.claims.model import shipped_model
from sousveil.errors import TopicError
from sousveil.index.former import carry_over, former_engines, former_findings
from sousveil.index.notices import new_notices
from sousveil.index.query import (
    captures_of_look,
    event_body,
    fates,
    findings,
    unread,
    unreadable,
)
from sousveil.index.reviews import logged_model
from sousveil.index.store import Held, Index
from sousveil.model import Capture, Document, Fate, Finding
from sousveil.review.casemodel import case_model
from sousveil.review.revisions import Revision, revise
from sousveil.run.read.editions import note_editions
from sousveil.run.read.fates import all_fates
from sousveil.run.read.histories import read_histories
from sousveil.run.read.looks import read_document, read_look
from sousveil.run.read.repositories import BUNDLE_TYPE, read_repository
from sousveil.topics import Topic, load

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis changed."""

    captures: int  # read just now
    new: tuple[Finding, ...]
    gone: tuple[tuple[Finding, Fate], ...]  # whose quote is no longer there, since the last time
    unread: tuple[tuple[str, str, str], ...]  # URL, media type and reason: no text to be had
    revised: tuple[Revision, ...]  # what the last change of the engine changed
    is_revision: bool  # whether the engine changed just now
    is_comparable: bool = True  # False when an earlier index could not be read


def load_topics(case: Case) -> tuple[Topic, ...]:
    """Return the topics that the case's settings name.

    A relative path is one below the case folder. Raises TopicError for an unknown topic.
    """
    try:
        return tuple(load(_located(case, name)) for name in case.settings.topics)
    except TopicError as error:
        raise TopicError(f"{case.root / SETTINGS_FILE}, topics: {error}") from error


def _located(case: Case, name: str) -> str:
    return str(case.root / name) if name.endswith(".toml") else name


def load_engine(case: Case, index: Index) -> Engine:
    """Return the engine that reads this case, with its own model if it has one that fits.

    Raises TopicError as `load_topics`.
    """
    form = logged_model(index)
    model = case_model(form, shipped_model()) if form else None
    return engine_for(load_topics(case), model)


def analyse(
    case: Case, index: Index, engine: Engine, progress: Progress, earlier: Path | None = None
) -> Analysis:
    """Read every capture that this engine has not read, and tell the fate of every finding.

    `earlier` is an index that this one replaces: what another engine found there is told, too.
    """
    known = {finding.id for finding in findings(index)}
    before = fates(index)
    gone_before = {fate.finding_id for fate in before.values() if fate.is_gone}
    waiting = unread(index, engine.name)
    looks = list(dict.fromkeys(held.look_id for held in waiting))
    for done, look_id in enumerate(looks):
        held = captures_of_look(index, look_id)
        progress(done, len(looks), held[0].capture.url)
        if held[0].capture.media_type == BUNDLE_TYPE:
            _read_bundle(case, index, held[0], engine=engine, progress=progress)
            continue
        body = event_body(index, held[0].log_index)
        for one, read in zip(held, read_look(case, held, body, engine), strict=True):
            index.put_sightings(
                one, read.findings, engine=engine.name, note=read.note, absence=read.absence
            )
    read_histories(case, index)
    note_editions(case, index)
    is_comparable = earlier is None or carry_over(index, earlier)
    told = list(all_fates(index, _reader(case)))
    by_id = {finding.id: finding for finding in findings(index)}
    revised = revise(former_findings(index), by_id, former_engines(index), engine)
    by_another = {one.finding.id for one in revised}
    # What another engine makes of old captures did not happen now: nobody is alerted to it.
    news = [
        (by_id[fate.finding_id], before.get(fate.finding_id), fate)
        for fate in told
        if before.get(fate.finding_id) != fate
        and (fate.finding_id in before or fate.finding_id not in by_another)
    ]
    index.put_fates(told, list(new_notices(index, news)), channels=case.settings.alerts.channels)
    return Analysis(
        captures=len(waiting),
        new=tuple(by_id[new] for new in by_id if new not in known and new not in by_another),
        gone=tuple(
            (by_id[fate.finding_id], fate)
            for fate in told
            if fate.is_gone and fate.finding_id not in gone_before
        ),
        unread=tuple(unreadable(index)),
        revised=tuple(revised),
        is_revision=earlier is not None or any(held.engine is not None for held in waiting),
        is_comparable=is_comparable,
    )


def _reader(case: Case) -> Callable[[Capture], Document]:
    return functools.lru_cache(maxsize=4)(functools.partial(read_document, case))


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
        index.put_sightings(held, [], engine=engine.name, note=note)
    else:
        read_repository(case, index, held, engine=engine, progress=progress)
