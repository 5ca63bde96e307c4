"""Lists of addresses that others keep: what is to be watched, with whose it is.

Takes a file and gives the addresses in it, each with where it stands. Known by what is in them are:
CSV (the column of addresses by its header, or else by what is in it), one address a line,
declarations of Open Terms Archive (`documents` or `terms`, each with `fetch`, or `combine` of
several), the indexes of ArchiveBox (`links`, or one snapshot) and JSON Lines with a `url`, such as
the pages of a WACZ. Of a folder, the declarations or indexes in it. Nothing is fetched.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sousveil.errors import InputError

# An address has some 80 characters; a list of a million is a crawl, not a watch.
MAX_BYTES = 2**26
MAX_ADDRESSES = 100_000

_ADDRESS = ("address", "url", "uri", "link", "target", "website", "网址", "链接")
_ACTOR = (
    "actor",
    "company",
    "vendor",
    "publisher",
    "organisation",
    "organization",
    "公司",
    "label",
)
_EVERY, _KIND = ("every",), ("kind",)
_DELIMITERS = ",;\t"
_WEB = ("http://", "https://", "git+http")
_HISTORY = ".history.json"  # of Open Terms Archive: what declarations were before


@dataclass(frozen=True, slots=True)
class Listed:
    """One address of a list. What it does not tell is ""."""

    target: str
    where: str  # "vendors.csv, line 3"
    actor: str = ""
    every: str = ""
    kind: str = ""
    number: int = 0  # of its line or entry, from 1; 0 where there is none


def read_list(path: Path) -> list[Listed]:
    """Return the addresses of a file, or of what a folder holds, each once, in order.

    Raises InputError for what holds none, is not text, or is too large.
    """
    if path.is_dir():
        found = [one for file in _files_in(path) for one in _read_file(file)]
    elif path.is_file():
        found = _read_file(path)
    else:
        raise InputError(f"{path}: no such file or folder.")
    once = list({one.target: one for one in reversed(found)}.values())[::-1]
    if not once:
        raise InputError(
            f"{path}: no address in it. Known are CSV with a column of addresses, one address a"
            " line, declarations of Open Terms Archive, and indexes of ArchiveBox."
        )
    if len(once) > MAX_ADDRESSES:
        raise InputError(f"{path}: {len(once):,} addresses. At most {MAX_ADDRESSES:,} are taken.")
    return once


def _files_in(folder: Path) -> Sequence[Path]:
    """Return the files of a folder that name addresses; raises InputError when there is none.

    ArchiveBox has one index of all, or one for each snapshot; Open Terms Archive one file for each
    service.
    """
    index = folder / "index.json"
    snapshots = sorted((folder / "archive").glob("*/index.json"))
    declared = folder / "declarations" if (folder / "declarations").is_dir() else folder
    services = sorted(one for one in declared.glob("*.json") if not one.name.endswith(_HISTORY))
    files = snapshots or ([index] if index.is_file() else services)
    if not files:
        raise InputError(
            f"{folder}: neither declarations of Open Terms Archive nor an archive of ArchiveBox."
            " Archives themselves are taken in with `sousveil import`."
        )
    return files


def _read_file(path: Path) -> list[Listed]:
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES:,} bytes. Cut it into parts.")
    return read_addresses(_decoded(path.read_bytes(), path), path.name)


def _decoded(data: bytes, path: Path) -> str:
    """Return the text of a list; Excel writes UTF-16 where it says "Unicode"."""
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text, at byte {error.start}. Save it as “CSV UTF-8”."
        ) from error


def read_addresses(text: str, name: str) -> list[Listed]:
    """Return the addresses in the text of a list; `name` is the file's.

    Raises InputError for JSON that is damaged, or of a form that is not known.
    """
    if text.lstrip()[:1] not in {"{", "["}:
        return list(_in_table(text, name))
    try:
        return list(_in_json(json.loads(text), name))
    except ValueError as whole:  # damaged, or a number of more digits than Python reads
        try:
            return list(_in_json_lines(text, name))
        except ValueError as error:
            raise InputError(f"{name}: damaged JSON: {whole}.") from error
    except RecursionError as error:
        raise InputError(f"{name}: JSON that is nested too deep to be a list.") from error


# ---------------------------------------------------------------- tables


def _in_table(text: str, name: str) -> Iterator[Listed]:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        numbered = [(rows.line_num, [cell.strip() for cell in row]) for row in rows]
    except csv.Error as error:
        raise InputError(f"{name}, line {rows.line_num}: no CSV: {error}.") from error
    said = [(number, row) for number, row in numbered if any(row)]
    if not said:
        return
    header = [cell.lower() for cell in said[0][1]]
    column = _column(header, _ADDRESS)
    if column is None:
        column = _by_content([row for _, row in said])
        has_header = not _cell(said[0][1], column).startswith(_WEB) and len(said) > 1
        has_header = has_header and len(header) > 1
    else:
        has_header = True
    named = header if has_header else []
    actor, every, kind = (_column(named, one) for one in (_ACTOR, _EVERY, _KIND))
    for number, row in said[1:] if has_header else said:
        if target := _cell(row, column):
            where = f"{name}, line {number}"
            told = (_cell(row, actor), _cell(row, every), _cell(row, kind))
            yield Listed(_with_scheme(target), where, *told, number)


def columns_named(line: str) -> frozenset[str]:
    """Return which columns the first line of a table names: address, actor, every, kind."""
    delimiter = max(_DELIMITERS, key=line.count)
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a line of many thousand characters, or with odd ones, names nothing
        return frozenset()
    header = {cell.strip().lower() for cell in cells}
    known = {"address": _ADDRESS, "actor": _ACTOR, "every": _EVERY, "kind": _KIND}
    return frozenset(name for name, words in known.items() if not header.isdisjoint(words))


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    """Return where the first of `names` stands that a header has."""
    return next((header.index(name) for name in names if name in header), None)


def _by_content(rows: Sequence[Sequence[str]]) -> int:
    """Return the column that holds most addresses; the first where there is none."""
    counts: dict[int, int] = {}
    for row in rows:
        for number, cell in enumerate(row):
            counts[number] = counts.get(number, 0) + cell.startswith(_WEB)
    return max(counts, key=lambda number: (counts[number], -number))


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


def _with_scheme(target: str) -> str:
    """Return an address as it was written, with the scheme that people leave out."""
    host = target.partition("/")[0]
    is_bare = "://" not in target and "." in host[1:-1] and " " not in target
    return f"https://{target}" if is_bare and not target.startswith("/") else target


# ---------------------------------------------------------------- JSON


def _in_json(told: object, name: str) -> Iterator[Listed]:
    if isinstance(told, list):
        for number, one in enumerate(told, 1):
            yield from _entry(one, f"{name}, entry {number}", number)
    elif isinstance(told, Mapping) and _terms(told):
        yield from _declared(told, name)
    elif isinstance(told, Mapping) and isinstance(told.get("links"), list):
        yield from _in_json(told["links"], name)
    elif isinstance(told, Mapping) and isinstance(told.get("resources"), list):
        raise InputError(
            f"{name}: names archive files, not addresses. Take them in: `sousveil import {name}`."
        )
    else:
        yield from _entry(told, name, 1)


def _in_json_lines(text: str, name: str) -> Iterator[Listed]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield from _entry(json.loads(line), f"{name}, line {number}", number)


def _entry(told: object, where: str, number: int) -> Iterator[Listed]:
    """Yield the address of a snapshot or a page, if it has one."""
    url = told.get("url") if isinstance(told, Mapping) else told
    if isinstance(url, str) and url.startswith(_WEB):
        yield Listed(url, where, number=number)


def _terms(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the terms of a declaration: `documents`, or `terms` of newer ones."""
    terms = told.get("terms", told.get("documents"))
    return terms if isinstance(terms, Mapping) and "name" in told else {}


def _declared(told: Mapping[str, Any], name: str) -> Iterator[Listed]:
    for title, terms in _terms(told).items():
        if not isinstance(terms, Mapping):
            continue
        parts = terms.get("combine", [terms])
        for part in parts if isinstance(parts, list) else []:
            url = part.get("fetch", terms.get("fetch")) if isinstance(part, Mapping) else None
            if isinstance(url, str):
                kind = "document" if url.lower().endswith(".pdf") else ""
                yield Listed(url, f"{name}, {title}", str(told["name"]), kind=kind)
