"""What an export tells: findings, watches and captures as they were asked for, from the index.

What is withheld of private people (`dossier/harm/`) is in no form, unless it is to be: evidence,
which a WACZ and a bag hold, is handed on as it is.

All forms choose alike: by targets and findings that were named, and by labels. What makes a claim
is exported once people confirmed it; with `everything` also what nobody decided on or is disputed,
each with its state. What people rejected is in no export, and no export names who decided.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from sousveil.case import Case
from sousveil.changes.trace.trace import state_of
from sousveil.dossier.harm.conceal import Concealer
from sousveil.errors import InputError, TargetError
from sousveil.index.facts import facts
from sousveil.index.query import captures_of_watch, watches
from sousveil.index.store import Held, Index
from sousveil.index.translations import translations_of
from sousveil.jsonform import finding_json
from sousveil.model import RENDERING_TYPE, Capture, Fact, Fate, Finding, Json, Translation, Watch
from sousveil.review.decisions import status
from sousveil.run.found import found
from sousveil.run.publish.packages import signed_head, title_of
from sousveil.tlog import Checkpoint
from sousveil.watch.targets import find_watches

T = TypeVar("T")

_FINDING_ID = re.compile(r"[0-9a-f]{4,12}")
_SUCCESS = range(200, 300)  # RFC 9110, section 15.3


Columns: TypeAlias = Callable[[], Iterable[Any]]
"""Gives the columns of a scan's table of findings (Parquet), which is a later stage's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported; nothing named is all."""

    names: Sequence[str] = ()  # watches by target or id, findings by id
    labels: Collection[str] = ()
    everything: bool = False  # what nobody decided on, and what is disputed, too


@dataclass(frozen=True, slots=True)
class Statement:
    """A finding as exports tell it."""

    finding: Finding
    fate: Fate | None
    status: str  # what people decided: "confirmed", "open" or "disputed"
    translations: tuple[Translation, ...] = ()  # without their translators

    @property
    def form(self) -> Json:
        """The finding as JSON (docs/reference/finding.md), with `state` and `status`."""
        told = finding_json(self.finding, self.fate, translations=self.translations)
        return told | {"state": self.state, "status": self.status}

    @property
    def state(self) -> str:
        """What became of it: "stands", "held", "reworded", "moved", "gone" or "unclear"."""
        return "unclear" if self.finding.capture.is_handed_in else state_of(self.fate)


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture that brought something new, as it is cited."""

    capture: Capture
    title: str  # "" when it has none
    publisher: str | None  # who answers for it
    lang: str  # BCP 47; "" when not told
    log_index: int
    watch_id: str | None
    caveat: str = ""  # of what others kept or made: whose word its date and its bytes are


@dataclass(frozen=True, slots=True)
class Told:
    """All that forms draw from."""

    case: Case
    index: Index
    head: Checkpoint
    made_at: datetime
    statements: tuple[Statement, ...]
    watches: tuple[Watch, ...]  # that were asked for; of findings alone, theirs
    is_whole: bool  # whether nothing was named: imports belong to no watch
    is_part: bool  # whether findings or labels were asked for, not whole watches
    everything: bool  # whether what nobody confirmed was asked for, too
    unconfirmed: int  # findings left out because they are not confirmed
    columns: Columns  # of a scan's table of findings
    concealer: Concealer | None = None  # None: contacts of people are told, too

    def public(self, value: T, finding_id: str = "") -> T:
        """Return plain values with what is withheld taken out; of a finding with its id."""
        return value if self.concealer is None else self.concealer.value(value, finding_id)

    @property
    def watch_ids(self) -> frozenset[str]:
        """Return the ids of the watches."""
        return frozenset(watch.id for watch in self.watches)

    def captures(self) -> Iterator[Captured]:
        """Yield what was captured of the watches, by address and time, each content once.

        Of findings that were asked for, the captures that they quote. Redirects, errors and what a
        browser showed are left out, but where a finding quotes it.
        """
        quoted = {_key(one.finding.capture): one for one in self.statements}
        held = {key: _cited(one) for key, one in quoted.items()}
        for watch in () if self.is_part else self.watches:
            for one in captures_of_watch(self.index, watch.id):
                if _is_content(one) and _key(one.capture) not in held:
                    held[_key(one.capture)] = self._captured(one, watch)
        seen: set[tuple[str, str]] = set()
        for cited in sorted(held.values(), key=lambda one: _order(one.capture)):
            capture = cited.capture
            content = (capture.url, capture.record.digest)
            if content not in seen or _key(capture) in quoted:
                yield cited
            seen.add(content)

    def facts(self) -> Iterator[Fact]:
        """Yield what a dossier states beside claims, by kind and date, without who confirmed it.

        Of findings or watches that were asked for, the facts that stand beside them.
        """
        ids = {one.finding.id for one in self.statements}
        targets = {watch.target for watch in self.watches}
        for fact in facts(self.index):
            sources = [field.source for field in fact.fields]
            is_near = any(one.finding_id in ids or one.url in targets for one in sources)
            if (self.is_whole or is_near) and (self.everything or fact.status == "confirmed"):
                yield self.public(replace(fact, by="", note=""))

    def _captured(self, held: Held, watch: Watch) -> Captured:
        title = self.public(title_of(self.case, held.capture))
        return Captured(held.capture, title, watch.actor, "", held.log_index, watch.id)


def choose(
    case: Case,
    index: Index,
    asked: Asked,
    now: datetime,
    columns: Columns,
    *,
    concealer: Concealer | None = None,
) -> Told:
    """Return what was asked for, without what the `concealer` withholds.

    Raises TargetError for a target that is not watched, InputError for a finding or a label that
    there is not.
    """
    known = watches(index)
    every = [one for one in found(index, labels=asked.labels) if not one.no_longer_found_by]
    decided = {one.finding.id: status(one.reviews) for one in every}
    chosen, ids = _named(known, asked.names, decided)
    if asked.names:
        watched = {watch.id for watch in chosen}
        every = [one for one in every if one.finding.watch_id in watched or one.finding.id in ids]
    wanted = {"confirmed", "open", "disputed"} if asked.everything else {"confirmed"}
    kept = [one for one in every if decided[one.finding.id] in wanted]
    translated = translations_of(index, [one.finding for one in kept])
    statements = tuple(
        Statement(
            one.finding,
            one.fate,
            decided[one.finding.id],
            tuple(replace(each, by="") for each in translated.get(one.finding.id, ())),
        )
        for one in kept
    )
    is_part = bool(ids or asked.labels)
    if is_part or not asked.names:
        theirs = {one.finding.watch_id for one in statements}
        chosen = [one for one in known if not is_part or one.id in theirs or one in chosen]
    left = sum(decided[one.finding.id] in {"open", "disputed"} for one in every)
    if concealer is not None:
        statements = tuple(_concealed(one, concealer) for one in statements)
    return Told(
        case=case,
        index=index,
        head=signed_head(case),
        made_at=now,
        statements=statements,
        concealer=concealer,
        watches=tuple(chosen),
        is_whole=not asked.names and not is_part,
        is_part=is_part,
        everything=asked.everything,
        unconfirmed=0 if asked.everything else left,
        columns=columns,
    )


def _concealed(one: Statement, concealer: Concealer) -> Statement:
    names = concealer.names_of(one.finding)
    return replace(
        one,
        finding=concealer.finding(one.finding),
        fate=concealer.value(one.fate, one.finding.id, names),
        translations=concealer.value(one.translations, one.finding.id, names),
    )


def _named(
    known: Sequence[Watch], names: Iterable[str], findings: Iterable[str]
) -> tuple[list[Watch], frozenset[str]]:
    """Return the watches, and the ids of the findings, that names stand for."""
    chosen: list[Watch] = []
    ids: set[str] = set()
    for name in names:
        begun = [one for one in findings if one.startswith(name)]
        if _FINDING_ID.fullmatch(name) and begun:
            if len(begun) > 1:
                raise InputError(f"{name}: several findings begin like this. Write more of the id.")
            ids.update(begun)
            continue
        try:
            chosen += find_watches(known, [name])
        except TargetError as error:
            raise TargetError(
                f"{name}: neither watched in this case nor a finding of it that was asked for."
                " `sousveil targets` and `sousveil findings` list them."
            ) from error
    return list(dict.fromkeys(chosen)), frozenset(ids)


def _is_content(held: Held) -> bool:
    capture = held.capture
    is_answer = capture.status is None or capture.status in _SUCCESS
    return is_answer and capture.media_type != RENDERING_TYPE and capture.refers_to is None


def _cited(one: Statement) -> Captured:
    finding = one.finding
    publisher = finding.attribution.publisher if finding.attribution else None
    return Captured(
        finding.capture,
        finding.title,
        publisher,
        finding.lang if finding.lang != "code" else "",
        finding.log_index,
        finding.watch_id,
        finding.caveats[0] if finding.watch_id is None and finding.caveats else "",
    )


def _key(capture: Capture) -> tuple[str, str, int]:
    return (capture.url, capture.record.warc, capture.record.offset)


def _order(capture: Capture) -> tuple[str, datetime, str, int]:
    return (capture.url, capture.captured_at, capture.record.warc, capture.record.offset)
