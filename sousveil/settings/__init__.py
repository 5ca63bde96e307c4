"""Settings: what people edit in `case.toml`, and where the user's own keys lie.

The file is no evidence: it may be edited at any time, and nothing in it changes what was logged.
What it says about the log (`[log]`) is checked against the first event of the log. `values` is what
it can say, `parse` reads it, `text` writes a fresh one, `places` tells where keys and caches lie.

It can hold secrets (an exit's password, a channel's URL): it is its owner's alone, and neither a
message nor a `repr` of what is made of it shows them.
"""

from sousveil.settings.parse import parse_settings
from sousveil.settings.places import cache_folder, config_folder, head_path, key_path
from sousveil.settings.text import format_settings
from sousveil.settings.values import (
    Alerts,
    Authority,
    Calendar,
    Channel,
    Headers,
    Settings,
    Tells,
    Timestamps,
    Witness,
)

__all__ = [
    "Alerts",
    "Authority",
    "Calendar",
    "Channel",
    "Headers",
    "Settings",
    "Tells",
    "Timestamps",
    "Witness",
    "cache_folder",
    "config_folder",
    "format_settings",
    "head_path",
    "key_path",
    "parse_settings",
]
