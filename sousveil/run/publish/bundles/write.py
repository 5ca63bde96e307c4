"""Writes a bundle: chooses what was asked for, and makes the files that are its own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sousveil.bodies import Line, read_line, without
from sousveil.case import Case
from sousveil.dossier.annotation import annotation
from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import EvidenceError, InputError
from sousveil.index.query import fates, findings
from sousveil.index.reviews import reviews
from sousveil.index.store import Index
from sousveil.jsonform import instant
from sousveil.ledger import event_lines
from sousveil.model import Event, Fate, Finding, Json, RecordRef, Review
from sousveil.run.publish import verify_bundle
from sousveil.run.publish.bundles.needed import events_at, needed_entries
from sousveil.run.publish.bundles.readme import readme_of
from sousveil.run.publish.marking import marks_of
from sousveil.run.publish.output import Output
from sousveil.run.publish.packages import (
    Exported,
    Packed,
    Progress,
    proof_files,
    signed_head,
    vouched_head,
    write_package,
)
from sousveil.run.publish.private import Private
from sousveil.run.publish.sealed import SEALED_SUFFIX
from sousveil.run.publish.succession import keys_of, succession_files, succession_told
from sousveil.run.publish.withheld import of_type
from sousveil.run.visit.records import SOFTWARE

BUNDLE_VERSION = 1
_NO_TITLE = "Evidence"  # of a package whose case's title is withheld


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be bundled."""

    finding: Finding
    fate: Fate | None
    reviews: Sequence[Review]  # none unless decisions are told
    shown: Finding  # as its annotation tells it: without contacts of people around the quote
    shown_fate: Fate | None


def write_bundle(
    case: Case,
    index: Index,
    names: Sequence[str],
    output: Output,
    *,
    hidden: frozenset[str],
    with_decisions: bool,
    now: datetime,
    progress: Progress,
) -> Exported:
    """Write the evidence of the findings named, by id or its beginning, to a new file.

    The fields `hidden` (`withheld.py`) are withheld from it. `with_decisions` takes in the log
    entries of the decisions on the findings; a time stamp then has to be younger than those.
    Annotations withhold contacts of people around a quote unless that is allowed; the records that
    they lead to are evidence, and stay as they came.
    Raises InputError for a finding that is not there, or is only so in the index, and what
    `write_package` raises.
    """
    newest = signed_head(case)
    concealer = None if Private.CONTACTS in output.allowed else Concealer(marks_of(case))
    asked = _asked(index, names, hidden, concealer, with_decisions=with_decisions)
    events = events_at(case, _needed(case, asked, newest.size, with_decisions=with_decisions))
    chosen = list(events.values())
    vouched = vouched_head(case, newest, chosen[-1].index)
    name = output.path.name.removesuffix(SEALED_SUFFIX)

    def others(packed: Sequence[Packed]) -> Iterator[tuple[str, bytes]]:
        numbers = {event.index for event in chosen}
        archives = {f"archive/{one.warc.name}": one.event for one in packed}
        signer = str(keys_of(case).of(vouched.head.size)[-1])
        made = {"key": signer, "log_size": vouched.head.size, "entries": sorted(numbers)}
        made["timestamps"] = [p for p, _ in vouched.stamps if p.endswith((".tsr", ".ots"))]
        made["witnesses"] = list(vouched.witnesses)
        made["made_at"] = instant(now)
        yield from _own_files(asked, archives, made, name, keys=succession_told(case))
        yield from succession_files(case, vouched.head)
        yield from proof_files(case, vouched.head, numbers)
        yield from vouched.stamps
        if vouched.cosigned:
            yield verify_bundle.COSIGNED, vouched.cosigned
        for number, (_, _, data) in enumerate(event_lines(case)):
            if number in numbers:
                yield from _event_files(events[number], read_line(data), hidden)

    return write_package(
        case,
        output,
        (event for event in chosen if event.warc is not None),
        title=_NO_TITLE if "case.opened.title" in hidden else case.settings.title,
        description=f"Evidence of {len(asked)} findings, with the proof that it was logged.",
        others=others,
        log_size=vouched.head.size,
        now=now,
        progress=progress,
    )


def _asked(
    index: Index,
    names: Sequence[str],
    hidden: frozenset[str],
    concealer: Concealer | None,
    *,
    with_decisions: bool,
) -> list[_Asked]:
    known, fate = findings(index), fates(index)
    decided = reviews(index) if with_decisions else {}
    chosen = []
    for name in dict.fromkeys(names):
        matches = [one for one in known if one.id.startswith(name)]
        if len(matches) != 1:
            problem = "several findings begin like this" if matches else "no such finding"
            raise InputError(f"{name}: {problem}. `sousveil findings` lists them.")
        told: Sequence[Review] = decided.get(matches[0].id, ())
        if "review.by" in hidden:
            told = [replace(one, by="") for one in told]
        if "review.note" in hidden:
            told = [replace(one, note="") for one in told]
        found, became = matches[0], fate.get(matches[0].id)
        chosen.append(_Asked(found, became, told, *_shown(found, became, concealer)))
    return chosen


def _shown(
    finding: Finding, fate: Fate | None, concealer: Concealer | None
) -> tuple[Finding, Fate | None]:
    """Return what an annotation tells: the quote and its address as they are, to be looked up."""
    if concealer is None:
        return finding, fate
    names = concealer.names_of(finding)
    told = concealer.finding(finding)
    told = replace(told, quote=finding.quote, url=finding.url, capture=finding.capture)
    return told, concealer.value(fate, finding.id, names)


# ---------------------------------------------------------------- what is needed


def _needed(case: Case, asked: Sequence[_Asked], size: int, *, with_decisions: bool) -> set[int]:
    """Return the log entries whose files and events a bundle must hold to stand by itself."""
    needed = needed_entries(case, [(one.finding, one.fate) for one in asked], size)
    if with_decisions:  # but for those that others may not read yet
        reviews = (each for one in asked for each in one.reviews)
        needed |= {each.log_index for each in reviews if each.decision != "sealed"}
    return needed


# ---------------------------------------------------------------- files of our own


def _event_files(event: Event, line: Line, hidden: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the body of an event, as the log knows it, and what is disclosed of it."""
    yield f"sousveil/entry-{event.index}.event.json", line.body
    if disclosed := without(line, of_type(event.type, hidden)).disclosures:
        data = b"".join(one + b"\n" for one in disclosed)
        yield f"sousveil/entry-{event.index}.disclosed.jsonl", data


def _own_files(
    asked: Sequence[_Asked], archives: Mapping[str, Event], made: Json, name: str, *, keys: str
) -> Iterator[tuple[str, bytes]]:
    files = {event.warc or "": path for path, event in archives.items()}
    script = Path(verify_bundle.__file__).read_bytes()
    readme = readme_of(name, made, [one.finding for one in asked], script=script, keys=keys)
    about = made | {
        "version": BUNDLE_VERSION,
        "software": SOFTWARE,
        "archives": {path: event.index for path, event in archives.items()},
        "findings": [f"sousveil/finding-{one.finding.id}.json" for one in asked],
    }
    yield "sousveil/README.md", readme.encode("utf-8", "replace")
    yield "sousveil/verify_bundle.py", script
    yield verify_bundle.BUNDLE, _json(about)
    for one in asked:
        record = _record(one.finding, files)
        form = annotation(
            one.shown, one.shown_fate, one.reviews, record=record, made_at=made["made_at"]
        )
        yield f"sousveil/finding-{one.finding.id}.json", _json(form)


def _record(finding: Finding, files: Mapping[str, str]) -> Json:
    """Return where in the package the answer lies that a finding quotes."""
    capture = finding.capture
    told = _place(capture.record, files) | {"log_index": finding.log_index}
    if capture.refers_to is not None:
        told["payload"] = _place(capture.refers_to, files)
    return told


def _place(record: RecordRef, files: Mapping[str, str]) -> Json:
    if record.warc not in files:
        raise EvidenceError(
            f"{record.warc}: the file that holds the quote cannot stand in a WACZ. Hand on the"
            " whole case instead; `sousveil export --format wacz` says why."
        )
    return {
        "file": files[record.warc],
        "offset": record.offset,
        "length": record.length,
        "record_id": record.record_id,
        "record_digest": record.digest,
    }


def _json(value: Json) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"
    )
