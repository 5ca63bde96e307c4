"""A bundle of a witnessed case carries the cosignatures, and a stranger checks them."""

import base64
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import log_size, writing
from sousveil.settings import Authority as Named
from sousveil.settings import Timestamps
from sousveil.settings import Witness as NamedWitness
from sousveil.witness.folder import add_log, make_key
from sousveil.witness.server import Witness, WitnessServer
from tests.authority import authority
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A case with one finding, whose log two witnesses cosigned, and which went on."""
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        site.pages["/gate"] = Page(f"<title>Gate</title><p>{CLAIM}</p>".encode())
        made = case_for(tmp_path / "case", site)
        named, told = {}, list[str]()
        hosts = set(made.settings.allow_hosts)
        for name in ("one", "two"):
            folder = tmp_path / name
            signer = make_key(folder, f"{name}.example/w")
            add_log(folder, made.settings.origin, made.settings.key)
            witness = Witness(folder, signer, lambda: datetime.now(UTC), told.append)
            server = stack.enter_context(WitnessServer(("127.0.0.1", 0), witness))
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            stack.callback(server.shutdown)
            host = f"127.0.0.1:{server.server_port}"
            hosts.add(host)
            named[name] = NamedWitness(name, f"http://{host}/", signer.verifier)
        settings = replace(made.settings, allow_hosts=frozenset(hosts), witnesses=named)
        save_settings(made, settings)
        sousveil("add", "--no-browser", f"{site.url}/gate", "--case", made.root)
        assert sousveil("visit", "--case", made.root).status == 0
        grow(made)
        yield open_case(made.root)


def grow(case: Case) -> None:
    with writing(case) as writer:
        writer.commit("note", {"text": "later"}, now=datetime.now(UTC))


def bundled(case: Case, path: Path) -> Path:
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    made = sousveil("bundle", finding["id"], "-o", path, "--case", case.root)
    assert made.status == 0, made.err
    return path


def checked(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    with zipfile.ZipFile(path) as package:
        script = Path(package.extract("sousveil/verify_bundle.py", folder))
    command = [sys.executable, "-I", "-S", str(script), str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_stranger_is_told_who_witnessed_the_bundled_log(case: Case, tmp_path: Path) -> None:
    path = bundled(case, tmp_path / "evidence.wacz")
    seen = log_size(case) - 1
    with zipfile.ZipFile(path) as package:
        note = package.read("sousveil/checkpoint")
        assert note.splitlines()[1] == str(seen).encode()
        cosigned = package.read("sousveil/checkpoint.cosigned")
        assert cosigned == (case.log / "witnesses" / f"{seen}.checkpoint").read_bytes()
        keys = [str(one.key) for one in case.settings.witnesses.values()]
        assert json.loads(package.read("sousveil/bundle.json"))["witnesses"] == keys
        readme = package.read("sousveil/README.md").decode()
        assert all(key in readme for key in keys)
    told = checked(path, tmp_path)
    assert told.returncode == 0, told.stdout
    assert all(f"ok   witness {key}: saw this checkpoint at 20" in told.stdout for key in keys)
    assert "nobody else vouches" not in told.stdout
    ours = sousveil("verify", path)
    assert ours.status == 0, ours.out
    assert all(f"Witness {key}: saw this checkpoint at 20" in ours.out for key in keys), ours.out
    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if name.endswith(".tlog-proof")]
        proof = Path(package.extract(names[0], tmp_path))
    for kept in (path, proof):
        held = sousveil("verify", case.root, "--against", kept)
        assert (held.status, "the log goes on from it" in held.out) == (0, True), held.out


def test_a_bundle_of_a_log_that_is_stamped_and_witnessed_has_both(
    case: Case, tmp_path: Path
) -> None:
    with authority(tmp_path / "house", "A House") as house:
        hosts = case.settings.allow_hosts | {house.host}
        times = Timestamps(6, {"house": Named("house", house.url, str(house.ca_file))})
        save_settings(case, replace(case.settings, allow_hosts=hosts, timestamps=times))
        assert sousveil("stamp", "--case", case.root).status == 0
        assert sousveil("witness", "ask", "--case", case.root).status == 0
        told = checked(bundled(open_case(case.root), tmp_path / "both.wacz"), tmp_path)
    assert told.returncode == 0, told.stdout
    assert told.stdout.count("ok   witness ") == 2
    assert "-house.tsr: this checkpoint existed at" in told.stdout


def other_note(files: dict[str, bytes]) -> None:
    note = files["sousveil/checkpoint.cosigned"]
    size = note.split(b"\n")[1]
    files["sousveil/checkpoint.cosigned"] = note.replace(size, b"9" + size, 1)


def cut(files: dict[str, bytes]) -> None:
    lines = files["sousveil/checkpoint.cosigned"].splitlines(keepends=True)
    files["sousveil/checkpoint.cosigned"] = b"".join(lines[:-1])


def later(files: dict[str, bytes]) -> None:
    """Let a witness have signed a second later than it did."""
    lines = files["sousveil/checkpoint.cosigned"].decode().split("\n")
    raw = bytearray(base64.b64decode(lines[-2].split(" ")[2]))
    raw[11] ^= 1
    lines[-2] = " ".join([*lines[-2].split(" ")[:2], base64.b64encode(raw).decode()])
    files["sousveil/checkpoint.cosigned"] = "\n".join(lines).encode()


def one_twice(files: dict[str, bytes]) -> None:
    told = json.loads(files["sousveil/bundle.json"])
    told["witnesses"] = [*told["witnesses"], told["witnesses"][0]]
    files["sousveil/bundle.json"] = json.dumps(told).encode()


def unnamed(files: dict[str, bytes]) -> None:
    told = json.loads(files["sousveil/bundle.json"])
    del told["witnesses"]
    files["sousveil/bundle.json"] = json.dumps(told).encode()


@pytest.mark.parametrize("change", [other_note, cut, later, one_twice, unnamed])
def test_a_changed_cosignature_in_a_bundle_is_a_no(
    change: Callable[[dict[str, bytes]], None], case: Case, tmp_path: Path
) -> None:
    path = bundled(case, tmp_path / "evidence.wacz")
    with zipfile.ZipFile(path) as package:
        files = {entry.filename: package.read(entry) for entry in package.infolist()}
    change(files)
    changed = tmp_path / "changed.wacz"
    with zipfile.ZipFile(changed, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)
    told = checked(changed, tmp_path)
    assert told.returncode == 1
    wrong = "what the bundle says of itself" if change is unnamed else "witness "
    assert f"NO   {wrong}" in told.stdout, told.stdout
