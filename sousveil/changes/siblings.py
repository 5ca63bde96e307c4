"""Siblings: what else is to be looked at when somebody asks about one target.

Whoever is asked about a page may change the other language's edition, the manual, the page beside
it and the repository too. Takes the target, the watches of the case and where the target's page
leads; gives what belongs together, each with its reasons, and what is not watched yet. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sousveil.actors.address import address_of
from sousveil.actors.names import key
from sousveil.actors.register import Register
from sousveil.model import Watch
from sousveil.watch.scope import Scope, is_document, same_host

# Pages link some dozens of documents, and large firms' sites have some dozens of languages; each is
# asked for every few minutes while an inquiry is open.
MAX_LINKED = 20

# RFC 5646, a language and perhaps a script or a region: "zh", "zh-cn", "zh_Hans".
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_](?:[a-z]{2}|[a-z]{4}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sibling:
    """A watch that belongs to an inquiry."""

    watch: Watch
    reasons: tuple[str, ...]  # in words


@dataclass(frozen=True, slots=True)
class Unwatched:
    """An address that belongs to a target and is not watched."""

    url: str
    reason: str


def siblings(
    target: Watch, known: Iterable[Watch], editions: Iterable[str], register: Register
) -> list[Sibling]:
    """Return the watches that belong to `target`, in their order, the target not among them.

    `editions` are addresses that its page names as the same in other languages.
    """
    named = set(editions)
    actor = whose(target, register)
    found = []
    for watch in known:
        if watch.id == target.id:
            continue
        reasons = []
        if watch.target in named or is_edition(target.target, watch.target):
            reasons.append("the same in another language")
        if is_near(target.target, watch.target):
            is_below = Scope(target.target, "folder").holds(watch.target)
            reasons.append("in the same folder" if is_below else _near(target.target))
        if actor and key(whose(watch, register)) == key(actor):
            reasons.append(f"of {actor}")
        if reasons:
            found.append(Sibling(watch, tuple(reasons)))
    return found


def unwatched(
    target: Watch, known: Iterable[Watch], editions: Sequence[str], links: Sequence[str]
) -> tuple[list[Unwatched], list[Unwatched]]:
    """Return what the target's page leads to that should be watched, and what only a person may.

    Editions in other languages on the same host or its subdomains, and documents on its host, each
    `MAX_LINKED` at most. The second list holds editions on other hosts: a page must not make us ask
    whomever it names every few minutes.
    """
    targets = {watch.target for watch in known} | {target.target}
    fresh = [url for url in dict.fromkeys(editions) if url not in targets]
    own = [url for url in fresh if _is_of_domain(target.target, url)]
    documents = [
        url
        for url in dict.fromkeys(links)
        if url not in targets and is_document(url) and is_near(target.target, url)
    ]
    wanted = [Unwatched(url, "the same in another language") for url in own[:MAX_LINKED]]
    wanted += [
        Unwatched(url, "a document that the page links to") for url in documents[:MAX_LINKED]
    ]
    foreign = [
        Unwatched(url, "the same in another language, on another host")
        for url in fresh
        if url not in own
    ]
    return wanted, foreign[:MAX_LINKED]


def whose(watch: Watch, register: Register) -> str:
    """Return who answers for a watch: whom it names, or who holds its address; "" if unknown."""
    if watch.actor and watch.actor.strip():
        actor = register.named(watch.actor)
        return actor.name if actor else watch.actor
    address = address_of(watch.target)
    owner = register.account(address.account) if address.account else None
    if owner is not None:
        return owner.name
    held = register.at(address.host, address.path) if address.host else None
    return held[0].name if held is not None else ""


def is_near(one: str, other: str) -> bool:
    """Tell whether two addresses are of one host; on a forge, of one account there."""
    if "://" not in one or "://" not in other:
        return False
    accounts = address_of(one).account, address_of(other).account
    return accounts[0] == accounts[1] if any(accounts) else same_host(one, other)


def is_edition(one: str, other: str) -> bool:
    """Tell whether two addresses differ only in what names a language, in path or host name."""
    is_web = "://" in one and "://" in other
    return is_web and one != other and _without_language(one) == _without_language(other)


def _near(url: str) -> str:
    return "of the same account" if address_of(url).account else "on the same host"


def _is_of_domain(one: str, other: str) -> bool:
    return Scope(one, "domain").holds(other) or Scope(other, "domain").holds(one)


def _without_language(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    labels = parts.netloc.removeprefix("www.").split(".")
    if len(labels) > 2 and _LANGUAGE.fullmatch(labels[0]):  # noqa: PLR2004  # a domain has two
        labels = labels[1:]
    segments = parts.path.rstrip("/").split("/")[1:]
    kept = [one for one in segments if not _LANGUAGE.fullmatch(one)]
    return ".".join(labels), "/".join(kept), parts.query
