"""What tells one way of reading from another, in one short line.

    claims 0.1.0+a1b2c3, ethnicity 1+d4e5f6, reader 0718ab, case model 2

The program's version with a digest of the finder's code, weights and cues; each topic's version
with a digest of its terms, for people edit a file without raising its version; a digest of what
turns bytes into text; and the case's own model, if it has one. A capture that was read under
another line is read again.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable

import msgspec

from sousveil import __version__
from sousveil.topics.load import Topic

DIGITS = 6  # 24 bits: tells a few hundred editions of one thing apart

# Packages of others that turn bytes into text; another version may give another text.
_READERS = ("onnxruntime", "pypdfium2", "rapidocr", "resiliparse")


def engine_name(topics: Sequence[Topic], case_model: str = "") -> str:
    """Return the line for these topics; `case_model` names the case's own model, "" for none."""
    told = [
        f"claims {__version__}+{_digest_of('claims', 'topics/cues', 'topics/traditional.txt')}",
        *(f"{topic.name} {topic.version}+{_digest_of_terms(topic)}" for topic in topics),
        f"reader {_reader()}",
    ]
    return ", ".join([*told, case_model] if case_model else told)


def words_digest(topics: Sequence[Topic]) -> str:
    """Return the digest of all that the terms of these topics, or the cues, are made ready from."""
    made_by = _whole_digest_of("claims/ready.py", "claims/normal.py", "topics")
    texts = [msgspec.json.encode((topic.name, topic.terms)) for topic in topics]
    return _whole(made_by.encode(), unicodedata.unidata_version.encode(), *texts)


def _digest_of_terms(topic: Topic) -> str:
    return _short(msgspec.json.encode(topic.terms))


@cache
def _reader() -> str:
    return _short(_digest_of("extract", "facts").encode(), *(_version(name) for name in _READERS))


def _version(distribution: str) -> bytes:
    try:
        return f"{distribution} {metadata.version(distribution)}".encode()
    except metadata.PackageNotFoundError:  # an extra that is not installed
        return distribution.encode()


def _digest_of(*paths: str) -> str:
    return _whole_digest_of(*paths)[:DIGITS]


@cache
def _whole_digest_of(*paths: str) -> str:
    """Return a digest of files of this package, and of all below folders, by name and content."""
    package = resources.files("sousveil")
    return _whole(*(part for path in paths for part in _parts(package.joinpath(path))))


def _parts(place: Traversable) -> list[bytes]:
    if place.is_file():
        return [place.name.encode(), place.read_bytes()]
    entries = sorted(place.iterdir(), key=lambda entry: entry.name)
    return [part for entry in entries if entry.name != "__pycache__" for part in _parts(entry)]


def _short(*parts: bytes) -> str:
    return _whole(*parts)[:DIGITS]


def _whole(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
