"""Runs the command line inside the test's own process."""

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any

from sousveil.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    def json(self) -> list[dict[str, Any]]:
        """Return each line of standard output as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def sousveil(*arguments: object) -> Ran:
    """Run `sousveil ARGUMENTS…` and return what it printed."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    status = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as done:
            status = int(done.code or 0)
    return Ran(status, _text(out), _text(err))


def lines(text: str) -> Iterator[str]:
    """Yield the lines that hold something."""
    return (line for line in text.splitlines() if line.strip())


def _text(stream: TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, BytesIO)
    return buffer.getvalue().decode()
