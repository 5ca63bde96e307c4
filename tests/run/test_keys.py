"""A log outlives its key: another follows it, and everybody can tell which may have signed what."""

import base64
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyrage
import pytest

from sousveil.case import Case, open_case
from sousveil.errors import CaseError, EvidenceError, LogError
from sousveil.ledger import TurnWriter, read_events, writing
from sousveil.run.keys import key_state, replace_lost, rotate
from sousveil.settings import config_folder, key_path
from sousveil.tlog import passphrase as passphrases
from sousveil.tlog.checkpoint import sign_checkpoint
from sousveil.tlog.keys import is_protected, load_signer
from sousveil.tlog.log import append, read_checkpoint
from sousveil.tlog.note import split_note
from tests.commands import sousveil
from tests.conftest import NOW
from tests.killed import Arm, is_killed
from tests.tlog.agefiles import under_passphrase

SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what precedes the key in DER
SECRET = "horse staple ❤ battery"


@pytest.fixture(autouse=True)
def no_passphrase(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(passphrases.FILE_VARIABLE, raising=False)
    passphrases.forget()
    yield
    passphrases.forget()


def told_in_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = SECRET) -> None:
    file = tmp_path / "told"
    file.write_text(f"{text}\n", encoding="utf-8")
    monkeypatch.setenv(passphrases.FILE_VARIABLE, str(file))
    passphrases.forget()


def noted(case: Case, text: str = "x") -> None:
    with writing(case) as writer:
        writer.commit("note", {"text": text}, now=NOW)


def verified(case: Case) -> str:
    told = sousveil("verify", case.root)
    assert told.status == 0, told.out
    return told.out


def openssl_agrees(text: bytes, vkey: str, signature: bytes, folder: Path) -> bool:
    key = base64.b64decode(vkey.partition("+")[2].partition("+")[2])[1:]
    for name, data in {"key": SPKI + key, "text": text, "signature": signature}.items():
        (folder / name).write_bytes(data)
    arguments = "pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
    done = subprocess.run(
        ["openssl", *arguments.split()], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


# ---------------------------------------------------------------- one key follows another


def test_a_new_key_is_named_by_an_event_and_signed_for_by_the_old_one(
    case: Case, tmp_path: Path
) -> None:
    old = case.settings.key
    told = sousveil("key", "rotate", "--reason", "a new year", "--case", case.root)
    assert told.status == 0, told.err
    now = open_case(case.root)
    assert now.settings.key != old
    *_, event = read_events(now)
    assert event.type == "key.rotated"
    assert (event.body["former"], event.body["key"]) == (old, now.settings.key)
    assert event.body["reason"] == "a new year"
    text, lines = split_note((case.log / "checkpoint").read_bytes())
    for vkey, line in zip((old, now.settings.key), lines, strict=True):
        assert openssl_agrees(text.encode(), vkey, line.signature, tmp_path), vkey
    assert f"it was signed by {old}; that key signed for the new one" in verified(now)


def test_after_that_the_new_key_alone_signs_and_the_old_one_is_gone(case: Case) -> None:
    old = case.settings.key
    assert sousveil("key", "rotate", "--case", case.root).status == 0
    now = open_case(case.root)
    noted(now)
    _, lines = split_note((case.log / "checkpoint").read_bytes())
    assert len(lines) == 1
    assert load_signer(key_path(now.settings.origin)).verifier_key == now.settings.key
    assert len(list((config_folder() / "keys").glob("*.key"))) == 1
    head = read_checkpoint(now.log, old)  # who knows the old key reads the log as well
    assert head is not None
    assert head.size == 3
    verified(now)


def test_what_people_wrote_into_the_settings_stays(case: Case) -> None:
    where = case.root / "case.toml"
    where.write_text(f"# mine\n{where.read_text()}", encoding="utf-8")
    assert sousveil("key", "rotate", "--case", case.root).status == 0
    assert where.read_text(encoding="utf-8").startswith("# mine\n")


def test_keys_follow_each_other_and_show_tells_all_of_them(case: Case) -> None:
    keys = [case.settings.key]
    for options in ([], ["--stolen-since", "2026-01-01 10:00"], []):
        assert sousveil("key", "rotate", *options, "--case", case.root).status == 0
        keys.append(open_case(case.root).settings.key)
    (told,) = sousveil("key", "show", "--case", case.root, "--json").json()
    assert [one["former"] for one in told["changes"]] == keys[:-1]
    assert [one["key"] for one in told["changes"]] == keys[1:]
    assert [one["event"] for one in told["changes"]] == [
        "key.rotated",
        "key.revoked",
        "key.rotated",
    ]
    assert told["changes"][1]["stolen_since"] == "2026-01-01T10:00:00Z"
    assert (told["key"], told["here"], told["protected"]) == (keys[-1], True, False)
    shown = sousveil("key", "show", "--case", case.root).out
    assert all(key in shown for key in keys)
    assert "since 2026-01-01 10:00:00 UTC at the earliest" in verified(open_case(case.root))


def test_a_theft_that_is_still_to_come_is_refused(case: Case) -> None:
    told = sousveil("key", "rotate", "--stolen-since", "in 2h", "--case", case.root)
    assert (told.status, "still to come" in told.err) == (2, True)
    assert len(list((config_folder() / "keys").glob("*.key"))) == 1


def test_a_service_goes_on_with_the_new_key(case: Case) -> None:
    writer = TurnWriter(case, lambda: False, lambda _: None)
    writer.commit("note", {}, now=NOW)
    assert sousveil("key", "rotate", "--case", case.root).status == 0
    writer.commit("note", {}, now=NOW)
    assert len(verified(open_case(case.root)).splitlines()) > 3
    assert [one.type for one in read_events(open_case(case.root))][-2:] == ["key.rotated", "note"]


# ---------------------------------------------------------------- what a key may not sign


def copy_of_keys() -> Path:
    target = config_folder().with_name("stolen")
    shutil.copytree(config_folder(), target)
    return target


def test_a_key_that_was_given_up_signs_nothing_more_here(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = copy_of_keys()
    assert sousveil("key", "rotate", "--case", case.root).status == 0
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(stolen))
    with pytest.raises(CaseError, match=r"That one was given up.*key backup"):
        noted(open_case(case.root))


def test_a_checkpoint_that_a_former_key_signed_later_is_a_fault_in_words(case: Case) -> None:
    thief = load_signer(key_path(case.settings.origin))
    rotate(case, "", NOW, lambda: False)
    now = open_case(case.root)
    noted(now)
    head = read_checkpoint(now.log, now.settings.key)
    assert head is not None
    (now.log / "checkpoint").write_bytes(sign_checkpoint(head.size, head.root, thief).note)
    told = sousveil("verify", case.root)
    assert told.status == 1
    assert "was given up at entry 1 and may not sign it. Whoever signed it has that key" in told.out


def test_a_thief_who_goes_on_with_the_old_key_is_refused_by_the_log_itself(case: Case) -> None:
    thief = load_signer(key_path(case.settings.origin))
    rotate(case, "", NOW, lambda: False)
    with pytest.raises(LogError, match=r"entry 2 is for .* to sign, not for"):
        append(case.log, [b"{}"], thief)


def test_an_older_copy_of_the_case_takes_nothing_more(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.root, tmp_path / "copy")
    rotate(case, "", NOW, lambda: False)
    with pytest.raises((CaseError, EvidenceError), match="An older copy of the case, from before"):
        noted(open_case(tmp_path / "copy"))
    told = sousveil("verify", tmp_path / "copy")
    assert told.status == 1
    assert "log/checkpoint" in told.out


@pytest.mark.parametrize("name", ["2.json", "2.tlog-proof", "4.former", "4.json", "4.tlog-proof"])
def test_every_byte_that_shows_a_change_of_keys_counts(case: Case, name: str) -> None:
    rotate(case, "", NOW, lambda: False)
    noted(open_case(case.root))
    key_path(case.settings.origin).unlink()
    assert sousveil("key", "lost", "--case", case.root).status == 0
    noted(open_case(case.root))
    path = case.log / "keys" / name
    whole = path.read_bytes()
    verified(case)
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        told = sousveil("verify", case.root)
        assert (told.status, f"log/keys/{name}" in told.out) == (1, True), place
    for wrong in (whole[:-1], whole + b"\n", b""):
        path.write_bytes(wrong)
        assert f"log/keys/{name}" in sousveil("verify", case.root).out
    path.unlink()
    assert f"log/keys/{name}" in sousveil("verify", case.root).out
    path.write_bytes(whole)
    (case.log / "keys" / "9.note").touch()
    assert "log/keys/9.note: does not belong" in sousveil("verify", case.root).out


def test_a_case_held_against_a_checkpoint_from_before_its_key_changed_is_the_same_log(
    case: Case, tmp_path: Path
) -> None:
    noted(case)
    kept = tmp_path / "kept"
    kept.write_bytes((case.log / "checkpoint").read_bytes())
    rotate(case, "", NOW, lambda: False, stolen_since=NOW)
    told = sousveil("verify", case.root, "--against", kept)
    assert (told.status, "the log goes on from it: its first 2 entries" in told.out) == (0, True)


def test_a_fork_signed_by_a_stolen_key_is_told_with_the_doubt_that_is_due(
    case: Case, tmp_path: Path
) -> None:
    thief = load_signer(key_path(case.settings.origin))
    noted(case)
    rotate(case, "", NOW, lambda: False, stolen_since=NOW)
    kept = tmp_path / "kept"
    kept.write_bytes(sign_checkpoint(2, b"\x07" * 32, thief).note)
    told = sousveil("verify", case.root, "--against", kept)
    assert told.status == 1
    assert "FORKED" in told.out
    assert "revoked as stolen: a thief could have signed it" in told.out


# ---------------------------------------------------------------- a key that is lost


def test_a_lost_key_is_followed_and_verify_says_what_that_rests_on(case: Case) -> None:
    old = case.settings.key
    noted(case)
    key_path(case.settings.origin).unlink()
    told = sousveil("key", "lost", "--reason", "the disk died", "--case", case.root)
    assert told.status == 0, told.err
    now = open_case(case.root)
    *_, event = read_events(now)
    assert (event.type, event.body["reason"]) == ("key.lost", "the disk died")
    assert len(split_note((case.log / "checkpoint").read_bytes())[1]) == 1
    words = verified(now)
    assert f"Up to entry 1 it was signed by {old}. Entry 2 says that this key was lost" in words
    assert "the log's continuity rests on those who saw it, not on a signature" in words
    assert "No witness saw it before and after" in words
    noted(now)
    verified(now)


def test_a_key_that_can_be_used_is_not_lost(case: Case) -> None:
    told = sousveil("key", "lost", "--case", case.root)
    assert (told.status, "sousveil key rotate" in told.err) == (2, True)
    assert len(list(read_events(case))) == 1


def test_who_says_that_a_key_is_lost_which_lies_here_is_found_out(
    case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = os.environ["SOUSVEIL_CONFIG"]
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "of a stranger"))
    assert sousveil("key", "lost", "--case", case.root).status == 0
    monkeypatch.setenv("SOUSVEIL_CONFIG", ours)
    told = sousveil("verify", case.root)
    assert told.status == 1
    assert "somebody else put their key in its place" in told.out
    with pytest.raises(CaseError, match="That one was given up"):
        noted(open_case(case.root))


# ---------------------------------------------------------------- killed at any moment

CALLS = ("fsync", "replace", "rename", "unlink", "link", "mkdir")


def change_keys(root: Path, how: str, arm: Arm) -> None:
    """Change the keys of a case; it may be killed from the moment on at which it is open."""
    case = open_case(root)
    arm()
    if how == "rotate":
        rotate(case, "why", NOW + timedelta(days=1), lambda: False)
    else:
        replace_lost(case, "why", NOW + timedelta(days=1), lambda: False, passphrase=None)


@pytest.mark.parametrize("how", ["rotate", "lost"])
def test_a_change_of_keys_killed_at_any_step_happened_or_did_not(
    case: Case, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL before and after each sync, rename and removal; each leaves a case that goes on."""
    if how == "lost":
        key_path(case.settings.origin).unlink()
    own, happened = Path(os.environ["SOUSVEIL_CONFIG"]), set()
    for stop in range(1, 300, 3 if how == "lost" else 2):
        root, config = tmp_path / f"{stop}", tmp_path / f"config-{stop}"
        shutil.copytree(case.root, root)
        shutil.copytree(own, config)
        monkeypatch.setenv("SOUSVEIL_CONFIG", str(config))
        killed = is_killed(stop, CALLS, partial(change_keys, root, how))
        assert read_checkpoint(root / "log", open_case(root).settings.key) is not None
        if how == "lost" and key_state(open_case(root)).key.key_id.hex() in case.settings.key:
            again = sousveil("key", "lost", "--case", root)  # by turns: finished, or done anew
            finished = "the key is here" in again.err
            assert (again.status, finished) in {(0, False), (2, True)}, again.err
        noted(open_case(root))
        verified(open_case(root))
        types = [event.type for event in read_events(open_case(root))]
        assert types in (["case.opened", "note"], ["case.opened", f"key.{_kind(how)}", "note"])
        happened.add(len(types))
        if not killed:
            break
    assert not killed, "the loop must reach a run that was not killed"
    assert happened == ({2, 3} if how == "rotate" else {3})


def _kind(how: str) -> str:
    return "rotated" if how == "rotate" else "lost"


# ---------------------------------------------------------------- passphrases


def test_a_key_file_with_a_passphrase_is_in_the_age_format_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_file(tmp_path, monkeypatch)
    assert sousveil("init", tmp_path / "case", "--passphrase").status == 0
    case = open_case(tmp_path / "case")
    data = key_path(case.settings.origin).read_bytes()
    assert data.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    opened = pyrage.passphrase.decrypt(data, SECRET)
    assert opened.startswith(f"PRIVATE+KEY+{case.settings.origin}+".encode())
    assert not any(b"PRIVATE" in one.read_bytes() for one in files_of(config_folder()))
    noted(case)
    verified(case)
    (state,) = sousveil("key", "show", "--case", case.root, "--json").json()
    assert (state["protected"], state["key"]) == (True, case.settings.key)


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_that_others_wrote_in_the_age_format_is_read(case: Case, tmp_path: Path) -> None:
    path = key_path(case.settings.origin)
    path.write_bytes(under_passphrase(path.read_bytes(), SECRET))
    signer = load_signer(path, ask=lambda _: SECRET)
    assert signer.verifier_key == case.settings.key
    age = shutil.which("age")
    if age is not None:  # it asks at a terminal alone
        (tmp_path / "in").write_bytes(path.read_bytes())
        done = at_terminal([age, "--decrypt", "-o", "out", "in"], [SECRET], tmp_path)
        assert (tmp_path / "out").read_text().startswith("PRIVATE+KEY+"), done


def test_a_wrong_passphrase_is_one_line_and_no_lockout(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = key_path(case.settings.origin)
    path.write_bytes(under_passphrase(path.read_bytes(), SECRET))
    told_in_file(tmp_path, monkeypatch, "wrong")
    told = sousveil("add", "http://example.org/", "--case", case.root)
    assert (told.status, "this is not its passphrase" in told.err) == (2, True)
    assert len(told.err.strip().splitlines()) == 1
    told_in_file(tmp_path, monkeypatch)
    assert sousveil("add", "http://example.org/", "--case", case.root).status == 0


def test_without_a_terminal_or_a_file_the_next_step_is_told(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_file(tmp_path, monkeypatch)
    assert sousveil("key", "passphrase", "--case", case.root).status == 0
    command = [sys.executable, "-m", "sousveil", "add", "http://example.org/"]
    environment = os.environ | {"SOUSVEIL_CASE": str(case.root)}
    del environment[passphrases.FILE_VARIABLE]
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Name a file that holds it in SOUSVEIL_PASSPHRASE_FILE" in " ".join(done.stderr.split())


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"a\nb", b"x" * 2_000])
def test_a_file_that_holds_no_passphrase_is_named(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    told_in_file(tmp_path, monkeypatch)
    (tmp_path / "told").write_bytes(content)
    told = sousveil("key", "passphrase", "--case", case.root)
    assert (told.status, "told" in told.err) == (2, True)
    assert not is_protected(key_path(case.settings.origin))


AT_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def at_terminal(command: list[str], typed: list[str], folder: Path) -> str:
    """Run a command at a terminal of its own, answer each question, and return what it showed."""
    ours, theirs = pty.openpty()
    run = [sys.executable, "-c", AT_TERMINAL, *command]
    child = subprocess.Popen(
        run, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True
    )
    os.close(theirs)
    shown, left = b"", list(typed)
    with suppress(OSError):  # as Linux tells that the other end has gone
        while piece := os.read(ours, 4_096):
            shown += piece
            if left and shown.endswith(b": "):
                os.write(ours, f"{left.pop(0)}\n".encode())
    os.close(ours)
    return f"{shown.decode()}\n{child.wait(timeout=60)}"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_person_types_it_unseen_and_changes_it(case: Case, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sousveil", "--case", str(case.root), "key", "passphrase"]
    path = key_path(case.settings.origin)
    shown = at_terminal(command, [SECRET, SECRET], tmp_path)
    assert shown.endswith("\n0"), shown
    assert SECRET not in shown
    assert pyrage.passphrase.decrypt(path.read_bytes(), SECRET)
    shown = at_terminal(command, [SECRET, "another", "anoter"], tmp_path)
    assert "are not the same" in " ".join(shown.split())
    shown = at_terminal([*command, "--remove"], [SECRET], tmp_path)
    assert shown.endswith("\n0"), shown
    assert load_signer(path).verifier_key == case.settings.key


@pytest.mark.slow
def test_the_key_that_follows_has_the_same_passphrase(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_file(tmp_path, monkeypatch)
    assert sousveil("key", "passphrase", "--case", case.root).status == 0
    assert sousveil("key", "rotate", "--case", case.root).status == 0
    path = key_path(case.settings.origin)
    assert is_protected(path)
    assert load_signer(path, ask=lambda _: SECRET).verifier_key != case.settings.key
    noted(open_case(case.root))
    verified(open_case(case.root))


@pytest.mark.slow
def test_a_forgotten_passphrase_is_a_lost_key(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_file(tmp_path, monkeypatch)
    assert sousveil("key", "passphrase", "--case", case.root).status == 0
    told_in_file(tmp_path, monkeypatch, "another one")
    told = sousveil("key", "lost", "--passphrase", "--case", case.root)
    assert told.status == 0, told.err
    noted(open_case(case.root))
    assert "says that this key was lost" in verified(open_case(case.root))


def test_a_copy_of_the_key_is_always_protected_and_signs_on_another_computer(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_file(tmp_path, monkeypatch)
    copy = tmp_path / "copy.age"
    assert sousveil("key", "backup", copy, "--case", case.root).status == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    again = sousveil("key", "backup", copy, "--case", case.root)
    assert (again.status, "exists already" in again.err) == (2, True)
    name = key_path(case.settings.origin).name
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere" / "keys").mkdir(parents=True)
    shutil.copy(copy, tmp_path / "elsewhere" / "keys" / name)
    noted(case)
    verified(case)


def test_the_salted_body_and_the_entry_tell_the_same_keys(case: Case) -> None:
    rotate(case, "why", NOW, lambda: False, stolen_since=NOW - timedelta(days=2))
    entry = json.loads((case.log / "keys" / "2.json").read_bytes())
    *_, event = read_events(open_case(case.root))
    assert {name: entry[name] for name in ("former", "key", "stolen_since")} == {
        name: event.body[name] for name in ("former", "key", "stolen_since")
    }
    assert "why" not in json.dumps(entry)
    assert replace(case.settings, key=entry["key"]) == open_case(case.root).settings
