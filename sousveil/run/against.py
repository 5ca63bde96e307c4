"""Against: a case's log held against a checkpoint that somebody kept.

Whoever holds an older checkpoint, in a stamp, a bundle, a proof or from a witness, sees with it
whether the log only grew since. Reads; writes nothing.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sousveil.case import Case
from sousveil.errors import InputError, LogError
from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.compare import Relation, compare
from sousveil.tlog.keychain import KeyChain, key_chain
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import MAX_NOTE_BYTES, split_note
from sousveil.tlog.proof import MAX_PROOF_BYTES, PROOF_MAGIC, parse_proof

BUNDLED = "sousveil/checkpoint"  # where a bundle has it

_FINE = frozenset({"same", "continued"})
_TOLD: dict[Relation, str] = {
    "same": "the same log: {held:,} entries with the same root.",
    "continued": "the log goes on from it: its first {held:,} entries are those that it signed, and"
    " {more:,} came since.",
    "rolled back": "ROLLED BACK: it signed {held:,} entries, and the log has {head:,}. The newest"
    " were taken away, or an older copy of the case was put in its place or continued.",
    "forked": "FORKED: the log's own key signed other first {held:,} entries than these. A copy of"
    " the case was continued elsewhere, or its past was rewritten. Keep both: they prove it.",
}
_OTHER = (
    "ANOTHER LOG: it is not a checkpoint that this log's key signed ({why}) It belongs to another"
    " case, was changed, or somebody put another case with another key in this one's place."
)
_STOLEN = (
    " That key was revoked as stolen: a thief could have signed it, too. Ask since when it was"
    " kept, and who stamped or witnessed it."
)
_UNDECIDED = "cannot be held against the log, whose own files are damaged or missing."


@dataclass(frozen=True, slots=True)
class Against:
    """What a log is to a checkpoint that somebody kept."""

    relation: Relation | Literal["another log", "undecided"]
    told: str  # in words

    @property
    def is_fine(self) -> bool:
        """Tell whether the log only grew since."""
        return self.relation in _FINE


def hold_against(case: Case, kept: Path) -> Against:
    """Return what the case's log is to the checkpoint in the file `kept`.

    That is a signed note, a `.tlog-proof`, or a bundle. A log that is damaged proves no fork.
    Raises InputError when there is no note in the file.
    """
    note, keys = _note_in(kept), key_chain(case.log, case.settings.key)
    try:
        held = keys.open(note)
    except LogError as error:
        return Against("another log", _OTHER.format(why=error))
    try:
        head = read_checkpoint(case.log, case.settings.key)
        relation = compare(case.log, held, head) if head is not None else None
    except LogError:
        relation = head = None
    if relation == "forked" and check(case.log, case.settings.key):
        relation = None
    if relation is None or head is None:
        return Against("undecided", _UNDECIDED)
    return Against(relation, _words(relation, held, head) + _doubt(relation, held, keys))


def _words(relation: Relation, held: Checkpoint, head: Checkpoint) -> str:
    return _TOLD[relation].format(held=held.size, head=head.size, more=head.size - held.size)


def _doubt(relation: Relation, held: Checkpoint, keys: KeyChain) -> str:
    """Return what it means that the key of a contradicting checkpoint was stolen; "" otherwise."""
    signer = keys.of(held.size)[0]
    stolen = any(one.kind == "key.revoked" and one.former == signer for one in keys.changes)
    return _STOLEN if stolen and relation not in _FINE else ""


def _note_in(path: Path) -> bytes:
    """Return the signed note in a file; raises InputError, with the next step, for none."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as package, package.open(BUNDLED) as member:
                data = member.read(MAX_NOTE_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_PROOF_BYTES + 1)
        if data.startswith(PROOF_MAGIC.encode()):
            data = parse_proof(data).checkpoint
        split_note(data)
    except (LogError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{path}: holds no checkpoint ({error}). Give a signed note, such as a file in"
            " log/timestamps/ or log/witnesses/, a .tlog-proof, or a bundle."
        ) from error
    return data
