"""Where the user's own things lie: signing keys, remembered checkpoints, caches.

Follows the XDG base directories; `SOUSVEIL_CONFIG` puts all of it into one folder.
"""

import os
from pathlib import Path


def config_folder() -> Path:
    """Return the user's configuration folder, where signing keys lie (it may not exist yet)."""
    own = os.environ.get("SOUSVEIL_CONFIG")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "sousveil"


def cache_folder() -> Path:
    """Return the user's cache folder, for what can be made again (it may not exist yet)."""
    own = os.environ.get("SOUSVEIL_CONFIG")
    if own:
        return Path(own) / "cache"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sousveil"


def key_path(origin: str) -> Path:
    """Return where the signing key of the log named `origin` lies."""
    return config_folder() / "keys" / f"{origin.replace('/', '-')}.key"


def head_path(origin: str) -> Path:
    """Return where the newest checkpoint that the key of `origin` signed is remembered."""
    return key_path(origin).with_suffix(".checkpoint")
