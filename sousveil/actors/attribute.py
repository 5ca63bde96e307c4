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
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sousveil.actors.mentioned import Named, named_in
from sousveil.actors.names import key
from sousveil.actors.publishers import Party, publishers
from sousveil.actors.register import Register
from sousveil.model import Attribution, Finding

MAX_EVIDENCE = 6  # sentences: beyond, they repeat each other

_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]*\"|「[^「」]*」|«[^«»]*»")
_OWN_VOICE = re.compile(
    r"\b(?:we|our)\b|本公司|我公司|我司|我们|本产品|本系统|本平台|本软件|\b(?:wir|unsere?)\b|\b(?:nous|notre)\b",
    re.IGNORECASE,
)


def attributed(finding: Finding, *, watch_actor: str | None, register: Register) -> Finding:
    """Return `finding` with its attribution, and the actor that this tells.

    `watch_actor` is who answers for the watched target, as the user named them.
    """
    told = attribute(finding, watch_actor=watch_actor, register=register)
    return replace(finding, actor=told.actor, attribution=told)


def attribute(finding: Finding, *, watch_actor: str | None, register: Register) -> Attribution:
    """Return whose system a finding is about, who publishes it, who speaks, and what says so."""
    answerable = list(publishers(finding, watch_actor, register))
    publisher = answerable[0] if answerable else None
    named = named_in(finding, publisher, register)
    chosen = _whose(finding, publisher, named)
    name = chosen.name if chosen else None
    evidence = [
        *([chosen.evidence] if chosen else []),
        *(party.evidence for party in answerable),
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
    finding: Finding, publisher: Party | None, named: Sequence[Named]
) -> Party | Named | None:
    """Return whose system it is: the publisher's, or somebody's who is named."""
    best = _best(finding, publisher, named)
    if finding.claim.label == "reports" or publisher is None:
        return best
    if publisher.is_maker:
        return publisher
    if not publisher.may_have_made(finding.claim.label):
        return best
    speaks_of_itself = _OWN_VOICE.search(_QUOTED.sub(" ", finding.passage)) is not None
    if best is not None and best.leads and not speaks_of_itself:
        return best
    return publisher


def _best(finding: Finding, publisher: Party | None, named: Sequence[Named]) -> Named | None:
    """Return who is named as somebody who may have such a system.

    That is nobody who reports on others, nor, where there is another, the one who prints a report.
    """
    makers = [one for one in named if one.actor is None or not one.actor.reports]
    if finding.claim.label == "reports" and publisher is not None and not publisher.is_maker:
        makers.sort(key=lambda one: one.name == publisher.name)
    return makers[0] if makers else None


def _speaker(
    finding: Finding, publisher: Party | None, chosen: Party | Named | None
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
