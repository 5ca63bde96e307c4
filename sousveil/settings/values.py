"""What a case's settings can say, and what holds where they say nothing.

Plain values; `parse.py` checked each of them. None of them shows a secret in its `repr`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sousveil
from sousveil.capture.guard.exits import Exit
from sousveil.tlog.note import VerifierKey

# Identifies us to the servers we visit, so that nobody can say we hid.
USER_AGENT = f"Mozilla/5.0 (compatible; sousveil/{sousveil.__version__})"
# Seconds between two requests to one host: what crawlers' manuals call polite.
DELAY_SECONDS = 2.0
# Pages looked at at once. A tab takes some hundred megabytes and most of its time waits for others.
TABS = 3
# How long a browser is given for one page, from the request to the picture.
PAGE_SECONDS = 60.0
# A day has four stamps then, which tell a morning from an evening and burden nobody.
STAMP_HOURS = 6.0

Tells: TypeAlias = Literal["count", "sentence", "full"]
HeaderSource: TypeAlias = Literal["core", "esplora"]


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
