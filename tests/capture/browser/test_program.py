from pathlib import Path

import pytest

from sousveil.capture.browser import find_browser
from sousveil.errors import BrowserError


def runnable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("SOUSVEIL_BROWSER", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("nothing_installed")
def test_without_any_browser_it_says_what_to_install() -> None:
    with pytest.raises(BrowserError, match=r"Install Chromium .* SOUSVEIL_BROWSER"):
        find_browser()


def test_a_program_that_is_named_must_run(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BrowserError, match="no program that can be run"):
        find_browser(str(nothing_installed / "nobody"))
    named = runnable(nothing_installed / "own" / "browser")
    assert find_browser(str(named)) == named
    monkeypatch.setenv("SOUSVEIL_BROWSER", str(named))
    assert find_browser() == named


def test_chromium_is_preferred_and_playwrights_newest_is_the_last_resort(
    nothing_installed: Path,
) -> None:
    cache = nothing_installed / ".cache" / "ms-playwright"
    runnable(cache / "chromium-1000" / "chrome-linux" / "chrome")
    newest = runnable(cache / "chromium-1001" / "chrome-linux" / "chrome")
    assert find_browser() == newest
    chrome = runnable(nothing_installed / "bin" / "google-chrome")
    assert find_browser() == chrome
    chromium = runnable(nothing_installed / "bin" / "chromium")
    assert find_browser() == chromium
