"""Analysis: from captures in the archive to findings in the index, and their fates.

Everything here is a function of the evidence and of the engine's version: it may be wrong, and be
done again.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from sousveil.case import SETTINGS_FILE, Case
from sousveil.claims import Engine, engine_for
from sousveil.claims.model import shipped_model
from sousveil.errors import TopicError
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
from sousveil.run.read.fates import all_fates
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


def analyse(case: Case, index: Index, engine: Engine, progress: Progress) -> Analysis:
    """Read every capture that this engine has not read, and tell the fate of every finding."""
    known = {finding.id for finding in findings(index)}
    gone_before = {fate.finding_id for fate in fates(index).values() if fate.is_gone}
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
    told = list(all_fates(index, _reader(case)))
    index.put_fates(told)
    by_id = {finding.id: finding for finding in findings(index)}
    return Analysis(
        captures=len(waiting),
        new=tuple(finding for finding in by_id.values() if finding.id not in known),
        gone=tuple(
            (by_id[fate.finding_id], fate)
            for fate in told
            if fate.is_gone and fate.finding_id not in gone_before
        ),
        unread=tuple(unreadable(index)),
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
