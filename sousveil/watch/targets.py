"""Targets: what a person may name to be watched.

Takes what was typed and gives a checked `Watch`, or a `TargetError` that says what to type instead.
Looks at the disk only to recognise a local repository; nothing is fetched.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from sousveil.errors import TargetError
from sousveil.model import Bounds, Watch, WatchKind

MAX_URL_LENGTH = 8_000  # what servers accept at most (RFC 9110 section 4.1 asks for 8,000 octets)
DEFAULT_EVERY = "24h"
DEFAULT_BOUNDS = Bounds(depth=3, pages=200, scope="folder", robots="obey")
SHORTEST_SECONDS = 60  # a target looked at more often than each minute is an attack, not a watch

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PORTS = {"http": 80, "https": 443}
_GIT_SCHEME = "git+"
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9.])?")
_FEED = re.compile(r"(?:\.(?:rss|atom)|/(?:feed|rss|atom)(?:\.xml|/)?)\Z", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")


def make_watch(
    target: str,
    *,
    kind: WatchKind | None,
    every: str,
    actor: str | None,
    now: datetime,
    browser: bool = True,
    exit_: str = "",
    bounds: Bounds = DEFAULT_BOUNDS,
) -> Watch:
    """Return the watch of what was typed as `target`.

    A URL of http or https is a page, a repository when it ends in `.git` or starts with `git+`, and
    a feed when it is named like one; a path must be a local git repository. `kind` overrides the
    guess. `bounds` count for a site or a feed. Raises TargetError for everything else.
    """
    if "://" in target:
        url, guess = _url(target)
    else:
        url, guess = _local_repository(target), WatchKind.REPOSITORY
        if kind not in {None, WatchKind.REPOSITORY}:
            raise TargetError(f"{target}: a local path can only be watched as a repository.")
    chosen = kind or guess
    return Watch(
        id=hashlib.sha256(url.encode()).hexdigest()[:12],
        target=url,
        kind=chosen,
        every_seconds=parse_every(every),
        actor=actor,
        added_at=now,
        browser=browser,
        exit=exit_,
        bounds=bounds if chosen in {WatchKind.SITE, WatchKind.FEED} else None,
    )


def kind_of_target(word: str) -> WatchKind | None:
    """Return the kind of target that a word names, None for ""; raises TargetError otherwise."""
    if not word:
        return None
    try:
        return WatchKind(word.lower())
    except ValueError as error:
        names = ", ".join(WatchKind)
        raise TargetError(f"{word}: no kind of target. There are {names}.") from error


def parse_every(every: str) -> int:
    """Return the seconds of "90s", "30m", "6h", "1d" or "2w"; raises TargetError otherwise."""
    match = re.fullmatch(r"(\d{1,6})([smhdw])", every.strip().lower())
    if match is None:
        raise TargetError(f"--every {every}: write a number and a unit, as in 30m, 6h or 1d.")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds < SHORTEST_SECONDS:
        raise TargetError(f"--every {every}: too often. The shortest is {SHORTEST_SECONDS}s.")
    return seconds


def find_watches(watches: Iterable[Watch], names: Iterable[str]) -> list[Watch]:
    """Return the watches that were named by target, id, or beginning of an id."""
    known = list(watches)
    chosen = []
    for name in names:
        matches = [watch for watch in known if _is_named(watch, name)]
        if not matches:
            raise TargetError(
                f"{name}: not watched in this case. Add it with `sousveil add {name}`."
            )
        chosen += matches
    return list(dict.fromkeys(chosen))


def _is_named(watch: Watch, name: str) -> bool:
    if name == watch.target or (len(name) >= 4 and watch.id.startswith(name)):  # noqa: PLR2004  # four digits are a name, fewer a slip
        return True
    if "://" in name:
        return _url(name)[0] == watch.target
    return str(Path(name).expanduser().resolve()) == watch.target


def _url(target: str) -> tuple[str, WatchKind]:
    """Return the URL as it will be asked for, without its fragment, and what it looks like."""
    is_git = target.startswith(_GIT_SCHEME)
    url = web_address(target.removeprefix(_GIT_SCHEME).strip())
    path = urlsplit(url).path
    if is_git or path.endswith(".git"):
        return url, WatchKind.REPOSITORY
    return url, WatchKind.FEED if _FEED.search(path) else WatchKind.PAGE


def web_address(target: str) -> str:
    """Return an http or https URL as it will be asked for, without its fragment.

    Raises TargetError when it is none, or holds what must not enter the evidence.
    """
    if not _is_text(target):
        raise TargetError(f"{target}: not UTF-8 text. Write such bytes as %XX.")
    if len(target) > MAX_URL_LENGTH:
        raise TargetError(f"{target[:60]}...: longer than {MAX_URL_LENGTH} characters.")
    if _FORBIDDEN.search(target):
        raise TargetError(f"{target!r}: a URL has no spaces or control characters. Write %20.")
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetError(f"{target}: not a URL: {error}.") from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise TargetError(f"{target}: only http:// and https:// can be watched, or a local path.")
    if not host:
        raise TargetError(f"{target}: no host name in this URL.")
    if parts.username or parts.password:
        raise TargetError(
            f"{target}: remove user name and password; they would enter the evidence."
        )
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    scheme = parts.scheme.lower()
    netloc = _host(host, target) + (f":{port}" if port not in {None, _PORTS[scheme]} else "")
    return urlunsplit((scheme, netloc, path, query, ""))


def _host(host: str, target: str) -> str:
    """Return a host as it stands in a request: IDNA for names beyond ASCII."""
    if ":" in host:
        return f"[{host}]"
    try:
        name = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise TargetError(f"{target}: {host} is no valid host name.") from error
    if not _HOST_NAME.fullmatch(name):
        raise TargetError(f"{target}: {host} is no valid host name.")
    return name.lower()


def _local_repository(target: str) -> str:
    path = Path(target).expanduser()
    if not path.exists():
        raise TargetError(
            f"{target}: no such folder, and not a URL (did you mean https://{target} ?)."
        )
    path = path.resolve()
    if not (path / ".git").exists() and not (path / "HEAD").is_file():
        raise TargetError(
            f"{target}: not a git repository. A page is watched by its http:// or https:// address;"
            " files are read with `sousveil read`, archives taken in with `sousveil import`."
        )
    if not _is_text(str(path)):
        raise TargetError(
            f"{path}: this name is not UTF-8 text, as the log needs it. Rename the folder, or clone"
            " the repository into another and add that one."
        )
    return str(path)


def _is_text(typed: str) -> bool:
    """Tell whether what was typed is UTF-8; bytes that are not came as lone surrogates."""
    try:
        typed.encode()
    except UnicodeEncodeError:
        return False
    return True
