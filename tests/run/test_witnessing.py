"""Two cases witness each other over HTTP; a fork, a rollback and a liar are told by name."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sousveil.case import Case, open_case, save_settings
from sousveil.errors import LogError
from sousveil.ledger import create_case, log_size, writing
from sousveil.run import witnessing
from sousveil.run.sending import Outside
from sousveil.run.stamping import Stamper
from sousveil.run.witnessing import ask_witnesses
from sousveil.settings import Witness as Named
from sousveil.settings import head_path
from sousveil.tlog import witnesses
from sousveil.tlog.cosignature import cosign, parse_witness_key
from sousveil.tlog.files import replace_file
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.note import KeySigner
from sousveil.tlog.witnesses import check_witnesses
from sousveil.witness.folder import add_log, logs, make_key, own_key
from sousveil.witness.server import Witness, WitnessServer
from tests.commands import sousveil


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Newsroom:
    """A case, and a witness for the cases of others."""

    case: Case
    folder: Path
    url: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def named(self) -> Named:
        return Named("them", self.url, own_key(self.folder).verifier)


@contextmanager
def newsroom(place: Path, name: str) -> Iterator[Newsroom]:
    """Run a witness, beside a fresh case."""
    case = create_case(place / "case", title=name, operator="", now=now())
    folder = place / "witness"
    key = sousveil("witness", "key", "--name", f"{name}.example/w", "--folder", folder)
    assert key.status == 0, key.err
    room = Newsroom(case, folder)
    witness = Witness(folder, own_key(folder), now, room.told.append)
    with WitnessServer(("127.0.0.1", 0), witness) as server:
        server.socket.settimeout(5)
        room.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield room
        server.shutdown()


def witnessed_by(case: Case, *rooms: Newsroom) -> Case:
    """Name the witnesses in the case's settings, and the case to the witnesses."""
    named = {f"w{n}": replace(room.named, name=f"w{n}") for n, room in enumerate(rooms)}
    hosts = frozenset(room.host for room in rooms)
    save_settings(case, replace(case.settings, allow_hosts=hosts, witnesses=named))
    for room in rooms:
        add_log(room.folder, case.settings.origin, case.settings.key)
    return open_case(case.root)


def grow(case: Case, events: int = 1) -> None:
    with writing(case) as writer:
        for number in range(events):
            writer.commit("note", {"number": number}, now=now())


def kept(case: Case) -> set[str]:
    return {path.name for path in (case.log / "witnesses").glob("*")}


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[tuple[Newsroom, Newsroom]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(newsroom(tmp_path / "one", "one")),
            stack.enter_context(newsroom(tmp_path / "two", "two")),
        )


Rooms = tuple[Newsroom, Newsroom]


def test_two_newsrooms_witness_each_other_and_both_verify_offline(rooms: Rooms) -> None:
    one, two = rooms
    pairs = ((witnessed_by(one.case, two), two), (witnessed_by(two.case, one), one))
    for case, by in pairs:
        ran = sousveil("witness", "ask", "--case", case.root)
        assert (ran.status, "witnessed by w0: 1 log entry" in ran.out) == (0, True), ran.err
        grow(case, 6)
        assert sousveil("witness", "ask", "--case", case.root).status == 0
        assert "Nothing waits" in sousveil("witness", "ask", "--case", case.root).out
        assert kept(case) == {"keys", "1.checkpoint", "7.checkpoint"}
        listed = sousveil("witness", "list", "--folder", by.folder, "--json")
        (known,) = listed.json()
        assert (known["origin"], known["entries"]) == (case.settings.origin, 7)
    for case, by in pairs:
        ran = sousveil("verify", case.root)
        assert ran.status == 0, ran.out
        assert f"All of the log was seen by {own_key(by.folder).name}" in ran.out
        assert own_key(by.folder).verifier_key in ran.out
        grow(case)
        assert "The first 7 entries of the log were seen" in sousveil("verify", case.root).out
        (result,) = sousveil("verify", case.root, "--json").json()
        assert [seen["entries"] for seen in result["witnessed"]] == [1, 7]


def test_a_visit_ends_with_its_cosignatures(rooms: Rooms) -> None:
    one, two = rooms
    case = witnessed_by(one.case, one, two)
    sousveil("add", "http://127.0.0.1:9/page", "--case", case.root)
    ran = sousveil("visit", "--case", case.root)
    size = log_size(case)
    assert f"witnessed by w0: {size} log entries" in ran.err
    assert f"witnessed by w1: {size} log entries" in ran.err
    note = (case.log / "witnesses" / f"{size}.checkpoint").read_text()
    assert note.startswith((case.log / "checkpoint").read_text())
    assert note.count("\n— ") == 3
    ran = sousveil("watch", "--once", "--case", case.root)
    assert ran.status == 0, ran.err
    assert sousveil("verify", case.root).status == 0


def test_a_service_asks_when_a_case_has_witnesses_but_no_authorities(rooms: Rooms) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    at = now()
    stamper = Stamper(Outside(lambda: at))
    assert stamper.is_due(case)
    assert [one.problem for one in stamper.stamp(case)] == [""]
    assert not stamper.is_due(case)
    at += timedelta(hours=6)
    assert stamper.is_due(case)


def test_a_copy_of_a_case_that_is_continued_twice_is_refused_and_found(
    rooms: Rooms, tmp_path: Path
) -> None:
    """A fork: the key's holder writes two pasts, and shows one to the witness."""
    case = witnessed_by(rooms[0].case, rooms[1])
    grow(case, 2)
    shutil.copytree(case.root, tmp_path / "copy")
    copy = open_case(tmp_path / "copy")
    remembered = head_path(case.settings.origin).read_bytes()
    grow(case, 3)
    assert sousveil("witness", "ask", "--case", case.root).status == 0
    head_path(case.settings.origin).write_bytes(remembered)  # as on another computer
    grow(copy, 5)
    ran = sousveil("witness", "ask", "--case", copy.root, "--json")
    (heard,) = ran.json()
    assert (ran.status, heard["at"], heard["contradicts"]) == (1, None, True)
    assert "does not go on from the 6 entries that it saw" in heard["problem"]
    assert kept(copy) == set()
    seen = case.log / "witnesses" / "6.checkpoint"
    held = sousveil("verify", copy.root, "--against", seen)
    assert (held.status, "FORKED" in held.out) == (1, True), held.out
    (result,) = sousveil("verify", copy.root, "--against", seen, "--json").json()
    assert (result["ok"], result["faults"]) == (False, [])
    assert result["against"]["relation"] == "forked"


def test_two_pasts_of_one_size_are_proof_in_the_witness_s_hands(
    rooms: Rooms, tmp_path: Path
) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    shutil.copytree(case.root, tmp_path / "copy")
    remembered = head_path(case.settings.origin).read_bytes()
    grow(case)
    sousveil("witness", "ask", "--case", case.root)
    head_path(case.settings.origin).write_bytes(remembered)
    copy = open_case(tmp_path / "copy")
    grow(copy)
    assert sousveil("witness", "ask", "--case", copy.root).status == 1
    ran = sousveil("witness", "list", "--folder", rooms[1].folder)
    assert (ran.status, "FORKED: its key signed two logs of one size" in ran.out) == (1, True)


def test_a_case_put_back_to_an_older_copy_is_refused_and_found(
    rooms: Rooms, tmp_path: Path
) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    shutil.copytree(case.root, tmp_path / "older")
    grow(case, 4)
    assert sousveil("witness", "ask", "--case", case.root).status == 0
    older = open_case(tmp_path / "older")
    (heard,) = sousveil("witness", "ask", "--case", older.root, "--json").json()
    assert heard["contradicts"]
    assert "saw 5 entries of this log, which has 1" in heard["problem"]
    seen = case.log / "witnesses" / "5.checkpoint"
    held = sousveil("verify", older.root, "--against", seen)
    assert (held.status, "ROLLED BACK" in held.out) == (1, True)
    # Whoever takes the log back, but leaves the cosignatures, contradicts himself.
    shutil.copytree(case.log / "witnesses", older.log / "witnesses")
    assert "the newest were taken away" in sousveil("verify", older.root).out


def test_a_log_that_only_grew_is_held_against_every_kind_of_kept_checkpoint(
    rooms: Rooms, tmp_path: Path
) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    sousveil("witness", "ask", "--case", case.root)
    first = case.log / "witnesses" / "1.checkpoint"
    held = sousveil("verify", case.root, "--against", first)
    assert (held.status, "the same log: 1 entries" in held.out) == (0, True), held.out
    grow(case, 20)
    held = sousveil("verify", case.root, "--against", first)
    assert (held.status, "the log goes on from it" in held.out) == (0, True)
    other = sousveil("verify", rooms[1].case.root, "--against", first)
    assert (other.status, "ANOTHER LOG" in other.out) == (1, True)
    first.write_bytes(first.read_bytes().replace(b"\n1\n", b"\n2\n"))
    assert "ANOTHER LOG" in sousveil("verify", case.root, "--against", first).out
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\x00\xff")
    refused = sousveil("verify", case.root, "--against", nonsense)
    assert (refused.status, "holds no checkpoint" in refused.err) == (2, True)
    assert sousveil("verify", case.root, "--against", tmp_path / "nowhere").status == 2


def test_a_damaged_log_is_no_proof_of_a_fork(rooms: Rooms) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    grow(case, 4)
    sousveil("witness", "ask", "--case", case.root)
    grow(case, 4)
    tile = case.log / "tile" / "0" / "000.p" / "9"
    data = tile.read_bytes()
    tile.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    seen = case.log / "witnesses" / "5.checkpoint"
    (result,) = sousveil("verify", case.root, "--against", seen, "--json").json()
    assert result["against"]["relation"] == "undecided"


class Liar(ThreadingHTTPServer):
    """A server that answers whatever a test wants."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes) -> None:
        self.answer = status, body
        self.asked: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Lying)


class _Lying(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Liar)
        length = int(self.headers["Content-Length"])
        self.server.asked.append(self.rfile.read(length))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


KEY = KeySigner("liar.example", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), b"\x04")


def lied_to(case: Case, status: int, body: bytes) -> tuple[str, int]:
    """Return what is told of a witness that answers so, and how often it was asked."""
    with Liar(status, body) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        host = f"127.0.0.1:{server.server_port}"
        named = {"liar": Named("liar", f"http://{host}/x/", KEY.verifier)}
        save_settings(case, replace(case.settings, allow_hosts=frozenset({host}), witnesses=named))
        (heard,) = ask_witnesses(open_case(case.root), Outside(now))
        server.shutdown()
    assert heard.at is None
    return heard.problem, len(server.asked)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"", "without a signature by its key"),
        (200, b"<html>Please log in</html>", "answered what is no cosignature"),
        (200, b"\xff\x00", "what is no cosignature: The note is not UTF-8"),
        (200, b"x" * 400_000, "a body of more than 262144 bytes"),
        (200, "— liar.example AAAAAAAA\n".encode(), "without a signature by its key"),
        (200, "— else.example AAAAAAAAAAAA\n".encode(), "without a signature by its key"),
        (404, b"", "sousveil witness add sousveil.case/"),
        (403, b"", "knows this log by another key"),
        (409, b"1e9\n", "not a number"),
        (409, b"99999999999999999999\n", "not a number"),
        (409, b"77\n", "saw 77 entries of this log, which has 3"),
        (409, b"2\n", "answered HTTP 409"),
        (422, b"", "does not go on from the 0 entries"),
        (500, b"", "answered HTTP 500"),
        (599, b"", "answered HTTP 599"),
    ],
)
def test_a_witness_that_lies_is_named_and_nothing_of_it_is_kept(
    status: int, body: bytes, said: str, case: Case
) -> None:
    grow(case, 2)
    problem, times = lied_to(case, status, body)
    assert said in problem, problem
    assert times == (witnessing.ATTEMPTS if body == b"2\n" else 1)
    assert kept(case) == set()
    assert sousveil("verify", case.root).status == 0


def test_a_cosignature_of_another_log_or_by_another_key_is_not_kept(case: Case) -> None:
    head = (case.log / "checkpoint").read_bytes()
    stranger = KeySigner(KEY.name, Ed25519PrivateKey.generate(), b"\x04")
    problem, _ = lied_to(case, 200, cosign(head, stranger, now()).encode())
    assert "without a signature by its key" in problem
    moved = cosign(head.replace(b"\n1\n", b"\n2\n"), KEY, now())
    problem, _ = lied_to(case, 200, moved.encode())
    assert "cosignature of liar.example is wrong" in problem
    assert kept(case) == set()


def test_a_witness_that_is_away_is_asked_again_later_and_nothing_is_lost(rooms: Rooms) -> None:
    case = witnessed_by(rooms[0].case, *rooms)
    named = case.settings.witnesses
    away = {**named, "w0": replace(named["w0"], url="http://127.0.0.1:9/")}
    save_settings(case, replace(case.settings, witnesses=away))
    grow(case, 2)
    ran = sousveil("witness", "ask", "--case", case.root)
    assert ran.status == 1
    assert "not witnessed by w0" in ran.out
    assert "witnessed by w1: 3 log entries" in ran.out
    save_settings(case, replace(case.settings, witnesses=named))
    ran = sousveil("witness", "ask", "--case", case.root)
    assert (ran.status, ran.out.count("witnessed by")) == (0, 1)
    assert kept(case) == {"keys", "3.checkpoint"}
    assert sousveil("verify", case.root).status == 0


def test_a_witness_whose_answer_was_lost_gives_it_when_asked_again(rooms: Rooms) -> None:
    """The witness is ahead of what we know of it: it tells its size, and we go on from there."""
    case = witnessed_by(rooms[0].case, rooms[1])
    grow(case, 3)
    sousveil("witness", "ask", "--case", case.root)
    shutil.rmtree(case.log / "witnesses")  # the answer never came
    grow(case, 2)
    assert sousveil("witness", "ask", "--case", case.root).status == 0
    assert kept(case) == {"keys", "6.checkpoint"}
    assert "refused (409)" in rooms[1].told[-2]


def test_every_changed_byte_of_a_cosignature_is_found(rooms: Rooms) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    sousveil("witness", "ask", "--case", case.root)
    head = read_checkpoint(case.log, case.settings.key)
    for name in ("1.checkpoint", "keys"):
        path = case.log / "witnesses" / name
        data = path.read_bytes()
        for place in range(len(data)):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            _, faults = check_witnesses(case.log, case.settings.key, head)
            assert faults, (name, place)
        path.write_bytes(data[:-1])
        assert check_witnesses(case.log, case.settings.key, head)[1]
        path.write_bytes(data)
    assert check_witnesses(case.log, case.settings.key, head)[1] == []
    (case.log / "witnesses" / "stranger").write_text("x")
    assert "log/witnesses/stranger" in sousveil("verify", case.root).out


def test_whatever_write_fails_the_case_verifies_and_the_next_ask_is_whole(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = witnessed_by(rooms[0].case, rooms[1])
    failing_at, status = 0, 1
    while status != 0:
        failing_at += 1
        calls = 0

        def failing(path: Path, data: bytes, failing_at: int = failing_at) -> None:
            nonlocal calls
            calls += 1
            if calls == failing_at:
                path.with_name(f"{path.name}.new").write_bytes(data[:9])  # what a crash may leave
                raise LogError(f"{path} could not be written: No space left on device.")
            replace_file(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(witnesses, "replace_file", failing)
            status = sousveil("witness", "ask", "--case", case.root).status
        assert sousveil("verify", case.root).status == 0
    assert failing_at == 3  # the key, the note
    assert [one.entries for one in check_witnesses(case.log, case.settings.key, None)[0]] == [1]


def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    make_key(folder, "w.example")
    command = [sys.executable, "-m", "sousveil", "witness", "serve"]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--folder", str(folder)],
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stderr is not None
        assert parse_witness_key(served.stderr.readline().strip()) == own_key(folder).verifier
        assert "answers at http://127.0.0.1:" in served.stderr.readline()
        second = sousveil("witness", "serve", "--listen", "127.0.0.1:0", "--folder", folder)
        assert (second.status, "served already" in second.err) == (2, True)
        served.terminate()


def test_what_the_commands_are_told_wrong_is_refused_with_the_next_step(
    case: Case, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    assert "witness key --name" in sousveil("witness", "serve", "--folder", folder).err
    assert "no witness is named" in sousveil("witness", "ask", "--case", case.root).err
    key = sousveil("witness", "key", "--name", "w.example/1", "--folder", folder).out.strip()
    assert sousveil("witness", "key", "--folder", folder).out.strip() == key
    wrong = sousveil("witness", "add", "log.example", key, "--folder", folder)
    assert (wrong.status, "not an Ed25519 key" in wrong.err) == (2, True)
    listen = sousveil("witness", "serve", "--listen", "here", "--folder", folder)
    assert (listen.status, "HOST:PORT" in listen.err) == (2, True)
    assert list(logs(folder)) == []
