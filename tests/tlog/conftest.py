import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sousveil.tlog import log
from sousveil.tlog.note import KeySigner

SIGNER = KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))

# A log made once and copied for each test that damages it.
CopyLog = Callable[[int], Path]


def entry(index: int) -> bytes:
    return b'{"event":%d}' % index + b"." * (index % 7)


@pytest.fixture(scope="session")
def signer() -> KeySigner:
    return SIGNER


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> CopyLog:
    """A copy, to be damaged at will, of the log of the given number of entries."""
    made: dict[int, Path] = {}

    def copy(size: int) -> Path:
        if size not in made:
            made[size] = tmp_path_factory.mktemp("made") / "log"
            log.append(made[size], [entry(i) for i in range(size)], SIGNER)
        folder = tmp_path_factory.mktemp("case") / "log"
        shutil.copytree(made[size], folder)
        return folder

    return copy
