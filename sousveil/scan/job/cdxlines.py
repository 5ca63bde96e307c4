"""CDX and CDXJ files: the wanted records among their lines.

CDX: fields by the legend of the first line (Internet Archive, "CDX File Format"). CDXJ 0.1.0 with
the fields of pywb, of WACZ and of Common Crawl, whose ZipNum files (`cdx-00000.gz`) are gzip files
of many members.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sousveil.errors import InputError
from sousveil.scan.job.inputs import opened
from sousveil.scan.job.places import Place, Wanted, checked_place

MAX_LINE_BYTES = 2**20  # addresses reach some kilobytes

_LEGEND = re.compile(rb"^.?CDX ((?:[A-Za-z] )*[A-Za-z])\s*$")
_NAMES = {  # of the legend's letters, as CDXJ calls them
    "a": "url",
    "b": "timestamp",
    "m": "mime",
    "S": "length",
    "V": "offset",
    "g": "filename",
}


def places_in_cdx(index: str, wanted: Wanted) -> Iterator[Place]:
    """Yield the place of each record that is wanted, in the order of the lines.

    Raises InputError when the file cannot be read, is neither CDX with a legend nor CDXJ, or does
    not tell what is asked for.
    """
    with opened(index, is_gzip=index.lower().endswith(".gz")) as file:
        legend: list[str] = []
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise InputError(f"{index}, line {number}: longer than {MAX_LINE_BYTES:,} bytes.")
            if head := _LEGEND.match(line):
                legend = head[1].decode().split(" ")
                if wanted.languages:
                    raise InputError(f"{index}: tells no languages, which --language needs.")
            elif line.strip() and not line.startswith(b"!"):
                fields = _fields(f"{index}, line {number}", line, legend)
                if _is_wanted(fields, wanted):
                    yield checked_place(
                        f"{index}, line {number}",
                        fields.get("filename"),
                        fields.get("offset"),
                        fields.get("length"),
                    )


def _fields(place: str, line: bytes, legend: Sequence[str]) -> dict[str, Any]:
    """Return what a line tells, by CDXJ's names."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if legend:
        values = dict(zip(legend, text.split(" "), strict=False))
        return {name: values[letter] for letter, name in _NAMES.items() if letter in values}
    _, _, rest = text.partition(" ")
    timestamp, _, block = rest.partition(" ")
    try:
        told = json.loads(block)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: neither CDX with a legend nor CDXJ ({error}).") from error
    if not isinstance(told, dict):
        raise InputError(f"{place}: its JSON is no object.")
    return told | {"timestamp": timestamp}


def _is_wanted(fields: Mapping[str, Any], wanted: Wanted) -> bool:
    languages = str(fields.get("languages", "")).split(",")
    if wanted.languages and set(wanted.languages).isdisjoint(languages):
        return False
    if wanted.media_types:
        told = str(fields.get("mime-detected") or fields.get("mime") or "")
        if not any(
            told.startswith(w) if w.endswith("/") else told == w for w in wanted.media_types
        ):
            return False
    if wanted.hosts:
        host = _host(str(fields.get("url", "")))
        if not any(host == one or host.endswith(f".{one}") for one in wanted.hosts):
            return False
    stamp = str(fields.get("timestamp", ""))
    return not (
        (wanted.since and stamp < _digits(wanted.since))
        or (wanted.until and stamp >= _digits(wanted.until))
    )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # a bracket without its other
        return ""


def _digits(date: str) -> str:
    """Return a date as the first digits of CDX's timestamps."""
    return "".join(c for c in date if c.isdigit())[:14]
