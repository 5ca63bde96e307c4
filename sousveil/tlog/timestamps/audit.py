"""The audit of time stamps: each holds, for this log, or is named; offline, for ever.

Takes the log's folder, its key and its head, and gives the stamps that hold and the faults. A
stamp holds when the authority signed these very bytes with a certificate that was valid then and
leads to the root that lies beside it, and when the log of today begins with the log that was
stamped. Whether the root is worth anything is the reader's judgement: we tell its digest, and
whether this computer trusts it by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sousveil.errors import LogError
from sousveil.model import Fault, Stamp
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.keychain import KeyChain, key_chain
from sousveil.tlog.log import consistency
from sousveil.tlog.merkle import verify_consistency
from sousveil.tlog.timestamps.chain import fingerprint, name_of, read_certificates, system_roots
from sousveil.tlog.timestamps.files import (
    FOLDER,
    StampFile,
    chain_file,
    check_sums,
    list_stamps,
    read_stamp,
    read_subject,
)
from sousveil.tlog.timestamps.token import check_token


def check_stamps(log: Path, vkey: str, head: Checkpoint | None) -> tuple[list[Stamp], list[Fault]]:
    """Return the stamps that hold, the earliest first, and a fault for each file that does not.

    `head` is the log's signed head; without it stamps are held against their checkpoints alone.
    Raises LogError when `vkey` is malformed.
    """
    keys, listed = key_chain(log, vkey), list_stamps(log)
    what = "is no time stamp, nor what belongs to one"
    faults = [fault_of(log, path, what) for path in listed.strangers]
    subjects: dict[Path, _Subject] = {}
    for path in listed.subjects:
        try:
            subjects[path] = _read(log, path, keys, head)
        except LogError as error:
            faults.append(fault_of(log, path, str(error)))
    stamps, renewals = [], {}
    for one in listed.stamps:
        subject = subjects.get(one.subject)
        if subject is None:
            problem = f"is a stamp of {one.subject.name}, which is missing or does not hold"
            faults.append(fault_of(log, one.path, problem))
            continue
        try:
            stamp = _check(log, one, subject)
        except LogError as error:
            beside = f"with {one.chain.name}, as a stamp of {one.subject.name}"
            faults.append(fault_of(log, one.path, f"does not hold {beside}: {error}"))
            continue
        stamps.append(stamp)
        if subject.names:
            renewals[stamp.file] = subject.names
    stamps = _with_renewals(stamps, renewals)
    return sorted(stamps, key=lambda one: (one.at, one.file)), faults


def newest_stamp(log: Path, vkey: str, head: Checkpoint) -> Stamp | None:
    """Return the stamp that covers most of the log, of those that hold; None when none does.

    It is told as it was made, renewals left aside. Those that do not hold `check_stamps` names.
    Raises LogError when `vkey` is malformed.
    """
    keys = key_chain(log, vkey)
    stamps = [one for one in list_stamps(log).stamps if one.size is not None]
    for one in sorted(stamps, key=lambda one: one.size or 0, reverse=True):
        with suppress(LogError):
            return _check(log, one, _read(log, one.subject, keys, head))
    return None


class _Subject:
    """What was stamped, held against the log."""

    def __init__(self, data: bytes, entries: int, names: frozenset[str]) -> None:
        self.data, self.entries = data, entries
        self.names = names  # of a renewal: the files it lists


def _read(log: Path, path: Path, keys: KeyChain, head: Checkpoint | None) -> _Subject:
    if path.suffix == ".sums":
        names = check_sums(path)
        sizes = (int(name.partition(".")[0]) for name in names if name.endswith(".checkpoint"))
        return _Subject(read_subject(path), max(sizes, default=0), names)
    stamped = read_checkpoint_there(log, path, keys, head)
    return _Subject(stamped.note, stamped.size, frozenset())


def read_checkpoint_there(
    log: Path, path: Path, keys: KeyChain, head: Checkpoint | None
) -> Checkpoint:
    """Return the checkpoint that was stamped; raises LogError when it is not of this log.

    `head` is the log's; without it that is held against the signature alone.
    """
    stamped = keys.open(read_subject(path))
    if path.stem != str(stamped.size):
        raise LogError(f"is the checkpoint of {stamped.size:,} entries, under another's name")
    if head is not None:
        _check_beginning(log, stamped, head)
    return stamped


def _check_beginning(log: Path, stamped: Checkpoint, head: Checkpoint) -> None:
    """Raise LogError unless the log goes on from what was stamped."""
    if stamped.size > head.size:
        raise LogError(
            f"counts {stamped.size:,} entries, and the log has {head.size:,}: the newest were taken"
            " away, or an old copy was put in its place"
        )
    try:
        proof = consistency(log, stamped.size, head.size)
        verify_consistency(stamped.size, head.size, stamped.root, head.root, proof)
    except LogError as error:
        raise LogError(
            f"is of another log than this one, or its past was changed: {error}"
        ) from error


def _check(log: Path, one: StampFile, subject: _Subject) -> Stamp:
    response, pem = read_stamp(one)
    chain = read_certificates(pem, one.chain.name)
    held = check_token(response, subject.data, roots=chain[-1:], extra=chain)
    if pem != chain_file(one, response, held.path):
        raise LogError("One of them was changed: they are not what was kept together.")
    root = held.path[-1]
    return Stamp(
        file=_where(log, one.path),
        authority=one.authority,
        by=name_of(held.path[0]),
        at=held.at,
        entries=subject.entries,
        root=name_of(root),
        root_sha256=fingerprint(root),
        is_trusted=root in system_roots(),
        stands_until=held.expires_at,
        is_renewal=one.size is None,
    )


def _with_renewals(stamps: Sequence[Stamp], renewals: dict[str, frozenset[str]]) -> list[Stamp]:
    """Return the stamps with the time until which they stand, renewals counted.

    A renewal that was made while a stamp stood lets it stand as long as itself.
    """
    told: list[Stamp] = []
    # A renewal may bear the same second as what it renews.
    in_order = sorted(stamps, key=lambda one: (one.at, one.is_renewal, one.file))
    for stamp in reversed(in_order):
        until = stamp.stands_until
        for later in told:
            is_listed = stamp.file.rpartition("/")[2] in renewals.get(later.file, frozenset())
            if is_listed and later.at <= until:
                until = max(until, later.stands_until)
        told.append(replace(stamp, stands_until=until))
    return told


def covering(stamps: Iterable[Stamp], log_index: int) -> Iterator[Stamp]:
    """Yield the stamps of checkpoints, in their order, that cover an entry of the log."""
    return (one for one in stamps if one.entries > log_index and not one.is_renewal)


def fault_of(log: Path, path: Path, problem: str) -> Fault:
    """Return the fault of a file in the folder, or below it."""
    return Fault(_where(log, path), problem)


def _where(log: Path, path: Path) -> str:
    name = path.relative_to(log / FOLDER).as_posix()
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return f"{log.name}/{FOLDER}/{shown}"
