"""A bundle of a stamped case carries the stamps, and a stranger checks them with openssl alone."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import log_size, writing
from sousveil.settings import Authority as Named
from sousveil.settings import Timestamps
from tests.authority import authority
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A case with one finding, whose log was stamped by two authorities and went on."""
    with ExitStack() as stack:
        site = stack.enter_context(serve())
        site.pages["/gate"] = Page(f"<title>Gate</title><p>{CLAIM}</p>".encode())
        houses = {
            "one": stack.enter_context(authority(tmp_path / "one", "First House")),
            "two": stack.enter_context(authority(tmp_path / "two", "Second", with_chain=True)),
        }
        made = case_for(tmp_path / "case", site)
        hosts = made.settings.allow_hosts | {house.host for house in houses.values()}
        named = {name: Named(name, at.url, str(at.ca_file)) for name, at in houses.items()}
        save_settings(
            made,
            replace(made.settings, allow_hosts=hosts, timestamps=Timestamps(6, named)),
        )
        made = open_case(made.root)
        sousveil("add", "--no-browser", f"{site.url}/gate", "--case", made.root)
        assert sousveil("visit", "--case", made.root).status == 0
        with writing(made) as writer:
            writer.commit("note", {"text": "later"}, now=datetime.now(UTC))
        yield made


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    path = tmp_path / "evidence.wacz"
    made = sousveil("bundle", finding["id"], "-o", path, "--case", case.root)
    assert made.status == 0, made.err
    return path


def checked(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    with zipfile.ZipFile(path) as package:
        script = Path(package.extract("sousveil/verify_bundle.py", folder))
    command = [sys.executable, "-I", "-S", str(script), str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_stranger_is_told_when_the_bundled_log_existed(
    case: Case, bundle: Path, tmp_path: Path
) -> None:
    stamped = log_size(case) - 1
    with zipfile.ZipFile(bundle) as package:
        note = package.read("sousveil/checkpoint")
        assert note == (case.log / "timestamps" / f"{stamped}.checkpoint").read_bytes()
        assert note.splitlines()[1] == str(stamped).encode()
    told = checked(bundle, tmp_path)
    assert told.returncode == 0, told.stdout
    for name in ("one", "two"):
        line = f"sousveil/timestamps/{stamped}-{name}.tsr: this checkpoint existed at "
        assert line in told.stdout
    assert "nobody else vouches for them" not in told.stdout


def test_the_commands_in_the_readme_hold(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as package:
        package.extractall(tmp_path)
        readme = package.read("sousveil/README.md").decode()
    told = readme[readme.index("    stamp=") : readme.index("The last certificate")]
    first, _, verify = told.partition("    openssl ts -verify")
    shown = run(first, tmp_path)
    at = shown.partition("Time stamp: ")[2].strip()
    verified = run(f"{first}    openssl ts -verify{verify}".replace("'...'", f"'{at}'"), tmp_path)
    assert "Verification: OK" in verified


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_changed_stamp_in_a_bundle_is_a_no(bundle: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.wacz"
    with zipfile.ZipFile(bundle) as package, zipfile.ZipFile(changed, "w") as other:
        for entry in package.infolist():
            data = package.read(entry)
            if entry.filename.endswith("-one.tsr"):
                data = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
            other.writestr(entry.filename, data)
    told = checked(changed, tmp_path)
    assert told.returncode != 0
    assert "NO   sousveil/timestamps/" in told.stdout
