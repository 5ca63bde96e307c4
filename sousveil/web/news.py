"""News: what happened to sentences and targets, as people at the desk are told it.

Takes notices, which name nothing because they may leave this computer, with the findings and fates
that they tell of, and gives `Story`s, which name all: of each finding the latest, and what happened
to several on one page at once as one. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sousveil.changes.words import awaited, between, minute
from sousveil.dossier.wording import count, listing
from sousveil.model import Fate, Finding, Notice

_CAME = frozenset({"found", "back"})
_SEVERAL = {
    "stands again on": "stand again on",
    "was found on": "were found on",
    "was reworded on": "were reworded on",
}


@dataclass(frozen=True, slots=True)
class Story:
    """Something that happened: quotes, then a sentence that goes on from them."""

    kind: str  # of its notice
    at: datetime
    text: str  # of a story without quotes, the whole sentence; of others what is before the place
    rest: str = ""  # what is after the place
    findings: tuple[Finding, ...] = ()  # on one page
    survives: str = ""  # where else it is said: "2 PDFs and 1 page"
    after: str = ""  # what stands there now
    watch_id: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What happened, the newest first of each sort."""

    went: tuple[Story, ...] = ()
    targets: tuple[Story, ...] = ()
    came: tuple[Story, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything happened."""
        return bool(self.went or self.targets or self.came)


def news(
    notices: Iterable[Notice],
    findings: Mapping[str, Finding],
    fates: Mapping[str, Fate],
    survivors: Mapping[str, Sequence[Finding]],
) -> News:
    """Return the stories of notices, which come newest first.

    `survivors` are, of findings that went, those that say the same elsewhere and stand. A finding
    that is not found any more has no story.
    """
    latest: dict[str, Notice] = {}
    for one in notices:
        latest.setdefault(one.finding_id or one.id, one)
    went, targets, came = [], [], []
    for one in latest.values():
        if one.finding_id is None:
            targets.append(Story(one.kind, one.at, one.text, watch_id=one.watch_id))
        elif (finding := findings.get(one.finding_id)) is None:
            continue
        elif one.kind in _CAME:
            came.append(_came(one, finding))
        else:
            went.append(_went(one, finding, fates.get(finding.id), survivors.get(finding.id, ())))
    return News(_together(went), tuple(targets), _together(came))


def _together(stories: Iterable[Story]) -> tuple[Story, ...]:
    """Return stories, those that say one thing of one page as one, where the first of them was."""
    told: dict[tuple[str, ...], Story] = {}
    for one in stories:
        first = one.findings[0]
        key = (first.url, first.source.path or "", one.text, one.rest, one.survives, one.after)
        if known := told.get(key):
            text, findings = _SEVERAL.get(one.text, one.text), (*known.findings, *one.findings)
            told[key] = replace(known, text=text, findings=tuple(sorted(findings, key=_line)))
        else:
            told[key] = one
    return tuple(told.values())


def _line(finding: Finding) -> int:
    return finding.claim.start


def _went(
    notice: Notice, finding: Finding, fate: Fate | None, survivors: Sequence[Finding]
) -> Story:
    text, rest = _what_became(notice, fate)
    after = (fate.after or "") if fate and notice.kind == "reworded" else ""
    return Story(notice.kind, notice.at, text, rest, (finding,), _surviving(survivors), after)


def _what_became(notice: Notice, fate: Fate | None) -> tuple[str, str]:
    """Return what is told before and after the place of what became of a sentence there."""
    if fate is None or fate.gone_by is None:
        return "changed on", f"seen {minute(notice.at)}"
    when = between(fate.last_seen, fate.gone_by)
    match notice.kind:
        case "held":
            return "went missing from", f"{when}; {awaited(fate.due, fate.looks_left)}"
        case "moved":
            return "moved away from", when
        case "reworded":
            return "was reworded on", f"{when}{', and still makes the claim' * fate.remains}"
        case _:
            return "left", when


def _came(notice: Notice, finding: Finding) -> Story:
    text = "was found on" if notice.kind == "found" else "stands again on"
    return Story(notice.kind, notice.at, text, minute(notice.at), (finding,))


def _surviving(survivors: Iterable[Finding]) -> str:
    """Return in what a sentence survives: "2 PDFs and 1 page"; "" when it does not."""
    kinds: dict[str, int] = {}
    for one in survivors:
        kind = _carrier(one)
        kinds[kind] = kinds.get(kind, 0) + 1
    return listing(count(number, kind) for kind, number in kinds.items()) if kinds else ""


def _carrier(finding: Finding) -> str:
    """Return what holds a quote, in a word for people."""
    media_type = finding.capture.media_type
    if finding.source.path is not None:
        return "source file"
    if media_type == "application/pdf":
        return "PDF"
    if media_type.startswith("image/"):
        return "picture"
    return "page" if "html" in media_type else "document"
