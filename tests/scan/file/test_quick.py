"""The quick look and the careful one tell the same of every record."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from sousveil.scan.file import scan as scan_module
from sousveil.scan.file import scan_file
from sousveil.scan.file import walk as walk_module
from sousveil.scan.file.finder import Judged, finder_for
from sousveil.scan.file.members import Member
from sousveil.scan.file.revisits import Key, Names, Original
from sousveil.scan.file.values import FileReport, Source
from tests.scan.file.archives import JOB, real_archives


@dataclass
class Seen:
    """What one scan looked at."""

    report: FileReport
    bodies: list[str]  # digests of what the matcher was given
    names: list[tuple[int, Original]]


def seen(path: Path, folder: Path, patch: pytest.MonkeyPatch, *, is_quick: bool) -> Seen:
    bodies: list[str] = []
    names: list[tuple[int, Original]] = []

    def may_hold(body: bytes | memoryview) -> bool:
        bodies.append(hashlib.sha256(body).hexdigest())
        return False

    finder = replace(finder_for(JOB.topics), may_hold=may_hold)

    class Noted(Names):
        def add(self, keys: Iterable[Key], original: Original) -> None:
            names.extend((hash(key), original) for key in keys)
            super().add(keys, original)

    def no_members(*_: object) -> Iterator[Member]:
        return iter(())

    with patch.context() as context:
        context.setattr(scan_module, "finder_for", lambda _: finder)
        context.setattr("sousveil.scan.file.answers.Names", Noted)
        context.setattr("sousveil.scan.file.answers.judge", lambda *_: Judged((), None))
        if not is_quick:
            context.setattr(walk_module, "quick_look", lambda *_: False)
            context.setattr(walk_module, "_MAX_ODD", 0)
        report = scan_file(Source("a", str(path)), folder, JOB)
    times = {"seconds": 0.0, "cpu_seconds": 0.0}
    return Seen(msgspec.structs.replace(report, **times), bodies, names)


def looks_agree(path: Path, folder: Path, patch: pytest.MonkeyPatch) -> Seen:
    quick = seen(path, folder, patch, is_quick=True)
    careful = seen(path, folder, patch, is_quick=False)
    assert quick == careful
    assert quick.report.records == quick.report.looked_at + sum(quick.report.skipped.values())
    return quick


def test_both_looks_tell_the_same_of_real_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    for path in real_archives():
        read += looks_agree(path, tmp_path, monkeypatch).report.records
    assert read > 1_000
