"""The recipe for systemd in the documentation is one that systemd takes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "keep-watching.md"


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    found = re.search(r"```ini\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    unit = found[1].replace("%h/.local/bin/sousveil", sys.executable)
    path = tmp_path / "sousveil@acme.service"
    path.write_text(unit.replace("%h", str(tmp_path)), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", path],
        capture_output=True,
        check=False,
        text=True,
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, _about(path, done.stderr)) == (0, [])


def _about(path: Path, messages: str) -> list[str]:
    """Return what was said about the unit itself; other units of the machine may have faults."""
    return [line for line in messages.splitlines() if path.name in line]
