"""Asking around: what a host says to other addresses when a page, or a quote in it, is missed.

A 404 may be one page or the whole host, a "not found" page may be what every address gets, and what
is missed here may stand for visitors of another country. So, once a visit that misses something is
kept and logged, the same host is asked for an address that nobody ever published, its front page, a
neighbour that answered well before, and its site map, at most once an hour; and the address itself
through each other exit that the case names. All of it goes by the wire alone, in turn, as gently as
visits do, into one `around` event with a WARC of its own. What it means is decided later, from the
log (`changes/answer/`).
"""

import functools
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from shutil import rmtree
from urllib.parse import urlsplit, urlunsplit

import msgspec

from sousveil.archive.write import WarcWriter
from sousveil.changes.answer import Answer, stands, what_answer_came
from sousveil.changes.looks import Probe
from sousveil.errors import CaseError, LogError, SousveilError
from sousveil.index.originals import original
from sousveil.index.query import captures_of_look, earliest_findings, event_body, fates_of
from sousveil.index.store import Index
from sousveil.index.verdicts import (
    JudgedLook,
    good_neighbour,
    judged_looks,
    recently_asked,
    sighted,
    told,
)
from sousveil.ledger import Writer
from sousveil.model import GONE, Capture, Event, Failure, FailureKind, Json, Watch
from sousveil.run.read.answered import ReadText, answer_of, text_reader
from sousveil.run.visit.gather import gather
from sousveil.run.visit.means import Means
from sousveil.run.visit.pending import new_file, new_folder
from sousveil.run.visit.records import SOFTWARE, request_facts, warc_writer, write_gathered

# Of other exits: each costs the host a request more; a case names one or two.
MAX_EXITS = 4

# A made-up name is too long to be anybody's, and short enough for any server.
TOKEN_BYTES = 8

# An ending of more characters is none: "/v2.products" has no file type.
MAX_ENDING_CHARACTERS = 6

# Failures of our own: they tell nothing of the target, whoever is asked.
_OURS = frozenset({FailureKind.REFUSED_ADDRESS, FailureKind.EXIT})

Wait = Callable[[str, float], bool]
"""(address, seconds its host asks for between requests) -> whether it may be asked for now."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be asked."""

    role: str  # "made_up", "home", "neighbour", "sitemap", "exit"
    url: str
    exit: str  # by name; "" for none


@dataclass(frozen=True, slots=True)
class Asker:
    """What questions are asked with."""

    writer: Writer
    index: Index
    means: Means
    wait: Wait
    asked: Callable[[str, str], None]  # told of each request and of the rest its host asked for

    def ask_around(self, watch: Watch, visited: Event) -> Event | None:
        """Ask around a visit that is in log and index, and return what is in the log for it.

        None when nothing is missed, when all was asked within the hour, or when the host wants to
        rest longer than may be waited for. Raises CaseError and LogError when the case cannot take
        the entry, and OSError, such as a full disk.
        """
        read = text_reader(self.writer.case)
        answer = answer_that_misses(self.index, watch, visited, read)
        if answer is None:
            return None
        questions = list(self._questions(watch, visited, answer.facts.probes))
        return self._ask(watch, visited, questions) if questions else None

    def _questions(
        self, watch: Watch, visited: Event, probes: Sequence[Probe]
    ) -> Iterator[Question]:
        last = probes[-1]
        if last.failure is not None and last.failure.kind in _OURS:
            return
        url, own = visited.body["target"], self.means.exit_name(watch)
        recent = recently_asked(self.index, url, visited.time)
        known = {one.role for one in recent if one.role != "exit"}
        # A host that does not answer would say no more at other addresses.
        for role, address in () if last.status is None else _addresses(self.index, url):
            if role not in known:
                yield Question(role, address, own)
        others = [name for name in sorted(self.means.settings.exits) if name != own]
        known = {one.exit for one in recent if one.role == "exit" and one.url == url}
        for name in others[:MAX_EXITS]:
            if name not in known:
                yield Question("exit", url, name)

    def _ask(self, watch: Watch, visited: Event, questions: list[Question]) -> Event | None:
        writer, clock = self.writer, self.means.clock
        started_at, asked = clock(), []
        warc_path = writer.new_warc_path(started_at)
        warc = new_file(writer, warc_path)
        seen = functools.partial(original, self.index, watch.id)
        with warc_writer(writer.case, warc, warc_path, started_at, seen) as records:
            for question in questions:
                if not self.wait(question.url, 0.0):
                    break
                answered = self._answer(records, watch, question)
                asked.append(answered)
                requests = answered["requests"] or [{}]
                self.asked(question.url, requests[-1].get("retry_after", ""))
        if not asked:
            warc.unlink()
            return None
        body = {
            "watch_id": watch.id,
            "target": visited.body["target"],
            "of": visited.index,
            "software": SOFTWARE,
            "started_at": started_at,
            "ended_at": clock(),
            "asked": asked,
        }
        told_body = msgspec.to_builtins(body)
        return writer.commit("around", told_body, now=clock(), warc=warc, warc_path=warc_path)

    def _answer(self, records: WarcWriter, watch: Watch, question: Question) -> Json:
        """Ask one question, write down what came, and return what the log says of it."""
        at, folder = self.means.clock(), new_folder(self.writer)
        asking = replace(watch, browser=False)
        if question.role == "exit":
            asking = replace(asking, exit=question.exit)
        facts: Json = {"role": question.role, "url": question.url, "exit": question.exit, "at": at}
        try:
            found = gather(self.means, asking, question.url, folder)
            kept = write_gathered(records, found)
            return facts | {
                "probes": [Probe(one.url, one.status, one.failure) for one in found.exchanges],
                "captures": kept.captures,
                "requests": [request_facts(one) for one in found.exchanges],
            }
        except (CaseError, LogError):
            raise
        except SousveilError as error:
            failure = Failure(FailureKind.PROTOCOL, str(error))
            probes = [Probe(question.url, None, failure)]
            return facts | {"probes": probes, "captures": [], "requests": []}
        finally:
            rmtree(folder)


def answer_that_misses(index: Index, watch: Watch, visited: Event, read: ReadText) -> Answer | None:
    """Return the answer that a visit brought when it misses the page or a quote, else None.

    Compares with the last look that brought the page, so a first visit misses nothing; an address
    that is confirmed to be gone is missed no more.
    """
    address = visited.body["target"]
    before = _last_page(index, address, visited)
    if before is None:
        return None
    answer = _answer_of(visited, read)
    held = [one.capture for one in captures_of_look(index, before.look.id)]
    former = answer_of(held, event_body(index, before.look.log_index), read)
    came = what_answer_came(former, answer)
    if came.is_page:
        return answer if _lacks_a_quote(index, address, answer) else None
    became = told(index, address, watch.id)
    return None if became and became.verdict in GONE else answer


def _last_page(index: Index, address: str, visited: Event) -> JudgedLook | None:
    own = visited.body.get("exit", "")
    pages = [
        one
        for one in judged_looks(index, address)
        if one.came and one.came.is_page and not one.look.is_import and one.look.exit == own
    ]
    return pages[-1] if pages else None


def _answer_of(visited: Event, read: ReadText) -> Answer:
    captures = msgspec.convert(visited.body["captures"], list[Capture])
    return answer_of(captures, visited.body, read)


def _lacks_a_quote(index: Index, address: str, answer: Answer) -> bool:
    """Whether a quote that nobody knows to be gone stands nowhere in an answer."""
    ids = list(sighted(index, address))
    fates = fates_of(index, ids)
    standing = [one for one in ids if one in fates and fates[one].verdict not in GONE]
    return any(
        finding.source.path is None
        and not any(stands(finding.quote, document.text) for document in answer.texts)
        for finding in earliest_findings(index, standing)
    )


# ---------------------------------------------------------------- addresses


def _addresses(index: Index, url: str) -> Iterator[tuple[str, str]]:
    """Yield role and address of what the host of `url` is asked for."""
    home = urlunsplit(urlsplit(url)._replace(path="/", query="", fragment=""))
    yield "made_up", made_up_sibling(url, secrets.token_hex(TOKEN_BYTES))
    if home != url:
        yield "home", home
    neighbour = good_neighbour(index, url, home)
    if neighbour is not None:
        yield "neighbour", neighbour
    yield "sitemap", f"{home}sitemap.xml"


def made_up_sibling(url: str, token: str) -> str:
    """Return an address in the same folder as `url`, of the same shape, named by `token`.

    "/a/lens.html" gives "/a/TOKEN.html", "/a/lens/" gives "/a/TOKEN/".
    """
    parts = urlsplit(url)
    path = PurePosixPath(parts.path or "/")
    ending = path.suffix if len(path.suffix) <= MAX_ENDING_CHARACTERS else ""
    is_folder = parts.path.endswith("/") and path != path.parent
    made_up = str(path.parent / (token + ending)) + ("/" if is_folder else "")
    return urlunsplit(parts._replace(path=made_up, query="", fragment=""))
