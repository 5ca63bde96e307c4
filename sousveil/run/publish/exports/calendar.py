"""Events for calendars: iCalendar (RFC 5545) of what was seen, what went, what was asked.

An event for each capture that brought something new, for each statement that went, for each letter
with its reply and its end, for each time stamp and the day until which it stands, and for the day
from which an absence that is held can be confirmed. Letters are told without whom they went to.
Each event keeps its UID from one export to the next: a calendar that takes in both has it once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event

from sousveil.changes.inquiry import phrase
from sousveil.index.inquiries import inquiries, replies
from sousveil.jsonform import instant
from sousveil.model import Capture
from sousveil.run.publish.exports.citations import printable
from sousveil.run.publish.exports.told import Captured, Statement, Told
from sousveil.run.visit.records import SOFTWARE
from sousveil.tlog.timestamps.audit import check_stamps

MAX_SUMMARY_CHARACTERS = 200  # a calendar shows a fifth of that


@dataclass(frozen=True, slots=True)
class _Moment:
    """Something that happened, or will."""

    id: str  # that no other moment of the case has
    at: datetime
    category: str
    summary: str
    description: str = ""
    url: str = ""


def calendar(told: Told) -> bytes:
    """Return what happened as a calendar, the oldest first."""
    made = Calendar()
    made.add("prodid", f"-//sousveil//{SOFTWARE}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    host = told.case.settings.origin.rpartition("/")[2] + ".sousveil"
    for one in sorted(_moments(told), key=lambda moment: (moment.at, moment.id)):
        made.add_component(_event(one, host, told.made_at))
    return bytes(made.to_ical())


def _event(one: _Moment, host: str, made_at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{one.id}@{host}")
    event.add("dtstamp", made_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", one.at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", printable(one.summary)[:MAX_SUMMARY_CHARACTERS])
    if one.description:
        event.add("description", printable(one.description))
    if one.url.isprintable() and one.url.startswith(("http://", "https://")):
        event.add("url", one.url)
    event.add("categories", [one.category])
    event.add("transp", "TRANSPARENT")  # nobody is busy because of it
    return event


def _moments(told: Told) -> Iterator[_Moment]:
    yield from _captured(told.captures())
    for one in told.statements:
        yield from _went(one)
    if not told.is_part:
        yield from _asked(told)
        yield from _stamped(told)


def _captured(captures: Iterable[Captured]) -> Iterator[_Moment]:
    """Yield the first capture of each address, and those that brought something else than before.

    `captures` are in order of their addresses and times.
    """
    before: Capture | None = None
    for one in captures:
        now = one.capture
        is_first = before is None or before.url != now.url
        is_same = not is_first and before is not None and _content(before) == _content(now)
        before = now
        if is_same:
            continue
        what = "First capture" if is_first else "Changed"
        what = "Copy of others" if one.caveat else what
        yield _Moment(
            f"capture-{now.record.digest.removeprefix('sha256:')[:32]}",
            now.captured_at,
            "capture",
            f"{what}: {one.title or now.url}",
            f"Archived in {now.record.warc}, log entry {one.log_index}. {one.caveat}".rstrip(". "),
            now.url,
        )


def _content(capture: Capture) -> str:
    return capture.payload_digest or capture.record.digest


def _went(one: Statement) -> Iterator[_Moment]:
    finding, fate = one.finding, one.fate
    if fate is None or fate.gone_by is None:
        return
    if fate.pending is None and (fate.is_gone or fate.after):
        what = "Reworded" if fate.after else "Gone"
    elif fate.pending is not None:
        what = "Missing, not confirmed yet"
    else:
        return
    told = f"Shown by: {fate.evidence}. What people decided on the finding: {one.status}."
    label = f"{what}: {phrase(finding)}"
    yield _Moment(f"{finding.id}-gone", fate.gone_by, "removal", label, told, finding.url)
    if fate.due is not None:
        label = f"Look again: {phrase(finding)}"
        due = f"From here on the absence at {finding.url} can be confirmed."
        yield _Moment(f"{finding.id}-due", fate.due, "deadline", label, due, finding.url)


def _asked(told: Told) -> Iterator[_Moment]:
    targets = {watch.id: watch.target for watch in told.watches}
    for one in inquiries(told.index):
        target = targets.get(one.target, one.target)
        if not targets.keys() & {one.target, *one.watch_ids} and target not in targets.values():
            continue
        name, url = f"inquiry-{one.id}", target
        yield _Moment(name, one.sent_at, "inquiry", f"Letter sent about {target}", "", url)
        for number, reply in enumerate(replies(told.index, one), 1):
            summary = f"Reply to the letter about {target}"
            yield _Moment(f"{name}-reply-{number}", reply.received_at, "inquiry", summary, "", url)
        if one.closed_at is not None:
            summary = f"Inquiry closed about {target}"
            yield _Moment(f"{name}-closed", one.closed_at, "inquiry", summary, "", url)


def _stamped(told: Told) -> Iterator[_Moment]:
    stamps, _ = check_stamps(told.case.log, told.case.settings.key, told.head)
    for one in stamps:
        name = f"stamp-{one.file.rpartition('/')[2]}"
        what = f"The log's first {one.entries:,} entries existed, says {one.by}"
        yield _Moment(name, one.at, "stamp", f"Time stamp of {one.authority}", what)
        until = f"Until {instant(one.stands_until)} it can be renewed: `sousveil stamp`."
        summary = f"Time stamp of {one.authority} ends"
        yield _Moment(f"{name}-until", one.stands_until, "deadline", summary, until)
