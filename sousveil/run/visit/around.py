"""Asking around: what a host says to other addresses when a page, or a quote in it, is missed.

A 404 may be one page or the whole host, a "not found" page may be what every address gets, and what
is missed here may stand for visitors of another country. So, once a visit that misses something is
kept and logged, the same host is asked for an address that nobody ever published, its front page, a
neighbour that answered well before, and its site map, at most once an hour; and the address itself
through each other exit that the case names. Its robots.txt comes first (RFC 9309): it names the
site map, and binds what is asked for a site or a feed whose watch obeys it. All of it goes by the
wire alone, in turn, as gently as visits do, into one `around` event with a WARC of its own. What it
means is decided later, from the log (`changes/answer/`).
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
from sousveil.capture.robots import MAX_BYTES as MAX_ROBOTS_BYTES
from sousveil.capture.robots import Robots, read_robots, robots_url
from sousveil.changes.answer import Answer, stands, what_answer_came
from sousveil.changes.looks import Probe
from sousveil.errors import CaseError, LogError, SousveilError
from sousveil.index.originals import original
from sousveil.index.query import captures_of_look, earliest_findings, event_body, fates_of
from sousveil.index.store import Index
from sousveil.index.verdicts import (
    Aside,
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
from sousveil.run.read.guides import last_capture, read_answer
from sousveil.run.visit.entity import content_of
from sousveil.run.visit.gather import gather
from sousveil.run.visit.means import Means
from sousveil.run.visit.pending import new_file, new_folder
from sousveil.run.visit.records import SOFTWARE, request_facts, warc_writer, write_gathered
from sousveil.watch.scope import page_address, same_host

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

    role: str  # "robots", "made_up", "home", "neighbour", "sitemap", "exit"
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
        recent = recently_asked(self.index, visited.body["target"], visited.time)
        questions = list(self._questions(watch, visited, answer.facts.probes, recent))
        return self._ask(watch, visited, questions, self._rules(recent)) if questions else None

    def _rules(self, recent: Sequence[Aside]) -> Robots | None:
        """Return the rules of the host, where it was asked for them lately."""
        asked = [one for one in recent if one.role == "robots"]
        if not asked:
            return None
        answer = read_answer(self.writer.case, last_capture(asked[-1].facts), whatever_status=True)
        return read_robots(answer.status, answer.body) if answer else read_robots(None, b"")

    def _questions(
        self, watch: Watch, visited: Event, probes: Sequence[Probe], recent: Sequence[Aside]
    ) -> Iterator[Question]:
        last = probes[-1]
        if last.failure is not None and last.failure.kind in _OURS:
            return
        url, own = visited.body["target"], self.means.exit_name(watch)
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

    def _ask(
        self, watch: Watch, visited: Event, questions: list[Question], rules: Robots | None
    ) -> Event | None:
        writer, clock, is_bound = self.writer, self.means.clock, _is_bound(watch)
        started_at, asked = clock(), []
        warc_path = writer.new_warc_path(started_at)
        warc = new_file(writer, warc_path)
        seen = functools.partial(original, self.index, watch.id)
        with warc_writer(writer.case, warc, warc_path, started_at, seen) as records:
            for planned in questions:
                question = _within(rules, watch, planned)
                if question is None:
                    continue
                if not self.wait(question.url, rules.delay_seconds if is_bound and rules else 0.0):
                    break
                answered, found = self._answer(records, watch, question)
                asked.append(answered)
                if question.role == "robots":
                    rules = found
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

    def _answer(self, records: WarcWriter, watch: Watch, question: Question) -> tuple[Json, Robots]:
        """Ask one question, write down what came, and return what the log says of it.

        Beside it the rules that the answer holds, if it is a robots.txt.
        """
        at, folder = self.means.clock(), new_folder(self.writer)
        asking = replace(watch, browser=False)
        if question.role == "exit":
            asking = replace(asking, exit=question.exit)
        facts: Json = {"role": question.role, "url": question.url, "exit": question.exit, "at": at}
        try:
            found = gather(self.means, asking, question.url, folder)
            last = found.exchanges[-1]
            rules = read_robots(last.status, content_of(last, MAX_ROBOTS_BYTES))
            kept = write_gathered(records, found)
            return facts | {
                "probes": [Probe(one.url, one.status, one.failure) for one in found.exchanges],
                "captures": kept.captures,
                "requests": [request_facts(one) for one in found.exchanges],
            }, rules
        except (CaseError, LogError):
            raise
        except SousveilError as error:
            failure = Failure(FailureKind.PROTOCOL, str(error))
            probes = [Probe(question.url, None, failure)]
            told = facts | {"probes": probes, "captures": [], "requests": []}
            return told, read_robots(None, b"")
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
    yield "robots", robots_url(url)
    yield "made_up", made_up_sibling(url, secrets.token_hex(TOKEN_BYTES))
    if home != url:
        yield "home", home
    neighbour = good_neighbour(index, url, home)
    if neighbour is not None:
        yield "neighbour", neighbour
    yield "sitemap", f"{home}sitemap.xml"


def _within(rules: Robots | None, watch: Watch, question: Question) -> Question | None:
    """Return a question as a host's rules would have it; None when it is not to be asked.

    They bind what a crawl would ask for, where its watch obeys them. A page that a person named is
    no crawl, and the address that is missed was asked for already.
    """
    if rules is None or question.role in {"robots", "exit"}:
        return question
    if question.role == "sitemap":
        named = (page_address(question.url, one) for one in rules.sitemaps)
        ours = (one for one in named if one is not None and same_host(one, question.url))
        question = replace(question, url=next(ours, question.url))
    return question if not _is_bound(watch) or rules.allows(question.url) else None


def _is_bound(watch: Watch) -> bool:
    return watch.bounds is not None and watch.bounds.robots == "obey"


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
