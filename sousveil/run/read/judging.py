"""Judging looks: what came at each look of an address, and how its quotes stood there.

Each look is judged once, beside the last look before it that brought the page, and what is found is
kept in the index (`index/verdicts.py`). A function of the evidence: the same looks are judged the
same again. Quotes are sought in the bytes and in what a browser showed; a page that changes whole
takes many at once, so what is compared for each is made ready once for two looks, and for the first
`MAX_REWORDINGS` of them a new wording is sought.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from sousveil.archive.coding import decode_body
from sousveil.changes.answer import (
    Answer,
    Around,
    Came,
    Kind,
    Other,
    Standing,
    is_in_source,
    stands,
    what_answer_came,
)
from sousveil.changes.answer.case import is_same_address
from sousveil.changes.looks import UNSURE, Look, Probe
from sousveil.changes.rewording import Pair, find_rewording
from sousveil.extract.links import MAX_SITEMAP_BYTES, sitemap_links
from sousveil.index.query import captures_of_look, earliest_findings, event_body, stood_at
from sousveil.index.store import Index
from sousveil.index.verdicts import (
    Aside,
    JudgedLook,
    StoodLook,
    asides_of,
    host_said,
    judged_looks,
    put_aside,
    put_came,
    sighted,
    standings,
)
from sousveil.model import Capture, Document, Finding
from sousveil.run.read.answered import ReadText, answer_of, answer_of_import, answer_unread
from sousveil.run.read.looks import PASSED_OVER, is_passed_over
from sousveil.watch.scope import page_address

# New wordings are sought for so many quotes that vanished at one look. A page with more was
# replaced; each takes ten milliseconds, so that all together take seconds.
MAX_REWORDINGS = 200

# Answers of looks that are held at once: the one judged, the one before, the one that last showed a
# quote.
_HELD = 4

_GZIP = b"\x1f\x8b"
_OK = 200


@dataclass
class Address:
    """One address with its looks, its findings, and how each of them stood at each look."""

    index: Index
    address: str
    read: ReadText
    looks: list[JudgedLook] = field(init=False)  # in the order in which they count
    findings: Mapping[str, Finding] = field(init=False)  # by id
    sighted: Mapping[str, Mapping[int, bool]] = field(init=False)  # finding -> look -> in the bytes
    stood: dict[str, dict[int, StoodLook]] = field(init=False)  # finding -> look, elsewhere
    _answers: dict[int, Answer] = field(default_factory=dict)
    _pairs: dict[tuple[int, int], list[Pair]] = field(default_factory=dict)
    _sought: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.looks = judged_looks(self.index, self.address)
        self.sighted = sighted(self.index, self.address)
        self.stood = standings(self.index, self.address)
        self.findings = {one.id: one for one in earliest_findings(self.index, self.sighted)}

    def judge(self) -> None:
        """Judge the looks that were not judged yet, each kept in the index by itself."""
        for turn, one in enumerate(self.looks):
            if one.came is None:
                self._judge(turn, one.look)

    def _judge(self, turn: int, look: Look) -> None:
        before = self._before(turn)
        former = self._answer(before.look) if before else None
        answer = self._answer(look)
        asides = asides_of(self.index, look.id)
        came = self._came(before, answer, look, asides)
        if came.is_page:
            stood = self._standings(turn, answer, came, before)
        else:
            stood = self._still_there(turn, answer)
        beside = [
            (one, *self._judge_aside(one, former, turn)) for one in asides if one.role == "exit"
        ]
        with self.index.transaction():
            put_came(self.index, look.id, came, stood)
            for aside, aside_came, standing in beside:
                put_aside(self.index, aside, aside_came, standing)
        self.looks[turn] = JudgedLook(look, came)
        for finding_id, one in stood.items():
            self.stood.setdefault(finding_id, {})[look.id] = one

    def _before(self, turn: int) -> JudgedLook | None:
        """Return the last look before that brought the page, of those most like this one.

        What an import holds is its donor's word: it counts where we saw nothing ourselves. Then the
        exit decides, and whether a browser showed the page.
        """
        look = self.looks[turn].look
        pages = [one for one in self.looks[:turn] if one.came and one.came.is_page]
        if not look.is_import:
            ours = [one for one in pages if not one.look.is_import]
            same = [one for one in ours if one.look.exit == look.exit]
            pages = same or ours or pages
        if look.is_shown:
            pages = [one for one in pages if one.look.is_shown] or pages
        return pages[-1] if pages else None

    def _came(
        self, before: JudgedLook | None, answer: Answer, look: Look, asides: Sequence[Aside]
    ) -> Came:
        former = self._answer(before.look) if before else None
        had_text = former is not None and former.texts
        if not had_text and not answer.texts and answer.facts.lost and _is_success(answer):
            reason = f"an answer without text that can be read: {answer.facts.lost}"
            return Came(Kind.PAGE, UNSURE, (reason,))
        came = what_answer_came(former, answer)
        if look.is_import or before is None or former is None:
            return came
        there = self._there(before, answer)
        if came.is_page and not asides and there is None:
            return came
        said = {
            one.role: one for one in host_said(self.index, self.address, look.at, look.log_index)
        }
        said |= {one.role: one for one in asides if one.role != "exit"}
        if "neighbour" in said and is_same_address(said["neighbour"].url, self._arrived(answer)):
            del said["neighbour"]  # no wonder that it gets the same: the answer led there
        around = replace(self._around(said), there=there)
        return what_answer_came(former, answer, around) if said or there else came

    def _there(self, before: JudgedLook, answer: Answer) -> Other | None:
        """Return what stood where an answer led while this page stood where it was asked for."""
        arrived = self._arrived(answer)
        was_moved = before.came is not None and before.came.moved_to
        if was_moved or is_same_address(self.address, arrived):
            return None
        capture = stood_at(self.index, arrived, before.look.log_index)
        return Other(capture.status, self.read(capture)[0]) if capture else None

    def _arrived(self, answer: Answer) -> str:
        """Return the address that answered."""
        probes = (answer.shown_facts or answer.facts).probes
        return probes[-1].url if probes else self.address

    def _around(self, said: Mapping[str, Aside]) -> Around:
        def other(role: str) -> Other | None:
            if role not in said:
                return None
            probes = msgspec.convert(said[role].facts["probes"], list[Probe])
            status = probes[-1].status if probes else None
            return Other(status, self._aside_answer(said[role]).document)

        is_listed = _lists(said["sitemap"], self.address, self.read) if "sitemap" in said else None
        return Around(other("made_up"), other("home"), other("neighbour"), is_listed)

    def _judge_aside(
        self, aside: Aside, former: Answer | None, turn: int
    ) -> tuple[Came, dict[str, Standing]]:
        """Return what another exit was answered, and which quotes stood there."""
        answer = self._aside_answer(aside)
        came = what_answer_came(former, answer)
        if not came.is_page:
            return came, {}
        return came, {
            finding.id: Standing.STANDS if _holds(answer, finding) else Standing.MISSING
            for finding in self._seen_before(turn)
        }

    def _aside_answer(self, aside: Aside) -> Answer:
        captures = msgspec.convert(aside.facts["captures"], list[Capture])
        return answer_of(captures, aside.facts, self.read)

    def _answer(self, look: Look) -> Answer:
        answer = self._answers.pop(look.id, None)
        if answer is None:
            held = captures_of_look(self.index, look.id)
            body = event_body(self.index, look.log_index)
            captures = [one.capture for one in held]
            if not look.is_import:
                answer = answer_of(captures, body, self.read)
            elif is_passed_over(held[0], body):
                answer = answer_unread(captures[0], PASSED_OVER)
            else:
                answer = answer_of_import(captures[0], self.read)
        self._answers[look.id] = answer
        if len(self._answers) > _HELD:
            del self._answers[next(iter(self._answers))]
        return answer

    # ------------------------------------------------------------ quotes

    def _seen_before(self, turn: int) -> Iterator[Finding]:
        """Yield the findings on pages that some look before showed."""
        earlier = {one.look.id for one in self.looks[:turn]}
        for finding_id, finding in self.findings.items():
            if finding.source.path is None and not earlier.isdisjoint(self.sighted[finding_id]):
                yield finding

    def _standings(
        self, turn: int, answer: Answer, came: Came, before: JudgedLook | None
    ) -> dict[str, StoodLook]:
        """Return how each quote stood at a look that brought the page, and did not find it."""
        look = self.looks[turn].look
        found = {}
        for finding in self._seen_before(turn):
            if look.id in self.sighted[finding.id]:
                continue
            known = self.stood.get(finding.id, {}).get(before.look.id) if before else None
            if known and known.standing is not Standing.UNSEEN and came.kind is Kind.UNCHANGED:
                found[finding.id] = known
            else:
                found[finding.id] = self._standing(finding, turn, answer)
        return found

    def _still_there(self, turn: int, answer: Answer) -> dict[str, StoodLook]:
        """Return the quotes that stand in an answer that is not the page: where it led, perhaps."""
        return {
            finding.id: StoodLook(Standing.STANDS)
            for finding in self._seen_before(turn)
            if self.looks[turn].look.id not in self.sighted[finding.id] and _holds(answer, finding)
        }

    def _standing(self, finding: Finding, turn: int, answer: Answer) -> StoodLook:
        if not answer.texts:
            return StoodLook(Standing.UNSEEN)
        if _holds(answer, finding):
            return StoodLook(Standing.STANDS)
        last = self._last_stood(finding.id, turn)
        seen = self._answer(last)
        is_in_bytes = self.sighted[finding.id].get(last.id) or (
            seen.document is not None and stands(finding.quote, seen.document.text)
        )
        if answer.shown is None and not is_in_bytes:
            return StoodLook(Standing.UNSEEN)
        if is_in_source(finding.quote, answer.facts.source, _charsets(answer, seen)):
            return StoodLook(Standing.IN_SOURCE)
        look = self.looks[turn].look
        self._sought[look.id] += 1
        if self._sought[look.id] > MAX_REWORDINGS:
            return StoodLook(Standing.MISSING, is_sought=False)
        after = self._reworded(finding, (last, seen), (look, answer))
        return StoodLook(Standing.REWORDED if after else Standing.MISSING, after)

    def _last_stood(self, finding_id: str, turn: int) -> Look:
        """Return the last look before at which a quote stood; there is one."""
        stood = self.stood.get(finding_id, {})
        return next(
            one.look
            for one in reversed(self.looks[:turn])
            if one.look.id in self.sighted[finding_id]
            or (one.look.id in stood and stood[one.look.id].standing is Standing.STANDS)
        )

    def _reworded(
        self, finding: Finding, before: tuple[Look, Answer], after: tuple[Look, Answer]
    ) -> str | None:
        """Return what stands in a finding's place, if that can be told."""
        looks = (before[0].id, after[0].id)
        if looks not in self._pairs:
            self._pairs[looks] = [Pair(*each) for each in _alike(before[1], after[1])]
        found = (find_rewording(finding.quote, pair) for pair in self._pairs[looks])
        return next((told.text for told in found if told is not None), None)


def _holds(answer: Answer, finding: Finding) -> bool:
    return any(stands(finding.quote, document.text) for document in answer.texts)


def _charsets(*answers: Answer) -> set[str]:
    """Return the encodings of pages: of one that is sent in another than it was read in, both."""
    texts = (one.document for one in answers)
    return {one.charset for one in texts if one is not None and one.format == "html"}


def _alike(before: Answer, after: Answer) -> Iterable[tuple[Document, Document]]:
    """Yield the bytes' texts and the screens' texts that can be compared."""
    pairs = ((before.document, after.document), (before.shown, after.shown))
    return ((one, other) for one, other in pairs if one is not None and other is not None)


def _is_success(answer: Answer) -> bool:
    return bool(answer.facts.probes) and answer.facts.probes[-1].status == _OK


def _lists(aside: Aside, address: str, read: ReadText) -> bool | None:
    """Tell whether a site map names an address; None when it is none, or names other maps."""
    captures = msgspec.convert(aside.facts["captures"], list[Capture])
    if not captures or captures[-1].status != _OK:
        return None
    _, body, _ = read(captures[-1])
    if body.startswith(_GZIP):
        body, _ = decode_body([body], [], ["gzip"], MAX_SITEMAP_BYTES)
    entries, _ = sitemap_links(body[:MAX_SITEMAP_BYTES].decode("utf-8", "replace"))
    named = {page_address(aside.url, entry.href) for entry in entries}
    return page_address(address, address) in named if named else None
