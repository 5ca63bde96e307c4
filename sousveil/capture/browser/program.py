"""Finds a Chromium to show pages with.

Takes a path or nothing and gives the program's path. Any browser built on Chromium will do, for
all of them speak the DevTools protocol. None is downloaded: which browser runs on a machine is
its owner's decision.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sousveil.errors import BrowserError

VARIABLE = "SOUSVEIL_BROWSER"
ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
MAC_BUNDLES = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Where Playwright puts its browsers when PLAYWRIGHT_BROWSERS_PATH does not say otherwise.
PLAYWRIGHT_CACHES = (".cache/ms-playwright", "Library/Caches/ms-playwright")
PLAYWRIGHT_PROGRAMS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)


def find_browser(program: str = "") -> Path:
    """Return the path of the browser: `program`, `SOUSVEIL_BROWSER`, or the first one installed.

    Raises BrowserError when what is named cannot be run, and when nothing is found.
    """
    named = program or os.environ.get(VARIABLE, "")
    if named:
        found = shutil.which(Path(named).expanduser())
        if found is None:
            raise BrowserError(
                f"{named}: no program that can be run. Name a Chromium, Chrome or Edge, or unset "
                f"{VARIABLE} to have one looked for."
            )
        return Path(found)
    for path in _candidates():
        if os.access(path, os.X_OK):
            return path
    raise BrowserError(
        "No browser was found. Install Chromium ('apt install chromium', 'dnf install chromium', "
        f"'brew install chromium'), Chrome or Edge, or name one in {VARIABLE}."
    )


def _candidates() -> Iterator[Path]:
    for name in ON_PATH:
        if found := shutil.which(name):
            yield Path(found)
    for applications in (Path("/Applications"), Path.home() / "Applications"):
        yield from (applications / bundle for bundle in MAC_BUNDLES)
    caches = [Path.home() / cache for cache in PLAYWRIGHT_CACHES]
    if chosen := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        caches.insert(0, Path(chosen))
    for cache in caches:
        for pattern in PLAYWRIGHT_PROGRAMS:
            yield from sorted(cache.glob(pattern), reverse=True)  # the newest build first
