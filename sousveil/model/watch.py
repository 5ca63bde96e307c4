"""Watches: what is looked at, how often, and how far a visit goes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class WatchKind(StrEnum):
    """What a target is, hence how it is visited."""

    PAGE = "page"
    SITE = "site"
    DOCUMENT = "document"
    REPOSITORY = "repository"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the visit of a site or a feed goes."""

    depth: int  # links from the target to a page, at most
    pages: int  # asked for in one crawl, at most
    scope: Literal["folder", "host", "domain"]  # what of the site: watch/scope.py
    robots: Literal["obey", "ignore"]  # robots.txt
    documents: bool = True  # whether PDF, office and ZIP files one link outside are taken too


@dataclass(frozen=True, slots=True)
class Watch:
    """One target with its schedule."""

    id: str  # 12 hexadecimal digits
    target: str  # URL, or absolute path of a local repository
    kind: WatchKind
    every_seconds: int
    actor: str | None  # who answers for the target, as the user named them
    added_at: datetime
    browser: bool = True  # whether pages are also shown in a browser, where there is one
    exit: str = ""  # name of the exit in case.toml's [exits]; "" for the case's own choice
    bounds: Bounds | None = None  # of a site or a feed
