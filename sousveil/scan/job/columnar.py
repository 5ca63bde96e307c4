"""The columnar index: the wanted records of Common Crawl's Parquet table, on disk or far away.

Takes a file or a folder with the columns of cc-index-table's flat schema, in which
`content_languages` holds up to three ISO 639-3 codes. Filters are pushed down: of a table that is
sorted by `url_surtkey`, as Common Crawl's is, only the row groups of the wanted hosts are read.
"""

from collections.abc import Iterable, Iterator, Sequence

import aiohttp
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from fsspec.core import url_to_fs

from sousveil.archive.foreign import parse_date
from sousveil.archive.surt import surt
from sousveil.errors import InputError
from sousveil.scan.job.inputs import FAULTS, unreadable
from sousveil.scan.job.places import Place, Wanted, checked_place

_PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")


def places_in_table(index: str, wanted: Wanted) -> Iterator[Place]:
    """Yield the place of each record that is wanted; rows stream, as many as a batch at a time.

    Raises InputError when the table cannot be read or lacks a column that is asked for.
    """
    try:
        system, path = url_to_fs(index)
        table = ds.dataset(path, filesystem=system, format="parquet", partitioning="hive")
        scanner = table.scanner(columns=list(_PLACE), filter=_expression(index, table, wanted))
        for batch in scanner.to_batches():
            columns = (batch.column(name).to_pylist() for name in _PLACE)
            for name, offset, length in zip(*columns, strict=True):
                yield checked_place(index, name, offset, length)
    except (*FAULTS, aiohttp.ClientError, pa.ArrowException) as error:
        raise InputError(f"{index}: {unreadable(error)}") from error


def _expression(index: str, table: ds.Dataset, wanted: Wanted) -> ds.Expression | None:
    """Return what a row must fulfil; None for all."""
    names = set(table.schema.names)

    def column(name: str, option: str) -> ds.Expression:
        if name not in names:
            raise InputError(f"{index}: has no column {name}, which {option} needs.")
        return ds.field(name)

    for name in _PLACE:
        column(name, "a scan")
    parts = []
    if wanted.languages:
        pattern = f"(^|,)({'|'.join(wanted.languages)})(,|$)"
        told = column("content_languages", "--language")
        parts.append(pc.match_substring_regex(told, pattern))
    if wanted.media_types:
        parts.append(_any(_is_type(index, names, one) for one in wanted.media_types))
    if wanted.hosts:
        told = column("url_host_name", "--host")
        parts.append(_any((told == one) | pc.ends_with(told, f".{one}") for one in wanted.hosts))
        if "url_surtkey" in names:
            parts.append(_any(_is_near(one) for one in wanted.hosts))
    for text, is_since in ((wanted.since, True), (wanted.until, False)):
        if text:
            told = column("fetch_time", "--since and --until")
            at = _moment(text, table.schema.field("fetch_time").type)
            parts.append(told >= at if is_since else told < at)
    return _all(parts)


def _is_type(index: str, names: set[str], wanted: str) -> ds.Expression:
    """Return whether a record is of a media type: as its bytes say, or else its server."""
    known = [one for one in ("content_mime_detected", "content_mime_type") if one in names]
    if not known:
        raise InputError(f"{index}: has no column content_mime_detected, which --mime needs.")
    told = pc.coalesce(*(ds.field(one) for one in known))
    return pc.starts_with(told, wanted) if wanted.endswith("/") else told == wanted


def _is_near(host: str) -> ds.Expression:
    """Return whether a key may be that of a host, or of one below it: for sorted tables only.

    Behind the host's labels stands `)`, `,` or `:`, which sort in this order.
    """
    key = surt(f"http://{host}/").partition(")")[0]
    told = ds.field("url_surtkey")
    return (told >= f"{key})") & (told < f"{key};")


def _moment(text: str, kind: pa.DataType) -> pa.Scalar:
    at = parse_date(text)
    if at is None:
        raise InputError(f"{text}: no date. Write it like 2024-03-01.")
    is_aware = pa.types.is_timestamp(kind) and kind.tz is not None
    return pa.scalar(at if is_aware else at.replace(tzinfo=None), kind)


def _any(parts: Iterable[ds.Expression]) -> ds.Expression:
    first, *rest = parts
    for one in rest:
        first |= one
    return first


def _all(parts: Sequence[ds.Expression]) -> ds.Expression | None:
    whole = None
    for one in parts:
        whole = one if whole is None else whole & one
    return whole
