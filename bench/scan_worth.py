"""What a scan finds of planted passages, and whether that is what `analyse` finds.

Takes an archive with passages (crawl.py) and reads it twice: every page whole, then as a scan does.
What the finder itself misses, both miss; what only the scan misses, its search of raw bytes lost.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.crawl import Archive, Planted
from sousveil.actors import attributed, shipped_register
from sousveil.case import open_case, save_settings
from sousveil.claims.model import CLAIM_LABELS
from sousveil.jsonform import finding_json
from sousveil.ledger import create_case
from sousveil.model import Finding, Json
from sousveil.run.indexing import open_index
from sousveil.scan.file.answers import Answers
from sousveil.scan.file.filters import Filters
from sousveil.scan.file.finder import Finder
from sousveil.scan.file.part import PartWriter, part_path, read_part
from sousveil.scan.file.table import finding_of, row_of
from sousveil.scan.file.tally import Tally
from sousveil.scan.file.values import Job
from sousveil.scan.file.walk import Walk

AIMS = {"whole": 1.0, "cut": 0.97}  # of what every page read whole would give
_OF_A_CASE = {"warc", "log_index"}  # where the record lies, and what only a log tells
_WHO_VOUCHES = "an archive made by others"


def worth(small: Archive, finder: Finder, job: Job) -> str:
    """Return, in Markdown, recall by kind and language, and precision, of planted passages."""
    reads_all = replace(finder, may_hold=lambda _body: True)
    read, scan = (_addresses(rows(small.path, one, job)) for one in (reads_all, finder))
    groups: dict[str, list[str]] = defaultdict(list)
    for one in small.planted:
        sort = "cut" if one.is_cut else "whole"
        for name in (sort, f"{sort}: {one.kind}", f"{sort}, {one.lang}") if one.is_claim else ():
            groups[name].append(one.url)
    head = ["", "planted", "found when read", "found by a scan", "share", "aim"]
    lines = [head, ["---"] * len(head)]
    lines += [_recall(name, urls, read, scan) for name, urls in sorted(groups.items())]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n{_precision(small.planted, scan)}"


def _recall(name: str, urls: Sequence[str], read: set[str], scan: set[str]) -> list[str]:
    to_find = read & set(urls)
    share = len(to_find & scan) / max(1, len(to_find))
    counts = (len(urls), len(to_find), len(scan & set(urls)))
    return [name, *map(str, counts), f"{share:.1%}", f"{AIMS[name]:.0%}" if name in AIMS else ""]


def _precision(planted: Iterable[Planted], scan: set[str]) -> str:
    kinds = Counter(one.is_claim for one in planted if one.url in scan)
    total = Counter(one.is_claim for one in planted)
    return (
        f"Precision {kinds[True] / max(1, kinds.total()):.3f}: claims are found in {kinds[True]} of"
        f" {total[True]} pages that make one, and in {kinds[False]} of {total[False]} near misses."
    )


def strays(archives: Iterable[Archive], finder: Finder, job: Job) -> str:
    """Return how many pages of a crawl are found in which no claim was planted."""
    found: set[str] = set()
    claims: set[str] = set()
    for archive in archives:
        found |= _addresses(rows(archive.path, finder, job))
        claims |= {one.url for one in archive.planted if one.is_claim}
    return (
        f"In the crawl, claims are found in {len(claims & found)} of {len(claims)} pages in which"
        f" one was planted, and in {len(found - claims)} others."
    )


def _addresses(found: Iterable[Json]) -> set[str]:
    """Return the addresses of pages in which a claim is found."""
    return {one["capture"]["url"] for one in found if one["label"] in CLAIM_LABELS}


def rows(path: Path, finder: Finder, job: Job) -> list[Json]:
    """Return the rows of a scan of a file."""
    with tempfile.TemporaryDirectory(prefix="sousveil-scan-") as folder:
        part_file, tally = part_path(Path(folder), path.name), Tally()
        with PartWriter(part_file, finder) as part, path.open("rb") as file:
            answers = Answers(path.name, finder, Filters(job), tally, part)
            Walk(file, path.stat().st_size, answers, tally).whole()
        assert not tally.problems, tally.problems[:3]
        return list(read_part(part_file))


def identity(small: Archive, finder: Finder, job: Job) -> str:
    """Return whether the findings of a scan are those of a case that imported the same file."""
    scanned = _forms(finding_of(row_of(row)) for row in rows(small.path, finder, job))
    with tempfile.TemporaryDirectory(prefix="sousveil-scan-") as folder:
        analysed = _forms(_analysed(small.path, Path(folder) / "case", job.topics))
    return (
        f"Of {scanned.total()} findings of a scan and {analysed.total()} of `analyse` after an"
        f" import of the same file, {(scanned & analysed).total()} are identical;"
        f" {(scanned - analysed).total()} has the scan alone, {(analysed - scanned).total()}"
        " the analysis."
    )


def _forms(forms: Iterable[Json]) -> Counter[str]:
    return Counter(json.dumps(_bare(one), sort_keys=True) for one in forms)


def _bare(form: Json) -> Json:
    capture = {key: value for key, value in form["capture"].items() if key not in _OF_A_CASE}
    caveats = [one for one in form["caveats"] if _WHO_VOUCHES not in one]
    return form | {"capture": capture, "caveats": caveats}


def _analysed(path: Path, root: Path, names: Sequence[str]) -> list[Json]:
    """Return what a new case says of an archive; its key lies beside it."""
    before = os.environ.get("SOUSVEIL_CONFIG")
    os.environ["SOUSVEIL_CONFIG"] = str(root.with_name("config"))
    try:
        case = create_case(root, title="Bench", operator="", now=datetime.now(UTC))
        save_settings(case, replace(case.settings, topics=tuple(names)))
        for command in (["import", path], ["analyse"]):
            _sousveil("--case", root, *command)
        with open_index(open_case(root)) as index:
            seen = [data for (data,) in index.rows("SELECT data FROM sighting")]
    finally:
        del os.environ["SOUSVEIL_CONFIG"]
        if before is not None:
            os.environ["SOUSVEIL_CONFIG"] = before
    register = shipped_register()
    found = (msgspec.json.decode(data, type=Finding) for data in seen)
    return [finding_json(attributed(one, watch_actor=None, register=register)) for one in found]


def _sousveil(*words: str | Path) -> None:
    command = [Path(sys.executable).parent / "sousveil", *words]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
