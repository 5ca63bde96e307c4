"""Fates: what became of addresses and of the quotes there, from looks that were judged.

Takes the addresses at which something is new, lets their looks be judged (`judging.py`), and tells
what they amount to (`changes/answer/`). What is told of an address depends on what the index holds
of it and on nothing else, so it does not matter how many looks are taken in at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sousveil.case import Case
from sousveil.changes.answer import Came, Kind, Standing
from sousveil.changes.course import Seen, Sight, Told, fate_of, verdict_of
from sousveil.changes.looks import IMPORT_CONFIDENCE, UNSURE
from sousveil.index.histories import repositories_gone
from sousveil.index.query import told_outcome
from sousveil.index.store import Index
from sousveil.index.verdicts import (
    Aside,
    JudgedLook,
    StoodLook,
    Unchanged,
    asides_at,
    polls_of,
    stale_addresses,
)
from sousveil.model import Fate, Finding, Happening, Verdict
from sousveil.run.read.answered import text_reader
from sousveil.run.read.judging import MAX_REWORDINGS, Address
from sousveil.run.read.repository_fates import repository_fate

_NOT_SOUGHT = f"more than {MAX_REWORDINGS} quotes went at once: no new wording of it was sought"
_STANDING = frozenset({Verdict.PRESENT, Verdict.MOVED})
_NEW_EXIT = "asked by a way out by which it was never seen"
_DIRECT = "no exit"  # how a look without an exit is told where the watch goes by one


@dataclass(frozen=True, slots=True)
class AddressTold:
    """What became of an address and of all quotes there."""

    address: str
    fates: tuple[Fate, ...]
    stood_at: Mapping[str, int]  # by finding: the look that saw it last, of what stands
    told: Mapping[str, Told]  # of the address as a whole, by watch

    @property
    def is_quiet(self) -> bool:
        """Whether looks that bring the same again would change nothing.

        They lengthen what confirms an absence, so nothing that is gone is quiet.
        """
        return all(
            one.verdict in _STANDING and not one.is_held for one in self.told.values()
        ) and all(fate.pending is None and fate.verdict in _STANDING for fate in self.fates)

    @property
    def held(self) -> list[Fate]:
        """The fates that wait to be confirmed."""
        return [fate for fate in self.fates if fate.due is not None]


def tell_fates(case: Case, index: Index) -> Iterator[AddressTold]:
    """Yield what became of each address at which something is new, once its looks are judged."""
    read = text_reader(case)
    gone = repositories_gone(index)
    for name in stale_addresses(index):
        address = Address(index, name, read)
        address.judge()
        yield _tell(address, gone)


def _tell(address: Address, gone: Mapping[str, Happening]) -> AddressTold:
    """Tell of an address; `gone` are the repositories that are confirmed to be gone, by watch."""
    looks = _ordered(address)
    fates, stood_at = [], {}
    for finding in address.findings.values():
        if finding.source.path is not None:
            visited = [one.judged.look for one in looks if one.judged]
            fate = repository_fate(finding, visited, gone.get(finding.watch_id or ""))
        else:
            fate = _page_fate(address, finding, looks)
        others = address.findings.values()
        fates.append(replace(fate, remains=fate.remains or _still_claims(fate, finding, others)))
        if fate.verdict in _STANDING and fate.gone_by is None:
            last = [one.judged.look.id for one in looks if one.judged]
            stood_at[fate.finding_id] = last[-1]
    watches = dict.fromkeys(one.look.watch_id for one in address.looks if one.look.watch_id)
    return AddressTold(
        address.address,
        tuple(fates),
        stood_at,
        {watch_id: _told(looks, watch_id) for watch_id in watches},
    )


# ---------------------------------------------------------------- looks, in order


@dataclass(frozen=True, slots=True)
class _Entry:
    """A look, a poll that found the same as a look, or what another exit was answered beside it."""

    rank: int  # the order in which entries count
    log_index: int
    at: datetime
    look: JudgedLook  # that was made, or that a poll or an aside belongs to
    poll: Unchanged | None = None
    aside: Aside | None = None

    @property
    def judged(self) -> JudgedLook | None:
        """The look itself, of a look."""
        return self.look if self.poll is None and self.aside is None else None

    @property
    def came(self) -> Came:
        """What came; all is judged."""
        came = self.aside.came if self.aside else self.look.came
        if came is None:
            raise AssertionError("a look is told that was not judged")
        if self.look.look.is_import:
            return replace(came, confidence=min(came.confidence, IMPORT_CONFIDENCE))
        return came

    @property
    def dated(self) -> datetime | None:
        """The time by the host's clock; of polls and asides it is not kept."""
        return self.look.look.dated if self.judged else None

    @property
    def exit(self) -> str:
        """By which way out it was asked, by name; "" for none."""
        return self.aside.exit if self.aside else self.look.look.exit

    @property
    def outcome(self) -> str:
        """What was answered, in words."""
        return told_outcome(self.look.look.outcome, self.came)


def _ordered(address: Address) -> list[_Entry]:
    """Return all that was seen of an address, in the order in which it counts.

    Looks, polls and asides of ours count in the order of the log; an import stands before the look
    of ours that comes after it (`in_order`).
    """
    polls = polls_of(address.index, address.address)
    asides = asides_at(address.index, address.address)
    found: list[tuple[tuple[float, int], _Entry]] = []
    following = float("inf")
    for turn in reversed(range(len(address.looks))):
        one = address.looks[turn]
        look = one.look
        if look.is_import:
            found.append(((following, turn - len(address.looks)), _entry(one, look.log_index)))
            continue
        following = look.log_index
        found.append(((look.log_index, 0), _entry(one, look.log_index)))
        if look.id in polls:
            poll = polls[look.id]
            entry = replace(_entry(one, poll.log_index), at=poll.at, poll=poll)
            found.append(((poll.log_index, 0), entry))
        for aside in asides.get(look.id, ()):
            if aside.came is not None:
                entry = replace(_entry(one, aside.log_index), at=aside.at, aside=aside)
                found.append(((aside.log_index, aside.id), entry))
    found.sort(key=lambda each: each[0])
    return [replace(entry, rank=rank) for rank, (_, entry) in enumerate(found)]


def _entry(look: JudgedLook, log_index: int) -> _Entry:
    return _Entry(0, log_index, look.look.at, look)


def _exit_names(looks: Sequence[_Entry], watch_id: str | None) -> frozenset[str]:
    """Return the exits that a watch's looks went by; empty for an import's findings."""
    own = (one.judged.look for one in looks if one.judged)
    return frozenset(look.exit for look in own if look.watch_id == watch_id and watch_id)


def _exit(entry: _Entry, own: frozenset[str]) -> str:
    """Return by which exit something was seen, "" for the watch's own."""
    if entry.aside is not None:
        return entry.aside.exit or _DIRECT
    name = entry.look.look.exit
    return "" if not own or name in own else name or _DIRECT


def _told(looks: Sequence[_Entry], watch_id: str) -> Told:
    """Return what became of an address as a whole, as a watch sees it."""
    own = _exit_names(looks, watch_id)
    known = set[str]()  # ways out by which the page was seen
    seen = []
    for one in looks:
        if one.look.look.is_import:
            continue
        if one.came.is_page:
            known.add(one.exit)
        is_known = one.exit in known or not known
        came = one.came if is_known else _doubted(one.came)
        seen.append(Seen(one.at, one.rank, came, exit=_exit(one, own), dated=one.dated))
    return verdict_of(seen)


# ---------------------------------------------------------------- quotes on pages


def _page_fate(address: Address, finding: Finding, looks: Sequence[_Entry]) -> Fate:
    """Return the fate of a quote on a page, told from the first look that showed it on."""
    sightings = address.sighted[finding.id]
    shown = [one for one in looks if one.judged and one.look.look.id in sightings]
    is_ours = any(not one.look.look.is_import for one in shown)
    if is_ours:
        shown = [one for one in shown if not one.look.look.is_import]
    first_seen = min(one.at for one in looks if one.judged and one.look.look.id in sightings)
    own = _exit_names(looks, _watch_of(shown))
    counted = [
        one
        for one in looks
        if one.rank >= shown[0].rank and not (is_ours and one.look.look.is_import)
    ]
    sights = list(_sights(address, finding.id, counted, own))
    fate = fate_of(finding.id, sights, first_seen)
    if fate.gone_by and not is_ours:
        fate = replace(fate, confidence=min(fate.confidence, IMPORT_CONFIDENCE))
    if fate.gone_by and fate.after is None and _was_left_out(address, finding.id):
        fate = replace(fate, evidence=f"{fate.evidence}; {_NOT_SOUGHT}")
    return fate


def _sights(
    address: Address, finding_id: str, counted: Iterable[_Entry], own: frozenset[str]
) -> Iterator[Sight]:
    known = set[str]()  # ways out by which the quote was seen
    for one in counted:
        came, standing = _stood(address, finding_id, one)
        outcome = one.outcome
        if standing is Standing.STANDS:
            known.add(one.exit)
        elif one.exit not in known:
            came, outcome = _doubted(came), f"{outcome}, {_NEW_EXIT}"
        seen = Seen(one.at, one.rank, came, standing, _exit(one, own), one.dated)
        yield Sight(seen, one.log_index, outcome, _after(address, finding_id, one))


def _doubted(came: Came) -> Came:
    """Return an answer that came by a way by which nothing was seen before: no sign of a loss."""
    return replace(
        came, confidence=min(came.confidence, UNSURE), reasons=(*came.reasons, _NEW_EXIT)
    )


def _watch_of(shown: Sequence[_Entry]) -> str | None:
    """Return the watch whose look showed a quote first."""
    return shown[0].look.look.watch_id


def _stood(address: Address, finding_id: str, entry: _Entry) -> tuple[Came, Standing | None]:
    """Return what came, as far as a quote is concerned, and how the quote stood in it."""
    came = entry.came
    if entry.aside is not None:
        return came, (entry.aside.standing or {}).get(finding_id, Standing.UNSEEN)
    look = entry.look.look
    stood = address.stood.get(finding_id, {}).get(look.id) or StoodLook(Standing.UNSEEN)
    if look.id in address.sighted[finding_id]:
        stood = StoodLook(Standing.STANDS)
    if stood.standing is Standing.STANDS and not came.is_page:  # it stood in what came instead
        came = Came(Kind.PAGE, min(came.confidence, UNSURE), came.reasons)
    return came, stood.standing


def _after(address: Address, finding_id: str, entry: _Entry) -> str | None:
    stood = address.stood.get(finding_id, {}).get(entry.look.look.id)
    return stood.after if stood and entry.aside is None else None


def _was_left_out(address: Address, finding_id: str) -> bool:
    return any(not one.is_sought for one in address.stood.get(finding_id, {}).values())


def _still_claims(fate: Fate, finding: Finding, others: Iterable[Finding]) -> bool:
    """Tell whether the new wording holds another finding of the same trait at that address."""
    after = fate.after
    return after is not None and any(
        other.id != finding.id and other.claim.trait == finding.claim.trait and other.quote in after
        for other in others
    )
