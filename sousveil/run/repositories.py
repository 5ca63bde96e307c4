"""Repositories: from kept bundles to findings in files and in their history.

The mirror under `cache/` is made again from the archive when it is missing. A repository is read
whole each time something new was kept; its findings are then told anew, each citing the visit that
first kept the commit which brought it in.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sousveil.archive.read import read_block
from sousveil.capture.gitbundle import mirror_lacks, rebuild_mirror
from sousveil.capture.gitrun import run_git
from sousveil.case import Case
from sousveil.changes.history import Stay, cite, trace
from sousveil.claims import find, maybe
from sousveil.errors import RepositoryError
from sousveil.extract import extract
from sousveil.index.query import captures_of_watch, event_body, repository_visits
from sousveil.index.store import Held, Index
from sousveil.model import Claim, Document, Finding, Json
from sousveil.run.findings import Place, make_finding
from sousveil.topics import Topic

BUNDLE_TYPE = "application/x-git-bundle"


def mirror_path(case: Case, watch_id: str) -> Path:
    """Return where the working copy of a repository lies; it can be made again from the bundles."""
    return case.cache / f"{watch_id}.git"


def read_repository(
    case: Case,
    index: Index,
    held: Held,
    *,
    topics: Sequence[Topic],
    engine: str,
    actor: str | None,
    progress: Callable[[int, int, str], None],
) -> None:
    """Put the findings of a repository's whole history into the index, with its newest bundle.

    An older bundle is only marked as read: what it holds is told with the newest.
    """
    bundles = _bundles(index, held.watch_id or "")
    if held.id != bundles[-1].id:
        index.put_sightings(held, [], engine=engine)
        return
    try:
        found = list(_findings(case, index, bundles, topics=topics, actor=actor, progress=progress))
    except RepositoryError as error:
        index.put_sightings(held, [], engine=engine, note=str(error))
        return
    for older in bundles[:-1]:
        index.put_sightings(older, [], engine=engine)
    index.put_sightings(held, found, engine=engine)


def ensure_mirror(case: Case, index: Index, watch_id: str) -> Path:
    """Return the repository's mirror, made again from the archive when it lacks anything.

    Raises RepositoryError when a bundle is damaged, ArchiveError when it is not in its WARC.
    """
    mirror = mirror_path(case, watch_id)
    bundles = _bundles(index, watch_id)
    wanted = {tip for held in bundles for tip in _refs(index, held).values()}
    if mirror.exists() and not mirror_lacks(mirror, sorted(wanted)):
        return mirror
    case.cache.mkdir(exist_ok=True)
    shutil.rmtree(mirror, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="bundles-", dir=case.cache) as folder:
        files = []
        for number, held in enumerate(bundles):
            files.append(Path(folder) / f"{number}.bundle")
            with files[-1].open("wb") as file:
                file.writelines(read_block(case.root, held.capture.record))
        rebuild_mirror(mirror, files)
    return mirror


def _findings(
    case: Case,
    index: Index,
    bundles: Sequence[Held],
    *,
    topics: Sequence[Topic],
    actor: str | None,
    progress: Callable[[int, int, str], None],
) -> Iterator[Finding]:
    def read(data: bytes, path: str) -> tuple[Document, list[Claim]]:
        document = extract(data, media_type="", charset=None, name=path)
        return document, find(document, topics)

    watch_id, address = bundles[-1].watch_id or "", bundles[-1].address
    mirror = ensure_mirror(case, index, watch_id)
    now = _named(repository_visits(index, watch_id)[-1])
    ever = [tip for facts in repository_visits(index, watch_id) for tip in _named(facts).values()]
    tips = list(dict.fromkeys([now["HEAD"], *now.values(), *ever]))
    history = trace(
        mirror,
        tips,
        find=read,
        maybe=maybe,
        progress=lambda what, done, total: progress(done, total, what),
    )
    kept_in = _first_bundles(mirror, index, bundles)
    seen: Counter[tuple[str, str, str]] = Counter()
    for stay, document, claim in cite(mirror, history, read):
        held = bundles[kept_in[stay.entered.id]]
        place = Place(address, held.capture, held.log_index, watch_id, actor)
        key = (stay.path, stay.quote.topic, " ".join(stay.quote.text.split()))
        finding = make_finding(document, claim, place, seen[key], stay.path)
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
            reach=_reach(stay, frozenset(now.values())),
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
        lines = "".join([*(f"{tip}\n" for tip in tips), *(f"^{tip}\n" for tip in before)])
        listed = run_git(
            ["rev-list", "--missing=allow-any", "--stdin"],
            git_dir=mirror,
            stdin=lines.encode("ascii"),
        )
        kept_in |= dict.fromkeys(listed.decode("ascii").split(), number)
        before += tips
    return kept_in


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
    return {**facts["refs"], "HEAD": facts["head_commit"]}
