"""The command that finds claims in web archives of any size: scan.

What it does needs extras of its own, so it is imported once the command runs.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from sousveil.cli.options import JsonOption
from sousveil.errors import InputError
from sousveil.topics import shipped

_LANGUAGE = 3  # letters of an ISO 639-3 code
# Of the extra `scan`, what is imported late: that it lacks is told before the work, not after it.
_NEEDED = ("fsspec", "aiohttp", "pyarrow")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(scan)


def scan(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Archives, folders, patterns, addresses, lists (@FILE, *.paths.gz)."),
    ] = None,
    *,
    topic: Annotated[
        list[str] | None, typer.Option(help="Topic name or file; may be repeated.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the findings go, *.parquet.")
    ] = Path("hits.parquet"),
    prefix: Annotated[
        str, typer.Option(help="Goes before paths in lists and indexes: s3://commoncrawl/.")
    ] = "",
    index: Annotated[
        list[str] | None,
        typer.Option(help="Parquet or CDX index; only records it names are read. Repeatable."),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="ISO 639-3 (zho), as an index tells it. Repeatable.")
    ] = None,
    mime: Annotated[
        list[str] | None, typer.Option(help="Media type, or text/ for all such. Repeatable.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(help="Host, with those below it. Repeatable.")
    ] = None,
    since: Annotated[str, typer.Option(help="Captured from here on: 2024, 2024-03, …")] = "",
    until: Annotated[str, typer.Option(help="Captured before.")] = "",
    workers: Annotated[
        int | None, typer.Option(min=1, max=1_024, help="Processes; without it, one a core.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scan on a Dask cluster: tcp://….")
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take.")
    ] = False,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Of a core, for --estimate: MB/s as stored.")
    ] = None,
    price_per_hour: Annotated[
        float | None, typer.Option(min=0.0, help="Of a core, for --estimate.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--case", help="Look for this case's topics and actors.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find claims in web archives, without a case. Findings go into a Parquet file.

    A manifest beside it tells what became of each archive. The same command again goes on where
    the last one ended. `sousveil import` takes the records found into a case. Exit status 1: an
    archive was refused, or not all of it could be read.
    """
    try:
        from sousveil.cli.telling.scanned import (  # noqa: PLC0415  # needs an extra
            available_cores,
            estimate_and_tell,
            scan_and_tell,
        )
        from sousveil.scan.job.places import Wanted  # noqa: PLC0415  # same
        from sousveil.scan.job.run import Wish  # noqa: PLC0415  # same
    except ImportError as error:
        raise InputError(f"{error.name} is not installed. Install `sousveil[scan]`.") from error
    for name in _NEEDED:
        if find_spec(name) is None:
            raise InputError(f"{name} is not installed. Install `sousveil[scan]`.")
    wanted = Wanted(tuple(language or ()), tuple(mime or ()), tuple(host or ()), since, until)
    for code in wanted.languages:
        if len(code) != _LANGUAGE or not code.isalpha():
            raise InputError(f"--language {code}: no ISO 639-3 code. Chinese is zho, English eng.")
    topics, actors = tuple(topic or ()), None
    if folder is not None:
        # Brings all that reads a case, which a scan without one goes without.
        from sousveil.scan.job.casework import actors_of, topics_of  # noqa: PLC0415

        topics, actors = topics or topics_of(folder), actors_of(folder)
    indexes = tuple(index or ())
    wish = Wish(tuple(inputs or ()), topics or tuple(shipped()), prefix, indexes, wanted, actors)
    cores = workers or available_cores()
    if estimate:
        estimate_and_tell(wish, cores, speed, price_per_hour, as_json=as_json)
    else:
        scan_and_tell(wish, output, cores, dask, as_json=as_json)
