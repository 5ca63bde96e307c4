"""The documentation is true: links resolve, the reference is fresh, every command is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHILD = """
import runpy, sys
sys.stdout.write(runpy.run_path('tools/commands_reference.py')['reference']())
"""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS = {
    "init", "add", "visit", "import", "analyse", "reindex", "findings", "show", "search",
    "changes", "read", "facts", "scan",
    "verify", "dossier", "export", "doctor", "demo", "topics", "actors", "review", "queue", "model",
    "translate", "agreement",
    "diff", "alerts", "inquiry", "key", "watch", "targets", "retire", "stamp", "bundle",
    "witness", "serve", "users", "timemap", "withhold",
    "hand-in", "try",
}  # fmt: skip


def test_the_command_reference_is_what_the_commands_say() -> None:
    fresh = subprocess.run(
        [
            sys.executable,
            "-c",
            CHILD,
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    page = (ROOT / "docs" / "reference" / "commands.md").read_bytes()
    assert page == fresh.stdout, "run: python tools/commands_reference.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_documentation_resolves(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if ":" not in target:  # an address, or a finding that a text cites
            assert (page.parent / target).exists(), f"{target} in {page.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_the_documentation_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)sousveil ([a-z][a-z-]*)", text, re.MULTILINE))
    assert named <= COMMANDS


def test_no_page_names_a_machine_or_an_index() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"/work/|/root/|pypi\.org|files\.pythonhosted", text), page
