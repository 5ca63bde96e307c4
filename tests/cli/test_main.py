"""Commands are where the table says, and start without what only others need."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.main import get_group

import sousveil.cli
from sousveil.cli.main import MODULES, _modules
from sousveil.cli.sections import OTHER, SECTIONS
from tests.commands import sousveil as run

FOLDER = Path(sousveil.cli.__file__).parent


@pytest.mark.parametrize("module", MODULES)
def test_the_table_names_what_each_module_adds(module: str) -> None:
    app = typer.Typer()
    import_module(f"sousveil.cli.{module}").register(app)
    assert set(get_group(app).commands) == MODULES[module]


def test_the_table_names_each_module_that_adds_commands() -> None:
    adding = {path.stem for path in FOLDER.glob("*.py") if "\ndef register(" in path.read_text()}
    assert adding == set(MODULES)


def test_the_help_lists_all_commands() -> None:
    told = run("--help").out
    assert all(f"  {name} " in told for names in MODULES.values() for name in names)


def test_the_help_has_each_command_under_a_heading() -> None:
    told = run("--help").out
    at = [told.index(f"\n{title}:") for title in SECTIONS]
    assert at == sorted(at)
    assert f"{OTHER}:" not in told


def test_the_demo_can_run_the_other_commands() -> None:
    assert set(_modules(["demo"])) == set(MODULES)


def test_a_slip_of_the_finger_is_understood() -> None:
    assert "Did you mean 'findings'" in run("findngs").err


@pytest.mark.parametrize(
    ("command", "needless"),
    [("read", {"pycurl", "jinja2", "fastwarc"}), ("findings", {"jinja2"})],
)
def test_a_command_does_not_wait_for_what_others_need(command: str, needless: set[str]) -> None:
    code = f"""
import sys
from sousveil.cli.main import main
try:
    main(["{command}", "--help"])
except SystemExit:
    print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not needless & set(done.stdout.split())


def completed(line: str, word: int) -> list[str]:
    """Return what bash is offered for a word of a line, counted from 0."""
    asked = {"_SOUSVEIL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(word)}
    done = subprocess.run(
        [sys.executable, "-c", "from sousveil.cli.main import main; main([])"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_shell_completes_commands_and_their_options() -> None:
    assert completed("sousveil ver", 1) == ["verify"]
    assert completed("sousveil export --for", 2) == ["--format"]
