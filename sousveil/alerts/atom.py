"""The feed: what happened in a case, as a file that any feed reader takes.

Takes notices and gives an Atom document (RFC 4287), newest entry first; the same notices give the
same bytes. It says as much as level `sentence` of a channel does: no address, actor, operator or
case. Identifiers are tag URIs (RFC 4151) under a name that nobody can own (RFC 6761, section 6.4),
with a digest of the log's name, so that two cases' feeds differ and neither tells whose it is.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from sousveil.durable import write_durably
from sousveil.jsonform import instant
from sousveil.model import Notice

FEED_FILE = "alerts.atom"
MAX_ENTRIES = 100  # of one file; a reader that looks daily misses none

ATOM = "http://www.w3.org/2005/Atom"  # the namespace's name: section 1.2
_TAG = "tag:sousveil.invalid,2026:"

# Characters that no XML document may hold (XML 1.0, production 2).
_NO_CHARACTERS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(notices: Sequence[Notice], *, origin: str, begun: datetime) -> bytes:
    """Return the feed of `notices`, of which the newest `MAX_ENTRIES` are taken.

    `origin` is the log's name; `begun` dates a feed without entries.
    """
    newest = sorted(notices, key=lambda notice: notice.at, reverse=True)[:MAX_ENTRIES]
    own = hashlib.sha256(f"feed of {origin}".encode()).hexdigest()[:16]
    feed = ET.Element("feed", xmlns=ATOM)
    _put(feed, "id", f"{_TAG}{own}")
    _put(feed, "title", "What changed")
    _put(feed, "updated", instant(newest[0].at if newest else begun))
    _put(ET.SubElement(feed, "author"), "name", "sousveil")
    for notice in newest:
        entry = ET.SubElement(feed, "entry")
        _put(entry, "id", f"{_TAG}{own}/{notice.id}")
        _put(entry, "title", notice.text)  # many readers show nothing else
        _put(entry, "updated", instant(notice.at))
        ET.SubElement(entry, "category", term=notice.kind)
        _put(entry, "content", notice.text).set("type", "text")
    ET.indent(feed)
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def write_feed(folder: Path, document: bytes) -> Path:
    """Keep the feed in a case's folder, whole after any crash; return where it is.

    A file that is as it should be is left alone, so that readers need not fetch it again.
    """
    path = folder / FEED_FILE
    if not path.is_file() or path.read_bytes() != document:
        write_durably(path, document)
    return path


def _put(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = _NO_CHARACTERS.sub("", text)
    return element
