"""Kin: which findings say the same, found without comparing all with all.

Takes all findings of a case and gives, for each, the others that are its copies: the same words
elsewhere; the same trait at the same place of another language's edition; the same claim of the
same actor in nearly the same words. Findings meet in buckets (equal wording, equal hashed runs of
words, pages of one group), buckets are bounded, and so time is linear in the number of findings,
whatever strangers publish. The hashes do not depend on the process: the same case gives the same.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import urlsplit
from zlib import crc32

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from sousveil.changes.rewording.swaps import words
from sousveil.changes.trace.editions import editions
from sousveil.changes.trace.sameness import sameness
from sousveil.model import Finding

# Members of a bucket that are compared with one finding; the rest is counted, not listed.
MAX_IN_BUCKET = 60

# A shorter quote stands in many a text: it is a copy only where the same actor publishes it. A wide
# character counts for two, as in what a reader sees.
MIN_TELLING_ROOM = 16

# Letters that two wordings of one claim share, from 0 to 100; other claims of one leaflet reach 60.
CLAIM_RATIO = 72.0

# Runs of words by which wordings of one claim meet: of each quote those with the smallest hashes.
# Of two quotes that share half of their runs, 98 in 100 pairs share one of six.
RUN_WORDS = 3
RUNS = 6

# Findings of one page that are aligned with those of another edition.
MAX_OF_PAGE = 500

Place = tuple[str, str | None]
"""Address, and path of a file in a repository or a package."""


def place_of(finding: Finding) -> Place:
    """Return where a finding stands."""
    return finding.url, finding.source.path or finding.source.part


def same_words(findings: Sequence[Finding]) -> list[list[int]]:
    """Group findings, by number, whose words are the same; groups of one are left out.

    Short words need the same actor, or the same host where nobody is named.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, finding in enumerate(findings):
        groups.setdefault(words_key(finding), []).append(number)
    return [group for group in groups.values() if len(group) > 1]


def words_key(finding: Finding) -> tuple[str, str, str]:
    """Return what is equal for findings whose words are the same, and for no others."""
    key = sameness(finding.quote)
    whose = "" if _room(key) >= MIN_TELLING_ROOM else owner(finding)
    return finding.claim.trait, key, whose


def same_claim(findings: Sequence[Finding]) -> Iterator[tuple[int, int]]:
    """Yield pairs of findings, by number, that make one claim of one actor in other words."""
    buckets: dict[tuple[str, str, int], list[int]] = {}
    keys = [sameness(finding.quote) for finding in findings]
    for number, finding in enumerate(findings):
        told: set[int] = set()
        for run in _runs(finding.quote):
            bucket = buckets.setdefault((finding.claim.trait, owner(finding), run), [])
            told.update(bucket)
            if len(bucket) < MAX_IN_BUCKET:
                bucket.append(number)
        for other in sorted(told)[:MAX_IN_BUCKET]:
            if keys[other] != keys[number] and fuzz.ratio(
                keys[number], keys[other], score_cutoff=CLAIM_RATIO
            ):
                yield other, number


def other_language(
    findings: Sequence[Finding], named: Mapping[str, Collection[str]]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of findings at corresponding places of two editions of one page.

    Places correspond in the order of the page: findings are aligned by trait and kind of block.
    `named` gives, by address, the editions that a page names itself.
    """
    by_place: dict[Place, list[int]] = {}
    for number, finding in enumerate(findings):
        by_place.setdefault(place_of(finding), []).append(number)
    for group in editions(by_place, named):
        for index, one in enumerate(group):
            for other in group[index + 1 :]:
                yield from _aligned(findings, by_place[one], by_place[other])


def owner(finding: Finding) -> str:
    """Return whose system a finding is about; the host that says so, where nobody is named."""
    if finding.actor:
        return finding.actor
    try:
        return urlsplit(finding.url).hostname or finding.url
    except ValueError:
        return finding.url


def _aligned(
    findings: Sequence[Finding], some: Sequence[int], others: Sequence[int]
) -> Iterator[tuple[int, int]]:
    left, right = (
        sorted(numbers, key=lambda n: findings[n].claim.start)[:MAX_OF_PAGE]
        for numbers in (some, others)
    )
    signs = [
        [f"{findings[n].claim.trait} {findings[n].source.kind}" for n in numbers]
        for numbers in (left, right)
    ]
    for block in LCSseq.opcodes(*signs):
        if block.tag == "equal":
            for step in range(block.src_end - block.src_start):
                one, other = left[block.src_start + step], right[block.dest_start + step]
                if _is_translated(findings[one], findings[other]):
                    yield one, other


def _is_translated(one: Finding, other: Finding) -> bool:
    """Whether two quotes may be one in two languages: their words differ, or their tags do."""
    tags = one.lang.partition("-")[0], other.lang.partition("-")[0]
    return tags[0] != tags[1] or sameness(one.quote) != sameness(other.quote)


def _runs(quote: str) -> list[int]:
    keys = [word.key for word in words(quote)]
    if len(keys) < RUN_WORDS:
        return [crc32(" ".join(keys).encode("utf-8", "replace"))]
    last = len(keys) - RUN_WORDS + 1
    hashed = {
        crc32(" ".join(keys[start : start + RUN_WORDS]).encode("utf-8", "replace"))
        for start in range(last)
    }
    return sorted(hashed)[:RUNS]


def _room(key: str) -> int:
    said = [one for one in key if one.isalnum()]
    return len(said) + sum(unicodedata.east_asian_width(one) in "WF" for one in said)
