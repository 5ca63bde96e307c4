"""Calendars are asked over real HTTP; what they promise becomes a block that anybody looks up."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from sousveil.case import Case, open_case, save_settings
from sousveil.errors import LogError
from sousveil.ledger import writing
from sousveil.run.sending import Outside
from sousveil.run.stamping import Stamper
from sousveil.settings import Calendar, Headers, Timestamps, format_settings, parse_settings
from sousveil.tlog.log import read_checkpoint
from sousveil.tlog.timestamps import ots
from sousveil.tlog.timestamps.blocks import read_header
from tests.commands import sousveil
from tests.conftest import NOW

BLOCK_AT = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
EASY = 0x207FFFFF  # the target of test chains: every second hash meets it
HARD = 0x1F00FFFF  # every 65,536th, so that a changed header meets it no more


def mined(root: bytes, at: datetime = BLOCK_AT, bits: int = EASY) -> bytes:
    """Return a header with that root, made as Bitcoin's are, at a test chain's difficulty."""
    target = (bits & 0xFFFFFF) << 8 * ((bits >> 24) - 3)
    for nonce in range(2**32):
        header = struct.pack("<i32s32sIII", 4, b"\7" * 32, root, int(at.timestamp()), bits, nonce)
        if int.from_bytes(sha256(sha256(header).digest()).digest(), "little") <= target:
            return header
    raise AssertionError


@dataclass
class House:
    """A calendar and a node, in one server."""

    url: str = ""
    height: int = 200
    digests: list[bytes] = field(default_factory=list)  # that were submitted
    asked: list[str] = field(default_factory=list)
    headers: dict[int, bytes] = field(default_factory=dict)
    ready: dict[bytes, bytes] = field(default_factory=dict)  # what is told of a commitment
    status: int = 200
    named: str = ""  # where promises are kept, if not here
    meanwhile: Callable[[], None] = lambda: None  # done while somebody waits for an answer

    def submit(self, digest: bytes) -> bytes:
        """Promise a digest: the answer is a timestamp of it, as calendars serialise one."""
        self.digests.append(digest)
        self.meanwhile()
        stamp = Timestamp(digest)
        leaf = stamp.ops.add(OpPrepend(b"salt")).ops.add(OpSHA256())
        leaf.attestations.add(PendingAttestation(self.named or self.url))
        return written(stamp)

    def confirm(self) -> None:
        """Put all that was promised into a block, whose root is of two transactions."""
        for digest in self.digests:
            leaf = sha256(b"salt" + digest).digest()
            stamp = Timestamp(leaf)
            root = stamp.ops.add(OpAppend(b"\1" * 32)).ops.add(OpSHA256()).ops.add(OpSHA256())
            root.attestations.add(BitcoinBlockHeaderAttestation(self.height))
            self.headers[self.height] = mined(root.msg)
            self.ready[leaf] = written(stamp)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Answer a question, as calendars, Bitcoin Core and Esplora do."""
        hashes = {read_header(one).hash: one for one in self.headers.values()}
        parts = path.strip("/").replace("?count=1", "").replace(".hex", "").split("/")
        match parts:
            case ["timestamp", commitment]:
                told = self.ready.get(bytes.fromhex(commitment))
                return (200, told) if told is not None else (404, b"Pending confirmation")
            case ["rest", "blockhashbyheight", height] | ["block-height", height]:
                header = self.headers.get(int(height))
                found = read_header(header).hash.encode() if header else b""
                return (200, found) if found else (404, b"no such block")
            case ["rest", "headers", block] | ["block", block, "header"]:
                return 200, hashes[block].hex().encode() + b"\n"
        return 404, b""


def written(stamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    stamp.serialize(context)
    done: bytes = context.getbytes()
    return done


@pytest.fixture
def house() -> Iterator[House]:
    with serving(House()) as house:
        yield house


@contextmanager
def serving(house: House) -> Iterator[House]:
    """Serve a house at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(house.status, house.submit(body) if self.path == "/digest" else b"")

        def do_GET(self) -> None:
            house.asked.append(self.path)
            self.reply(*house.answer(self.path))

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket.settimeout(30)
    house.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield house
    server.shutdown()
    server.server_close()


@pytest.fixture
def asking(case: Case, house: House) -> Case:
    """A case that asks the house, and takes headers by hand."""
    return settled(case, house)


def settled(case: Case, house: House, headers: Headers | None = None) -> Case:
    stamps = Timestamps(calendars={"a": Calendar("a", f"{house.url}/")}, headers=headers)
    host = house.url.removeprefix("http://")
    settings = replace(case.settings, timestamps=stamps, allow_hosts=frozenset({host}))
    save_settings(case, settings)
    return open_case(case.root)


def stamped(case: Case) -> str:
    told = sousveil("stamp", "--case", case.root)
    assert told.status == 0, told.out
    return told.out


def verified(case: Case) -> str:
    told = sousveil("verify", case.root)
    assert told.status == 0, told.out
    return told.out


def proof_of(case: Case, size: int = 1) -> Path:
    return case.log / "timestamps" / f"{size}-a.ots"


def test_nothing_is_asked_of_anybody_unless_a_case_names_them(case: Case, house: House) -> None:
    assert case.settings.timestamps.calendars == {}
    told = sousveil("stamp", "--case", case.root)
    assert (told.status, "no authority is named" in told.err) == (2, True)
    assert (house.digests, house.asked) == ([], [])


def test_settings_with_calendars_are_written_and_read_back(case: Case, house: House) -> None:
    for kind in ("core", "esplora"):
        named = settled(case, house, Headers("core" if kind == "core" else "esplora", house.url))
        text = format_settings(named.settings)
        assert parse_settings(text, case.root) == named.settings


def test_the_calendar_learns_neither_the_digest_nor_that_two_proofs_are_of_one_thing(
    asking: Case, house: House
) -> None:
    assert "promised by a: 1 log entry" in stamped(asking)
    note = (asking.log / "checkpoint").read_bytes()
    proof_of(asking).unlink()
    stamped(asking)
    first, second = house.digests
    assert first != second
    assert sha256(note).digest() not in {first, second}


def test_a_promise_proves_nothing_and_is_told_as_one(asking: Case) -> None:
    stamped(asking)
    words = verified(asking)
    assert (
        "1 OpenTimestamps proofs are promises of their calendars so far, and show nothing" in words
    )
    assert "Nothing waits" in stamped(asking)  # it is not submitted again
    verified(asking)


def test_what_was_promised_is_asked_for_until_it_is_in_a_block(asking: Case, house: House) -> None:
    stamped(asking)
    stamped(asking)
    house.confirm()
    assert "by a: 1 log entry, in block 200 of Bitcoin" in stamped(asking)
    words = verified(asking)
    assert "lead to block 200 of Bitcoin, whose header is not here" in words
    asked = len(house.asked)
    stamped(asking)
    assert len(house.asked) == asked  # what is in a block is not asked for again


@pytest.mark.parametrize("form", ["hex", "bytes"])
def test_a_header_given_by_hand_says_when_and_never_more_than_it_can(
    asking: Case, house: House, tmp_path: Path, form: str
) -> None:
    stamped(asking)
    house.confirm()
    stamped(asking)
    header, given = house.headers[200], tmp_path / "header"
    given.write_bytes(header if form == "bytes" else header.hex().encode() + b"\n")
    told = sousveil("stamp", "--block-header", given, "--case", asking.root)
    assert told.status == 0, told.err
    words = verified(asking)
    assert (
        "All of the log existed before block 200 of Bitcoin, whose header says 2026-01-02 09"
        in words
    )
    assert "if that header is in Bitcoin's chain: compare its hash" in words
    assert read_header(header).hash in words
    assert "takes 2^1 hashes" in words  # a test chain's: anybody makes one at once
    again = sousveil("stamp", "--block-header", given, "--case", asking.root)
    assert (again.status, "or its header is here" in again.err) == (2, True)


@pytest.mark.parametrize("kind", ["core", "esplora"])
def test_headers_are_had_from_a_node_or_an_explorer(case: Case, house: House, kind: str) -> None:
    asking = settled(case, house, Headers("core" if kind == "core" else "esplora", house.url))
    stamped(asking)
    house.confirm()
    assert "block 200 of Bitcoin: its header says 2026-01-02 09:00:00 UTC" in stamped(asking)
    assert "existed before block 200" in verified(asking)
    prefix = "/rest/" if kind == "core" else "/block"
    assert any(one.startswith(prefix) for one in house.asked)


def test_a_node_with_another_block_is_told_and_its_header_not_kept(
    case: Case, house: House
) -> None:
    asking = settled(case, house, Headers("core", house.url))
    stamped(asking)
    house.confirm()
    house.headers[200] = mined(b"\x09" * 32)
    told = sousveil("stamp", "--case", asking.root)
    assert told.status == 1
    assert "has another block at height 200 than the proof leads to" in told.out
    assert not (asking.log / "timestamps" / "blocks").exists()


@pytest.mark.parametrize("wrong", [b"", b"x" * 80, b"ab" * 79, mined(b"\x05" * 32)])
def test_what_is_no_header_or_of_no_proof_is_refused(
    asking: Case, house: House, tmp_path: Path, wrong: bytes
) -> None:
    stamped(asking)
    house.confirm()
    stamped(asking)
    given = tmp_path / "header"
    given.write_bytes(wrong)
    told = sousveil("stamp", "--block-header", given, "--case", asking.root)
    assert told.status == 2
    assert "header" in told.err


def test_a_calendar_that_cannot_be_had_is_named_and_nothing_is_lost(
    asking: Case, house: House
) -> None:
    house.status = 503
    told = sousveil("stamp", "--case", asking.root)
    assert (told.status, "not from a:" in told.out, "HTTP 503" in told.out) == (1, True, True)
    house.status = 200
    with writing(asking) as writer:
        writer.commit("note", {}, now=NOW)
    assert "promised by a: 2 log entries" in stamped(asking)
    assert not proof_of(asking, 1).exists()
    verified(asking)


def test_a_promise_kept_elsewhere_is_not_asked_for_there(asking: Case, house: House) -> None:
    house.named = "http://10.1.2.3"
    stamped(asking)
    told = sousveil("stamp", "--case", asking.root)
    assert told.status == 1
    assert "kept at http://10.1.2.3, which case.toml does not name" in told.out
    assert house.asked == []


def test_the_service_asks_with_the_others(asking: Case, house: House) -> None:
    clock = [NOW]
    stamper = Stamper(Outside(lambda: clock[0]))
    assert stamper.is_due(asking)
    assert [one.problem for one in stamper.stamp(asking)] == [""]
    assert not stamper.is_due(asking)
    house.confirm()
    clock[0] += timedelta(hours=7)
    assert [getattr(one, "height", None) for one in stamper.stamp(asking)] == [200]


def test_others_write_to_the_case_while_a_calendar_takes_its_time(
    asking: Case, house: House
) -> None:
    def noted() -> None:
        with writing(asking) as writer:
            writer.commit("note", {}, now=NOW)

    house.meanwhile = noted
    assert "promised by a: 1 log entry" in stamped(asking)
    assert head_of(asking) == 2
    house.meanwhile = lambda: None
    assert "promised by a: 2 log entries" in stamped(asking)
    verified(asking)


def head_of(case: Case) -> int:
    head = read_checkpoint(case.log, case.settings.key)
    assert head is not None
    return head.size


def test_every_byte_of_a_proof_and_of_its_header_counts(asking: Case, house: House) -> None:
    stamped(asking)
    house.confirm()
    stamped(asking)
    (asking.log / "timestamps" / "blocks").mkdir()
    kept = asking.log / "timestamps" / "blocks" / "200.header"
    root = read_header(house.headers[200]).root
    kept.write_bytes(mined(root, bits=HARD).hex().encode() + b"\n")
    verified(asking)
    for path in (proof_of(asking), kept):
        whole = path.read_bytes()
        for place in range(0, len(whole), 4):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            told = sousveil("verify", asking.root)
            words = (told.status, "existed before block 200" in told.out)
            assert words in {(1, False), (0, False)}, (path.name, place)
            # Another height, or a header that lacks: it says that nothing was shown.
            assert told.status == 1 or "whose header is not here" in told.out, (path.name, place)
        path.write_bytes(whole)
    (asking.log / "timestamps" / "7-a.ots").write_bytes(b"x")
    assert "log/timestamps/7-a.ots: " in sousveil("verify", asking.root).out


def test_a_proof_of_another_log_is_a_fault(asking: Case, house: House, tmp_path: Path) -> None:
    stamped(asking)
    proof = proof_of(asking).read_bytes()
    with writing(asking) as writer:
        writer.commit("note", {}, now=NOW)
    stamped(asking)
    proof_of(asking, 2).write_bytes(proof)
    told = sousveil("verify", asking.root)
    assert (told.status, "2-a.ots: is a proof of something else" in told.out) == (1, True)
    assert house.digests
    assert tmp_path.exists()


def test_other_clients_read_our_proofs(asking: Case, house: House) -> None:
    stamped(asking)
    house.confirm()
    stamped(asking)
    note = (asking.log / "timestamps" / "1.checkpoint").read_bytes()
    context = BytesDeserializationContext(proof_of(asking).read_bytes())
    file = DetachedTimestampFile.deserialize(context)
    assert file.file_digest == sha256(note).digest()
    ((message, word),) = file.timestamp.all_attestations()
    assert isinstance(word, BitcoinBlockHeaderAttestation)
    assert message == read_header(house.headers[200]).root


@given(st.binary(max_size=300))
def test_any_answer_of_a_calendar_is_read_or_refused(answer: bytes) -> None:
    with suppress(LogError):
        ots.promised(b"note", b"\0" * 16, answer)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    with suppress(LogError):
        read_header(data)


def test_the_first_header_of_bitcoin_is_read_as_everybody_knows_it() -> None:
    """The genesis block, by which every node begins."""
    header = read_header(
        b"01000000"
        + b"00" * 32
        + b"3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
        b"29ab5f49ffff001d1dac2b7c"
    )
    assert header.hash == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert header.at == datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)
    assert round(header.work) == 32
