"""Analysis: from captures in the archive to findings in the index, and their fates.

Everything here is a function of the evidence and of the engine's version: it may be wrong, and be
done again. A capture whose text cannot be read gets a note that says so, never silence.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sousveil.archive.read import Payload, payload
from sousveil.case import SETTINGS_FILE, Case
from sousveil.changes.absence import judge_answer, judge_loss, noise
from sousveil.claims import ENGINE, find
from sousveil.errors import SousveilError, TopicError
from sousveil.extract import boxes, extract
from sousveil.index.query import event_body, fates, findings, unread, unreadable, watches
from sousveil.index.store import Held, Index
from sousveil.model import Capture, Document, Fate, Finding
from sousveil.run.fates import all_fates
from sousveil.run.findings import Place, make_findings
from sousveil.run.repositories import BUNDLE_TYPE, read_repository
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


def engine_of(topics: Sequence[Topic]) -> str:
    """Return the text that tells one way of reading from another."""
    return "; ".join([ENGINE, *(f"{topic.name} {topic.version}" for topic in topics)])


def analyse(case: Case, index: Index, topics: Sequence[Topic], progress: Progress) -> Analysis:
    """Read every capture that this engine has not read, and tell the fate of every finding."""
    engine = engine_of(topics)
    known = {finding.id for finding in findings(index)}
    gone_before = {fate.finding_id for fate in fates(index).values() if fate.is_gone}
    actors = {watch.id: watch.actor for watch in watches(index)}
    waiting = unread(index, engine)
    for done, held in enumerate(waiting):
        progress(done, len(waiting), held.capture.url)
        actor = actors.get(held.watch_id or "")
        if held.capture.media_type == BUNDLE_TYPE and held.watch_id is None:
            note = "a repository that came with an import; add it as a target to have it read"
            index.put_sightings(held, [], engine=engine, note=note)
        elif held.capture.media_type == BUNDLE_TYPE:
            read_repository(
                case, index, held, topics=topics, engine=engine, actor=actor, progress=progress
            )
        else:
            _read_page(case, index, held, topics=topics, engine=engine, actor=actor)
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


def read_document(case: Case, capture: Capture) -> Document:
    """Return the text of a capture; raises ArchiveError or ExtractError when there is none."""
    return _extract(payload(case.root, capture.record), capture)


def _extract(answer: Payload, capture: Capture) -> Document:
    return extract(
        answer.body,
        media_type=answer.media_type or capture.media_type,
        charset=answer.charset or None,
        # Addresses in archives of others may be none that can be taken apart (RFC 3986, section
        # 3.2.2); here only the ending counts.
        name=capture.url.replace("[", "%5B").replace("]", "%5D"),
    )


def _reader(case: Case) -> Callable[[Capture], Document]:
    return functools.lru_cache(maxsize=4)(functools.partial(read_document, case))


def _read_page(
    case: Case,
    index: Index,
    held: Held,
    *,
    topics: Sequence[Topic],
    engine: str,
    actor: str | None,
) -> None:
    if not _carries_content(held.capture):
        index.put_sightings(held, [], engine=engine)
        return
    try:
        answer = payload(case.root, held.capture.record)
        document = _extract(answer, held.capture)
        claims = find(document, topics)
        where = boxes(answer.body, document, [(claim.start, claim.end) for claim in claims])
    except SousveilError as error:
        index.put_sightings(held, [], engine=engine, note=str(error))
        return
    caveats = _caveats(index, held, answer)
    place = Place(held.address, held.capture, held.log_index, held.watch_id, actor, caveats)
    found = make_findings(document, claims, place, where)
    absence = judge_loss(document, answer.notes)
    if absence is None and not found:
        absence = judge_answer(document, answer.body)
    index.put_sightings(
        held, found, engine=engine, note=noise(document) or document.unread or None, absence=absence
    )


def _caveats(index: Index, held: Held, answer: Payload) -> tuple[str, ...]:
    """Return what weakens the evidence of everything found in a capture."""
    told = [f"the answer is not whole: {note}" for note in answer.notes]
    if held.watch_id is None:
        told.append(
            "it came with an archive made by others: its address, its date and its bytes are that"
            " archive's word; the log vouches for them from the day of the import on"
        )
    requests = event_body(index, held.log_index).get("requests") or ()
    if any(request["tls_verified"] is False for request in requests):
        told.append(
            "the server's certificate did not hold: whoever stood between could have written it"
        )
    return tuple(told)


def _carries_content(capture: Capture) -> bool:
    """Tell a page from a redirect or an error page, whose words are not the vendor's claim."""
    return capture.status is None or capture.status // 100 == 2  # noqa: PLR2004  # RFC 9110 section 15.3
