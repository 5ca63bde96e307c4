"""Writes docs/reference/commands.md from the commands' own help, or checks that it is fresh.

`python tools/commands_reference.py` writes it; `tests/test_docs.py` fails when it is stale.
"""

import io
import os
from contextlib import redirect_stdout, suppress
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
COMMANDS = (
    "init",
    "add",
    "try",
    "visit",
    "import",
    "hand-in",
    "timemap",
    "analyse",
    "reindex",
    "findings",
    "show",
    "search",
    "facts",
    "facts show",
    "facts add",
    "facts edit",
    "facts confirm",
    "facts withdraw",
    "withhold",
    "withhold words",
    "withhold show",
    "withhold picture",
    "withhold remove",
    "changes",
    "diff",
    "serve",
    "users add",
    "users change",
    "users remove",
    "users list",
    "queue",
    "review",
    "translate",
    "agreement",
    "model train",
    "model show",
    "model drop",
    "inquiry about",
    "inquiry report",
    "inquiry list",
    "inquiry reply",
    "inquiry close",
    "alerts list",
    "alerts test",
    "alerts send",
    "alerts feed",
    "read",
    "scan",
    "verify",
    "stamp",
    "key show",
    "key rotate",
    "key lost",
    "key passphrase",
    "key backup",
    "witness key",
    "witness add",
    "witness remove",
    "witness list",
    "witness serve",
    "witness ask",
    "dossier",
    "export",
    "doctor",
    "demo",
    "topics list",
    "topics show",
    "topics check",
    "actors list",
    "actors show",
    "actors check",
    "actors import",
)
HEAD = """\
# Commands

Made from the commands' own help by `python tools/commands_reference.py`.

Run them inside a case's folder, or name the case with `--case` or the environment variable
`SOUSVEIL_CASE`. With `--json`, results are JSON Lines on standard output; everything else is on
standard error.

Exit status: **0** done; **1** done, and something was found wrong (a damaged file, a case that does
not verify); **2** refused, with one line that says why and what to do.
"""


def reference() -> str:
    """Return the page as it should be."""
    os.environ["COLUMNS"] = "100"
    return HEAD + "".join(f"\n## {name}\n\n```\n{_help(name)}\n```\n" for name in COMMANDS)


def _help(command: str) -> str:
    # Imported late: the width of the terminal is read at import.
    from sousveil.cli import main  # noqa: PLC0415

    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        main([*command.split(), "--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
