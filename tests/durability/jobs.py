"""What a case is at work on when the power goes or the process is killed, and what must be left.

A `Job` prepares a world and names the command that is then interrupted. `judge` is the checker: it
lives on in what was left, and returns all that is not as it should be.
"""

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sousveil.archive.write import WarcWriter
from sousveil.case import open_case, save_settings
from sousveil.ledger import Draft, Writer, read_events
from sousveil.model import Event
from sousveil.settings import Authority, Timestamps
from tests.commands import Ran, sousveil
from tests.conftest import NOW
from tests.durability.worlds import State, live_in, write_state
from tests.sites import Page, Site

CLAIM = b"<title>Gate</title><p>Our camera infers the ethnicity of every face it sees.</p>"


@dataclass(frozen=True, slots=True)
class Around:
    """What a job finds outside of its world."""

    site: Site
    authority: Authority
    authority_host: str
    repository: Path
    warc: Path


@dataclass(frozen=True, slots=True)
class Job:
    """A command that changes a case, and what leads up to it."""

    name: str
    prepare: Callable[[Path, Around], Sequence[object]]  # (world, ...) -> the command's arguments
    adds: int  # events, at most
    is_repeatable: bool = True  # whether the same command may be given again once it is done
    is_torn: bool = False  # whether the case is damaged before, and whole afterwards


def command(world: Path, arguments: Sequence[object]) -> list[str]:
    """Return a command's arguments in a world; `@` stands for its folder."""
    return [str(one).replace("@", str(world), 1) for one in arguments]


def run(world: Path, arguments: Sequence[object]) -> Ran:
    """Run a command in a world."""
    with live_in(world):
        return sousveil(*command(world, arguments))


# ---------------------------------------------------------------- jobs


def _case(world: Path, around: Around, *, is_stamped: bool = False) -> None:
    assert run(world, ["init", "@/case"]).status == 0
    case = open_case(world / "case")
    hosts = frozenset({around.site.host, around.authority_host})
    settings = replace(
        case.settings,
        allow_hosts=hosts,
        delay_seconds=0.0,
        browser=False,
        tabs=1,
        timestamps=Timestamps(6, {"house": around.authority} if is_stamped else {}),
    )
    save_settings(case, settings)
    (world / "out").mkdir()


def _watched(world: Path, around: Around, *targets: object) -> None:
    _case(world, around)
    around.site.pages["/gate"] = Page(CLAIM)
    assert run(world, ["add", "--case", "@/case", "--no-browser", *targets]).status == 0


def _visited(world: Path, around: Around) -> str:
    """Prepare a case with a finding; return its id."""
    _watched(world, around, f"{around.site.url}/gate")
    assert run(world, ["visit", "--case", "@/case"]).status == 0
    (finding,) = run(world, ["findings", "--case", "@/case", "--json"]).json()
    return str(finding["id"])


def _add(world: Path, around: Around) -> Sequence[object]:
    _case(world, around)
    return ["add", "--case", "@/case", "https://one.example/", "https://two.example/"]


def _visit(world: Path, around: Around) -> Sequence[object]:
    urls = [f"{around.site.url}/{name}" for name in ("gate", "gone")]
    _watched(world, around, *urls)
    return ["visit", "--all", "--case", "@/case"]


def _visit_again(world: Path, around: Around) -> Sequence[object]:
    _visited(world, around)
    around.site.pages["/gate"] = Page(b"<title>Gate</title><p>Our camera counts visitors.</p>")
    return ["visit", "--all", "--case", "@/case"]


def _clone(world: Path, around: Around) -> Sequence[object]:
    _watched(world, around, around.repository)
    return ["visit", "--all", "--case", "@/case"]


def _import(world: Path, around: Around) -> Sequence[object]:
    _case(world, around)
    return ["import", "--case", "@/case", around.warc]


def _review(world: Path, around: Around) -> Sequence[object]:
    finding = _visited(world, around)
    return ["review", finding, "confirm", "--by", "R. Example", "--case", "@/case"]


def _bundle(world: Path, around: Around) -> Sequence[object]:
    finding = _visited(world, around)
    return ["bundle", finding, "-o", "@/out/evidence.wacz", "--case", "@/case"]


def _reindex(world: Path, around: Around) -> Sequence[object]:
    _visited(world, around)
    return ["reindex", "--case", "@/case"]


def _analyse(world: Path, around: Around) -> Sequence[object]:
    _visited(world, around)
    for left in (world / "case").glob("index.sqlite*"):
        left.unlink()
    return ["analyse", "--case", "@/case"]


def _stamp(world: Path, around: Around) -> Sequence[object]:
    _case(world, around, is_stamped=True)
    return ["stamp", "--case", "@/case"]


def _list(world: Path, around: Around) -> Sequence[object]:
    _case(world, around)
    write_list(world / "out" / "list.csv")
    return ["actors", "import", "@/out/list.csv", "--list", "A list", "--case", "@/case"]


def _rotate(world: Path, around: Around) -> Sequence[object]:
    _case(world, around)
    return ["key", "rotate", "--case", "@/case"]


def _repair(world: Path, around: Around) -> Sequence[object]:
    _visited(world, around)
    case = world / "case"
    (case / "pending" / "commit.json").write_bytes(b'{"journal": "{')
    (case / "pending" / "visit-half.warc.gz").write_bytes(b"half")
    (case / "archive" / "planted.gz").write_bytes(b"nobody logged this")
    newest = max((case / "events").iterdir())
    newest.write_bytes(newest.read_bytes() + b'[{"half a line')
    (case / "log" / "tile" / "0" / "000.p" / "9").write_bytes(b"x")
    (case / "log" / "tile" / "0" / "000.p" / "2").write_bytes(b"x")
    (case / "log" / "checkpoint").unlink()
    (case / "index.sqlite").write_bytes(b"no index at all")
    return ["doctor", "--repair", "--case", "@/case"]


JOBS = (
    Job("add", _add, 2),
    Job("visit", _visit, 4),
    Job("visit again", _visit_again, 2),
    Job("visit to a repository", _clone, 1),
    Job("import", _import, 1),
    Job("review", _review, 1),
    Job("bundle", _bundle, 0, is_repeatable=False),
    Job("reindex", _reindex, 0),
    Job("analyse", _analyse, 0),
    Job("stamp", _stamp, 0),
    Job("list", _list, 1),
    Job("key rotate", _rotate, 1),
    Job("repair", _repair, 0, is_torn=True),
)


def write_list(path: Path) -> None:
    """Write the list of companies that is taken in."""
    path.write_text("name\nDunmere Vision Ltd\n")


def write_repository(folder: Path) -> None:
    """Make the repository that is visited."""
    folder.mkdir()
    (folder / "README").write_text("Our camera infers the ethnicity of every face it sees.\n")
    name = ["-c", "user.name=N", "-c", "user.email=e@example"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*name, "commit", "-q", "-m", "1"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def write_warc(path: Path) -> None:
    """Write the file that is imported."""
    with WarcWriter(path, path.name, software="test", user_agent="test", now=NOW) as records:
        records.write_resource("https://kept.example/", NOW, "text/html", CLAIM)


# ---------------------------------------------------------------- what was acknowledged


def tell_acknowledged(descriptor: int) -> None:
    """Let each commit of this process, once it returned, write its last event's number there."""
    real = Writer.commit_all

    def told(writer: Writer, drafts: Sequence[Draft]) -> list[Event]:
        events = real(writer, drafts)
        os.write(descriptor, struct.pack("=Q", events[-1].index))
        return events

    pytest.MonkeyPatch().setattr(Writer, "commit_all", told)


class Acknowledged:
    """How many events a process was told are kept."""

    def __init__(self, before: int) -> None:
        self.events = before
        self._read, self.write = os.pipe()
        os.set_blocking(self._read, False)

    def up_to_now(self) -> int:
        """Return how many there are, after all that was told."""
        with suppress(BlockingIOError):
            while told := os.read(self._read, 8):
                self.events = 1 + struct.unpack("=Q", told)[0]
        return self.events

    def close(self) -> None:
        os.close(self._read)
        os.close(self.write)


# ---------------------------------------------------------------- the judge


@dataclass(frozen=True, slots=True)
class Left:
    """What an interruption left, and what must be in it."""

    when: str
    state: State
    job: Job
    arguments: Sequence[object]
    before: int  # events before the job
    acknowledged: int  # events at the moment, those before it included
    folder: Path  # where worlds are written

    @property
    def most(self) -> int:
        """Events that the job may have brought."""
        return self.before + self.job.adds


def judge(left: Left) -> list[str]:
    """Live on in what was left; return what is wrong with it, nothing when all is well.

    1. `verify` finds no fault.
    2. All that was acknowledged is there, nothing twice, and no more than was asked for.
    3. The same command works, and brings what is there already no second time.
    4. `verify` finds no fault after it.
    """
    world = left.folder / f"left-{os.getpid()}"
    write_state(left.state, world)
    try:
        return [f"{left.job.name}, {left.when}: {problem}" for problem in _judge(left, world)]
    finally:
        shutil.rmtree(world)


def _judge(left: Left, world: Path) -> list[str]:
    if left.job.is_torn:
        mended = run(world, left.arguments)
        return [f"repair: {mended.out}"] * mended.status + faults(world)
    wrong = [f"verify: {problem}" for problem in faults(world)]
    events = _events(world)
    if not left.acknowledged <= len(events) <= left.most:
        wrong.append(
            f"{len(events)} events, where {left.acknowledged} to {left.most} were to be expected"
        )
    is_there = (world / "out" / "evidence.wacz").exists()
    told = [(event.type, json.dumps(_without_salt(event))) for event in events]
    wrong += [f"twice in the log: {one}" for one in set(told) if told.count(one) > 1]
    if left.job.is_repeatable or not is_there:
        again = run(world, left.arguments)
        if again.status:
            wrong.append(f"the next command: {again.status} {again.err} {again.out}")
    if left.job.name == "bundle":
        checked = run(world, ["verify", "@/out/evidence.wacz"])
        if checked.status:
            wrong.append(f"the bundle: {checked.out}")
    wrong += [f"verify after it: {problem}" for problem in faults(world)]
    kinds = [event.type for event in _events(world)]
    if left.job.name in {"import", "list", "add"} and len(kinds) != left.most:
        wrong.append(f"not what one run brings: {kinds}")
    return wrong


def faults(world: Path) -> list[str]:
    """Return what `verify` says of the case in a world, line by line; nothing when it is whole."""
    checked = run(world, ["verify", "@/case"])
    return [] if checked.status == 0 else [*checked.out.splitlines(), *checked.err.splitlines()]


def _events(world: Path) -> list[Event]:
    return list(read_events(open_case(world / "case")))


def _without_salt(event: Event) -> dict[str, object]:
    return {key: value for key, value in event.body.items() if key != "salt"}
