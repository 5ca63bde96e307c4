"""The transparency log: what was seen can be proved, and cannot be quietly rewritten.

`merkle` is the tree, `tiles` its layout in files, `note` and `checkpoint` the signed head,
`keys` the signing key, `passphrase` what protects it, `keychain` how one key followed another;
`log` reads and grows a log on disk, `audit` checks every byte of one, `successions` every change of
its key, and `proof` makes the one-file proof that a stranger can check without us.
"""

from sousveil.tlog.audit import check
from sousveil.tlog.checkpoint import Checkpoint
from sousveil.tlog.keys import create_signer, load_signer
from sousveil.tlog.log import append, consistency, entries, inclusion, read_checkpoint
from sousveil.tlog.note import KeySigner, Signer
from sousveil.tlog.proof import Proof, format_proof, parse_proof, verify_proof

__all__ = [
    "Checkpoint",
    "KeySigner",
    "Proof",
    "Signer",
    "append",
    "check",
    "consistency",
    "create_signer",
    "entries",
    "format_proof",
    "inclusion",
    "load_signer",
    "parse_proof",
    "read_checkpoint",
    "verify_proof",
]
