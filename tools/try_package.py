"""Tries the built wheel and sdist as a stranger would: installed alone, used far from the source.

`python tools/try_package.py DIST`, with `uv` beside this Python. Each is installed into an
environment of its own with the dependencies of the lock; then it makes a case, reads a page, and
serves what it carries as data. Exit status 1: something that works in the source tree does not
work when installed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
LIMIT_SECONDS = 300
PAGE = """<html lang=en><title>Halden Gate</title>
<p>The Halden Gate camera tells the ethnicity of every visitor, and raises an alarm.</p></html>"""
# What is read as data, and would be missed first where a build left it out.
DATA = """
from importlib import resources
here = resources.files("sousveil")
for name in ("py.typed", "actors/vendors.toml", "claims/model.json", "topics/ethnicity.toml",
             "web/templates/base.html", "web/static/desk.css", "run/publish/verify_bundle.py"):
    assert here.joinpath(name).is_file(), name
"""


def main(dist: Path) -> None:
    """Try each package in `dist`; raises when there is none, or one does not work."""
    dist = dist.absolute()
    packages = sorted([*dist.glob("*.whl"), *dist.glob("*.tar.gz")])
    kinds = {package.suffix for package in packages}
    if kinds != {".whl", ".gz"}:
        raise SystemExit(f"{dist}: holds no wheel and sdist. Run `make package`.")
    for package in packages:
        with TemporaryDirectory(prefix="sousveil-package-") as folder:
            _try(package, Path(folder))
        print(f"{package.name}: installs and works")


def _try(package: Path, folder: Path) -> None:
    _run(UV, "venv", "--quiet", "--python", sys.executable, "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    _run(
        UV, "pip", "install", "--quiet", "--python", python, "--require-hashes",
        "-c", ROOT / "requirements.lock", "-r", ROOT / "pyproject.toml", cwd=folder,
    )  # fmt: skip
    _run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", package, cwd=folder)
    sousveil = folder / "env" / "bin" / "sousveil"
    _run(python, "-c", DATA, cwd=folder)
    _run(sousveil, "init", "case", "--title", "Trial", cwd=folder)
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    told = _run(sousveil, "read", "page.html", "--json", cwd=folder)
    labels = [json.loads(line)["label"] for line in told.splitlines()]
    if labels != ["offers"]:
        raise SystemExit(f"{package.name}: read {labels} from a page that offers.")
    _run(sousveil, "verify", "case", cwd=folder)


def _run(*command: str | Path, cwd: Path) -> str:
    """Return what a command prints; it sees neither this checkout nor the user's own settings."""
    seen = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SOUSVEIL_"))}
    seen |= {"XDG_CONFIG_HOME": str(cwd / "config"), "XDG_CACHE_HOME": str(cwd / "cache")}
    if command[0] == UV:
        seen["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=seen, timeout=LIMIT_SECONDS, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
