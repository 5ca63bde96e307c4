"""Leaks in what is handed out: packages, bags, and the folders of dossiers."""

import html
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from sousveil.run.publish.leaks.leak import Leak, Wanted
from sousveil.run.publish.leaks.picture import in_picture
from sousveil.run.publish.leaks.records import in_warc
from sousveil.run.publish.leaks.words import PIECE_BYTES, in_json, in_text, in_theirs, quoted

_ENTRY = re.compile(r"sousveil/entry-[0-9]+\.json")
_OWN_JSON = re.compile(r"(?:sousveil/|datapackage)[^/]*\.jsonl?")


def in_package(file: BinaryIO, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a package of ours."""
    with zipfile.ZipFile(file) as package:
        names = package.namelist()
        known = quoted(
            (name, package.read(name)) for name in names if name.startswith("sousveil/finding-")
        )
        donated = _donated(package.read(one) for one in names if _ENTRY.fullmatch(one))
        for name in names:
            if name.startswith("archive/"):
                with package.open(name) as warc:
                    stem = name.partition("/")[2].partition(".warc")[0]
                    yield from in_warc(
                        cast("BinaryIO", warc), name, wanted, is_ours=stem not in donated
                    )
            elif _OWN_JSON.fullmatch(name):
                yield from in_json(package.read(name), name, wanted)
            elif name.startswith("sousveil/"):
                yield from in_text(package.read(name), name, wanted, known)
            else:
                with package.open(name) as listed:
                    pieces = iter(lambda: listed.read(PIECE_BYTES), b"")
                    yield from in_theirs(pieces, name, wanted)


def in_bag(folder: Path, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a bag of ours, a folder (RFC 8493)."""
    payload = folder / "data"
    donated = _donated(path.read_bytes() for path in payload.glob("sousveil/entry-*.json"))
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = path.relative_to(folder).as_posix()
        if name.startswith("data/archive/"):
            with path.open("rb") as warc:
                stem = path.name.partition(".warc")[0]
                yield from in_warc(warc, name, wanted, is_ours=stem not in donated)
        elif path.suffix in {".json", ".jsonl", ".jsonld"}:
            yield from in_json(path.read_bytes(), name, wanted)
        else:
            yield from in_text(path.read_bytes(), name, wanted, b"")


def _donated(entries: Iterable[bytes]) -> frozenset[str]:
    """Return the stems of archive files that the case took in from others, by entries of its log.

    Those of other files that lie beside entries say nothing of that.
    """
    told = [json.loads(one) for one in entries]
    return frozenset(
        str(entry["warc"]["path"]).rpartition("/")[2].partition(".warc")[0]
        for entry in told
        if entry.get("type") == "import" and "warc" in entry
    )


def in_folder(folder: Path, wanted: Wanted) -> Iterator[Leak]:
    """Yield what is private in a dossier."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    known = quoted((path.name, path.read_bytes()) for path in files if path.suffix == ".json")
    for path in files:
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".json":
            yield from in_json(data, name, wanted)
        elif path.suffix == ".html":
            text = html.unescape(data.decode()).encode("utf-8", "replace")
            yield from in_text(text, name, wanted, known)
        else:
            yield from in_picture(data, name, wanted)
