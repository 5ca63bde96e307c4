"""A stamp holds for this log and no other, offline; whatever does not is named."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.model import Stamp
from sousveil.tlog.keys import create_signer
from sousveil.tlog.log import append, read_checkpoint
from sousveil.tlog.note import KeySigner
from sousveil.tlog.timestamps.audit import check_stamps, covering
from sousveil.tlog.timestamps.files import (
    check_sums,
    format_sums,
    keep_stamp,
    keep_subject,
    list_stamps,
    renewal_name,
    stamp_file,
)
from sousveil.tlog.timestamps.token import check_token, make_query
from sousveil.tlog.timestamps.told import told
from tests.authority import Authority, authority

ORIGIN = "sousveil.case/0123456789abcdef"


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return create_signer(tmp_path / "key", ORIGIN)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path / "tsa") as made:
        yield made


def grown(log: Path, signer: KeySigner, entries: int) -> Path:
    for number in range(entries):
        append(log, [f"entry {number}".encode()], signer)
    return log


def stamped(log: Path, signer: KeySigner, house: Authority, name: str = "a") -> Path:
    """Stamp the newest checkpoint of a log; gives the stamp's path."""
    head = read_checkpoint(log, signer.verifier_key)
    assert head is not None
    subject = keep_subject(log, f"{head.size}.checkpoint", head.note)
    return stamp(subject, head.note, house, name)


def stamp(subject: Path, data: bytes, house: Authority, name: str = "a") -> Path:
    response = house.reply(make_query(data).der)
    held = check_token(response, data, roots=[house.root.certificate])
    file = stamp_file(subject, name)
    keep_stamp(file, response, held.path)
    return file.path


def checked(log: Path, signer: KeySigner) -> tuple[list[Stamp], list[tuple[str, str]]]:
    head = read_checkpoint(log, signer.verifier_key)
    stamps, faults = check_stamps(log, signer.verifier_key, head)
    return stamps, [(fault.path, fault.problem) for fault in faults]


def test_a_stamp_of_an_earlier_log_holds_while_the_log_goes_on(
    tmp_path: Path, signer: KeySigner, house: Authority
) -> None:
    log = grown(tmp_path / "log", signer, 3)
    stamped(log, signer, house)
    append(log, [b"more", b"and more"], signer)
    stamps, faults = checked(log, signer)
    assert faults == []
    assert [(one.file, one.entries, one.by) for one in stamps] == [
        ("log/timestamps/3-a.tsr", 3, "Stamp House Signer")
    ]
    assert not stamps[0].is_trusted
    assert [bool(list(covering(stamps, entry))) for entry in (0, 2, 3)] == [True, True, False]
    first, rest = told(stamps, 5)
    assert first.startswith("The first 3 entries of the log existed by ")
    assert rest.startswith("The newest 2 entries have no time stamp")


def test_a_log_whose_newest_part_was_taken_away_contradicts_its_stamp(
    tmp_path: Path, signer: KeySigner, house: Authority
) -> None:
    log = grown(tmp_path / "log", signer, 2)
    older = (log / "checkpoint").read_bytes()
    append(log, [b"inconvenient"], signer)
    stamped(log, signer, house)
    (log / "checkpoint").write_bytes(older)
    stamps, faults = checked(log, signer)
    assert stamps == []
    (checkpoint, stamp_) = faults
    assert "counts 3 entries, and the log has 2: the newest were taken away" in checkpoint[1]
    assert stamp_ == (
        "log/timestamps/3-a.tsr",
        "is a stamp of 3.checkpoint, which is missing or does not hold",
    )


def test_a_log_that_was_written_anew_contradicts_its_stamp(
    tmp_path: Path, signer: KeySigner, house: Authority
) -> None:
    first = grown(tmp_path / "log", signer, 3)
    stamped(first, signer, house)
    again = tmp_path / "again" / "log"
    for number in range(4):
        append(again, [f"other {number}".encode()], signer)
    (first / "timestamps").rename(again / "timestamps")
    _, faults = checked(again, signer)
    assert "is of another log than this one, or its past was changed" in faults[0][1]


Damage = Callable[[Path], object]


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "signature": (
        lambda folder: flipped(folder / "3-a.tsr", -9),
        "3-a.tsr",
        "does not hold",
    ),
    "cut": (
        lambda folder: (folder / "3-a.tsr").write_bytes(b""),
        "3-a.tsr",
        "refuses",
    ),
    "no chain": (
        lambda folder: (folder / "3-a.pem").unlink(),
        "3-a.tsr",
        "3-a.pem is missing",
    ),
    "other chain": (
        lambda folder: (folder / "3-a.pem").write_bytes(b"hello"),
        "3-a.tsr",
        "3-a.pem holds no certificates",
    ),
    "no checkpoint": (
        lambda folder: (folder / "3.checkpoint").unlink(),
        "3-a.tsr",
        "3.checkpoint, which is missing",
    ),
    "checkpoint": (
        lambda folder: flipped(folder / "3.checkpoint", -4),
        "3.checkpoint",
        "",
    ),
    "of another size": (
        lambda folder: [
            (folder / name).rename(folder / name.replace("3", "2", 1))
            for name in ("3.checkpoint", "3-a.tsr", "3-a.pem")
        ],
        "2.checkpoint",
        "under another's name",
    ),
    "stranger": (
        lambda folder: (folder / "notes.txt").write_text("hello"),
        "notes.txt",
        "is no time stamp",
    ),
    "link": (
        lambda folder: (folder / "4-a.tsr").symlink_to(folder / "3-a.tsr"),
        "4-a.tsr",
        "is no time stamp",
    ),
    "folder": (lambda folder: (folder / "7-a.tsr").mkdir(), "7-a.tsr", "is no time stamp"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_named(
    name: str, tmp_path: Path, signer: KeySigner, house: Authority
) -> None:
    log = grown(tmp_path / "log", signer, 3)
    stamped(log, signer, house)
    damage, file, problem = DAMAGES[name]
    damage(log / "timestamps")
    _, faults = checked(log, signer)
    assert any(path == f"log/timestamps/{file}" and problem in words for path, words in faults), (
        faults
    )


@pytest.mark.parametrize(("with_chain", "step"), [(False, 11), (True, 89)])
def test_no_changed_byte_goes_unnoticed(
    tmp_path: Path, signer: KeySigner, *, with_chain: bool, step: int
) -> None:
    """What no signature covers is covered by the digest beside it; nothing ends the program."""
    log = grown(tmp_path / "log", signer, 3)
    with authority(tmp_path / "tsa", with_chain=with_chain) as house:
        stamped(log, signer, house)
    for name in ("3-a.tsr", "3-a.pem", "3.checkpoint"):
        path = log / "timestamps" / name
        whole = path.read_bytes()
        for place in range(0, len(whole), step):
            flipped(path, place)
            assert checked(log, signer)[1], f"byte {place} of {name}"
            path.write_bytes(whole)
    assert checked(log, signer)[1] == []


def test_what_an_interrupted_stamp_leaves_is_no_fault(
    tmp_path: Path, signer: KeySigner, house: Authority
) -> None:
    log = grown(tmp_path / "log", signer, 3)
    stamped(log, signer, house)
    folder = log / "timestamps"
    (folder / "3-a.tsr").rename(folder / "3-a.tsr.new")
    assert checked(log, signer) == ([], [])
    left = [path.name for path in list_stamps(log).leftovers]
    assert left == ["3-a.pem", "3-a.tsr.new", "3.checkpoint"]


def test_a_log_without_stamps_has_none_and_no_fault(tmp_path: Path, signer: KeySigner) -> None:
    assert checked(grown(tmp_path / "log", signer, 1), signer) == ([], [])
    assert list(told([], 1)) == []


def test_a_renewal_made_in_time_lets_old_stamps_stand(tmp_path: Path, signer: KeySigner) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    log = grown(tmp_path / "log", signer, 2)
    with (
        authority(tmp_path / "a", "Old House", until=soon) as old,
        authority(tmp_path / "b", "New House") as new,
    ):
        stamped(log, signer, old)
        data = format_sums(log)
        subject = keep_subject(log, renewal_name(datetime.now(UTC)), data)
        stamp(subject, data, new, "b")
    stamps, faults = checked(log, signer)
    assert faults == []
    first, renewal = sorted(stamps, key=lambda one: one.is_renewal)
    assert renewal.is_renewal
    assert renewal.entries == 2
    assert first.stands_until == renewal.stands_until > soon
    assert check_sums(subject) == {"2.checkpoint", "2-a.tsr", "2-a.pem"}


def test_a_stamp_that_was_added_after_a_renewal_does_not_profit_from_it(
    tmp_path: Path, signer: KeySigner
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    log = grown(tmp_path / "log", signer, 2)
    with (
        authority(tmp_path / "a", "Old House", until=soon) as old,
        authority(tmp_path / "b", "New House") as new,
    ):
        stamped(log, signer, old)
        data = format_sums(log)
        subject = keep_subject(log, renewal_name(datetime.now(UTC)), data)
        stamp(subject, data, new, "b")
        append(log, [b"later"], signer)
        late = stamped(log, signer, old)
    stamps, _ = checked(log, signer)
    (found,) = (one for one in stamps if one.file.endswith(late.name))
    assert found.stands_until == soon.replace(microsecond=0)


@given(st.text(alphabet="0123456789aT Z-.checkpointsrumnew", max_size=24))
def test_any_name_has_a_place_or_none(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    if "/" in name or name in {"", ".", ".."}:
        return
    log = tmp_path_factory.mktemp("log")
    (log / "timestamps").mkdir()
    (log / "timestamps" / name).write_bytes(b"")
    listed = list_stamps(log)
    places = [one.path for one in listed.stamps]
    assert [*places, *listed.subjects, *listed.leftovers, *listed.strangers] == [
        log / "timestamps" / name
    ]
