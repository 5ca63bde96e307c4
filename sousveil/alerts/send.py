"""Sends one message to one channel, through Apprise in a process of its own.

Takes a channel, a message and the exit to go by, and gives what went wrong, in words, or None. The
process (`worker.py`) keeps the network code of some hundred services, and what it costs to load,
out of ours; it is given the channel's URL by a pipe, never on a command line that others can read.
No problem that is told holds any of the URL but its scheme.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from sousveil.alerts.answers import WAIT_SECONDS, Answer, Request, Way
from sousveil.alerts.digest import Message
from sousveil.capture.guard.exits import DIRECT, Exit
from sousveil.settings import Channel, Settings

MISSING = "Apprise is not installed: pip install 'sousveil[alerts]'"

MAX_SCHEME = 20  # characters; Apprise's longest has 14

_WORKER = (sys.executable, "-P", "-m", "sousveil.alerts.worker")


def is_installed() -> bool:
    """Tell whether messages can be sent at all."""
    return all(importlib.util.find_spec(name) for name in ("apprise", "socks"))


def masked(channel: Channel, environment: Mapping[str, str]) -> str:
    """Return what may be shown of a channel's URL: its scheme."""
    url = channel.url or environment.get(channel.url_env, "")
    scheme, found, _ = url.partition("://")
    return f"{scheme}://…" if found and scheme.isascii() and len(scheme) <= MAX_SCHEME else "?"


def exit_of(channel: Channel, settings: Settings) -> Exit | None:
    """Return the exit by which a channel is told; None for none."""
    name = channel.exit or settings.exit
    return settings.exits[name] if name and name != DIRECT else None


def send(
    channel: Channel, message: Message, exit_: Exit | None, environment: Mapping[str, str]
) -> str | None:
    """Deliver a message; return None when it was taken, or what went wrong.

    `environment` holds the URL of a channel that names a variable. Takes `WAIT_SECONDS` at most.
    """
    if not is_installed():
        return MISSING
    url = channel.url or environment.get(channel.url_env, "")
    if not url:
        return f"the environment variable {channel.url_env} is not set"
    answer = _ask(Request(url, message.title, message.body, _way(exit_)), exit_)
    if answer is None:
        return f"it was given up after {WAIT_SECONDS:g} seconds, or broke"
    match answer.outcome:
        case "delivered":
            return None
        case "unknown URL":
            return "its URL is none that Apprise knows; see Apprise's list of services"
    how = f"refused with HTTP status {answer.status}" if answer.status else "not delivered"
    return f"{how}, by {exit_}" if exit_ else how


def _ask(request: Request, exit_: Exit | None) -> Answer | None:
    """Return what the worker answers; None when it hangs or breaks."""
    try:
        ran = subprocess.run(
            _WORKER,
            input=msgspec.json.encode(request),
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=True,
            env=_environment(exit_),
        )
        return msgspec.json.decode(ran.stdout, type=Answer)
    except (subprocess.SubprocessError, msgspec.MsgspecError):
        return None  # what it printed may hold the URL


def _environment(exit_: Exit | None) -> dict[str, str]:
    """Return the worker's environment: without our secrets, or another way out than the exit."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SOUSVEIL_")
        and not (exit_ is not None and name.lower().endswith("_proxy"))
    }


def _way(exit_: Exit | None) -> Way | None:
    if exit_ is None:
        return None
    user, password = exit_.credentials or (None, None)
    return Way(exit_.host, exit_.port, user, password)
