"""What an address says of who publishes there: its host, and on forges the account.

Takes a URL (RFC 3986) and looks nothing up. An archived copy counts as what it is a copy of.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

FORGES = frozenset(
    {"github.com", "gitlab.com", "gitee.com", "bitbucket.org", "codeberg.org", "huggingface.co",
     "modelscope.cn", "gitcode.com"}
)  # fmt: skip
"""Hosts whose first path segment names an account."""

_RAW = {"raw.githubusercontent.com": "github.com", "gist.github.com": "github.com"}
_KINDS = frozenset({"datasets", "spaces", "models", "orgs", "groups"})  # before the account
_PAGES = re.compile(r"([^.]+)\.(github|gitlab|gitee)\.io")
_COPY = re.compile(r"https?://web\.archive\.org/web/\d{1,14}[a-z_]{0,4}/(?=\S)")
_NUMERIC = re.compile(r"[\d.]+|.*:.*")  # IPv4, IPv6


@dataclass(frozen=True, slots=True)
class Address:
    """What of an address can name somebody."""

    host: str  # "" when it names nobody
    path: str
    account: str  # "github.com/acme"; "" when it is on no forge
    is_copy: bool  # in a web archive


def address_of(url: str) -> Address:
    """Return what `url` says; nothing of it for a local path, or for what is no URL."""
    copied = _COPY.match(url)
    inner = url[copied.end() :] if copied else url
    if copied and "://" not in inner:
        inner = f"http://{inner}"
    try:
        parts = urlsplit(inner)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return Address("", "", "", is_copy=False)
    if parts.scheme not in {"http", "https", "ssh", "git"} or "." not in host:
        return Address("", parts.path, "", is_copy=False)
    if _NUMERIC.fullmatch(host):
        return Address("", parts.path, "", is_copy=False)
    path = parts.path or "/"
    return Address(host, path, _account(host, path), is_copy=copied is not None)


def _account(host: str, path: str) -> str:
    if pages := _PAGES.fullmatch(host):
        forge = {"github": "github.com", "gitlab": "gitlab.com", "gitee": "gitee.com"}[pages[2]]
        return f"{forge}/{pages[1]}"
    forge = _RAW.get(host, host)
    segments = [segment for segment in path.split("/", 4)[:4] if segment]
    while segments and segments[0] in _KINDS:
        segments = segments[1:]
    return f"{forge}/{segments[0]}" if forge in FORGES and segments else ""
