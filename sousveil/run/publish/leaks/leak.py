"""What a leak is, what is looked for, and whether an output with leaks is written."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.run.publish.private import Private, Secret, secrets_of

MAX_TOLD = 20  # places named one by one; more of them say nothing new


@dataclass(frozen=True, slots=True)
class Leak:
    """Something private in an output."""

    kind: Private
    what: str  # in words: "the operator's name"
    where: str  # file, and the place in it
    is_ours: bool  # not in what others published


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, and which private addresses are no secret: those that were watched."""

    secrets: Sequence[Secret]
    watched: Collection[str] = ()  # hosts that the case may reach, with or without a port


def wanted_of(case: Case) -> Wanted:
    """Return what is looked for in what a case hands out; raises what `secrets_of` raises."""
    return Wanted(secrets_of(case), case.settings.allow_hosts)


def judged(leaks: Iterable[Leak], allowed: Collection[Private]) -> list[str]:
    """Return what is to be told of leaks, one line each.

    Raises InputError when one of them is ours and its kind not `allowed`; nothing is written then.
    """
    found = Counter(leaks)
    refused = [one for one in found if one.is_ours and one.kind not in allowed]
    if refused:
        first = refused[0]
        more = f" And {len(refused) - 1} more places." if len(refused) > 1 else ""
        raise InputError(
            f"{first.where}: holds {first.what}. Nothing was written.{more} How to do without it"
            f" stands in docs/how-to/share-safely.md; --allow {first.kind} writes it all the same."
        )
    told = [
        f"{one.where}: holds {one.what}" + ("" if one.is_ours else ", as others published it")
        for one in list(found)[:MAX_TOLD]
    ]
    if len(found) > MAX_TOLD:
        told.append(f"and {len(found) - MAX_TOLD} more places like these")
    return told
