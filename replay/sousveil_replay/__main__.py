"""The command: `sousveil-replay FILE.wacz [--port N] [--url U] [--ts T] [--quote TEXT]`.

Serves one file to the browser on this computer until it is interrupted. Exit status: 0 when it was,
2 with a one-line reason when the file, the port or an option cannot be used.
"""

import argparse
import re
import sys
import zipfile
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode

from sousveil_replay.server import PLAYER_FILES, open_server

# What replay addresses take: a year at least, a second at most (CDXJ 0.1.0, "Timestamp").
TIMESTAMP = re.compile(r"[0-9]{4,14}")


def main(arguments: list[str] | None = None) -> None:
    """Serve the file that the arguments name, until interrupted."""
    options = _parser().parse_args(arguments)
    try:
        _check(options.file, options.ts)
        server = open_server(options.file, options.port)
    except (ValueError, OSError) as error:
        sys.exit(_refused(str(error)))
    wanted = {name: getattr(options, name) for name in ("url", "ts", "quote")}
    query = urlencode({name: value for name, value in wanted.items() if value})
    address = f"{server.names.bar}/?{query}" if query else f"{server.names.bar}/"
    print(address, flush=True)
    print("Open this address in a browser on this computer. Ctrl-C ends it.", file=sys.stderr)
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sousveil-replay", description="Show the pages in a WACZ file, with the network off."
    )
    parser.add_argument("file", type=Path, metavar="FILE.wacz", help="what to show")
    parser.add_argument("--port", type=int, default=0, help="a free one is taken if none is given")
    parser.add_argument("--url", default="", help="the page to open; the list of pages if none is")
    parser.add_argument("--ts", default="", help="when it was captured: 20260131 or to the second")
    parser.add_argument("--quote", default="", help="the words to mark on it")
    return parser


def _check(file: Path, ts: str) -> None:
    """Raise ValueError, in one line, for what cannot be shown."""
    if not zipfile.is_zipfile(file):
        missing = "no such file" if not file.exists() else "not a WACZ file"
        raise ValueError(f"{file}: {missing}. `sousveil export --format wacz` writes one.")
    if ts and not TIMESTAMP.fullmatch(ts):
        raise ValueError(f"--ts {ts}: not a time; write 4 to 14 digits, as 20260131235959.")
    player = files("sousveil_replay") / "player"
    if not all((player / name).is_file() for name in PLAYER_FILES):
        raise ValueError("the player is not in this installation: install the built package.")


def _refused(why: str) -> int:
    print(f"sousveil-replay: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
