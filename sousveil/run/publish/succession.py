"""How the keys of a log followed each other, as files of a package; nothing for a log with one key.

A package may rest on a checkpoint that a former key signed, and whoever checks it may know a former
key, or the present one alone. So it brings what shows each change (`tlog/keychain.py`), and that
all checkpoints in it are of one log (RFC 6962, section 2.1.2).
"""

import json
from collections.abc import Iterator
from itertools import pairwise

from sousveil.case import Case
from sousveil.run.publish.verify_bundle import KEYS, KEYS_FOLDER
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.keychain import FOLDER, KeyChain, key_chain, key_files
from sousveil.tlog.log import consistency
from sousveil.tlog.note import encode_base64

_README = """
## The keys of this log

{changes}

`keys/` has what shows it: the entries that named a new key, and the checkpoints that first counted
them, each signed by the key before, too, unless that was lost. `verify_bundle.py` checks it, and
takes any of these keys from whoever learnt it by another way; but one that was lost or stolen says
nothing of those that came after it.
"""
_HOW = {
    "key.rotated": "followed at entry {index} by",
    "key.revoked": "revoked at entry {index}, for it may have been stolen, and followed by",
    "key.lost": "lost, and followed at entry {index} by",
}


def keys_of(case: Case) -> KeyChain:
    """Return the keys of a case's log."""
    return key_chain(case.log, case.settings.key)


def succession_files(case: Case, head: Checkpoint) -> Iterator[tuple[str, bytes]]:
    """Yield the files on the keys of a log that belong beside its checkpoint `head`."""
    changes = keys_of(case).changes
    if not changes:
        return
    sizes = {head.size} | {one.size for one in changes}
    sizes |= {one.size - 1 for one in changes if one.is_lost}
    proofs = [
        [encode_base64(one) for one in consistency(case.log, old, new)]
        for old, new in pairwise(sorted(sizes))
    ]
    told = {"changes": [one.size for one in changes], "consistency": proofs}
    yield KEYS, json.dumps(told, indent=1).encode() + b"\n"
    for size, kind in sorted(key_files(case.log)):
        name = f"{size}.{kind}"
        yield f"{KEYS_FOLDER}{name}", (case.log / FOLDER / name).read_bytes()


def succession_told(case: Case) -> str:
    """Return what a README says of the keys of a log; "" for a log with one key."""
    chain = keys_of(case)
    if not chain.changes:
        return ""
    lines = [
        f"- `{one.former}`\n  {_HOW[one.kind].format(index=one.size - 1)}" for one in chain.changes
    ]
    lines.append(f"- `{chain.keys[-1]}`\n  which signs it now")
    return _README.format(changes="\n".join(lines))
