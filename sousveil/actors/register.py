"""The register: everybody who can be told by a name, a domain or an account.

Takes actors as data and finds them in text, in addresses and by name. Text is searched once, in
time linear in its length, for all names together. Immutable once made.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from sousveil.actors.names import folded, is_whole, key, legal_form_behind
from sousveil.model import Listing

Care = Literal["names", "cased", "common", "never"]
"""How a name is told: in any case; as it is written; only beside telling words; not at all."""

# The words beside a name that is an ordinary word too: what companies do, make and are called.
_WORDS_BEFORE = "by from company vendor firm maker supplier developer giant startup provider"
_WORDS_BEHIND = (
    "said says announced claims denied told launched developed patented filed sells sold offers"
    " technology technologies software systems system cameras camera platform cloud api sdk ai"
    " security group holdings inc corp"
)
_HANZI_BEFORE = "公司|企业|厂商|供应商|巨头|采用|使用|由|与|和|及|、"
_HANZI_BEHIND = (
    "公司|科技|集团|股份|技术|智能|云|算法|摄像|人脸|平台|系统|产品|设备|软件|开发|研发|推出|发布|提供"
    "|表示|宣布|称|否认|与|和|及|、"
)
_BEFORE = re.compile(
    rf"(?:(?<![a-z])(?:{'|'.join(_WORDS_BEFORE.split())})[ ]|{_HANZI_BEFORE})[“\"「]?\Z"
)
_BEHIND = re.compile(
    rf"(?:[’']s\b|[ ](?:{'|'.join(_WORDS_BEHIND.split())})\b|[”\"」]?(?:{_HANZI_BEHIND}))"
)
_LONGEST_BEFORE = 12  # characters of the longest word in `_BEFORE`, with what may stand after it
_JOINED = re.compile(r"(?:[,;/、，；]|[ ](?:and|or|und|et|y)|和|与|及|或)?[ ]?(?:and[ ])?\Z")
_LONGEST_JOINT = 6


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who makes systems, or reports on them, with what they are told by."""

    name: str
    names: tuple[str, ...] = ()  # told in any case
    cased: tuple[str, ...] = ()  # told as they are written: "Zoom"
    common: tuple[str, ...] = ()  # words that mean other things: told beside telling words only
    never: tuple[str, ...] = ()  # longer words that hold a name by chance
    domains: tuple[str, ...] = ()  # "acme.example", with a path where only that is theirs
    accounts: tuple[str, ...] = ()  # "github.com/acme"
    reports: bool = False  # on the systems of others: a newspaper, a ministry, researchers
    listings: tuple[Listing, ...] = ()


class Mention(NamedTuple):
    """A name where it stands in a text."""

    start: int
    end: int
    actor: Actor


class _Span(NamedTuple):
    start: int
    end: int
    last_end: int  # of the name before; far away when there is none


class _Pattern(NamedTuple):
    actor: Actor
    care: Care
    text: str


class Register:
    """Actors, found by what they are told by. Where two claim one name, the first has it."""

    def __init__(self, actors: Iterable[Actor]) -> None:
        self.actors = tuple(actors)
        self._by_key: dict[str, Actor] = {}
        self._by_host: dict[str, list[tuple[str, Actor]]] = {}
        self._by_account: dict[str, Actor] = {}
        for actor in self.actors:
            for name in (actor.name, *actor.names, *actor.cased, *actor.common):
                self._by_key.setdefault(key(name), actor)
            for domain in actor.domains:
                host, slash, path = domain.partition("/")
                self._by_host.setdefault(host, []).append((slash + path, actor))
            for account in actor.accounts:
                self._by_account.setdefault(account.casefold(), actor)

    @cached_property
    def _patterns(self) -> dict[str, _Pattern]:
        patterns: dict[str, _Pattern] = {}
        cares: tuple[Care, ...] = ("names", "cased", "common", "never")
        for actor in self.actors:
            for care in cares:
                for text in filter(str.strip, getattr(actor, care)):
                    patterns.setdefault(folded(text), _Pattern(actor, care, text))
        return patterns

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return AhoCorasick(list(self._patterns), implementation=Implementation.ContiguousNFA)

    def named(self, name: str) -> Actor | None:
        """Return the actor who goes by exactly this name, legal form and case aside."""
        return self._by_key.get(key(name))

    def account(self, account: str) -> Actor | None:
        """Return whose an account on a forge is: "github.com/acme"."""
        return self._by_account.get(account.casefold())

    def at(self, host: str, path: str = "/") -> tuple[Actor, str] | None:
        """Return who holds an address, and the domain that says so; subdomains are its holder's."""
        labels = host.split(".")
        for first in range(len(labels)):
            domain = ".".join(labels[first:])
            for prefix, actor in self._by_host.get(domain, ()):
                if path.startswith(prefix):
                    return actor, domain + prefix
        return None

    def mentions(self, text: str) -> list[Mention]:
        """Return the names in a text, in order, the longest where they overlap."""
        if not text or not self._patterns:
            return []
        plain = folded(text)
        patterns = tuple(self._patterns.values())
        found = sorted(
            (start, -end, patterns[index])
            for index, start, end in self._automaton.find_matches_as_indexes(
                plain, overlapping=True
            )
            if is_whole(text, start, end)
        )
        mentions: list[Mention] = []
        covered = 0
        for start, negative_end, pattern in found:
            end = -negative_end
            if end <= covered:
                continue
            last_end = mentions[-1].end if mentions else -_LONGEST_JOINT - 1
            if _is_told(pattern, text, plain, _Span(start, end, last_end)):
                mentions.append(Mention(start, end, pattern.actor))
            elif pattern.care != "never":
                continue
            covered = end
        return mentions


def _is_told(pattern: _Pattern, text: str, plain: str, span: _Span) -> bool:
    """Whether a name at a span of the text, `plain` when folded, means its actor there."""
    if pattern.care == "names":
        return True
    is_written_so = text[span.start : span.end] == pattern.text or not pattern.text.isascii()
    if pattern.care == "never" or not is_written_so:
        return False
    if pattern.care == "cased":
        return True
    if not is_whole(plain, span.start, span.end):  # part of a name in source code: "GenericMeta"
        return False
    return (
        legal_form_behind(plain, span.end)
        or _BEHIND.match(plain, span.end) is not None
        or _BEFORE.search(plain, max(0, span.start - _LONGEST_BEFORE), span.start) is not None
        or (
            span.start - span.last_end <= _LONGEST_JOINT
            and _JOINED.match(plain, span.last_end, span.start) is not None
        )
    )
