"""Starts Chromium with nobody to talk to but us, and ends it without trace.

Gives two pipes: commands to the browser, answers from it (--remote-debugging-pipe: descriptors 3
and 4 of the browser). No port is opened, so nobody else on the machine can drive it. The browser
has a profile and a folder for temporary files of its own, removed when it ends.

What holds when our process dies at any moment: the pipe closes, Chromium leaves, and the shell
that started it removes the profile.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# A browser that was asked to leave does so in a second or two, on a busy machine in ten.
LEAVE_SECONDS = 10.0
POLL_SECONDS = 0.02
# Descriptors from here on cannot be mistaken for the browser's 3 and 4.
FIRST_HIGH_DESCRIPTOR = 10
# Nobody listens there: what the browser sends of its own accord ends here.
NOWHERE = "http://127.0.0.1:9"

# Runs the browser, and removes its folder whatever became of it and of us. Children that outlive
# the browser for a moment may write into the folder while it is removed: then it is tried again.
_SHELL = (
    'folder="$1"; shift; "$@"; for wait in 0 0.2 1 3; do'
    ' sleep $wait; rm -rf -- "$folder" 2>/dev/null && [ ! -e "$folder" ] && break; done'
)

# Features are named in one flag each: a second one would replace the first.
_FEATURES_OFF = (
    "NetworkTimeServiceQuerying",  # asks a time server at every start
    "OptimizationHints",  # asks for hints on pages
    "MediaRouter",  # looks for screens in the local network
    "AutofillServerCommunication",
    "Translate",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsUpgrades",  # would ask for https:// where http:// was named
    "HttpsFirstBalancedModeAutoEnable",
    "PaintHolding",  # would keep the former page on the picture
    "AsyncDns",  # asks name servers itself
)
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    # Silent: no updates, accounts, hints, reports, prefetching, crash dumps.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--no-pings",
    "--metrics-recording-only",
    "--dns-prefetch-disable",
    f"--gaia-url={NOWHERE}",
    f"--google-base-url={NOWHERE}",
    f"--component-updater=url-source={NOWHERE}",
    f"--disable-features={','.join(_FEATURES_OFF)}",
    # Nothing goes round the proxy that each capture names: no UDP, and no name resolved here.
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-server=socks5://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    # Several tabs at once: each is shown as if it were in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    # The same picture everywhere, whatever screen and keyring the machine has.
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disable-gpu",
)
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Process:
    """A running browser: the shell it runs in, its folder, and our ends of the two pipes."""

    pid: int  # also the process group of the browser and its children
    folder: Path
    commands: int  # file descriptor, ours to write
    answers: int  # file descriptor, ours to read


def start(program: Path) -> Process:
    """Start `program`. Raises OSError when it cannot be run."""
    folder = Path(tempfile.mkdtemp(prefix="sousveil-browser-"))
    commands_out, commands_in = _high_pipe()
    answers_out, answers_in = _high_pipe()
    arguments = [
        *("/bin/sh", "-c", _SHELL, "sh", str(folder), str(program)),
        *(*_FLAGS, f"--user-data-dir={folder / 'profile'}", *_sandbox()),
    ]
    try:
        pid = os.posix_spawn(
            arguments[0],
            arguments,
            os.environ | {"TMPDIR": str(folder)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, commands_out, 3),
                (os.POSIX_SPAWN_DUP2, answers_in, 4),
            ],
            setpgroup=0,  # an interrupt at the terminal is ours to handle; and all end together
        )
    except OSError:
        os.close(commands_in)
        os.close(answers_out)
        shutil.rmtree(folder)
        raise
    finally:
        os.close(commands_out)
        os.close(answers_in)
    return Process(pid, folder, commands_in, answers_out)


def end(process: Process) -> None:
    """Wait until the browser has left after its pipe was closed; end it when it does not.

    Our ends of the pipes are closed by whoever holds them, before. Leaves no process, no folder.
    """
    deadline = time.monotonic() + LEAVE_SECONDS
    while os.waitpid(process.pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
            break
        time.sleep(POLL_SECONDS)
    shutil.rmtree(process.folder, ignore_errors=True)  # the shell has, unless it was ended


def _sandbox() -> tuple[str, ...]:
    # Chromium refuses to start its sandbox as root; only then is it done without.
    return ("--no-sandbox",) if os.geteuid() == _ROOT else ()


def _high_pipe() -> tuple[int, int]:
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, FIRST_HIGH_DESCRIPTOR) for end in ends)
    for low in ends:
        os.close(low)
    return high[0], high[1]
