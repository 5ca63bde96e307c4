"""The witness answers over real connections, survives being killed, and is held up by nobody."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sousveil.errors import LogError
from sousveil.tlog import consistency, log, merkle
from sousveil.tlog.checkpoint import Checkpoint, sign_checkpoint
from sousveil.tlog.cosignature import cosignatures
from sousveil.tlog.note import KeySigner
from sousveil.tlog.witness import MAX_REQUEST_BYTES, format_request
from sousveil.witness import server as module
from sousveil.witness.folder import (
    MAX_KEYS,
    add_log,
    logs,
    make_key,
    only_one,
    own_key,
    remove_key,
)
from sousveil.witness.server import Witness, WitnessServer

LOG = KeySigner("log.example/one", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
AT = datetime(2026, 11, 23, 17, 0, 1, tzinfo=UTC)


@dataclass
class Running:
    """A witness at work, and what it told."""

    folder: Path
    port: int = 0
    told: list[str] = field(default_factory=list)

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, bytes, str]:
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body)
        answer = connection.getresponse()
        said = answer.status, answer.read(), answer.headers["Content-Type"]
        connection.close()
        return said


@contextmanager
def witness(folder: Path) -> Iterator[Running]:
    running = Running(folder)
    judging = Witness(folder, own_key(folder), lambda: AT, running.told.append)
    server = WitnessServer(("127.0.0.1", 0), judging)
    running.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_key(tmp_path / "w", "witness.example/w1")
    add_log(tmp_path / "w", LOG.name, LOG.verifier_key)
    return tmp_path / "w"


def grown(place: Path, size: int, word: str = "entry") -> Checkpoint:
    """Let the log in a folder grow to a size."""
    head = log.read_checkpoint(place, LOG.verifier_key)
    start = head.size if head else 0
    return log.append(place, [f"{word} {n}".encode() for n in range(start, size)], LOG)


def test_a_log_is_cosigned_as_it_grows_and_its_fork_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    own, fork = tmp_path / "own" / "log", tmp_path / "fork" / "log"
    first = grown(own, 3)
    with witness(folder) as at_work:
        status, line, _ = at_work.post(format_request(0, [], first.note))
        assert status == 200
        (told,) = cosignatures(first.note + line, [own_key(folder).verifier])
        assert told.at == AT
        assert at_work.post(format_request(0, [], first.note)) == (409, b"3\n", "text/x.tlog.size")
        second = grown(own, 7)
        assert at_work.post(format_request(3, consistency(own, 3, 7), second.note))[0] == 200
        grown(fork, 3)
        forked = grown(fork, 9, "another")
        assert at_work.post(format_request(7, consistency(fork, 7, 9), forked.note))[0] == 422
        digest = sha256(LOG.name.encode()).hexdigest()
        status, note, _ = at_work.ask("GET", f"/{digest}/checkpoint")
        assert (status, note.startswith(second.note)) == (200, True)
        assert len(cosignatures(note, [own_key(folder).verifier])) == 1
        assert at_work.ask("GET", f"/{'0' * 64}/checkpoint")[0] == 404
    assert at_work.told[0] == "cosigned 3 entries of log.example/one"
    assert at_work.told[-1].startswith("refused (422)")
    (known,) = logs(folder)
    assert known.latest is not None
    assert known.latest.size == 7
    assert known.refused is None  # anybody can send a proof that does not hold


def test_two_roots_of_one_size_are_kept_as_proof_of_the_fork(folder: Path, tmp_path: Path) -> None:
    head = grown(tmp_path / "own" / "log", 4)
    other = grown(tmp_path / "fork" / "log", 4, "another")
    with witness(folder) as at_work:
        assert at_work.post(format_request(0, [], head.note))[0] == 200
        assert at_work.post(format_request(4, [], other.note))[0] == 422
    (known,) = logs(folder)
    assert known.refused is not None
    assert known.refused.read_bytes() == other.note
    assert known.refused.with_name("contradicted").read_bytes().startswith(head.note)


def test_two_who_ask_at_once_never_take_the_witness_back(folder: Path, tmp_path: Path) -> None:
    """The race of the standard: the smaller checkpoint must not be kept after the larger one."""
    own = tmp_path / "own" / "log"
    heads = [grown(own, size) for size in range(1, 21)]
    with witness(folder) as at_work:

        def ask_all() -> None:
            seen = 0
            for head in heads:
                if head.size >= seen:
                    body = format_request(seen, consistency(own, seen, head.size), head.note)
                    status, said, _ = at_work.post(body)
                    seen = int(said) if status == 409 else head.size

        threads = [threading.Thread(target=ask_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sizes = [int(one.split()[1]) for one in at_work.told if one.startswith("cosigned")]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 20


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sousveil.witness import server
from sousveil.witness.folder import own_key
folder, request = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
really = server.keep
def keep(*given):
    if sys.argv[3] == "after": really(*given)
    os.kill(os.getpid(), signal.SIGKILL)
server.keep = keep
server.Witness(folder, own_key(folder), lambda: datetime.now(UTC), print).add_checkpoint(request)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_witness_that_is_killed_around_its_writing_cosigns_no_fork_afterwards(
    when: str, folder: Path, tmp_path: Path
) -> None:
    own, fork = tmp_path / "own" / "log", tmp_path / "fork" / "log"
    head, other = grown(own, 4), grown(fork, 4, "another")
    request = tmp_path / "request"
    request.write_bytes(format_request(0, [], head.note))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, folder, request, when], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with witness(folder) as at_work:
        status, said, _ = at_work.post(format_request(0, [], head.note))
        assert (status, said) == (409, b"4\n") if when == "after" else status == 200
        assert at_work.post(format_request(4, [], head.note))[0] == 200
        assert at_work.post(format_request(4, [], other.note))[0] == 422


def test_a_witness_that_cannot_write_cosigns_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = grown(tmp_path / "own" / "log", 2)

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    with witness(folder) as at_work:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", no_room)
            status, said, _ = at_work.post(format_request(0, [], head.note))
        assert (status, said) == (500, b"this witness is out of order\n")
        assert "No space left" in at_work.told[-1]
        assert next(iter(logs(folder))).latest is None
        assert at_work.post(format_request(0, [], head.note))[0] == 200


def test_a_damaged_state_is_not_taken_for_an_empty_one(folder: Path, tmp_path: Path) -> None:
    head = grown(tmp_path / "own" / "log", 2)
    with witness(folder) as at_work:
        at_work.post(format_request(0, [], head.note))
        (kept,) = folder.glob("logs/*/checkpoint")
        kept.write_bytes(kept.read_bytes().replace(b"\n2\n", b"\n1\n"))
        assert at_work.post(format_request(0, [], head.note))[0] == 500
        assert at_work.post(format_request(2, [], head.note))[0] == 500
    with pytest.raises(LogError, match="Begin anew in another folder, with a new key"):
        list(logs(folder))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 411),
        (
            b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
            % (MAX_REQUEST_BYTES + 1),
            413,
        ),
        (b"POST /elsewhere HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 404),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 7\r\n\r\ngarbage", 400),
        (b"PUT /add-checkpoint HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 501),
        (b"GET /../witness.key HTTP/1.1\r\n\r\n", 404),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"\x00\xff\x16\x03\x01garbage\r\n\r\n", 400),
    ],
)
def test_what_a_stranger_sends_is_answered_with_its_status(
    request_: bytes, status: int, folder: Path
) -> None:
    with witness(folder) as at_work, socket.create_connection(("127.0.0.1", at_work.port)) as them:
        them.settimeout(10)
        them.sendall(request_)
        said = them.recv(4096)
    assert f" {status} ".encode() in said.partition(b"\r\n")[0] or str(status).encode() in said
    assert b"PRIVATE" not in said


def test_slow_strangers_are_left_and_hold_up_nobody(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTION_SECONDS", 2.0)
    head = grown(tmp_path / "own" / "log", 2)
    with witness(folder) as at_work:
        slow = [socket.create_connection(("127.0.0.1", at_work.port)) for _ in range(8)]
        begun = time.monotonic()
        for one in slow:
            one.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 900\r\n\r\nold 0\n")
        assert at_work.post(format_request(0, [], head.note))[0] == 200
        assert all(not is_closed(one) for one in slow)
        while not all(is_closed(one) for one in slow):
            for one in slow:
                with suppress(ConnectionError):
                    one.sendall(b"a")  # a byte now and then buys no time
            time.sleep(0.1)
        assert time.monotonic() - begun < 10
        for one in slow:
            one.close()


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has hung up."""
    connection.settimeout(0.01)
    try:
        return connection.recv(10) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_only_so_many_connections_are_answered_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(module, "CONNECTION_SECONDS", 1.0)
    with witness(folder) as at_work:
        both = [socket.create_connection(("127.0.0.1", at_work.port)) for _ in range(2)]
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", at_work.port)) as third:
            third.settimeout(10)
            assert third.recv(10) == b""
        for one in both:
            one.settimeout(10)
            assert one.recv(10) == b""
            one.close()
        assert at_work.ask("GET", f"/{'0' * 64}/checkpoint")[0] == 404


def test_one_connection_carries_several_requests(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own" / "log"
    with witness(folder) as at_work:
        connection = http.client.HTTPConnection("127.0.0.1", at_work.port, timeout=10)
        for size in (1, 2, 3):
            head = grown(own, size)
            body = format_request(size - 1, consistency(own, size - 1, size), head.note)
            connection.request("POST", "/add-checkpoint", body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()


def test_a_log_of_others_may_have_a_name_of_several_words(folder: Path) -> None:
    """Go's checksum database is called so, and is signed by a key of another name."""
    known = add_log(folder, "go.sum database tree", LOG.verifier_key)
    assert (known.origin, known.keys) == ("go.sum database tree", (LOG.verifier,))
    for wrong in ("", "two\nlines", "x" * 600):
        with pytest.raises(LogError, match="cannot be a log's name"):
            add_log(folder, wrong, LOG.verifier_key)


def test_a_log_gets_no_more_keys_than_a_log_has(folder: Path) -> None:
    for number in range(MAX_KEYS - 1):
        key = KeySigner(f"log.example/{number}", LOG.private_key).verifier_key
        assert len(add_log(folder, LOG.name, key).keys) == number + 2
    with pytest.raises(LogError, match="has 16 keys already"):
        add_log(folder, LOG.name, KeySigner("one.more", LOG.private_key).verifier_key)
    assert len(add_log(folder, LOG.name, LOG.verifier_key).keys) == MAX_KEYS


def test_a_folder_has_one_server_and_one_key(folder: Path) -> None:
    assert (folder / "witness.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LogError, match="exists already"):
        make_key(folder, "witness.example/w2")
    with only_one(folder), pytest.raises(LogError, match="served already"), only_one(folder):
        pass
    with pytest.raises(LogError, match="witness key --name"):
        own_key(folder.parent)


ENTRIES = [b"one", b"two", b"three", b"four"]
HASHES = [merkle.leaf_hash(one) for one in ENTRIES]


def test_a_key_that_was_stolen_signs_no_more_and_what_it_signed_must_be_gone_on_from(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "w"
    make_key(folder, "w.example")
    witness = Witness(folder, own_key(folder), lambda: datetime.now(UTC), lambda _: None)
    following = KeySigner(LOG.name, Ed25519PrivateKey.from_private_bytes(b"\x09" * 32))
    add_log(folder, LOG.name, LOG.verifier_key)
    with pytest.raises(LogError, match="known by no other key"):
        remove_key(folder, LOG.name, LOG.verifier_key)

    def asked(old: int, size: int, signer: KeySigner) -> int:
        note = sign_checkpoint(size, merkle.tree_hash(HASHES[:size]), signer).note
        proof = consistency(tmp_path / "log", old, size)
        return int(witness.add_checkpoint(format_request(old, proof, note)).status)

    log.append(tmp_path / "log", ENTRIES, LOG)
    assert asked(0, 2, LOG) == 200
    assert asked(2, 3, following) == 403
    add_log(folder, LOG.name, following.verifier_key)
    assert remove_key(folder, LOG.name, LOG.verifier_key).keys == (following.verifier,)
    assert asked(2, 3, LOG) == 403
    assert asked(2, 3, following) == 200
    add_log(folder, LOG.name, following.verifier_key)  # again: what was removed stays so
    assert asked(3, 4, LOG) == 403
    with pytest.raises(LogError, match="not known by that key"):
        remove_key(folder, LOG.name, LOG.verifier_key)


def test_it_answers_over_ipv6_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    make_key(folder, "w.example")
    command = [sys.executable, "-m", "sousveil", "witness", "serve", "--listen", "[::1]:0"]
    with subprocess.Popen(
        [*command, "--folder", str(folder)],
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stderr is not None
        served.stderr.readline()
        told = served.stderr.readline()
        if "answers at" not in told:
            served.kill()
            pytest.skip(f"no IPv6 here: {told}")
        port = int(told.partition("[::1]:")[2].partition("/")[0])
        connection = http.client.HTTPConnection("::1", port, timeout=30)
        connection.request("GET", f"/{'0' * 64}/checkpoint")
        assert connection.getresponse().status == 404
        connection.close()
        served.terminate()
