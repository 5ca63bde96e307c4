"""Settings: what people edit in `case.toml`, and where the user's own keys lie.

Takes the text of a `case.toml` and gives `Settings`, or a `CaseError` that names the key. The file
is no evidence: it may be edited at any time, and nothing in it changes what was logged. What it
says about the log (`[log]`) is checked against the first event of the log.

It can hold secrets (an exit's password, a channel's URL): it is its owner's alone, and neither a
message nor a `repr` of what is made of it shows them.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import sousveil
from sousveil.capture.guard.addresses import check_allowed
from sousveil.capture.guard.exits import DIRECT, Exit, exit_url, parse_exit
from sousveil.errors import CaseError, InputError, LogError, TargetError
from sousveil.tlog.cosignature import parse_witness_key
from sousveil.tlog.note import VerifierKey
from sousveil.watch.targets import web_address

# Identifies us to the servers we visit, so that nobody can say we hid.
USER_AGENT = f"Mozilla/5.0 (compatible; sousveil/{sousveil.__version__})"

# Seconds between two requests to one host: what crawlers' manuals call polite.
DELAY_SECONDS = 2.0

# Nobody means to wait longer between two pages of one host; more is a slip of the keyboard.
MAX_DELAY_SECONDS = 3600

# Pages looked at at once. A tab takes some hundred megabytes and most of its time waits for others.
TABS = 3
MAX_TABS = 16

# How long a browser is given for one page, from the request to the picture.
PAGE_SECONDS = 60.0
MAX_PAGE_SECONDS = 600

# A day has four stamps then, which tell a morning from an evening and burden nobody.
STAMP_HOURS = 6.0
MAX_STAMP_HOURS = 24 * 30

# People who decide on a claim, each for themselves, before that counts; more never come together.
MAX_READINGS = 5

# RFC 9110 section 10.1.5, as far as we use it: what libcurl sends must stay one header field.
_USER_AGENT = re.compile(r"[ -~]+")

Tells: TypeAlias = Literal["count", "sentence", "full"]

_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CHANNEL_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://\S+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Channel:
    """Somebody who is told what happens, by a URL as Apprise writes them."""

    name: str
    url: str = field(default="", repr=False)  # "" when `url_env` names where it is
    url_env: str = ""  # environment variable that holds the URL
    tells: Tells = "sentence"  # how many, or which sentences, or where and whose, too
    exit: str = ""  # of [exits], or "direct"; "" for the case's own


@dataclass(frozen=True, slots=True)
class Alerts:
    """Who is told what happens."""

    feed: bool = True  # whether an Atom feed is kept in the case's folder
    channels: Mapping[str, Channel] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody who says when the log existed (RFC 3161)."""

    name: str
    url: str
    ca_file: str = ""  # its root, if this computer does not trust it; relative to the case's folder


@dataclass(frozen=True, slots=True)
class Calendar:
    """Somebody who has digests put into a block of Bitcoin (OpenTimestamps)."""

    name: str
    url: str


HeaderSource: TypeAlias = Literal["core", "esplora"]


@dataclass(frozen=True, slots=True)
class Headers:
    """Where block headers are had: a node of Bitcoin Core (REST), or an Esplora explorer."""

    kind: HeaderSource
    url: str


@dataclass(frozen=True, slots=True)
class Timestamps:
    """Who is asked for time stamps over the log, and how often."""

    every_hours: float = STAMP_HOURS  # while `sousveil watch` runs
    authorities: Mapping[str, Authority] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    headers: Headers | None = None  # None: they are given by hand


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who sees that the log only grows (C2SP tlog-witness)."""

    name: str
    url: str  # submission prefix
    key: VerifierKey  # of type 4 (C2SP tlog-cosignature)


@dataclass(frozen=True, slots=True)
class Settings:
    """One case's settings, checked."""

    title: str
    operator: str  # who answers for the case; the log's first event tells it
    topics: tuple[str, ...]  # names of shipped topics, or paths of topic files
    origin: str  # the log's name, the first line of each checkpoint
    key: str  # the log's verifier key (C2SP signed-note)
    user_agent: str = USER_AGENT
    delay_seconds: float = DELAY_SECONDS
    allow_hosts: frozenset[str] = frozenset()  # private hosts this case may reach
    exits: Mapping[str, Exit] = field(default_factory=dict)  # ways out that watches may name
    exit: str = ""  # name of the one that all go by whose watch names none; "" for none
    browser: bool = True  # whether pages are also shown in a browser, where there is one
    tabs: int = TABS  # pages looked at at once
    page_seconds: float = PAGE_SECONDS  # for one page in the browser
    alerts: Alerts = Alerts()
    timestamps: Timestamps = Timestamps()
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    readings: int = 1  # independent ones, by different people, before a decision counts


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


def format_settings(settings: Settings) -> str:
    """Return a fresh `case.toml`; `parse_settings` reads it back."""
    topics = ", ".join(_quote(topic) for topic in settings.topics)
    hosts = ", ".join(_quote(host) for host in sorted(settings.allow_hosts))
    channels = "".join(_channel_line(one) for one in settings.alerts.channels.values())
    authorities = "".join(_authority_line(one) for one in settings.timestamps.authorities.values())
    calendars = "".join(
        f"{one.name} = {_quote(one.url)}\n" for one in settings.timestamps.calendars.values()
    )
    source = settings.timestamps.headers
    headers = "" if source is None else f"{source.kind} = {_quote(source.url)}\n"
    witnesses = "".join(_witness_line(one) for one in settings.witnesses.values())
    exits = "".join(f"{name} = {_quote(exit_url(one))}\n" for name, one in settings.exits.items())
    return f"""\
# Settings of this case. Edit them freely: they are no evidence, and the log does not need them.
title = {_quote(settings.title)}
operator = {_quote(settings.operator)}   # who answers for this case; a bundle withholds it
topics = [{topics}]   # what to look for: `sousveil topics list`

[capture]
user_agent = {_quote(settings.user_agent)}
delay_seconds = {settings.delay_seconds}   # between two requests to one host
# Private, loopback and link-local addresses are refused unless their host is named here,
# as "host", "host:port", an address or a network such as "10.1.0.0/16". They are your own, so
# they are asked without delay.
allow_hosts = [{hosts}]
exit = {_quote(settings.exit)}   # the way out that all go by whose watch names none, from [exits]

[exits]   # such as: tor = "socks5h://127.0.0.1:9050"
{exits}
[browser]
enabled = {str(settings.browser).lower()}   # also keep what Chromium shows, if there is one
tabs = {settings.tabs}   # pages looked at at once
page_seconds = {settings.page_seconds}   # for one page, at most

[review]
readings = {settings.readings}   # by different people, blind, before a decision counts

[witnesses]   # such as: ours = {{ url = "https://witness.example/", key = "NAME+ID+KEY" }}
{witnesses}
[timestamps]
every_hours = {settings.timestamps.every_hours}   # while `sousveil watch` runs

[timestamps.calendars]   # OpenTimestamps, such as: a = "https://calendar.example"
{calendars}
[timestamps.block_headers]   # such as: core = "http://127.0.0.1:8332", or esplora = "https://…"
{headers}
[timestamps.authorities]   # two at least, such as: a = {{ url = "http://tsa.example/tsr" }}
{authorities}
[alerts]
feed = {str(settings.alerts.feed).lower()}   # keep alerts.atom in this folder

[alerts.channels]   # such as: me = {{ url_env = "SOUSVEIL_ALERT_ME", tells = "count" }}
{channels}
[log]   # who signs this log: do not edit
origin = {_quote(settings.origin)}
key = {_quote(settings.key)}
"""


def parse_settings(text: str, where: Path) -> Settings:
    """Return the settings in `text`; `where` names the file in messages.

    Raises CaseError for what is not TOML, a key that is missing, unknown, of the wrong type or out
    of bounds.
    """
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        raise CaseError(f"{where}: not valid TOML: {error}. Mend that line.") from error
    except RecursionError as error:
        raise CaseError(f"{where}: lists within lists without end. Mend that line.") from error
    top = _Table(data, where, "")
    capture = top.table("capture")
    browser = top.table("browser")
    exits = top.table("exits")
    alerts = top.table("alerts")
    timestamps = top.table("timestamps")
    witnesses = top.table("witnesses")
    review = top.table("review")
    log = top.table("log")
    settings = Settings(
        title=top.text("title"),
        operator=top.text("operator", ""),
        topics=tuple(top.texts("topics", ["ethnicity"])),
        origin=log.text("origin"),
        key=log.text("key"),
        user_agent=capture.text("user_agent", USER_AGENT),
        delay_seconds=capture.number("delay_seconds", DELAY_SECONDS, most=MAX_DELAY_SECONDS),
        allow_hosts=frozenset(capture.texts("allow_hosts", [])),
        exits=_exits(exits, where),
        exit=capture.text("exit", ""),
        browser=browser.flag("enabled", default=True),
        tabs=int(browser.number("tabs", TABS, least=1, most=MAX_TABS)),
        page_seconds=browser.number("page_seconds", PAGE_SECONDS, least=1, most=MAX_PAGE_SECONDS),
        alerts=_alerts(alerts, where),
        timestamps=_timestamps(timestamps, where),
        witnesses={name: _witness(name, witnesses, where) for name in witnesses.keys},
        readings=int(review.number("readings", 1, least=1, most=MAX_READINGS)),
    )
    for table in (top, capture, exits, browser, alerts, timestamps, witnesses, review, log):
        table.finish()
    if not _USER_AGENT.fullmatch(settings.user_agent):
        raise CaseError(f"{where}: capture.user_agent must be printable ASCII on one line.")
    if settings.exit and settings.exit not in settings.exits:
        raise CaseError(f"{where}: capture.exit names '{settings.exit}', which is not in [exits].")
    for channel in settings.alerts.channels.values():
        if channel.exit and channel.exit != DIRECT and channel.exit not in settings.exits:
            raise CaseError(
                f"{where}: alerts.channels.{channel.name}.exit names '{channel.exit}', which is not"
                f" in [exits]. Name one of them, or '{DIRECT}'."
            )
    try:
        check_allowed(settings.allow_hosts)
    except InputError as error:
        raise CaseError(f"{where}: {error}") from error
    return settings


def _exits(table: "_Table", where: Path) -> dict[str, Exit]:
    try:
        return {name: parse_exit(name, table.text(name)) for name in table.keys}
    except InputError as error:
        raise CaseError(f"{where}: {error}") from error


def _alerts(table: "_Table", where: Path) -> Alerts:
    feed = table.flag("feed", default=True)
    channels = table.table("channels")
    return Alerts(feed, {name: _channel(name, channels, where) for name in channels.keys})


def _channel(name: str, channels: "_Table", where: Path) -> Channel:
    table = channels.table(name)
    place = f"{where}: alerts.channels.{name}"
    url, url_env = table.text("url", ""), table.text("url_env", "")
    told = table.text("tells", "sentence")
    tells = next((one for one in get_args(Tells) if one == told), None)
    channel = Channel(name, url, url_env, tells or "sentence", table.text("exit", ""))
    table.finish()
    if not _CHANNEL.fullmatch(name):
        raise CaseError(
            f"{place}: a channel's name is up to 40 small letters, digits, '-' and '_'."
        )
    if bool(url) == bool(url_env):
        raise CaseError(
            f"{place} needs either url, or url_env that names an environment variable with the URL."
        )
    if url and not _CHANNEL_URL.fullmatch(url):
        raise CaseError(f"{place}.url must be a URL as Apprise writes them: scheme://…")
    if url_env and not _VARIABLE.fullmatch(url_env):
        raise CaseError(f"{place}.url_env must be the name of an environment variable.")
    if tells is None:
        raise CaseError(f"{place}.tells must be one of {', '.join(get_args(Tells))}.")
    return channel


def _channel_line(channel: Channel) -> str:
    values = {"url": channel.url, "url_env": channel.url_env, "exit": channel.exit}
    told = "".join(f"{key} = {_quote(value)}, " for key, value in values.items() if value)
    return f"{channel.name} = {{ {told}tells = {_quote(channel.tells)} }}\n"


def _timestamps(table: "_Table", where: Path) -> Timestamps:
    hours = table.number("every_hours", STAMP_HOURS, least=0, most=MAX_STAMP_HOURS)
    listed = table.table("authorities")
    calendars = table.table("calendars")
    return Timestamps(
        hours,
        {name: _authority(name, listed, where) for name in listed.keys},
        {name: _calendar(name, calendars, where) for name in calendars.keys},
        _headers(table.table("block_headers"), where),
    )


def _calendar(name: str, listed: "_Table", where: Path) -> Calendar:
    place = f"{where}: timestamps.calendars.{name}"
    if not _CHANNEL.fullmatch(name):
        raise CaseError(
            f"{place}: a calendar's name is up to 40 small letters, digits, '-' and '_'."
        )
    try:
        return Calendar(name, web_address(listed.text(name)))
    except TargetError as error:
        raise CaseError(f"{place}: {error}") from error


def _headers(table: "_Table", where: Path) -> Headers | None:
    place = f"{where}: timestamps.block_headers"
    kinds = [one for one in get_args(HeaderSource) if one in table.keys]
    if len(kinds) > 1:
        raise CaseError(f"{place}: names two sources. Name one of them.")
    try:
        source = Headers(kinds[0], web_address(table.text(kinds[0]))) if kinds else None
    except TargetError as error:
        raise CaseError(f"{place}: {error}") from error
    table.finish()
    return source


def _authority(name: str, listed: "_Table", where: Path) -> Authority:
    table = listed.table(name)
    place = f"{where}: timestamps.authorities.{name}"
    url, ca_file = table.text("url"), table.text("ca_file", "")
    table.finish()
    if not _CHANNEL.fullmatch(name):
        raise CaseError(
            f"{place}: an authority's name is up to 40 small letters, digits, '-' and '_'."
        )
    try:
        return Authority(name, web_address(url), ca_file)
    except TargetError as error:
        raise CaseError(f"{place}.url: {error}") from error


def _authority_line(authority: Authority) -> str:
    ca_file = f", ca_file = {_quote(authority.ca_file)}" if authority.ca_file else ""
    return f"{authority.name} = {{ url = {_quote(authority.url)}{ca_file} }}\n"


def _witness(name: str, listed: "_Table", where: Path) -> Witness:
    table = listed.table(name)
    place = f"{where}: witnesses.{name}"
    url, key = table.text("url"), table.text("key")
    table.finish()
    if not _CHANNEL.fullmatch(name):
        raise CaseError(
            f"{place}: a witness's name is up to 40 small letters, digits, '-' and '_'."
        )
    try:
        return Witness(name, web_address(url), parse_witness_key(key))
    except TargetError as error:
        raise CaseError(f"{place}.url: {error}") from error
    except LogError as error:
        raise CaseError(f"{place}.key: {error}") from error


def _witness_line(witness: Witness) -> str:
    return f"{witness.name} = {{ url = {_quote(witness.url)}, key = {_quote(str(witness.key))} }}\n"


class _Table:
    """A TOML table that is read key by key, so that a key nobody read is noticed."""

    def __init__(self, data: Mapping[str, Any], where: Path, prefix: str) -> None:
        self._left = dict(data)
        self._where = where
        self._prefix = prefix

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._left)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._left.pop(key, default)
        if value is None:
            raise CaseError(f"{self._where}: {self._prefix}{key} is missing. Add it.")
        if not isinstance(value, str):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a text in quotes.")
        return value

    def texts(self, key: str, default: list[str]) -> list[str]:
        value = self._left.pop(key, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a list of texts.")
        return value

    def number(self, key: str, default: float, *, most: float, least: float = 0) -> float:
        value = self._left.pop(key, default)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:  # not a number (nan) is in no range
            raise CaseError(
                f"{self._where}: {self._prefix}{key} must be a number, {least} or more, at most"
                f" {most}."
            )
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be true or false.")
        return value

    def table(self, key: str) -> "_Table":
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise CaseError(f"{self._where}: {self._prefix}{key} must be a table.")
        return _Table(value, self._where, f"{self._prefix}{key}.")

    def finish(self) -> None:
        if self._left:
            keys = ", ".join(self._prefix + key for key in self._left)
            raise CaseError(f"{self._where}: unknown setting {keys}. Remove it or mend its name.")


def _quote(text: str) -> str:
    """Return `text` as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
