"""Whatever is changed in a whole case or a whole bundle is found, and the file is named.

Every byte of a small file and a sample of the others, one bit at a time; and cuts, insertions,
swaps, deletions, copies and renames. Nothing is kept from one verification to the next but what
`openssl` said of the very same bytes. What is not found is in `HARMLESS`, with the reason for which
it cannot matter, and nothing else.
"""

import os
import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import pytest

from sousveil.case import open_case
from sousveil.errors import ArchiveError, CaseError
from sousveil.run.package.verify import verify_package
from sousveil.run.publish import verify_bundle
from sousveil.run.verify import verify_evidence
from sousveil.tlog.timestamps import openssl
from tests.durability.changes import Change, Files, flips, is_no_change, made, others
from tests.durability.figures import note
from tests.durability.wholes import whole
from tests.durability.worlds import (
    State,
    live_in,
    new_folder,
    read_state,
    side_by_side,
    write_state,
)
from tests.durability.zips import part_of

T = TypeVar("T")

GOING = frozenset({"delete", "rename"})


@dataclass(frozen=True, slots=True)
class Harmless:
    """Changes that nobody needs to find, and why."""

    files: str  # pattern of the path in the case
    why: str
    kinds: frozenset[str] = frozenset()  # of changes; none are all


HARMLESS = (
    Harmless(r"index\.sqlite.*|alerts\.atom|cache/.*", "derived: made again from the evidence"),
    Harmless(r"pending/.*", "work under way: nothing in it was reported as done"),
    Harmless(r"case\.toml", "settings are no evidence; but see `names_another_log`"),
    Harmless(
        r"log/witnesses/keys",
        "the keys of witnesses are a set: their order says nothing",
        frozenset({"swap lines"}),
    ),
    Harmless(
        r"lists/.*",
        "nothing reads a list that no event names: a note tells of it, as an interrupted import may"
        " have left it",
        frozenset({"copy"}),
    ),
    Harmless(
        r"log/(timestamps/.*\.(tsr|pem|checkpoint)|witnesses/.*\.checkpoint)",
        "what others said of the log may be taken away by whoever holds the folder, as the docs"
        " say; what is left of it claims nothing",
        GOING,
    ),
)


def names_another_log(change: Change, files: Files) -> bool:
    """Tell whether a change of the settings touches what they say of the log."""
    after = made(change, files)["case.toml"] if change.file == "case.toml" else b""
    lines = re.compile(rb"(?m)^(?:origin|key) = .*$")
    return after is None or lines.findall(after) != lines.findall(files["case.toml"])


def takes_cosignatures_away(change: Change, files: Files) -> bool:
    """Tell whether a change leaves a checkpoint as it was, with fewer words of witnesses."""
    after = made(change, files).get(change.file)
    if not re.fullmatch(r"log/witnesses/\d+\.checkpoint", change.file) or not after:
        return False
    lines = files[change.file].splitlines(keepends=True)
    left = after.splitlines(keepends=True)
    gone = [line for line in lines if line not in left]
    is_less = left == [line for line in lines if line in left]
    return is_less and all(line.startswith("\N{EM DASH} ".encode()) for line in gone)


def is_harmless(change: Change, files: Files) -> bool:
    if takes_cosignatures_away(change, files):
        return True  # as HARMLESS says of files
    if change.file == "case.toml" and change.kind not in {"copy", "rename"}:
        return not names_another_log(change, files)
    return any(
        re.fullmatch(one.files, change.file) and (not one.kinds or change.kind in one.kinds)
        for one in HARMLESS
    )


# ---------------------------------------------------------------- one change, judged


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verifier made of a change."""

    change: Change
    where: str  # the file, or the part of the ZIP
    told: tuple[str, ...]  # its faults

    @property
    def is_named(self) -> bool:
        """Tell whether one of the faults names the file, or its folder where it is gone."""
        wanted = [self.where, *([self.change.other] if self.change.other else [])]
        if self.change.kind in {"delete", "rename"}:
            wanted.append(self.where.rpartition("/")[0] or self.where)
        names = {one.rpartition("/")[2] for one in wanted}
        return any(name in fault for fault in self.told for name in names)


@dataclass(frozen=True, slots=True)
class Sample:
    """What is changed: a whole world, the case's files, the bundle and its key."""

    state: State
    files: dict[str, bytes]
    bundle: bytes
    key: str


_sample: list[Sample] = []  # the one that the processes below were forked with
_folder: list[Path] = []


def in_case(change: Change) -> Judged:
    """Change a case, verify it, and change it back."""
    world = _own_world()
    root, files = world / "case", _sample[0].files
    changed = made(change, files)
    try:
        for name, data in changed.items():
            _put(root / name, data)
        with live_in(world):
            told = _verified(root)
    finally:
        for name in changed:
            _put(root / name, files.get(name))
    return Judged(change, change.file, told)


def _verified(root: Path) -> tuple[str, ...]:
    try:
        faults = verify_evidence(open_case(root), lambda *_: None).faults
    except CaseError as error:
        return (str(error),)
    return tuple(f"{fault.path}: {fault.problem}" for fault in faults)


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
        path.chmod(0o600)


def _own_world() -> Path:
    world = _folder[0] / f"world-{os.getpid()}"
    if not world.exists():
        write_state(_sample[0].state, world)
    return world


class Checks(verify_bundle.Checks):
    """The checks of a bundle, by the script that lies in it, which keep what they say."""

    def __init__(self, path: Path, key: str) -> None:
        super().__init__(path, key)
        self.told: list[str] = []

    def check(self, what: str, how: Callable[[], str]) -> None:
        try:
            how()
        except verify_bundle.Wrong as wrong:
            self.told.append(f"{what}: {wrong}")
        except verify_bundle.UNREADABLE as error:
            self.told.append(f"{what}: {self.unreadable(error)}")

    def conclude(self) -> None:
        """Print nothing."""


def by_script(path: Path) -> tuple[str, ...]:
    """Return what `verify_bundle.py` finds wrong."""
    try:
        checks = Checks(path, _sample[0].key)
        with checks.zip:
            checks.run()
    except verify_bundle.UNREADABLE as error:
        return (f"not read: {error}",)
    return tuple(checks.told)


def by_command(path: Path) -> tuple[str, ...]:
    """Return what `sousveil verify` finds wrong."""
    try:
        found = verify_package(
            path, key=_sample[0].key, now=datetime.now(UTC), progress=lambda *_: None
        )
    except ArchiveError as error:
        return (str(error),)
    return tuple(f"{fault.path}: {fault.problem}" for fault in found.faults)


def in_bundle(change: Change) -> tuple[Judged, Judged]:
    """Change a bundle and let both programs check it."""
    bundle = _sample[0].bundle
    if change.file == BUNDLE:
        data = made(change, {BUNDLE: bundle})[BUNDLE] or b""
        # What moves all that follows is told of the package as a whole.
        where = part_of(bundle, change.at) if change.kind == "flip" else ""
    else:
        data, where = _zipped(change, bundle), change.file
    path = _folder[0] / f"changed-{os.getpid()}.wacz"
    path.write_bytes(data)
    return Judged(change, where, by_script(path)), Judged(change, where, by_command(path))


BUNDLE = "evidence.wacz"


def members(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(bundle)) as package:
        return {one.filename: package.read(one) for one in package.infolist()}


def _zipped(change: Change, bundle: bytes) -> bytes:
    """Return the bundle made anew, in its own way, with its files changed."""
    after = members(bundle)
    for name, data in made(change, after).items():
        if data is None:
            del after[name]
        else:
            after[name] = data
    whole = BytesIO()
    with zipfile.ZipFile(BytesIO(bundle)) as old, zipfile.ZipFile(whole, "w") as new:
        like = old.infolist()[0]
        for name, data in after.items():
            entry = zipfile.ZipInfo(name, like.date_time)
            entry.external_attr, entry.create_system = like.external_attr, like.create_system
            new.writestr(entry, data)
    return whole.getvalue()


# ---------------------------------------------------------------- many


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    """Make a case and a bundle; what openssl says of the same bytes is asked but once."""
    with new_folder() as folder, whole(folder / "world"):
        state = read_state(folder / "world")
        files = {
            name.removeprefix("case/"): data
            for name, data in state.files.items()
            if name.startswith("case/")
        }
        key = open_case(folder / "world" / "case").settings.key
        made_of = Sample(state, files, state.files[f"out/{BUNDLE}"], key)
        _sample[:], _folder[:] = [made_of], [folder]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verify_bundle, "openssl", _asked_once(verify_bundle.openssl))
            patch.setattr(openssl, "read_token", _asked_once(openssl.read_token))
            patch.setattr(openssl, "verify_token", _asked_once(openssl.verify_token))
            yield made_of


def _asked_once(ask: Callable[..., T]) -> Callable[..., T]:
    """Return a function that asks openssl about the same bytes but once."""
    remembered = lru_cache(maxsize=50_000)(ask)

    def asked(*given: object, **files: bytes) -> T:
        return remembered(*(tuple(one) if isinstance(one, list) else one for one in given), **files)

    return asked


def changes_of_case(sample: Sample, seed: int, most: int, each: int) -> list[Change]:
    chance = random.Random(seed)  # noqa: S311 - a dice
    found = [*flips(sample.files, chance, most), *others(sample.files, chance, each)]
    return [
        one
        for one in found
        if not is_harmless(one, sample.files) and not is_no_change(one, sample.files)
    ]


def changes_of_bundle(sample: Sample, seed: int, most: int, each: int) -> list[Change]:
    chance = random.Random(seed)  # noqa: S311 - a dice
    inside, outside = members(sample.bundle), {BUNDLE: sample.bundle}
    found = [*flips(outside, chance, most), *others(inside, chance, each)]
    found += [one for one in others(outside, chance, each * 20) if one.kind not in WHOLE]
    return [
        one for one in found if not is_no_change(one, inside if one.file in inside else outside)
    ]


WHOLE = frozenset({"delete", "copy", "rename", "swap files"})  # not of the only file there is


def assert_found(judged: Sequence[Judged]) -> None:
    missed = [str(one.change) for one in judged if not one.told]
    assert missed == [], f"{len(missed)} changes were not found"
    unnamed = [f"{one.change} ({one.where}): {one.told[:3]}" for one in judged if not one.is_named]
    assert unnamed == [], f"{len(unnamed)} changes were found, but their file was not named"


def counted(judged: Sequence[Judged]) -> dict[str, int]:
    kinds = Counter(one.change.kind for one in judged)
    return {"changes": len(judged), **{kind.replace(" ", "_"): n for kind, n in kinds.items()}}


def test_a_sample_of_changes_of_a_case_is_found_and_named(sample: Sample) -> None:
    with live_in(world := _own_world()):
        assert _verified(world / "case") == ()
    some = changes_of_case(sample, 1, most=4, each=0)[::8]
    assert_found(list(side_by_side(in_case, some)))


def test_a_sample_of_changes_of_a_bundle_is_found_and_named(sample: Sample) -> None:
    some = changes_of_bundle(sample, 1, most=200, each=0)[::8]
    judged = list(side_by_side(in_bundle, some))
    for program in zip(*judged, strict=True):
        assert_found(program)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_thousands_of_changes_of_a_case_are_all_found_and_named(sample: Sample) -> None:
    judged = list(side_by_side(in_case, changes_of_case(sample, 2, most=330, each=3)))
    note("changed", "a case", **counted(judged))
    assert_found(judged)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_thousands_of_changes_of_a_bundle_are_all_found_and_named(sample: Sample) -> None:
    judged = list(side_by_side(in_bundle, changes_of_bundle(sample, 2, most=10_000, each=4)))
    for what, program in zip(
        ("verify_bundle.py", "verify"), zip(*judged, strict=True), strict=True
    ):
        note("changed", f"a bundle, by {what}", **counted(program))
        assert_found(program)
