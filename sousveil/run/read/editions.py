"""Editions: which pages in other languages a page names, read from the archive once."""

from contextlib import nullcontext
from urllib.parse import urljoin

from sousveil.archive.read import payload
from sousveil.case import Case, Taken
from sousveil.errors import ArchiveError
from sousveil.extract.charset import decode
from sousveil.extract.links import html_links
from sousveil.index.store import Index
from sousveil.index.traces import put_editions, unasked_for_editions
from sousveil.model import Capture

# Large firms' sites come in some dozens of languages.
MAX_EDITIONS = 60


def note_editions(case: Case, index: Index, turn: Taken = nullcontext) -> None:
    """Put into the index what pages with findings say of their editions in other languages.

    The first such capture of each address counts; one that cannot be read names none. Written by
    turns (`Taken`).
    """
    found = {number: _named(case, capture) for number, capture in unasked_for_editions(index)}
    with turn():
        put_editions(index, found)


def _named(case: Case, capture: Capture) -> list[str]:
    try:
        answer = payload(case.root, capture.record, refers_to=capture.refers_to)
    except ArchiveError:
        return []  # `verify` names what is wrong with the record
    text, _ = decode(answer.body, http=answer.charset or None, declares=True)
    links = html_links(text)
    named: dict[str, None] = {}
    for link in links.links:
        if link.kind == "edition" and len(named) < MAX_EDITIONS:
            try:
                base = urljoin(capture.url, links.base)
                named[urljoin(base, link.href).partition("#")[0]] = None
            except ValueError:
                continue  # a page may write anything into a link
    named.pop(capture.url, None)
    return list(named)
