"""The forms of an export that are one file, or one with another beside it; and how they are made.

A form is a function from what was asked for to bytes, and one that reads back from these what they
tell, so that it is looked through for what would tell of us as it will be handed out. WACZ and bags
hold archive files, and are written by modules of their own.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from icalendar import Calendar

from sousveil.dossier.harm.conceal import counts
from sousveil.errors import InputError
from sousveil.run.publish.exports.annotations import annotations
from sousveil.run.publish.exports.bibtex import bibtex
from sousveil.run.publish.exports.calendar import calendar
from sousveil.run.publish.exports.csl import csl
from sousveil.run.publish.exports.ftm import ftm
from sousveil.run.publish.exports.parquet import parquet
from sousveil.run.publish.exports.tables import MARK, table
from sousveil.run.publish.exports.told import Told
from sousveil.run.publish.exports.whole import whole
from sousveil.run.publish.leaks import THEIRS, Leak, Wanted, in_strings, strings
from sousveil.run.publish.output import Output, Piece, put, require_new, sealed_ending

Text: TypeAlias = tuple[str, str, bool]
"""Where it stands, what it says, and whether it is of our making (`leaks.in_strings`)."""

Reader: TypeAlias = Callable[[bytes], Iterator[Text]]

# Members, columns and fields that repeat what others wrote, beside those of all our JSON.
_THEIRS = THEIRS | {
    *("selectors", "summary", "after", "before", "message", "context", "text", "subject"),
}
_BIBTEX_FIELD = re.compile(r"  (\w+) = \{(.*)\},")
_TEX = re.compile(r"[\\{}]")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that is one file."""

    make: Callable[[Told], bytes]
    read: Reader
    needs: str = "captures"  # what there must be some of: "findings", "captures" or ""
    beside: Mapping[str, "Form"] = field(default_factory=dict)  # by what their names end in


@dataclass(frozen=True, slots=True)
class Made:
    """What an export wrote."""

    files: tuple[str, ...]
    size_bytes: int
    findings: int
    notes: tuple[str, ...]  # what was left out, and what is told of leaks


def _in_json(data: bytes) -> Iterator[Text]:
    return strings(json.loads(data), "", _THEIRS)


def _in_lines(data: bytes) -> Iterator[Text]:
    for line in data.splitlines():
        yield from _in_json(line)


def _in_table(data: bytes) -> Iterator[Text]:
    rows = csv.DictReader(io.StringIO(data.decode().removeprefix(MARK), newline=""))
    return _in_rows(rows)


def _in_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Text]:
    for number, row in enumerate(rows, 1):
        yield from strings(row, f"row {number}", _THEIRS)


def _in_parquet(data: bytes) -> Iterator[Text]:
    import pyarrow.parquet as pq  # noqa: PLC0415  # an extra; `parquet` has made sure of it

    file = pq.ParquetFile(io.BytesIO(data))
    for batch in file.iter_batches():
        yield from _in_rows(batch.to_pylist())


def _in_bibtex(data: bytes) -> Iterator[Text]:
    for number, line in enumerate(data.decode().splitlines(), 1):
        told = _BIBTEX_FIELD.fullmatch(line)
        name, value = told.groups() if told else ("", line)
        yield f"line {number}", _TEX.sub("", value), name not in _THEIRS


def _in_calendar(data: bytes) -> Iterator[Text]:
    for event in Calendar.from_ical(data).walk("VEVENT"):
        # A summary names a page by its title, or repeats a quote; a letter's is our own.
        where = str(event["uid"])
        is_ours = where.startswith("inquiry-")
        yield f"{where}, summary", str(event.get("summary", "")), is_ours
        for name in ("description", "url"):
            yield f"{where}, {name}", str(event.get(name, "")), True


_ANNOTATIONS = Form(annotations, _in_json, needs="findings")
FORMS: Mapping[str, Form] = {
    "annotations": _ANNOTATIONS,
    "bibtex": Form(bibtex, _in_bibtex),
    "csl": Form(csl, _in_json),
    "csv": Form(table, _in_table, needs="findings"),
    "ftm": Form(ftm, _in_lines, beside={".annotations.jsonld": _ANNOTATIONS}),
    "icalendar": Form(calendar, _in_calendar),
    "json": Form(whole, _in_json, needs=""),
    "parquet": Form(parquet, _in_parquet, needs="findings"),
}
"""By the word that `--format` takes."""


def write_form(told: Told, name: str, output: Output) -> Made:
    """Write what was asked for in a form, and return what was written.

    Raises InputError when a file exists already, when there is nothing to export, and when
    something of ours would leak; then nothing is written.
    """
    form = FORMS[name]
    wanted = {output.path: form} | {
        beside(output, ending): other for ending, other in form.beside.items()
    }
    for path in wanted:
        require_new(path, sealed_ending(output))
    _require_some(told, form)
    sizes, leaks = put(told.case, output, [_piece(told, *one) for one in wanted.items()])
    return Made(
        tuple(str(path) for path in wanted),
        sum(sizes),
        len(told.statements),
        (*left_out(told), *withheld(told), *leaks),
    )


def beside(output: Output, ending: str) -> Path:
    """Return the name of a file beside an output: "a.ftm.json" has "a.ftm.annotations.jsonld"."""
    seal = sealed_ending(output)
    stem = output.path.name.removesuffix(seal)
    return output.path.with_name(f"{Path(stem).stem}{ending}{seal}")


def left_out(told: Told) -> Iterator[str]:
    """Yield in words what was asked for and is left out."""
    if told.unconfirmed:
        number = told.unconfirmed
        yield (
            f"left out, for nobody confirmed them: {number:,}"
            f" {'finding' if number == 1 else 'findings'}; --all takes them, each with its status"
        )


def withheld(told: Told) -> Iterator[str]:
    """Yield in words what was withheld of people."""
    if told.concealer and (found := counts(told.concealer.met)):
        kinds = ", ".join(f"{kind}: {number:,}" for kind, number in found.items())
        yield f"withheld of people: {kinds}; --allow contacts tells them all"


def _require_some(told: Told, form: Form) -> None:
    if form.needs == "findings" and not told.statements:
        more = "".join(f" ({one})" for one in left_out(told))
        raise InputError(
            f"nothing to export: no finding is confirmed that was asked for{more}."
            " `sousveil queue` shows what waits."
        )
    if form.needs == "captures" and not told.statements and next(told.captures(), None) is None:
        raise InputError("nothing to export: nothing was captured. `sousveil visit --all`")


def _piece(told: Told, path: Path, form: Form) -> Piece[int]:
    def write(file: BinaryIO) -> int:
        return file.write(form.make(told))

    def leaks(file: BinaryIO, wanted: Wanted) -> Iterator[Leak]:
        return in_strings(form.read(file.read()), path.name, wanted)

    return Piece(path, write, leaks)
