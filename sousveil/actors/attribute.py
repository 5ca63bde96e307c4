"""Whose system a finding is about, who speaks, and what says so.

Takes a finding, the name that its watch gives, and a register; gives the finding with its
`Attribution`. Pure, and linear in the passage. Two questions are kept apart:

- who publishes: the watch's name, the holder of the address, the account on a forge, the lines in
  which the document says whose it is, and, at the least, the host;
- whose system it is: a maker's own page is about the maker's system. Elsewhere it is who is named:
  in the quote, before it, behind it, in the headings, in the title, in the file's path.

A report is never about its publisher unless it names it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from sousveil.actors.address import Address, address_of
from sousveil.actors.imprint import holder
from sousveil.actors.names import has_legal_form, key
from sousveil.actors.register import Actor, Register
from sousveil.claims.windows import sentences
from sousveil.model import Attribution, Finding, Imprint

MAX_EVIDENCE = 6  # sentences: beyond, they repeat each other
MAX_WORDS = 80  # characters of a line that a sentence of evidence quotes
MAX_TITLE_CHARACTERS = 1_000  # looked at, of a title, a path or a heading: they come from strangers

_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]*\"|「[^「」]*」|«[^«»]*»")
_OWN_VOICE = re.compile(
    r"\b(?:we|our)\b|本公司|我公司|我司|我们|本产品|本系统|本平台|本软件|\b(?:wir|unsere?)\b|\b(?:nous|notre)\b",
    re.IGNORECASE,
)
# Before the name of somebody else's goods: "works with Acme cameras".
_BESIDE = re.compile(
    r"(?:\b(?:with|via|for|like|unlike|replaces|supports|integrates|compatible with|based on)"
    r"|兼容|支持|对接|接入|适配|适用于)\s*(?:the\s)?[“\"「]?\Z",
    re.IGNORECASE,
)
_LONGEST_BESIDE = 24

Way = Literal["watch", "domain", "account", "imprint", "forge", "host"]


@dataclass(frozen=True, slots=True)
class _Party:
    """Somebody who publishes, and how that is known."""

    name: str
    actor: Actor | None  # as the register knows them
    way: Way
    evidence: str

    @property
    def is_maker(self) -> bool:
        """Whether the register knows them as somebody who makes systems."""
        return self.actor is not None and not self.actor.reports

    @property
    def may_be_maker(self) -> bool:
        """Whether what they publish can be taken for their own, when nobody else is named."""
        is_named = self.way in {"watch", "imprint"}
        return self.is_maker or (is_named and self.actor is None)


@dataclass(frozen=True, slots=True)
class _Named:
    """Somebody who is named in what was found."""

    name: str
    actor: Actor | None
    words: str  # as they stand there
    place: str  # "the quote", "the title"
    leads: bool  # whether the quote's own statement is about them

    @property
    def evidence(self) -> str:
        """The sentence that says so."""
        said = f"{self.place} “{_cut(self.words)}”"
        return (
            said
            if key(self.words) == key(self.name)
            else f"{said}, a name that stands for {self.name}"
        )


def attributed(finding: Finding, *, watch_actor: str | None, register: Register) -> Finding:
    """Return `finding` with its attribution, and the actor that this tells.

    `watch_actor` is who answers for the watched target, as the user named them.
    """
    told = attribute(finding, watch_actor=watch_actor, register=register)
    return replace(finding, actor=told.actor, attribution=told)


def attribute(finding: Finding, *, watch_actor: str | None, register: Register) -> Attribution:
    """Return whose system a finding is about, who publishes it, who speaks, and what says so."""
    address = address_of(finding.url)
    publishers = list(_publishers(finding, address, watch_actor, register))
    publisher = publishers[0] if publishers else None
    named = list(_named(finding, address, _mentions_of(register, publisher)))
    chosen = _whose(finding, publisher, named)
    name = chosen.name if chosen else None
    evidence = [
        *([chosen.evidence] if chosen else []),
        *(party.evidence for party in publishers),
        *(f"{other.evidence}, as well" for other in named if other.name != name),
    ]
    return Attribution(
        actor=name,
        publisher=publisher.name if publisher else None,
        speaker=_speaker(finding, publisher, chosen),
        evidence=tuple(dict.fromkeys(evidence))[:MAX_EVIDENCE],
        listings=chosen.actor.listings if chosen and chosen.actor else (),
    )


def _whose(
    finding: Finding, publisher: _Party | None, named: list[_Named]
) -> _Party | _Named | None:
    """Return whose system it is: the publisher's, or somebody's who is named."""
    best = named[0] if named else None
    if finding.claim.label == "reports" or publisher is None:
        return best
    if publisher.is_maker:
        return publisher
    if not publisher.may_be_maker:
        return best
    speaks_of_itself = _OWN_VOICE.search(_QUOTED.sub(" ", finding.passage)) is not None
    if best is not None and best.leads and not speaks_of_itself:
        return best
    return publisher


def _speaker(
    finding: Finding, publisher: _Party | None, chosen: _Party | _Named | None
) -> Literal["actor", "third party", "unknown"]:
    if chosen is not None and publisher is not None:
        if chosen.name == publisher.name:
            return "actor"
        # "acme-europe.example" may be Acme's own, or anybody's: its name settles nothing.
        if publisher.way != "host" or not _is_in(chosen.name, publisher.name):
            return "third party"
    return "third party" if finding.claim.label == "reports" else "unknown"


def _is_in(name: str, host: str) -> bool:
    return key(name).replace(" ", "") in host.replace("-", "").replace(".", "")


# ---------------------------------------------------------------- who publishes


def _publishers(
    finding: Finding, address: Address, watch_actor: str | None, register: Register
) -> Iterator[_Party]:
    """Yield who may answer for the page, the file or the repository, the surest first."""
    if watch_actor:
        actor = register.named(watch_actor)
        name = actor.name if actor else watch_actor
        said = f"the watch names “{_cut(watch_actor)}” as who answers for it"
        yield _Party(name, actor, "watch", said)
    copied = " in a web archive’s copy" if address.is_copy else ""
    held = register.at(address.host, address.path) if address.host else None
    if held is not None:
        actor, domain = held
        said = f"the page’s address{copied} is at {domain}, a domain of {actor.name}"
        yield _Party(actor.name, actor, "domain", said)
    owner = register.account(address.account) if address.account else None
    if owner is not None:
        said = f"the repository is at {address.account}, an account of {owner.name}"
        yield _Party(owner.name, owner, "account", said)
    for line in finding.imprint:
        if (party := _of_imprint(line, register)) is not None:
            yield party
    if address.account and owner is None:
        said = f"the repository’s account is {address.account}"
        yield _Party(address.account, None, "forge", said)
    elif address.host and held is None and owner is None:
        host = address.host.removeprefix("www.")
        yield _Party(host, None, "host", f"the page’s address{copied} is at {host}")


def _of_imprint(line: Imprint, register: Register) -> _Party | None:
    """Return whom a line of the document names as its owner.

    One whom the register does not know counts where the line is no private person's: the name of a
    site or a publisher, or a company with its legal form.
    """
    said = f"the {line.place} reads “{_cut(line.text)}”"
    whom = holder(line)
    actor = register.named(whom)
    if actor is None:
        actor = next((mention.actor for mention in register.mentions(whom)), None)
    if actor is not None:
        return _Party(actor.name, actor, "imprint", f"{said}, which names {actor.name}")
    if whom and (line.place != "copyright line" or has_legal_form(whom)):
        return _Party(_cut(whom), None, "imprint", said)
    return None


# ---------------------------------------------------------------- who is named

_Mentions = Callable[[str], list[tuple[int, int, Actor | _Party]]]


def _named(finding: Finding, address: Address, mentions: _Mentions) -> Iterator[_Named]:
    """Yield who is named, the most telling place first, each once."""
    seen: set[str] = set()
    for named in (*_in_passage(finding, mentions), *_around(finding, address, mentions)):
        if named.name not in seen:
            seen.add(named.name)
            yield named


def _in_passage(finding: Finding, mentions: _Mentions) -> Iterator[_Named]:
    """Yield who is named in the quote, the nearest before it, then who is named behind it.

    What only stands beside somebody else's goods comes after whom the statement is about.
    """
    passage, claim = finding.passage, finding.claim
    begin, finish = claim.start - claim.passage_start, claim.end - claim.passage_start
    clause = max(
        (start for start, end in sentences(passage) if start <= begin < end), default=begin
    )
    inside, before, behind = list[_Named](), list[_Named](), list[_Named]()
    for start, end, who in mentions(passage):
        words = passage[start:end]
        is_beside = _BESIDE.search(passage, max(0, start - _LONGEST_BESIDE), start) is not None
        if end <= begin:
            leads = start >= clause and not is_beside
            before.append(_named_as(who, words, "the passage names", leads=leads))
        elif start >= finish:
            behind.append(_named_as(who, words, "the passage names", leads=False))
        else:
            inside.append(_named_as(who, words, "the quote names", leads=not is_beside))
    yield from sorted([*inside, *reversed(before)], key=lambda named: not named.leads)
    yield from behind


def _around(finding: Finding, address: Address, mentions: _Mentions) -> Iterator[_Named]:
    """Yield who is named above the passage, in the title, and in names of files."""
    path = finding.source.path
    places = (
        ("the heading above it names", finding.source.context),
        ("the title names", finding.title),
        ("the file’s path names", path or ""),
        ("the repository’s address names", address.path if path else ""),
    )
    for place, text in places:
        for start, end, who in mentions(text[:MAX_TITLE_CHARACTERS]):
            yield _named_as(who, text[start:end], place, leads=False)


def _named_as(who: Actor | _Party, words: str, place: str, *, leads: bool) -> _Named:
    known = who if isinstance(who, Actor) else who.actor
    return _Named(who.name, known, words, place, leads)


def _mentions_of(register: Register, publisher: _Party | None) -> _Mentions:
    """Return what finds the names in a text, with that of a publisher whom nobody knows."""
    own = None
    if publisher is not None and publisher.actor is None and publisher.way in {"watch", "imprint"}:
        own = _register_of(publisher.name)

    def mentions(text: str) -> list[tuple[int, int, Actor | _Party]]:
        found: list[tuple[int, int, Actor | _Party]] = list(register.mentions(text))
        if own is not None and publisher is not None:
            found += [(start, end, publisher) for start, end, _ in own.mentions(text)]
            found.sort(key=lambda mention: mention[:2])
        return found

    return mentions


@lru_cache(maxsize=64)  # watches of a case that name somebody whom the register does not know
def _register_of(name: str) -> Register:
    return Register([Actor(name, names=(name,))])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 1]}…"
