"""The text of a `case.toml` to `Settings`, or a `CaseError` that names the key."""

import re
import tomllib
from pathlib import Path
from typing import get_args

from sousveil.capture.guard.addresses import check_allowed
from sousveil.capture.guard.exits import DIRECT, Exit, parse_exit
from sousveil.errors import CaseError, InputError, LogError, TargetError
from sousveil.settings.table import Table
from sousveil.settings.values import (
    DELAY_SECONDS,
    PAGE_SECONDS,
    STAMP_HOURS,
    TABS,
    USER_AGENT,
    Alerts,
    Authority,
    Calendar,
    Channel,
    Headers,
    HeaderSource,
    Settings,
    Tells,
    Timestamps,
    Witness,
)
from sousveil.tlog.cosignature import parse_witness_key
from sousveil.watch.targets import web_address

# Nobody means to wait longer between two pages of one host; more is a slip of the keyboard.
MAX_DELAY_SECONDS = 3600
MAX_TABS = 16
MAX_PAGE_SECONDS = 600
MAX_STAMP_HOURS = 24 * 30
# People who decide on a claim, each for themselves, before that counts; more never come together.
MAX_READINGS = 5

# RFC 9110 section 10.1.5, as far as we use it: what libcurl sends must stay one header field.
_USER_AGENT = re.compile(r"[ -~]+")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CHANNEL_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://\S+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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
    top = Table(data, where, "")
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
    _check(settings, where)
    return settings


def _check(settings: Settings, where: Path) -> None:
    """Raise CaseError for a value that is no user agent or host, or names no exit."""
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


def _check_name(name: str, whose: str, place: str) -> None:
    if not _NAME.fullmatch(name):
        raise CaseError(f"{place}: {whose}'s name is up to 40 small letters, digits, '-' and '_'.")


def _exits(table: Table, where: Path) -> dict[str, Exit]:
    try:
        return {name: parse_exit(name, table.text(name)) for name in table.keys}
    except InputError as error:
        raise CaseError(f"{where}: {error}") from error


def _alerts(table: Table, where: Path) -> Alerts:
    feed = table.flag("feed", default=True)
    channels = table.table("channels")
    return Alerts(feed, {name: _channel(name, channels, where) for name in channels.keys})


def _channel(name: str, channels: Table, where: Path) -> Channel:
    table = channels.table(name)
    place = f"{where}: alerts.channels.{name}"
    url, url_env = table.text("url", ""), table.text("url_env", "")
    told = table.text("tells", "sentence")
    tells = next((one for one in get_args(Tells) if one == told), None)
    channel = Channel(name, url, url_env, tells or "sentence", table.text("exit", ""))
    table.finish()
    _check_name(name, "a channel", place)
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


def _timestamps(table: Table, where: Path) -> Timestamps:
    hours = table.number("every_hours", STAMP_HOURS, least=0, most=MAX_STAMP_HOURS)
    listed = table.table("authorities")
    calendars = table.table("calendars")
    return Timestamps(
        hours,
        {name: _authority(name, listed, where) for name in listed.keys},
        {name: _calendar(name, calendars, where) for name in calendars.keys},
        _headers(table.table("block_headers"), where),
    )


def _calendar(name: str, listed: Table, where: Path) -> Calendar:
    place = f"{where}: timestamps.calendars.{name}"
    _check_name(name, "a calendar", place)
    try:
        return Calendar(name, web_address(listed.text(name)))
    except TargetError as error:
        raise CaseError(f"{place}: {error}") from error


def _headers(table: Table, where: Path) -> Headers | None:
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


def _authority(name: str, listed: Table, where: Path) -> Authority:
    table = listed.table(name)
    place = f"{where}: timestamps.authorities.{name}"
    url, ca_file = table.text("url"), table.text("ca_file", "")
    table.finish()
    _check_name(name, "an authority", place)
    try:
        return Authority(name, web_address(url), ca_file)
    except TargetError as error:
        raise CaseError(f"{place}.url: {error}") from error


def _witness(name: str, listed: Table, where: Path) -> Witness:
    table = listed.table(name)
    place = f"{where}: witnesses.{name}"
    url, key = table.text("url"), table.text("key")
    table.finish()
    _check_name(name, "a witness", place)
    try:
        return Witness(name, web_address(url), parse_witness_key(key))
    except TargetError as error:
        raise CaseError(f"{place}.url: {error}") from error
    except LogError as error:
        raise CaseError(f"{place}.key: {error}") from error
