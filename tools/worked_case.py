"""The worked case of the documentation, from beginning to end: `make worked-case`.

Reads docs/worked-case/case.toml, which names public repositories; makes a case of them in a folder
of its own by the commands that anybody types; decides on findings as the plan says; builds the text
docs/worked-case/dossier.md with its evidence; and writes what was counted on the way to
docs/worked-case/figures.json and, by our template, to docs/explanation/worked-case.md. A page whose
figures were typed by hand would be worth less than the text it is about.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sousveil import __version__
from sousveil.case import open_case
from sousveil.ledger import read_events
from tools.worked_figures import (
    Json,
    apart,
    cited_in,
    counted,
    courses,
    departures,
    names_of,
    page,
    read_plan,
    shared,
)

ROOT = Path(__file__).parents[1]
OURS = ROOT / "docs" / "worked-case"
PAGE = ROOT / "docs" / "explanation" / "worked-case.md"
READER = "the worked case"  # whose decisions the log holds: those of its plan and its text


@dataclass(slots=True)
class Spent:
    """The time that a part of the run took, of the clock and of all processors."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add what the block takes."""
        began, before = time.monotonic(), _children()
        yield
        self.seconds += time.monotonic() - began
        self.cpu_seconds += _children() - before

    def told(self) -> Json:
        """Return it in whole seconds."""
        return {"seconds": round(self.seconds), "cpu_seconds": round(self.cpu_seconds)}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(slots=True)
class Commands:
    """Sousveil as it is typed, in one case with a key of its own."""

    case: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> str:
        """Run `sousveil ARGUMENTS…` and return what it printed; ends the run when it fails."""
        print("$ sousveil", *arguments, file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "-m", "sousveil", *arguments],
            env=self.environment, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"sousveil {arguments[0]} ended with {done.returncode}; it is told above.")
        return done.stdout

    def lines(self, *arguments: str) -> list[Json]:
        """Run it in the case with --json, and return its lines."""
        out = self(*arguments, "--case", str(self.case), "--json")
        return [json.loads(line) for line in out.splitlines()]


def work(plan: Json, text: str, folder: Path) -> Json:
    """Make the case in `folder`, with the dossier around `text`; return the figures."""
    whole = Spent()
    with whole.measured():
        told = _work(plan, text, folder)
    return told | whole.told()


def _work(plan: Json, text: str, folder: Path) -> Json:
    environment = os.environ | {"SOUSVEIL_CONFIG": str(folder / "config")}
    run = Commands(folder / "case", environment)
    run("init", str(run.case), "--title", plan["title"])
    repositories = []
    for one in plan["repository"]:
        spent = Spent()
        run.lines("add", one["address"], "--kind", "repository")
        with spent.measured():
            run.lines("visit", one["address"])
        repositories.append(one | spent.told())
    findings = run.lines("findings")
    watches = {one["target"]: one for one in run.lines("targets")}
    told = courses(findings, plan)
    for one in repositories:
        watch = watches[one["address"]]
        if watch["outcome"] != "read":
            sys.exit(f"{one['address']} was not read: {watch['outcome']}. Is it still there?")
        mine = [each for each in findings if each["capture"]["url"] == one["address"]]
        mirror = Mirror(run.case / "cache" / f"{watch['watch']}.git", _head(run, one["address"]))
        one.update(mirror.history(), **counted(mine, plan))
        for course in told:
            if course["repository"] == one["address"]:
                course["files_now"] = mirror.files_with(names_of(course["field"], plan))
    cited = cited_in(text, findings)
    _decide(run, findings, cited, plan)
    bundle = _publish(run, text, folder / "report")
    (verified,) = run.lines("verify")
    return {
        "version": __version__,
        "engine": findings[0]["engine"] if findings else "",
        "ran_on": datetime.now(UTC).date().isoformat(),
        "repositories": repositories,
        "findings": counted(findings, plan),
        "facts": len(run.lines("facts")),
        "fields": told,
        "departures": departures(findings, plan),
        "shared": shared(told, plan),
        "cited": cited,
        "log": {key: verified[key] for key in ("entries", "files", "size_bytes")},
        "bundle_bytes": bundle,
    }


def _head(run: Commands, address: str) -> str:
    """Return the commit that a repository's HEAD named when it was visited."""
    events = read_events(open_case(run.case))
    visits = [one.body for one in events if one.body.get("target") == address]
    told = [visit["repository"] for visit in visits if "repository" in visit]
    head: str = told[-1]["head_commit"]
    return head


@dataclass(frozen=True, slots=True)
class Mirror:
    """The working copy that a visit left in the case's cache, with the commit of HEAD."""

    folder: Path
    head: str

    def history(self) -> Json:
        """Return how much there is to read, and from which day to which."""
        dates = sorted(self._git("log", "--all", "--format=%cs"))
        versions = self._git(
            "rev-list", "--all", "--objects", "--no-object-names", "--filter=object:type=blob",
            "--filter-provided-objects",
        )  # fmt: skip
        return {
            "commits": len(dates),
            "versions": len(versions),
            "first": dates[0],
            "last": dates[-1],
            "head": self.head,
        }

    def files_with(self, names: Sequence[str]) -> list[str]:
        """Return the files at HEAD that hold one of the names, whatever it means there."""
        wanted = [argument for name in names for argument in ("-e", name)]
        lines = self._git("grep", "-ilwIz", *wanted, self.head, fails_with=1, ends="\0")
        return [line.removeprefix(f"{self.head}:") for line in lines]

    def _git(self, *arguments: str, fails_with: int = 0, ends: str = "\n") -> list[str]:
        command = ["git", "--git-dir", str(self.folder), *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in {0, fails_with}:
            sys.exit(f"git {arguments[0]} failed in {self.folder}; it is told above.")
        return done.stdout.split(ends)[:-1]


def _decide(run: Commands, findings: Sequence[Json], cited: Sequence[Json], plan: Json) -> None:
    """Confirm what the text cites, and reject what the plan sets apart, with its reason."""
    for one in cited:
        run.lines("review", one["finding"], "confirm", "--by", READER)
    for finding in findings:
        if (reason := apart(finding, plan)) is not None:
            run.lines("review", finding["id"], "reject", "--by", READER, "--note", reason)


def _publish(run: Commands, text: str, report: Path) -> int:
    """Build the dossier, and have its bundle checked; return the bundle's size in bytes."""
    (run.case / "dossier.md").write_text(text, encoding="utf-8")
    run("dossier", "-o", str(report), "--bundle", "--case", str(run.case))
    bundle = report / "evidence.wacz"
    run("verify", str(bundle))
    return bundle.stat().st_size


def write(figures: Json, plan: Json, text: str) -> None:
    """Write the figures, and the page that shows them."""
    (OURS / "figures.json").write_text(
        json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    template = (OURS / "page.md.jinja").read_text(encoding="utf-8")
    PAGE.write_text(page(template, plan, text, figures), encoding="utf-8")


def main() -> None:
    """Do all of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, help="where the case stays; else it is thrown away")
    options.add_argument(
        "--through",
        default="the addresses themselves",
        help="what answered in place of the addresses, for the page to say",
    )
    given = options.parse_args()
    plan = read_plan((OURS / "case.toml").read_text(encoding="utf-8"))
    text = (OURS / plan["text"]).read_text(encoding="utf-8")
    with TemporaryDirectory(prefix="worked-case-") as folder:
        figures = work(plan, text, given.folder or Path(folder))
    write(figures | {"through": given.through}, plan, text)


if __name__ == "__main__":
    main()
