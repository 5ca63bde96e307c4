"""The folder list is the data flow: imports point up, never down."""

import ast
from pathlib import Path

import sousveil

ROOT = Path(sousveil.__file__).parent

ORDER = (
    "__init__",
    "errors",
    "model",
    "durable",
    "watch",
    "capture",
    "archive",
    "tlog",
    "witness",
    "settings",
    "case",
    "signing",
    "bodies",
    "ledger",
    "extract",
    "topics",
    "claims",
    "actors",
    "facts",
    "changes",
    "index",
    "review",
    "jsonform",
    "alerts",
    "dossier",
    "run",
    "scan",
    "api",
    "demo",
    "web",
    "cli",
    "__main__",
)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "sousveil":
            found |= {f"sousveil.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] == "sousveil"}


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {path.stem for path in ROOT.glob("*.py")} | {
        path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert rooms == set(ORDER)


def test_a_stage_imports_only_stages_above_it() -> None:
    known = set(ORDER)
    downward = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        here = ORDER.index(parts[0])
        for name in sorted(imports_of(path)):
            room = room_of(name) if room_of(name) in known else "__init__"
            if ORDER.index(room) > here:
                downward.append(f"{'/'.join(parts)} imports {name}")
    assert downward == []


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT.parent / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    missing = [
        room for room in ORDER[1:] if f"`{room}/`" not in page and f"`{room}.py`" not in page
    ]
    assert missing == []
