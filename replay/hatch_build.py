"""Brings ReplayWeb.page into the package at build time: nothing of it is in the repository.

The user's own npm fetches the published package, whatever registry that npm is set to; its SHA-512
is pinned here, so which registry gave it makes no difference. Out of it come the two files that a
browser runs, and the licence that they are under.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKAGE = "replaywebpage@2.5.3"
# As npm writes it in a lock file (Subresource Integrity).
INTEGRITY = (
    "sha512-nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs"
    "/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ=="
)
# What is taken: path in the npm package, path here, SHA-256. The rest is source without what is
# needed to build it, an application for the desktop, and lists for blocking advertisements.
TAKEN = (
    (
        "package/ui.js",
        "sousveil_replay/player/ui.js",
        "ad95b260fa467a6c4799e669ad76ac8e7d5abefa71d1a2970ae6b63dc454a3c3",
    ),
    (
        "package/sw.js",
        "sousveil_replay/player/sw.js",
        "29a833e871e2f9b7f135f5b86bba0476b69ad975c129c2473ff5055f73f5a2d0",
    ),
    (
        "package/LICENSE",
        "LICENSES/AGPL-3.0-or-later.txt",
        "8486a10c4393cee1c25392769ddd3b2d6c242d6ec7928e1414efff7dfb2f07ef",
    ),
)
OUR_LICENSE = "LICENSES/Apache-2.0.txt"
LICENSES = (OUR_LICENSE, "LICENSES/AGPL-3.0-or-later.txt")
# The package is 2.4 MB; a line that takes longer is no line.
NPM_SECONDS = 300


class FetchError(Exception):
    """The player cannot be had, and why, in one line."""


class PlayerHook(MetadataHookInterface):
    """Fetches the player before anything is told of the package.

    A hook of the metadata and not of the build, for the licences are part of both: by the time
    that the build's hooks run, the list of licence files is closed.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Put player and licences where they belong, and name the licences."""
        try:
            fetch_player(Path(self.root))
        except FetchError as error:
            sys.exit(f"sousveil-replay: {error}")
        metadata["license-files"] = ["NOTICE", *LICENSES]


def fetch_player(root: Path) -> None:
    """Put the player and both licences below `root`, unless they are there already.

    Raises FetchError when npm is missing, cannot fetch, or gives something else than was pinned.
    """
    ours = root / OUR_LICENSE
    if not ours.exists():
        ours.parent.mkdir(exist_ok=True)
        shutil.copyfile(root.parent / "LICENSE", ours)
    if all(_is_there(root / path, sha256) for _, path, sha256 in TAKEN):
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = _packed(Path(folder))
        with tarfile.open(archive) as package:
            for member, path, _ in TAKEN:
                found = package.extractfile(member)
                if found is None:
                    raise FetchError(f"{PACKAGE} has no file {member}")
                (root / path).parent.mkdir(exist_ok=True)
                (root / path).write_bytes(found.read())


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _packed(folder: Path) -> Path:
    """Return the npm package as a file in `folder`, the one that was pinned."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not on PATH. Install Node.js, which brings it, and build again.")
    command = [npm, "pack", PACKAGE, "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=NPM_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(
            f"npm did not bring {PACKAGE} within {NPM_SECONDS} s. Is there a network?"
        ) from error
    archive = next(folder.glob("*.tgz"), None)
    if done.returncode != 0 or archive is None:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        why = (
            said[0].removeprefix("npm error").strip() if said else f"exit status {done.returncode}"
        )
        raise FetchError(f"npm could not fetch {PACKAGE} ({why}). Is there a network?")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise FetchError(
            f"npm brought a {PACKAGE} with SHA-512 {digest[:16]}…, not the one that is pinned."
            " Nothing was taken from it. Ask whoever runs your registry."
        )
    return archive
