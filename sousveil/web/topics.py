"""Topics of a case, as the desk edits them: copies of its own, tried on captured text first.

A topic that comes with sousveil is never changed: what is saved is `topics/NAME.toml` in the case's
folder, and `case.toml` names that file where it named the topic. Findings tell which version of
which words found them, so other words need a higher version.
"""

import json
import re
import threading
import time
from dataclasses import dataclass, replace

from sousveil.case import SETTINGS_FILE, Case
from sousveil.claims.finder import find
from sousveil.durable import make_folders, write_durably
from sousveil.errors import InputError, TopicError
from sousveil.index.store import Index
from sousveil.model import Block, BlockKind, Document
from sousveil.settings import parse_settings
from sousveil.topics.load import MAX_FILE_BYTES, Topic, faults, load, parse, source

FOLDER = "topics"

# A preview is waited for: the newest passages, for as long as a person watches a page load.
MAX_PASSAGES = 4_000
MAX_PASSAGE_CHARACTERS = 2_000
TRIAL_SECONDS = 1.5
MAX_SHOWN = 25  # of what would be found, and of what would be lost

_TOPICS = re.compile(r"^topics[ \t]*=[ \t]*\[[^\]]*\]", re.MULTILINE)
_NAMED = re.compile(r"'([^']+)'|trait\.([a-z0-9_-]+)")
_SAVING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Own:
    """A topic that a case looks for."""

    entry: str  # as `case.toml` names it
    topic: Topic

    @property
    def is_own(self) -> bool:
        """Whether it is a file, and not one that comes with sousveil."""
        return self.entry.endswith(".toml")


@dataclass(frozen=True, slots=True)
class Told:
    """A passage that one wording of a topic finds and the other does not."""

    text: str
    start: int  # of the quote in it
    end: int
    lang: str
    address: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What other words would find in captured text."""

    passages: int  # that were looked at
    is_whole: bool  # whether these are all that the case has
    before: int  # passages found with the words as they are
    gained: tuple[Told, ...]
    lost: tuple[Told, ...]


def topics_of(case: Case) -> list[Own]:
    """Return the topics that a case looks for; raises TopicError as `load`."""
    return [Own(one, load(_located(case, one))) for one in case.settings.topics]


def text_of(case: Case, own: Own) -> str:
    """Return the text of a topic; raises TopicError when it cannot be read."""
    return source(_located(case, own.entry))


def checked(text: str, topics: list[Own]) -> Topic:
    """Return the topic that a text tells, fit to be saved.

    Raises TopicError with the line where it can be told, and InputError for words that changed
    under the version they had.
    """
    if len(text.encode("utf-8", "replace")) > MAX_FILE_BYTES:
        raise TopicError(f"larger than {MAX_FILE_BYTES:,} bytes; a topic is a short word list.")
    try:
        topic = parse(text, "topic")
        amiss = next(faults(topic, "topic"), None)
    except TopicError as error:
        raise TopicError(with_line(text, str(error))) from error
    if amiss is not None:
        raise TopicError(with_line(text, amiss))
    before = next((one.topic for one in topics if one.topic.name == topic.name), None)
    if before and before.terms != topic.terms and topic.version <= before.version:
        raise InputError(
            f"the words are others than those of version {before.version}, and findings tell by"
            f" which version they were found. Write version = {before.version + 1}."
        )
    return topic


def with_line(text: str, message: str) -> str:
    """Return a message with the line that it is about, where what it names stands in the text.

    TOML's own messages tell their line; those about words tell the words.
    """
    if "line " in message:
        return message
    found = list(_NAMED.finditer(message))
    quoted = [f'"{match[1]}"' for match in found if match[1]]
    for named in [*quoted, *(match[1] or match[2] for match in reversed(found))]:
        for number, line in enumerate(text.splitlines(), 1):
            if named in line:
                return f"line {number}: {message}"
    return message


def save(case: Case, text: str, topic: Topic) -> None:
    """Keep a topic as the case's own, and let its settings name it.

    1. The file is written.    Crash: nothing names it yet, or the former words were replaced.
    2. `case.toml` names it.

    Raises InputError when `case.toml` names its topics in a way that only a person can change.
    """
    entry = f"{FOLDER}/{topic.name}.toml"
    with _SAVING:
        names = [one.topic.name for one in topics_of(case)]
        entries = list(case.settings.topics)
        if topic.name in names:
            entries[names.index(topic.name)] = entry
        else:
            entries.append(entry)
        settings = _named(case, entries)
        make_folders(case.root / FOLDER)
        write_durably(case.root / entry, text.replace("\r\n", "\n").encode())
        if entries != list(case.settings.topics):
            write_durably(case.root / SETTINGS_FILE, settings.encode(), private=True)


def _named(case: Case, entries: list[str]) -> str:
    """Return the text of `case.toml` with these topics, and all else as people wrote it."""
    path = case.root / SETTINGS_FILE
    listed = ", ".join(json.dumps(one, ensure_ascii=False) for one in entries)
    text = path.read_text(encoding="utf-8")
    changed = _TOPICS.sub(lambda _: f"topics = [{listed}]", text, count=1)
    if parse_settings(changed, path) != replace(case.settings, topics=tuple(entries)):
        raise InputError(f"{path}: write this yourself, then save again: topics = [{listed}]")
    return changed


def trial(index: Index, before: Topic | None, after: Topic) -> Trial:
    """Return what would be found and lost among the newest passages of a case."""
    until = time.monotonic() + TRIAL_SECONDS
    looked, found = 0, 0
    gained, lost = list[Told](), list[Told]()
    rows = index.rows(
        "SELECT text, kind, lang, address FROM passage WHERE length(text) <= ?"
        " ORDER BY id DESC LIMIT ?",
        MAX_PASSAGE_CHARACTERS,
        MAX_PASSAGES,
    )
    is_cut = False
    for text, kind, lang, address in rows:
        if time.monotonic() > until:
            is_cut = True
            break
        looked += 1
        document = _document(text, kind, lang)
        old = _quotes(document, before) if before else []
        new = _quotes(document, after)
        found += bool(old)
        gained += [Told(text, *one, lang, address) for one in new[:1] if not old]
        lost += [Told(text, *one, lang, address) for one in old[:1] if not new]
    is_whole = not is_cut and looked < MAX_PASSAGES
    return Trial(looked, is_whole, found, tuple(gained), tuple(lost))


def _quotes(document: Document, topic: Topic) -> list[tuple[int, int]]:
    return [(claim.start, claim.end) for claim in find(document, (topic,))]


def _document(text: str, kind: str, lang: str) -> Document:
    is_code = kind == "code"
    block = Block(0, len(text), BlockKind.CODE if is_code else BlockKind.PARAGRAPH)
    return Document(text, (block,), "code" if is_code else "text", "utf-8", lang=lang)


def _located(case: Case, entry: str) -> str:
    return str(case.root / entry) if entry.endswith(".toml") else entry
