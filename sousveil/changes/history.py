"""History: the claims that every version of every file in a repository ever made.

Takes a mirror (`capture/git/`), the tips to read from, and what finds claims in a file; gives a
`Stay` for each quote: path, commit that brought it in, commit that took it out, and the version
to cite. Each version of a file is read once (`versions.py`); memory holds the quotes of versions
that have some, and one line for each commit. `cite` then opens the versions worth citing again,
one at a time, since documents are too large to keep.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from rapidfuzz import fuzz, process

from sousveil.capture.git.objects import (
    UnprovenError,
    file_proof,
    open_objects,
    read_commits,
    read_objects,
    shown_path,
)
from sousveil.capture.git.run import run_git, stream_git
from sousveil.changes.spans import Quote, Span, Step, Told, follow
from sousveil.changes.versions import Find, Reading, id_lines, in_order, listed_blobs, quotes_of
from sousveil.errors import RepositoryError
from sousveil.model import Claim, Commit, Document

Progress: TypeAlias = Callable[[str, int, int], None]
"""(what is being read, how much is done, of how much)"""

REWORDED_RATIO = 60.0  # of 100: how alike two quotes are for one to be the other's new wording
MAX_CANDIDATES = 200  # new quotes that one which left is compared with

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Stay:
    """A quote's stay at a path, from the commit that brought it in to the one that took it out.

    `commit` and `blob` are to cite: the tip, or the last commit before it left. `tip` names whose
    history tells it. A quote that left and came back has several stays, in order.
    """

    path: str
    quote: Quote
    blob: str
    commit: Commit
    entered: Commit
    left: Commit | None  # None while it stands at the tip
    tip: str  # object id, one of those given
    at_head: bool  # stands at the first tip
    moved_to: str | None  # path where the same quote came in with the commit that took this out
    reworded: str | None  # quote of the same trait that replaced it there


@dataclass(frozen=True, slots=True)
class RepositoryHistory:
    """What a repository's history holds, and how much of it was not read."""

    stays: tuple[Stay, ...]  # by path, then in order
    commits: int
    files: int  # versions of files read
    with_claims: int
    skipped_binary: int
    skipped_large: int
    unreadable: int
    unproven: int  # quotes left out: git's hashes do not show them where its history puts them
    read_as: Mapping[str, str]  # blob -> the path under which it was read for claims


def trace(
    mirror: Path,
    tips: Sequence[str],
    *,
    find: Find,
    maybe: Callable[[bytes], bool],
    progress: Progress,
) -> RepositoryHistory:
    """Read all history below `tips` for claims.

    The first tip is HEAD's commit: what its history tells of a quote goes before what that of
    others does. `maybe` is asked first, on the raw bytes of all but prose, and must be quick:
    False means that `find` would find nothing. Raises RepositoryError when the mirror lacks commits
    or trees.
    """
    given = _commits(mirror, tips)
    reading = Reading(find, maybe)
    with listed_blobs(mirror, tips) as (listing, total):
        reading.read(mirror, listing, lambda done: progress("files", done, total))
    steps = list(_steps(mirror, list(given), reading.quotes))
    told = list(follow(steps, reading.quotes, list(given)))
    progress("commits", len(steps), len(steps))
    stays = _proven(mirror, _stays(mirror, told, given, tips[0]))
    return RepositoryHistory(
        stays=stays,
        commits=len(steps),
        files=reading.count["files"],
        with_claims=len(reading.quotes),
        skipped_binary=reading.count["binary"],
        skipped_large=reading.count["large"],
        unreadable=reading.count["unreadable"],
        unproven=len(told) - len(stays),
        read_as=reading.read_as,
    )


def cite(
    mirror: Path, history: RepositoryHistory, find: Find
) -> Iterator[tuple[Stay, Document, Claim]]:
    """Give each stay with the document and the claim that show it, grouped by version of a file."""
    by_blob: dict[str, list[Stay]] = {}
    for stay in history.stays:
        by_blob.setdefault(stay.blob, []).append(stay)
    for blob, _, data in read_objects(mirror, list(by_blob)):
        document, claims = find(data, history.read_as[blob])
        claim_of = dict(zip(quotes_of(document, claims), in_order(claims), strict=True))
        for stay in by_blob[blob]:
            yield stay, document, claim_of[stay.quote]


# ---------------------------------------------------------------- commits


def _commits(mirror: Path, tips: Sequence[str]) -> dict[str, str]:
    """Return the commits that `tips` name, tags followed, each with the first tip that names it.

    A tag of a file or a tree names none. Raises RepositoryError when the mirror lacks a tip.
    """
    answer = run_git(
        ["cat-file", "--batch-check=%(objectname) %(objecttype)"],
        git_dir=mirror,
        stdin=id_lines([f"{tip}^{{}}" for tip in tips]),
    )
    commits: dict[str, str] = {}
    for tip, line in zip(tips, answer.decode("ascii").splitlines(), strict=True):
        object_id, _, kind = line.partition(" ")
        if kind == "commit":
            commits.setdefault(object_id, tip)
        elif kind == "missing":
            raise RepositoryError(f"{mirror}: lacks {tip}; make the mirror again from the bundles.")
    return commits


def _steps(
    mirror: Path, tips: Sequence[str], quotes: Mapping[str, Sequence[Quote]]
) -> Iterator[Step]:
    """Give every commit, parents first, with the paths where a version with quotes comes or goes.

    The stream is a line "commit ID PARENT…" for each commit, then for each changed file
    ":mode mode old new status" and the path, all ended by NUL (git-diff, "Raw output format").
    """
    if not tips:
        return
    arguments = [
        "log", "--topo-order", "--reverse", "--raw", "-z", "--no-renames", "--no-abbrev",
        "--no-ext-diff", "--no-textconv", "--no-show-signature", "--diff-merges=first-parent",
        "--root", "--format=commit %H %P", "--stdin",
    ]  # fmt: skip
    commit, parents, changed = "", (), {}  # type: str, tuple[str, ...], dict[bytes, str | None]
    with stream_git(arguments, git_dir=mirror, stdin=id_lines(tips)) as pipe:
        words = _fields(pipe)
        for word in words:
            if word.startswith(b"commit "):
                if commit:
                    yield Step(commit, parents, changed)
                commit, *rest = word.decode("ascii").split()[1:]
                parents, changed = tuple(rest), {}
                continue
            _, _, old, new, _ = word.decode("ascii").split()
            path = next(words)
            if old in quotes or new in quotes:
                changed[path] = new if new in quotes else None
    if commit:
        yield Step(commit, parents, changed)


def _fields(pipe: IO[bytes]) -> Iterator[bytes]:
    """Split a stream at NUL bytes."""
    rest = b""
    while chunk := pipe.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


# ---------------------------------------------------------------- stays


def _stays(
    mirror: Path, told: Sequence[Told], given: Mapping[str, str], head: str
) -> Iterator[Stay]:
    wanted: set[str] = set()
    for one in told:
        wanted |= {one.span.entered, one.ending.last if one.ending else one.tip}
        wanted |= {one.ending.left} if one.ending else set()
    commits = read_commits(mirror, sorted(wanted))
    arrivals = _Arrivals(told)
    for one in sorted(told, key=lambda one: one.span.path):
        ending = one.ending
        yield Stay(
            path=shown_path(one.span.path),
            quote=one.span.quote,
            blob=one.blob,
            commit=commits[ending.last if ending else one.tip],
            entered=commits[one.span.entered],
            left=commits[ending.left] if ending else None,
            tip=given[one.tip],
            at_head=ending is None and given[one.tip] == head,
            moved_to=arrivals.elsewhere(one.span, ending.left) if ending else None,
            reworded=arrivals.in_its_place(one.span, ending.left) if ending else None,
        )


def _proven(mirror: Path, stays: Iterator[Stay]) -> tuple[Stay, ...]:
    """Return the stays whose version can be proved to stand where it is cited from.

    A tree with one name twice, or with both "a/b" and "a", gives two files one path: what git tells
    of that path's history need not hold for either.
    """
    proven: dict[tuple[str, str, str], bool] = {}
    kept = []
    with open_objects(mirror) as read:
        for stay in stays:
            place = (stay.commit.id, stay.path, stay.blob)
            if place not in proven:
                try:
                    file_proof(read, *place)
                    proven[place] = True
                except UnprovenError:
                    proven[place] = False
            if proven[place]:
                kept.append(stay)
    return tuple(kept)


class _Arrivals:
    """What came in with each commit, to tell what became of a quote that left with it."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._paths: dict[tuple[str, Quote], list[bytes]] = {}
        self._texts: dict[tuple[str, bytes, str, str], list[str]] = {}
        for one in told:
            span, quote = one.span, one.span.quote
            self._paths.setdefault((span.entered, quote), []).append(span.path)
            place = (span.entered, span.path, quote.topic, quote.trait)
            self._texts.setdefault(place, []).append(quote.text)

    def elsewhere(self, span: Span, commit: str) -> str | None:
        """Return the first path where the same quote came in with `commit`."""
        paths = self._paths.get((commit, span.quote), ())
        return shown_path(min(paths)) if paths else None

    def in_its_place(self, span: Span, commit: str) -> str | None:
        """Return the quote of the same trait that came in at the same path with `commit`."""
        quote = span.quote
        texts = self._texts.get((commit, span.path, quote.topic, quote.trait), [])
        best = process.extractOne(
            quote.text,
            texts[:MAX_CANDIDATES],
            scorer=fuzz.ratio,
            score_cutoff=REWORDED_RATIO,
        )
        return best[0] if best else None
