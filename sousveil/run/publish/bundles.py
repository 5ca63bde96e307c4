"""Bundles: the evidence of single findings as one file, which a stranger checks without us.

A WACZ with the archive files that hold the quotes, the answers without them and all that these
refer to, so that it replays by itself; in `sousveil/` the log entries with their proofs and events,
each finding as an annotation, and `verify_bundle.py`, one file to read and to run. What is to be
withheld of the events is left out of them, and they prove what they did before (`bodies.py`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path

import msgspec

from sousveil.archive.foreign import scan_archive
from sousveil.archive.read import read_block
from sousveil.bodies import Line, read_line, without
from sousveil.case import Case
from sousveil.dossier.annotation import annotation
from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import EvidenceError, InputError
from sousveil.index.query import fates, findings
from sousveil.index.reviews import reviews
from sousveil.index.store import Index
from sousveil.jsonform import instant
from sousveil.ledger import event_lines, read_events
from sousveil.model import Capture, Event, Fate, Finding, Json, RecordRef, Review
from sousveil.run.publish import verify_bundle
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

_README = """\
# How to check this bundle

It is a web archive (WACZ 1.1.1): ReplayWeb.page and other players open it. It also proves itself,
offline and without the program that made it. With Python and OpenSSL:

    unzip -o {name} 'sousveil/*'
    python3 sousveil/verify_bundle.py {name} --key '{key}'

`verify_bundle.py` is one file of {lines} lines, made to be read before it is run. Ask the people
who gave you this bundle, *by another way*, for their key, and write theirs in place of the one
above.

By hand, with `sha256sum` and `openssl` alone:

    unzip -o {name}
    sha256sum archive/*                        # each as in the "warc" of its sousveil/entry-N.json
    sha256sum sousveil/entry-*.event.json      # each as in the "body" of the same entry
    while read -r line; do printf %s "$line" | sha256sum; done < sousveil/entry-N.disclosed.jsonl
                                               # each stands in entry-N.event.json, for a value
    head -n 3 sousveil/checkpoint > text       # the log's name, size and root: this is signed
    grep '^— ' sousveil/checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c 64 > signature
    (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
     echo '{key}' | sed 's/.*+//' | base64 -d | tail -c 32) > key.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature

That an entry is in the log, the hashes in its `.tlog-proof` show (c2sp.org/tlog-proof, RFC 9162
section 2.1.3.2).
{vouched}
## What is in it

{findings}

## What this shows, and what not

- That each archive file is, byte for byte, the one that was logged, and that the log was signed by
  the key: nothing was changed or put in since.
- That each quote is cited from a record of these files. Whether it stands there is shown for text;
  in a PDF, a picture or a repository, look at the place that the finding names.
- Not that the server sent the same to others, and not who owns the key. Of what was handed in (its
  address begins with `urn:sousveil:handed-in:`) not who wrote it, nor that it was ever published.
- Not when: times are those of the computer that logged. Time stamps, where there are any, show that
  the log existed by then, not since when.
- Labels, traits and scores are what a program made of the words. They are no evidence.
"""


_STAMPED = """
That the log existed by a certain time, authorities say who signed its checkpoint (RFC 3161). Their
certificates were valid then, which is what `-attime` is for, in seconds since 1970:

    stamp={stamp}
    openssl ts -reply -in $stamp.tsr -text | grep 'Time stamp'
    openssl ts -verify -in $stamp.tsr -data sousveil/checkpoint -CAfile $stamp.pem \\
        -attime "$(date -d '...' +%s)"         # the time stamp, in place of the dots

The last certificate in `$stamp.pem` is the authority's root. Ask it whether that is so.
"""


_ANCHORED = """
That the checkpoint existed before a block of Bitcoin was made, the `.ots` files show
(OpenTimestamps): `verify_bundle.py` follows them to the root in the block's header, and tells the
header's time and hash. Compare that hash with any node's or explorer's: the header beside it could
be of another chain. `ots verify`, of opentimestamps-client, does it all with a node of your own.
"""


_WITNESSED = """
Witnesses cosigned the checkpoint (c2sp.org/tlog-cosignature): `checkpoint.cosigned` has what each
of them signed, and `verify_bundle.py` checks it. It says when they saw the log, and that it went on
from all that they had seen of it. Ask them, by another way, whether these are their keys:

{keys}
"""


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


def needed_entries(case: Case, told: Iterable[tuple[Finding, Fate | None]], size: int) -> set[int]:
    """Return the log entries that brought what shows findings, and what that refers to.

    They are among the log's first `size`, of which no more than names are kept in memory.
    """
    by_file: dict[str, int] = {}
    by_watch: dict[str, list[int]] = defaultdict(list)
    for event in takewhile(lambda event: event.index < size, read_events(case)):
        if event.warc is not None:
            by_file[event.warc] = event.index
            by_watch[event.body.get("watch_id", "")].append(event.index)
    needed: set[int] = set()
    for finding, fate in told:
        numbers = {finding.log_index, finding.source.left_log_index}
        numbers |= {fate.log_index} if fate else set()
        needed |= {number for number in numbers if number is not None}
        if finding.source.commit is not None and finding.watch_id is not None:
            needed |= set(by_watch[finding.watch_id])  # each visit holds only what was new
    for event in events_at(case, needed).values():
        needed |= {by_file[record.warc] for record in _referred_to(case, event)}
    return needed


def events_at(case: Case, numbers: Collection[int]) -> dict[int, Event]:
    """Return the events with these numbers, in their order."""
    told = read_events(case, wanted=lambda index, _: index in numbers)
    return {event.index: event for event in told}


def _referred_to(case: Case, event: Event) -> Iterator[RecordRef]:
    """Yield the records of other files that hold the payloads of an event's revisits."""
    if event.type == "import":  # it tells how many captures there are, and its file which
        kept = scan_archive(case.root / (event.warc or ""), event.warc or "").captures
    else:
        kept = msgspec.convert(event.body.get("captures", []), list[Capture])
    rendering = event.body.get("rendering")
    if rendering is not None and rendering["requests"] is not None:
        listed = b"".join(read_block(case.root, msgspec.convert(rendering["requests"], RecordRef)))
        kept += msgspec.json.decode(listed, type=list[Capture])
    yield from (one.refers_to for one in kept if one.refers_to is not None)


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
    listed = "\n".join(f"- `finding-{one.finding.id}.json`: {_line(one.finding)}" for one in asked)
    readme = _README.format(
        name=name,
        key=made["key"],
        lines=script.count(b"\n"),
        findings=listed,
        vouched=_vouched(made["timestamps"], made["witnesses"]) + keys,
    )
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


def _vouched(stamps: Sequence[str], witnesses: Sequence[str]) -> str:
    """Return what the README says of those who vouch for the log; nothing where nobody does."""
    tokens = [one for one in stamps if one.endswith(".tsr")]
    text = _STAMPED.format(stamp=tokens[0].removesuffix(".tsr")) if tokens else ""
    if len(tokens) < len(stamps):
        text += _ANCHORED
    if witnesses:
        text += _WITNESSED.format(keys="\n".join(f"    {key}" for key in witnesses))
    return text


def _line(finding: Finding) -> str:
    quote = " ".join(finding.quote.split())
    return f"“{quote}” ({finding.url}, {instant(finding.capture.captured_at)})"


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
