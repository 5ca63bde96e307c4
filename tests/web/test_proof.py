"""What is proved is told, checked when asked, and handed to strangers."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sousveil.index.query import findings
from tests.web.conftest import PageAt
from tests.web.desks import Served

STEPS = 5


def first(desk: Served) -> tuple[str, Path]:
    """Return a finding and the archive file that holds it."""
    with desk.desk.index() as index:
        one = findings(index)[0]
    return one.id, desk.case.root / one.capture.record.warc


def checked(path: Path, key: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a bundle as a stranger does: with the script that lies in it, and nothing of ours."""
    with zipfile.ZipFile(path) as package:
        script = Path(package.extract("sousveil/verify_bundle.py", folder))
    command: list[str | Path] = [sys.executable, "-I", "-S", script, path, "--key", key]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_page_tells_entry_root_and_key_and_what_is_not_proved(desk: Served) -> None:
    name, _ = first(desk)
    page = desk.client().get(f"/proof/{name}").text
    for told in (
        desk.case.settings.key,
        "is in a log of",
        "Nobody but this case",
        "What is not proved",
        "sha256sum",
    ):
        assert told in page, told


def test_a_check_holds_where_nothing_was_changed(desk: Served) -> None:
    name, _ = first(desk)
    answer = desk.client("reader").post(f"/proof/{name}/check", on=f"/proof/{name}")
    assert answer.status == 200
    assert "Checked now: it holds" in answer.text
    assert answer.text.count('<li class="holds">') == STEPS


def test_a_changed_archive_file_is_named(desk: Served) -> None:
    name, path = first(desk)
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    page = desk.client().post(f"/proof/{name}/check", on=f"/proof/{name}").text
    assert "it does NOT hold" in page
    assert page.count('<li class="holds">') == 2
    assert "its SHA-256 is not the one in log entry" in page
    assert "<h2>What is proved</h2>" not in page


def test_a_changed_event_is_named(desk: Served) -> None:
    name, _ = first(desk)
    for path in (desk.case.root / "events").glob("*.jsonl"):
        path.write_bytes(path.read_bytes().replace(b'"status":200', b'"status":201'))
    page = desk.client().post(f"/proof/{name}/check", on=f"/proof/{name}").text
    assert page.count('<li class="holds">') == 1
    assert "is missing or changed" in page


def test_a_changed_entry_is_not_proved_by_the_page_itself(desk: Served) -> None:
    name, _ = first(desk)
    for path in (desk.case.log / "tile" / "entries").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":2'))
    assert "Not proved." in desk.client().get(f"/proof/{name}").text


def test_words_that_the_record_does_not_hold_are_told(desk: Served) -> None:
    """Whoever changes the index puts words into nobody's mouth."""
    name, _ = first(desk)
    with desk.desk.writing() as (_, index):
        index.change(
            "UPDATE sighting SET data ="
            " CAST(replace(CAST(data AS TEXT), 'confidence', 'certainty1') AS BLOB)"
        )
    page = desk.client().post(f"/proof/{name}/check", on=f"/proof/{name}").text
    assert page.count('<li class="holds">') == STEPS - 1
    assert "other words stand at that place" in page


def test_a_reader_takes_no_bundle(desk: Served) -> None:
    name, _ = first(desk)
    assert desk.client("reader").post(f"/proof/{name}/bundle", on=f"/proof/{name}").status == 403


def test_a_bundle_that_would_tell_of_us_is_not_made(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk leaves nothing behind, and says what to do."""
    name, _ = first(desk)
    monkeypatch.setattr("sousveil.run.publish.private.getpass.getuser", lambda: "attribute service")
    answer = desk.client().post(f"/proof/{name}/bundle", on=f"/proof/{name}")
    assert answer.status == 422
    assert "The bundle was not made." in answer.text
    assert [path.name for path in desk.case.pending.iterdir() if path.is_dir()] == []


def test_a_bundle_is_downloaded_in_a_browser_and_convinces_a_stranger(
    desk: Served, page_at: PageAt, tmp_path: Path
) -> None:
    name, _ = first(desk)
    page = page_at(f"/findings/{name}")
    page.get_by_role("link", name="What is proved").click()
    page.get_by_role("button", name="Check it now").click()
    expect(page.get_by_role("heading", name="Checked now: it holds")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download the bundle").click()
    path = tmp_path / begun.value.suggested_filename
    begun.value.save_as(path)
    told = checked(path, desk.case.settings.key, tmp_path)
    assert told.returncode == 0, told.stdout
    assert "YES: 1 finding" in told.stdout
    assert [one.name for one in desk.case.pending.iterdir() if one.is_dir()] == []
