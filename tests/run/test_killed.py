"""A visit that is killed at any moment leaves a case that verifies and has lost nothing done."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.demo.vendor import VendorSite
from sousveil.ledger import read_events
from sousveil.settings import head_path
from tests.commands import sousveil

CHILD = """
import os, signal, sys, time
stop = int(sys.argv[1])
calls = 0

def deadly(function):
    def wrapped(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return wrapped

for name in ("fsync", "replace", "rename", "unlink", "open", "mkdir", "rmdir"):
    setattr(os, name, deadly(getattr(os, name)))

from sousveil.cli import main
main(sys.argv[2:])
"""


def run_child(stop: int, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(stop), *map(str, arguments)],
        capture_output=True,
        check=False,
        env=os.environ,
    )


def case_that_may_visit(site: VendorSite, root: Path) -> Case:
    assert sousveil("init", root).status == 0
    opened = open_case(root)
    host = site.base_url.removeprefix("http://")
    save_settings(
        opened, replace(opened.settings, allow_hosts=frozenset({host}), delay_seconds=0.0)
    )
    return opened


@pytest.mark.slow
def test_a_visit_killed_at_any_step_loses_nothing_that_was_reported(tmp_path: Path) -> None:
    """SIGKILL before each sync, rename, removal and descriptor of a visit of three watches."""
    with VendorSite(tmp_path / "vendor") as site:
        opened = case_that_may_visit(site, tmp_path / "case")
        case = opened.root
        targets = [*site.urls()[:2], site.repository]
        assert sousveil("add", "--case", case, *targets).status == 0
        head = head_path(opened.settings.origin)
        remembered = head.read_bytes()
        outcomes = set()
        step, killed = 1, True
        while killed:
            copy = tmp_path / "copy"
            shutil.copytree(case, copy)
            child = run_child(step, "visit", "--all", "--case", copy, "--json")
            killed = child.returncode == -signal.SIGKILL
            assert killed or child.returncode == 0, child.stderr.decode()
            reported = [
                json.loads(line)["log_index"]
                for line in child.stdout.splitlines()
                if json.loads(line)["event"] == "visit"
            ]
            verified = sousveil("verify", copy)
            assert verified.status == 0, verified.out
            again = sousveil("visit", "--case", copy)
            assert again.status == 0, again.err
            assert sousveil("verify", copy).status == 0
            events = list(read_events(open_case(copy)))
            visits = [event.index for event in events if event.type == "visit"]
            assert set(reported) <= set(visits)
            assert len(visits) >= 3
            outcomes.add(len(reported))
            shutil.rmtree(copy)
            head.write_bytes(remembered)
            step += 1 if step < 30 else 3
        assert outcomes == {0, 3}
        assert step > 60


def test_a_visit_killed_by_the_clock_leaves_a_case_that_verifies(tmp_path: Path) -> None:
    """SIGKILL after a random part of a visit's time, a few times, as a power cut would."""
    with VendorSite(tmp_path / "vendor") as site:
        case = case_that_may_visit(site, tmp_path / "case").root
        assert sousveil("add", "--case", case, *site.urls(), site.repository).status == 0
        for tenths in (4, 6, 8, 10, 12):
            child = subprocess.Popen(
                [sys.executable, "-m", "sousveil", "visit", "--all", "--case", str(case)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                child.wait(timeout=tenths / 10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            verified = sousveil("verify", case)
            assert verified.status == 0, verified.out
        assert sousveil("visit", "--all", "--case", case).status == 0
        assert sousveil("verify", case).status == 0
