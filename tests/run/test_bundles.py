"""A bundle proves itself to a stranger, holds all it needs, and betrays every change."""

import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sousveil.case import Case, open_case
from sousveil.ledger import read_events
from sousveil.run.publish import verify_bundle
from tests.commands import sousveil
from tests.review.cases import OFFER, page, take_in
from tests.sites import Page, case_for, serve

CLAIM = "The Dunmere gate camera determines the ethnicity of visitors and flags Uyghurs."
FRAME = "<!doctype html><title>Gate</title><h1>Gate</h1><p>The gate is made of steel.</p>"
MORE = "".join(
    f"<p>Part {n} of the gate was tested in our plant for {n} years.</p>" for n in range(99)
)
REVIEWER = "Ruth Example"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case of a site with the same claim at two addresses, one of which goes."""
    folder = tmp_path_factory.mktemp("bundled")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        patch.setenv("SOUSVEIL_CASE", str(case.root))
        links = '<a href="/s/gate.html">Gate</a> <a href="/s/gate-too.html">Too</a>'
        site.pages["/s/"] = Page(f"{FRAME}{links}".encode())
        for path in ("/s/gate.html", "/s/gate-too.html"):
            site.pages[path] = Page(f"{FRAME}<p>{CLAIM}</p>{MORE}".encode())
        assert sousveil("add", "--kind", "site", "--no-browser", f"{site.url}/s/").status == 0
        assert sousveil("visit").status == 0
        del site.pages["/s/gate.html"]
        assert sousveil("visit", "--all").status == 0
        assert sousveil("review", ids(case)[0], "confirm", "--by", REVIEWER).status == 0
        yield case


def ids(case: Case) -> list[str]:
    told = sousveil("findings", "--case", case.root, "--json")
    assert told.status == 0
    return [str(one["id"]) for one in told.json()]


@pytest.fixture(scope="module")
def bundle(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "evidence.wacz"
    made = sousveil("bundle", "--case", case.root, *ids(case), "-o", path)
    assert made.status == 0, made.err
    return path


def checked(path: Path, *options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a bundle as a stranger does: with the script that lies in it, and nothing of ours."""
    with zipfile.ZipFile(path) as package:
        script = Path(package.extract("sousveil/verify_bundle.py", folder))
    command: list[str | Path] = [sys.executable, "-I", "-S", script, path, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_stranger_gets_a_yes(case: Case, bundle: Path, tmp_path: Path) -> None:
    told = checked(bundle, "--key", case.settings.key, folder=tmp_path)
    assert told.returncode == 0, told.stdout
    assert "YES: 2 findings" in told.stdout
    assert told.stdout.count("the quote stands in these bytes, word for word") == 2


def test_another_key_is_a_no(case: Case, bundle: Path, tmp_path: Path) -> None:
    wrong = case.settings.key[:-6] + "AAAAA="
    told = checked(bundle, "--key", wrong, folder=tmp_path)
    assert told.returncode == 1
    assert "NO" in told.stdout.splitlines()[-1]


def test_one_answer_is_a_revisit_whose_payload_is_in_the_bundle(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as package:
        found = [
            json.loads(package.read(name))
            for name in package.namelist()
            if name.startswith("sousveil/finding-")
        ]
    assert sum("payload" in one["sousveil:record"] for one in found) == 1
    assert {one["target"]["selector"][0]["exact"] for one in found} == {CLAIM}


def test_the_answer_without_the_quote_is_in_the_bundle(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as package:
        events = [
            json.loads(package.read(name))
            for name in package.namelist()
            if name.endswith(".event.json")
        ]
    assert 404 in {probe["status"] for event in events for probe in event["probes"]}


def test_no_reviewer_is_named_unless_asked(case: Case, bundle: Path, tmp_path: Path) -> None:
    assert REVIEWER.encode() not in bundle.read_bytes()
    named = tmp_path / "named.wacz"
    made = sousveil("bundle", "--case", case.root, ids(case)[0], "--with-names", "-o", named)
    assert made.status == 0
    assert REVIEWER.encode() in named.read_bytes()
    assert checked(named, folder=tmp_path).returncode == 0


def test_a_decision_is_proved_without_who_made_it(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "decided.wacz"
    made = sousveil("bundle", "--case", case.root, ids(case)[0], "--with-decisions", "-o", path)
    assert made.status == 0, made.err
    assert REVIEWER.encode() not in path.read_bytes()
    told = checked(path, "--key", case.settings.key, folder=tmp_path)
    assert told.returncode == 0, told.stdout
    (line,) = [line for line in told.stdout.splitlines() if ": review of " in line]
    assert line.endswith("withheld of it: by, findings.shown, note")
    fields = "review.by, review.findings.shown, review.note"
    assert f"Withheld by who made it, and not needed for this: {fields}" in told.stdout
    verified = sousveil("verify", path, "--key", case.settings.key)
    assert verified.status == 0
    assert f"What its maker withheld of the log's events: {fields}." in verified.out


def test_a_field_and_a_title_are_withheld_when_asked(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "less.wacz"
    options = ["--withhold", "title", "--withhold-field", "visit.requests"]
    made = sousveil("bundle", "--case", case.root, *ids(case), *options, "-o", path)
    assert made.status == 0, made.err
    told = checked(path, folder=tmp_path)
    assert told.returncode == 0, told.stdout
    visits = [line for line in told.stdout.splitlines() if ": visit of " in line]
    assert {line.rpartition("; ")[2] for line in visits} == {"withheld of it: requests"}
    with zipfile.ZipFile(path) as package:
        assert json.loads(package.read("datapackage.json"))["title"] == "Evidence"
        assert not [name for name in package.namelist() if name.endswith(".disclosed.jsonl")]


def test_a_field_that_no_event_withholds_is_refused(case: Case, tmp_path: Path) -> None:
    option = ["--withhold-field", "visit.captures", "-o", tmp_path / "x.wacz"]
    told = sousveil("bundle", "--case", case.root, *ids(case), *option)
    assert told.status == 2
    assert "visit.captures: no event withholds this. There are: around.asked.exit" in told.err


@pytest.fixture(scope="module")
def named(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("named") / "named.wacz"
    made = sousveil("bundle", "--case", case.root, ids(case)[0], "--with-names", "-o", path)
    assert made.status == 0, made.err
    return path


def told_of_entry(bundle: Path, folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> str:
    """Return what is said of a decision in a bundle whose maker changed what it discloses.

    They can list and sign the package anew, so that is not looked at.
    """
    path = folder / "forged.wacz"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(path, "w") as new:
        index = max(json.loads(old.read("sousveil/bundle.json"))["entries"])
        for name in old.namelist():
            data = old.read(name)
            if name == f"sousveil/entry-{index}.disclosed.jsonl":
                data = b"".join(change(data.splitlines(keepends=True)))
            new.writestr(name, data)
    checks = verify_bundle.Checks(path, None)
    with checks.zip:
        checks.contents()
        checks.checkpoint()
        return checks.entry(index)


def test_what_is_disclosed_can_be_left_out_but_nothing_else(named: Path, tmp_path: Path) -> None:
    assert "withheld" not in told_of_entry(named, tmp_path, lambda lines: lines)
    withheld = told_of_entry(named, tmp_path, lambda lines: lines[1:])
    assert withheld.endswith("; withheld of it: by")


@pytest.mark.parametrize(
    "forge",
    [
        lambda lines: [lines[0].replace(b"Ruth", b"Rita"), *lines[1:]],
        lambda lines: lines[::-1],
        lambda lines: [lines[0], *lines],
        lambda lines: [*lines, b'["%s","x"]\n' % (b"0" * 32)],
        lambda lines: [lines[0][:-1], *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        lambda lines: [b"\n", *lines],
        lambda _: [b"\n"],
        lambda _: [b"\xff"],
    ],
)
def test_what_is_disclosed_cannot_be_forged(
    named: Path, tmp_path: Path, forge: Callable[[list[bytes]], list[bytes]]
) -> None:
    with pytest.raises(verify_bundle.Wrong, match="altered, added or out of order"):
        told_of_entry(named, tmp_path, forge)


def test_what_is_disclosed_is_checked_by_hand_as_its_readme_says(
    named: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(named) as package:
        package.extractall(tmp_path)
    index = max(json.loads((tmp_path / "sousveil" / "bundle.json").read_bytes())["entries"])
    readme = (tmp_path / "sousveil" / "README.md").read_text("utf-8")
    (command,) = re.findall(r"while read .*disclosed\.jsonl", readme)
    command = command.replace("entry-N", f"entry-{index}")
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    digests = [line.split()[0] for line in done.stdout.splitlines()]
    event = (tmp_path / "sousveil" / f"entry-{index}.event.json").read_text("utf-8")
    assert digests == re.findall(r'"\.\.\.":"sha256:([0-9a-f]{64})"', event)
    assert len(digests) == 3


@pytest.mark.parametrize("end", ["0.event.json", "{index}.note", "00.disclosed.jsonl"])
def test_a_file_that_passes_for_one_of_a_log_entry_is_a_no(
    named: Path, tmp_path: Path, end: str
) -> None:
    path = tmp_path / "more.wacz"
    path.write_bytes(named.read_bytes())
    with zipfile.ZipFile(path, "a") as package:
        index = max(json.loads(package.read("sousveil/bundle.json"))["entries"])
        package.writestr(f"sousveil/entry-{end.format(index=index)}", b"{}")
    checks = verify_bundle.Checks(path, None)
    with checks.zip, pytest.raises(verify_bundle.Wrong, match="that it does not name"):
        checks.contents()


def test_other_tools_take_it(bundle: Path) -> None:
    program = Path(sys.executable).with_name("wacz")
    done = subprocess.run(
        [program, "validate", "-f", bundle], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_finding_that_is_not_there_is_named(case: Case, tmp_path: Path) -> None:
    told = sousveil("bundle", "--case", case.root, "ffffffffffff", "-o", tmp_path / "x.wacz")
    assert told.status == 2
    assert "ffffffffffff: no such finding" in told.err
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- changes


def is_accepted(data: bytes, path: Path) -> bool:
    path.write_bytes(data)
    try:
        return verify_bundle.Checks(path, None).run() == 0
    except verify_bundle.UNREADABLE:
        return False


def places(bundle: Path, count: int) -> list[int]:
    """Return bytes to change: of each file's header and content, and of the list at the end."""
    chance = random.Random(7)  # noqa: S311  # a choice, no secret
    with zipfile.ZipFile(bundle) as package:
        found = [chance.randrange(package.start_dir, bundle.stat().st_size) for _ in range(count)]
        for entry in package.infolist():
            begin = entry.header_offset + 30 + len(entry.filename)
            found += [chance.randrange(entry.header_offset, begin) for _ in range(count // 8)]
            found += [begin + chance.randrange(entry.file_size) for _ in range(count // 8)]
            if entry.filename.startswith("datapackage"):
                found += [begin + chance.randrange(entry.file_size) for _ in range(count)]
    return found


def changed_without_a_no(bundle: Path, tmp_path: Path, count: int) -> list[int]:
    data = bundle.read_bytes()
    chance = random.Random(8)  # noqa: S311  # a choice, no secret
    unnoticed = []
    for place in places(bundle, count):
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        if is_accepted(bytes(changed), tmp_path / "changed.wacz"):
            unnoticed.append(place)
    return unnoticed


def test_a_changed_bit_is_a_no(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_accepted(bundle.read_bytes(), tmp_path / "same.wacz")
    assert changed_without_a_no(bundle, tmp_path, 16) == []
    assert "NO" in capsys.readouterr().out


@pytest.mark.slow
def test_changed_bits_by_the_thousand_are_all_a_no(bundle: Path, tmp_path: Path) -> None:
    assert changed_without_a_no(bundle, tmp_path, 400) == []


def test_what_is_added_taken_away_or_cut_off_is_a_no(bundle: Path, tmp_path: Path) -> None:
    data = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as package:
        end = package.start_dir
    assert not is_accepted(data + b"\0", tmp_path / "longer.wacz")
    assert not is_accepted(data[:-1], tmp_path / "cut.wacz")
    assert not is_accepted(data[:end] + b"hidden" + data[end:], tmp_path / "hidden.wacz")
    assert not is_accepted(b"hidden" + data, tmp_path / "before.wacz")


def test_a_package_made_anew_with_another_page_is_a_no(bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.wacz"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(again, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.startswith("sousveil/entry-") and entry.filename.endswith(".json"):
                data = data.replace(b"visit", b"visut")
            new.writestr(entry, data)
    assert verify_bundle.Checks(again, None).run() == 1


def test_the_bundle_of_what_was_imported_convinces_too(tmp_path: Path) -> None:
    root = tmp_path / "case"
    assert sousveil("init", root).status == 0
    take_in(root, {"https://halden.example/": page(OFFER)})
    (found,) = sousveil("findings", "--case", root, "--json").json()
    made = sousveil("bundle", "--case", root, found["id"], "-o", tmp_path / "b.wacz")
    assert made.status == 0, made.err
    key = open_case(root).settings.key
    assert sousveil("verify", tmp_path / "b.wacz", "--key", key).status == 0
    assert verify_bundle.Checks(tmp_path / "b.wacz", key).run() == 0
    (event,) = [one for one in read_events(open_case(root)) if one.type == "import"]
    with zipfile.ZipFile(tmp_path / "b.wacz") as package:
        told = b"".join(package.read(n) for n in package.namelist() if n.startswith("sousveil/"))
    assert event.body["file"].encode() not in told  # whose it was may stand in it
