"""Repositories: from kept bundles to findings in files and in their history.

The mirror under `cache/` is made again from the archive when it lacks anything. A repository is
read whole each time something new was kept; its findings are then told anew, each citing the visit
that first kept the commit which brought it in.

Trust: who can write to `cache/` can make a reading find what the bundles do not hold, or miss what
they do. Verification (quotes.py) therefore unpacks the bundles anew, elsewhere.
"""

import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sousveil.actors import imprint_of
from sousveil.archive.read import read_block
from sousveil.capture.git.bundle import DIGITS, mirror_lacks, open_mirror, rebuild_mirror
from sousveil.capture.git.run import run_git
from sousveil.case import Case
from sousveil.changes.history import RepositoryHistory, Stay, cite, trace
from sousveil.changes.versions import MAX_BLOB_BYTES, Find
from sousveil.claims import Engine, maybe
from sousveil.errors import ArchiveError, CaseError, RepositoryError
from sousveil.extract import extract
from sousveil.index.query import captures_of_watch, event_body, repository_visits
from sousveil.index.readings import put_reading
from sousveil.index.store import Held, Index
from sousveil.model import Claim, Document, Finding, Imprint, Json
from sousveil.run.read.findings import Place, make_finding

BUNDLE_TYPE = "application/x-git-bundle"

_WATCH_ID = re.compile(r"[0-9a-f]{12}")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OURS = {
    # Folder of a mirror -> what may lie in it; anything below other folders but symbolic links.
    ".": re.compile(r"HEAD|config|objects|refs|packed-refs|sousveil-object-format"),
    "objects": re.compile(r"info|pack|[0-9a-f]{2}"),
    "objects/info": re.compile(r"(?!)"),  # alternates, commit-graph
}
# What git leaves there when it is killed: its locks, and a file that it tries links with.
_LEFT = re.compile(r"(HEAD|config|packed-refs)\.lock|t[A-Za-z0-9]{6}")


def mirror_path(case: Case, watch_id: str) -> Path:
    """Return where the working copy of a repository lies; it can be made again from the bundles.

    Raises CaseError when what lies there is not what we make: a mirror that came with somebody's
    case must not lead git out of the case, nor bring it settings, alternates or grafts. What a git
    that was killed left there is removed: it would keep every later one out.
    """
    if not _WATCH_ID.fullmatch(watch_id):
        raise CaseError(f"{watch_id!r} is no watch's id; make the index again: sousveil reindex.")
    mirror = case.cache / f"{watch_id}.git"
    for path in (case.cache, mirror):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise _not_ours(path)
    for folder, folders, files in os.walk(mirror):
        allowed = _OURS.get(Path(folder).relative_to(mirror).as_posix())
        for name in (*folders, *files):
            path = Path(folder, name)
            if Path(folder) == mirror and name in files and _LEFT.fullmatch(name):
                path.unlink()
                continue
            if path.is_symlink() or (allowed is not None and not allowed.fullmatch(name)):
                raise _not_ours(path)
    return mirror


def _not_ours(path: Path) -> CaseError:
    return CaseError(
        f"{path}: sousveil did not make this, and will not write there. Remove it; what belongs "
        "there is made again from the archive."
    )


def read_repository(
    case: Case,
    index: Index,
    held: Held,
    *,
    engine: Engine,
    progress: Callable[[int, int, str], None],
) -> None:
    """Put the findings of a repository's whole history into the index, with its newest bundle.

    An older bundle is only marked as read: what it holds is told with the newest.
    """

    def read(data: bytes, path: str) -> tuple[Document, list[Claim]]:
        document = extract(data, media_type="", charset=None, name=path)
        return document, engine.find(document)

    watch_id = held.watch_id or ""
    bundles = _bundles(index, watch_id)
    if held.id != bundles[-1].id:
        put_reading(index, held, [], engine=engine.name)
        return
    try:
        mirror = ensure_mirror(case, index, watch_id)
        history = trace(
            mirror,
            _tips_in_order(index, watch_id),
            find=read,
            maybe=maybe,
            progress=lambda what, done, total: progress(done, total, what),
        )
        found = list(_findings(index, bundles, mirror, history, read))
    except (ArchiveError, RepositoryError) as error:
        put_reading(index, held, [], engine=engine.name, note=str(error))
        return
    for older in bundles[:-1]:
        put_reading(index, older, [], engine=engine.name)
    put_reading(index, held, found, engine=engine.name, note=_left_out(history))


def _left_out(history: RepositoryHistory) -> str | None:
    """Return what of a repository was not read, or not told, and why; None when nothing was."""
    told = []
    if history.unproven:
        told.append(
            f"{history.unproven} quotes were left out: git's hashes do not show them at the path"
            " where its history puts them (a folder that holds one name twice, or is nested too"
            " deep)"
        )
    if history.skipped_large:
        limit = MAX_BLOB_BYTES >> 20
        told.append(f"{history.skipped_large} versions of files over {limit} MB were not read")
    if history.unreadable:
        told.append(f"{history.unreadable} versions of files hold no text that can be read")
    return "; ".join(told) or None


def ensure_mirror(case: Case, index: Index, watch_id: str) -> Path:
    """Return the repository's mirror in `cache/`, made again from the archive if it lacks anything.

    The case's lock must be held. Raises CaseError as `mirror_path`, otherwise as `make_mirror`.
    """
    mirror = mirror_path(case, watch_id)
    wanted = sorted(_tips_logged(index, watch_id))
    if mirror.exists() and wanted:
        open_mirror(mirror, "sha256" if len(wanted[0]) == DIGITS["sha256"] else "sha1")
        if not mirror_lacks(mirror, wanted):
            return mirror
        shutil.rmtree(mirror)
    case.cache.mkdir(exist_ok=True)
    make_mirror(case, index, watch_id, mirror)
    return mirror


def make_mirror(case: Case, index: Index, watch_id: str, mirror: Path) -> None:
    """Make the folder `mirror` from the archived bundles of a repository.

    Raises RepositoryError when there is none or one is damaged, ArchiveError when one is not in its
    WARC.
    """
    bundles = _bundles(index, watch_id)
    if not bundles:
        raise RepositoryError(f"watch {watch_id}: the archive holds no bundle of its repository.")
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=mirror.parent) as folder:
        bundle = Path(folder) / "repository.bundle"
        for held in bundles:
            with bundle.open("wb") as file:
                file.writelines(read_block(case.root, held.capture.record))
            rebuild_mirror(mirror, [bundle])


def commits_logged(index: Index, watch_id: str, mirror: Path) -> frozenset[str]:
    """Return every commit that the branches, tags and HEADs of a watch's visits lead to.

    Raises RepositoryError when the mirror lacks one of those tips.
    """
    return frozenset(commits_below(mirror, sorted(_tips_logged(index, watch_id)), []))


def _tips_in_order(index: Index, watch_id: str) -> list[str]:
    """Return the tips to read from: HEAD of today, other tips of today, then those of before."""
    visits = repository_visits(index, watch_id)
    now = _named(visits[-1])
    ever = [tip for facts in visits for tip in _named(facts).values()]
    return list(dict.fromkeys([now["HEAD"], *now.values(), *ever]))


def _findings(
    index: Index,
    bundles: Sequence[Held],
    mirror: Path,
    history: RepositoryHistory,
    read: Find,
) -> Iterator[Finding]:
    watch_id, address = bundles[-1].watch_id or "", bundles[-1].address
    now = frozenset(_named(repository_visits(index, watch_id)[-1]).values())
    kept_in = _first_bundles(mirror, index, bundles)
    seen: Counter[tuple[str, str, str]] = Counter()
    imprints: dict[str, tuple[Imprint, ...]] = {}  # by blob: a file may hold hundreds of findings
    for stay, document, claim in cite(mirror, history, read):
        held = bundles[kept_in[stay.entered.id]]
        place = Place(address, held.capture, held.log_index, watch_id)
        key = (stay.path, stay.quote.topic, " ".join(stay.quote.text.split()))
        if stay.blob not in imprints:
            imprints[stay.blob] = imprint_of(document)
        finding = make_finding(
            document, claim, place, seen[key], stay.path, imprint=imprints[stay.blob]
        )
        seen[key] += 1
        source = replace(
            finding.source,
            blob=stay.blob,
            read_as=history.read_as[stay.blob],
            commit=stay.commit,
            entered=stay.entered,
            left=stay.left,
            left_log_index=bundles[kept_in[stay.left.id]].log_index if stay.left else None,
            moved_to=stay.moved_to,
            reworded=stay.reworded,
            reach=_reach(stay, now),
        )
        yield replace(finding, source=source, lang=finding.lang or "code")


def _reach(stay: Stay, now: frozenset[str]) -> Literal["head", "branch", "dropped"] | None:
    """Tell whether HEAD, another tip, or no tip of today holds a quote that nobody took out."""
    if stay.left is not None:
        return None
    if stay.at_head:
        return "head"
    return "branch" if stay.tip in now else "dropped"


def _first_bundles(mirror: Path, index: Index, bundles: Sequence[Held]) -> dict[str, int]:
    """Return, for each commit, the number of the bundle that first kept it."""
    kept_in: dict[str, int] = {}
    before: list[str] = []
    for number, held in enumerate(bundles):
        tips = list(_refs(index, held).values())
        kept_in |= dict.fromkeys(commits_below(mirror, tips, before), number)
        before += tips
    return kept_in


def commits_below(mirror: Path, tips: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return the commits that `tips` lead to and `before` do not."""
    lines = "".join([*(f"{tip}\n" for tip in tips), *(f"^{tip}\n" for tip in before)])
    listed = run_git(
        ["rev-list", "--missing=allow-any", "--stdin"],
        git_dir=mirror,
        stdin=lines.encode("ascii"),
    )
    return listed.decode("ascii").split()


def _tips_logged(index: Index, watch_id: str) -> set[str]:
    """Return the objects that any visit of a watch saw named."""
    visits = repository_visits(index, watch_id)
    return {tip for facts in visits for tip in _named(facts).values()}


def _bundles(index: Index, watch_id: str) -> list[Held]:
    return [
        held
        for held in captures_of_watch(index, watch_id)
        if held.capture.media_type == BUNDLE_TYPE
    ]


def _refs(index: Index, held: Held) -> dict[str, str]:
    """Return the branches and tags that the visit of a bundle saw, and HEAD's commit as "HEAD"."""
    return _named(event_body(index, held.log_index)["repository"])


def _named(facts: Json) -> dict[str, str]:
    """Return what a visit saw named; raises RepositoryError for what is no object id."""
    named = {**facts["refs"], "HEAD": facts["head_commit"]}
    for name, object_id in named.items():
        if not _OBJECT_ID.fullmatch(object_id):
            raise RepositoryError(f"a visit logged {object_id!r} for {name}: this is no object id.")
    return named
