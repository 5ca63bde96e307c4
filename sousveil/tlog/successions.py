"""The audit of a log's keys: each followed the one before as the log says, or is named; offline.

Takes the log's folder and its head; gives the changes that hold and the faults. A change holds
when its entry stands in the log, when the checkpoint that first counts it was signed by both keys
(by the new one alone where the former was lost), and when the log of today goes on from there. What
all of it comes to is told in sentences.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from sousveil.errors import LogError
from sousveil.model import Fault, Stamp
from sousveil.tlog import merkle
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.compare import compare
from sousveil.tlog.keychain import (
    FOLDER,
    MAX_ENTRY_BYTES,
    KeyChain,
    KeyChange,
    key_chain,
    key_files,
    read_change,
    read_part,
)
from sousveil.tlog.log import entries
from sousveil.tlog.note import MAX_NOTE_BYTES, VerifierKey, split_note
from sousveil.tlog.proof import MAX_PROOF_BYTES, format_proof, parse_proof
from sousveil.tlog.witnesses import Seen

_PARTS = {False: ("json", "tlog-proof"), True: ("former", "json", "tlog-proof")}


def check_keys(
    log: Path, vkey: str, head: Checkpoint | None, told: Collection[int] = ()
) -> tuple[list[KeyChange], list[Fault]]:
    """Return the changes of keys that hold, in their order, and a fault for what does not.

    `head` is the log's signed head; `told` are the sizes of the log with each entry that tells of a
    change. Raises LogError when `vkey` is malformed.
    """
    chain, faults = key_chain(log, vkey), list(_strangers(log))
    there: dict[int, set[str]] = {}
    for size, kind in key_files(log):
        there.setdefault(size, set()).add(kind)
    for size in sorted(set(told) - set(there)):
        problem = f"is missing: entry {size - 1} of the log says that its key changed"
        faults.append(_fault(log, f"{size}.json", problem))
    changes = []
    for size, kinds in sorted(there.items()):
        change, found = _check(log, chain, size, kinds, head)
        faults += found
        if change is not None and not found:
            changes.append(change)
    return changes, faults


def _check(
    log: Path, chain: KeyChain, size: int, kinds: set[str], head: Checkpoint | None
) -> tuple[KeyChange | None, list[Fault]]:
    try:
        change = read_change(log, size)
    except LogError as error:
        return None, [_fault(log, f"{size}.json", str(error))]
    if change not in chain.changes:
        return None, [_fault(log, f"{size}.json", "names keys that do not follow each other")]
    if head is not None and size > head.size:
        beyond = f"is beyond the {head.size:,} entries that are signed"
        return None, [_fault(log, f"{size}.{kind}", beyond) for kind in sorted(kinds)]
    parts = _PARTS[change.is_lost]
    unasked = "is there, though the former key was not lost"
    faults = [_fault(log, f"{size}.{kind}", unasked) for kind in sorted(kinds - set(parts))]
    for kind in parts:
        try:
            _CHECKS[kind](log, chain, change, head)
        except LogError as error:
            faults.append(_fault(log, f"{size}.{kind}", str(error)))
    return change, faults


def _check_entry(log: Path, _chain: KeyChain, change: KeyChange, _head: Checkpoint | None) -> None:
    entry = read_part(log, change.size, "json", MAX_ENTRY_BYTES)
    if [entry] != list(entries(log, change.size, change.size - 1)):
        raise LogError(f"is not entry {change.size - 1} of the log")


def _check_proof(log: Path, chain: KeyChain, change: KeyChange, head: Checkpoint | None) -> None:
    data = read_part(log, change.size, "tlog-proof", MAX_PROOF_BYTES)
    proof = parse_proof(data)
    if format_proof(proof) != data or proof.extra or proof.index != change.size - 1:
        raise LogError("is not the proof that was written when the key changed")
    begun = _opened(proof.checkpoint, chain, change.size, change.signers)
    leaf = merkle.leaf_hash(read_part(log, change.size, "json", MAX_ENTRY_BYTES))
    merkle.verify_inclusion(leaf, proof.index, begun.size, proof.hashes, begun.root)
    _require_beginning(log, begun, head)


def _check_former(log: Path, chain: KeyChain, change: KeyChange, head: Checkpoint | None) -> None:
    note = read_part(log, change.size, "former", MAX_NOTE_BYTES)
    last = _opened(note, chain, change.size - 1, chain.of(change.size - 1))
    _require_beginning(log, last, head)


_CHECKS = {"json": _check_entry, "tlog-proof": _check_proof, "former": _check_former}


def _opened(note: bytes, chain: KeyChain, size: int, signers: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of a note that these keys signed, and nobody else."""
    held = chain.open(note)
    _, lines = split_note(note)
    in_order = len(lines) == len(signers) and all(
        line.is_of(key) for line, key in zip(lines, signers, strict=True)
    )
    if held.size != size or not in_order:
        raise LogError(f"is not the checkpoint of {size:,} entries as it was signed then")
    return held


def _require_beginning(log: Path, held: Checkpoint, head: Checkpoint | None) -> None:
    if head is not None and compare(log, held, head) not in {"same", "continued"}:
        raise LogError("is not the beginning of this log: it was forked, or changed, since")


def _strangers(log: Path) -> Iterator[Fault]:
    folder = log / FOLDER
    ours = {f"{size}.{kind}" for size, kind in key_files(log)}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_file() or path.name not in ours:
            yield _fault(log, path.name, "does not belong to a change of the log's key")


def _fault(log: Path, name: str, problem: str) -> Fault:
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return Fault(f"{log.name}/{FOLDER}/{shown}", problem)


def told(
    changes: Sequence[KeyChange], seen: Sequence[Seen], stamps: Sequence[Stamp]
) -> Iterator[str]:
    """Yield in sentences what changes of the key mean; nothing for a log with one key.

    `seen` and `stamps` are what holds of witnesses and time stamps.
    """
    for one in changes:
        if one.is_lost:
            yield from _told_lost(one, seen, stamps)
            continue
        both = (
            f"Up to entry {one.size - 1:,}, by which the key changed, it was signed by {one.former}"
        )
        yield f"{both}; that key signed for the new one."
        if one.kind == "key.revoked":
            yield _told_stolen(one)


def _told_stolen(one: KeyChange) -> str:
    since = "at a time unknown"
    if one.stolen_since is not None:
        since = f"since {one.stolen_since:%Y-%m-%d %H:%M:%S} UTC at the earliest"
    return (
        f"That key may have been in other hands {since}, says its holder. For what it signed of"
        " this log the new key vouches; whatever else bears its signature from then on proves"
        " nothing."
    )


def _told_lost(one: KeyChange, seen: Sequence[Seen], stamps: Sequence[Stamp]) -> Iterator[str]:
    yield (
        f"Up to entry {one.size - 2:,} it was signed by {one.former}. Entry {one.size - 1:,} says"
        f" that this key was lost, and that {one.key} signs from there on. No signature of the lost"
        " key says so: from there on the log's continuity rests on those who saw it, not on a"
        " signature."
    )
    across = {
        before.witness
        for before in seen
        for after in seen
        if before.key == after.key and before.entries < one.size <= after.entries
    }
    if across:
        yield (
            f"That it is the same log is vouched for by {', '.join(sorted(across))}: who saw it"
            " before and after, and whom its owner told the new key."
        )
    before_loss = [stamp for stamp in stamps if not stamp.is_renewal and stamp.entries < one.size]
    if before_loss:
        widest = max(before_loss, key=lambda stamp: stamp.entries)
        yield (
            f"The lost key's log of {widest.entries:,} entries, of which this one is the"
            f" continuation, existed by {widest.at:%Y-%m-%d %H:%M:%S} UTC, says {widest.by}."
        )
    if not across:
        yield (
            "No witness saw it before and after: compare with a checkpoint that somebody kept"
            " (--against), and ask its owner, by another way, for the new key."
        )
