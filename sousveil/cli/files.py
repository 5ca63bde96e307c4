"""The command that needs no case: read.

In a module of its own, so that pipelines start fast.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.options import JsonOption
from sousveil.cli.telling.screen import FOUND_WRONG, complain, count_of, plain, tell, write_json
from sousveil.cli.telling.words import tell_finding
from sousveil.errors import InputError
from sousveil.run.read.reading import file_finding_json, read_lines, read_paths
from sousveil.topics import Topic, distinct, load, shipped

TopicOption = Annotated[
    list[str] | None,
    typer.Option("--topic", help="Topic name or file; may be repeated. Without it, all."),
]


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(read)


def read(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or - for JSON Lines.")],
    *,
    topic: TopicOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find claims in files, without a case. With -, judge each line of JSON on standard input.

    ZIP files and other packages are read file by file. Exit status 1: not all could be read.
    """
    topics = distinct(load(name) for name in topic or shipped())
    if paths == ["-"]:
        _judge_lines(topics)
        return
    if "-" in paths:
        raise InputError("-: standard input is read alone, without other files.")
    read_files = found = 0
    not_read: Counter[str] = Counter()
    for result in read_paths([Path(path) for path in paths], topics):
        if result.problem is None:
            read_files += 1
        else:
            complain(result.problem)
            not_read[result.path.suffix.lower() or "no suffix"] += 1
        found += len(result.findings)
        if as_json:
            write_json(file_finding_json(finding) for finding in result.findings)
        else:
            for finding in result.findings:
                tell_finding(finding, None)
    told = ", ".join(f"{plain(suffix)} {count}" for suffix, count in not_read.most_common())
    rest = f"; NOT read: {told}" if told else ""
    tell(f"{count_of(read_files, 'file')} read, {count_of(found, 'finding')}{rest}.")
    if not_read:
        raise typer.Exit(FOUND_WRONG)


def _judge_lines(topics: Sequence[Topic]) -> None:
    """Answer each line as it comes, so that a pipeline need not wait for the last."""
    wrong = False
    for line in read_lines(sys.stdin.buffer, topics):
        write_json([line])
        wrong = wrong or "error" in line
    if wrong:
        raise typer.Exit(FOUND_WRONG)
