"""Who publishes what was found: the page, the file or the repository.

Takes a finding, the name that its watch gives, and a register; yields everybody who may answer for
the page, the surest first: whom the watch names, the holder of the address, the account on a forge,
whom the document itself names as its owner, and, at the least, the host.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sousveil.actors.address import address_of
from sousveil.actors.imprint import holder
from sousveil.actors.names import has_legal_form, shown
from sousveil.actors.register import Actor, Register
from sousveil.model import Finding, Imprint, Label

Way = Literal["watch", "domain", "account", "imprint", "forge", "host"]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who publishes, and how that is known."""

    name: str
    actor: Actor | None  # as the register knows them
    way: Way
    evidence: str

    @property
    def is_maker(self) -> bool:
        """Whether the register knows them as somebody who makes systems."""
        return self.actor is not None and not self.actor.reports

    def may_have_made(self, label: Label) -> bool:
        """Whether what they publish can be taken for their own, when nobody else is named.

        A page that only discusses the subject says of nobody that they have such a system.
        """
        ways = {"watch"} if label == "discusses" else {"watch", "imprint"}
        return self.is_maker or (self.way in ways and self.actor is None)


def publishers(finding: Finding, watch_actor: str | None, register: Register) -> Iterator[Party]:
    """Yield who may answer for the page, the file or the repository, the surest first."""
    address = address_of(finding.url)
    if watch_actor and watch_actor.strip():
        actor = register.named(watch_actor)
        name = actor.name if actor else watch_actor
        said = f"the watch names “{shown(watch_actor)}” as who answers for it"
        yield Party(name, actor, "watch", said)
    copied = " in a web archive’s copy" if address.is_copy else ""
    held = register.at(address.host, address.path) if address.host else None
    if held is not None:
        actor, domain = held
        said = f"the page’s address{copied} is at {domain}, a domain of {actor.name}"
        yield Party(actor.name, actor, "domain", said)
    owner = register.account(address.account) if address.account else None
    if owner is not None:
        said = f"the repository is at {address.account}, an account of {owner.name}"
        yield Party(owner.name, owner, "account", said)
    for line in finding.imprint:
        if address.account and line.place == "site name":
            continue  # the forge's own name
        if (party := _of_imprint(line, register)) is not None:
            yield party
    if address.account and owner is None:
        said = f"the repository’s account is {address.account}"
        yield Party(address.account, None, "forge", said)
    elif address.host and held is None and owner is None:
        host = address.host.removeprefix("www.")
        yield Party(host, None, "host", f"the page’s address{copied} is at {host}")


def _of_imprint(line: Imprint, register: Register) -> Party | None:
    """Return whom a line of the document names as its owner.

    One whom the register does not know counts where the line is no private person's: the name of a
    site or a publisher, or a company with its legal form.
    """
    said = f"the {line.place} reads “{shown(line.text)}”"
    whom = holder(line).strip()
    actor = register.named(whom)
    if actor is None:
        # "© Acme Europe", "北京…科技有限公司"; but not "© Example Press / Acme handout".
        actor = next(
            (m.actor for m in register.mentions(whom) if m.start == 0 or has_legal_form(whom)),
            None,
        )
    if actor is not None:
        return Party(actor.name, actor, "imprint", f"{said}, which names {actor.name}")
    if whom and (line.place != "copyright line" or has_legal_form(whom)):
        return Party(shown(whom), None, "imprint", said)
    return None
