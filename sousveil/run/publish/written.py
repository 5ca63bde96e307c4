"""Written: a person's text on a case, held against the case, and its editions in the log.

Takes the text file beside the case's settings and what `verify` has found; gives a text that may be
published, or every problem with it. Publishing is an event: it holds the whole text, what it cites
and the digest of the pages, so that a later edition cannot quietly say otherwise. It is logged
before its pages get their place, which nobody reads until then.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sousveil.case import Case
from sousveil.dossier.harm.conceal import Concealer
from sousveil.dossier.harm.remains import Remains
from sousveil.dossier.harm.sentences import private_problems
from sousveil.dossier.write import finish
from sousveil.dossier.writing.errata import Edition, errata
from sousveil.dossier.writing.pages import Text
from sousveil.dossier.writing.parse import MAX_CHARACTERS, parse
from sousveil.dossier.writing.rules import Cited, problems
from sousveil.durable import file_sha256
from sousveil.errors import InputError
from sousveil.index.query import findings
from sousveil.index.reviews import reviews
from sousveil.index.store import Index
from sousveil.index.translations import translations_of
from sousveil.ledger import Writer, read_events
from sousveil.model import Event, Fault, Finding, Review
from sousveil.review.decisions import status

TEXT_FILE = "dossier.md"
EVENT = "published"

_WHY_NOT = {
    "open": "which nobody has decided on. Review it, or cite another.",
    "rejected": "which was rejected. Cite another.",
    "disputed": "on which people disagree. Settle it, or cite another.",
}
_WHOLE_LOG = ("log/", "events/")


def read_text(path: Path) -> str:
    """Return a text's characters; raises InputError when it is not there, or is no text."""
    try:
        if path.stat().st_size > 4 * MAX_CHARACTERS:  # bytes of UTF-8 in a character, at most
            raise InputError(f"{path}: over {4 * MAX_CHARACTERS:,} bytes. Split it.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason}). Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error


def judged_text(
    case: Case,
    index: Index,
    faults: Iterable[Fault],
    source: str,
    concealer: Concealer,
    *,
    publishing: Edition | None,
) -> tuple[Text, list[str]]:
    """Return a text with every problem that stands against it, in words, none when it may go out.

    `faults` are what `verify` found. `publishing` is the edition that it is to become; None for a
    draft, which shows the errata so far. What the `concealer` withholds is refused in the text
    itself, and taken out of what is told of it: the findings cited, and the errata, which would
    print anew what was corrected for a person's sake.
    """
    found = findings(index)
    decided, translations = reviews(index), translations_of(index, found)
    unproved = _unproved(faults)
    known = {
        one.id: Cited(
            one, _why_not(one, decided.get(one.id, ()), unproved), translations.get(one.id, ())
        )
        for one in found
    }
    past = [*editions(case), *([publishing] if publishing else [])]
    text = Text(
        parse(source), known, number=publishing.number if publishing else None, errata=errata(past)
    )
    actors = {one.actor for one in found if one.actor}
    against = [
        *problems(text.written, known, actors),
        *private_problems(source, concealer, text.written.statements),
        *private_problems(publishing.correction if publishing else "", concealer),
    ]
    told = [str(problem) for problem in sorted(against, key=lambda one: one.line)]
    return _concealed(text, concealer), told


def _concealed(text: Text, concealer: Concealer) -> Text:
    cited = {
        one: replace(
            told,
            finding=concealer.finding(told.finding),
            translations=concealer.value(told.translations, one),
        )
        for one, told in text.known.items()
        if one in text.cited
    }
    return replace(text, known=cited, errata=concealer.value(text.errata))


def _unproved(faults: Iterable[Fault]) -> tuple[frozenset[str], tuple[str, ...], bool]:
    """Return the damaged files, the problems told, and whether the log itself is damaged."""
    told = list(faults)
    damaged = frozenset(fault.path for fault in told)
    return (
        damaged,
        tuple(fault.problem for fault in told),
        any(path.startswith(_WHOLE_LOG) for path in damaged),
    )


def _why_not(
    finding: Finding,
    decided: Sequence[Review],
    unproved: tuple[frozenset[str], tuple[str, ...], bool],
) -> str:
    """Return why a finding is no evidence; "" when it is."""
    damaged, told, is_all = unproved
    here = f"finding {finding.id}:"
    if is_all or finding.capture.record.warc in damaged or any(here in one for one in told):
        return "whose evidence does not verify. Run `sousveil verify`."
    return _WHY_NOT.get(status(decided), "")


def editions(case: Case) -> list[Edition]:
    """Return the editions that were published, the first one first."""
    told = read_events(case, wanted=lambda _, kind: kind == EVENT)
    return [_edition(event) for event in told]


def _edition(event: Event) -> Edition:
    body = event.body
    return Edition(body["edition"], event.time, body["text"], body.get("correction", ""))


def next_edition(case: Case, source: str, correction: str, now: datetime) -> Edition:
    """Return the edition that `source` becomes when it is published.

    Raises InputError when it says what the latest one says, or corrects nothing.
    """
    past = editions(case)
    if past and past[-1].text == source:
        raise InputError(
            f"edition {past[-1].number} says the same, word for word. There is nothing to publish."
        )
    if correction and not past:
        raise InputError("--correction: nothing was published yet that could be corrected.")
    return Edition(len(past) + 1, now, source, correction)


def finish_edition(case: Case, folder: Path) -> Edition | None:
    """Put the newest edition in place at `folder`, where a run was cut off once it was logged.

    Returns that edition; None where no run was cut off there. Raises what `write.finish` raises.
    """
    told = list(read_events(case, wanted=lambda _, kind: kind == EVENT))
    if told and finish(folder, lambda fresh: told[-1].body["pages"] == f"sha256:{_digest(fresh)}"):
        return _edition(told[-1])
    return None


def log_edition(
    writer: Writer, edition: Edition, text: Text, folder: Path, *, by: str, remains: Remains
) -> Event:
    """Log that an edition was published by somebody, who agreed to what `remains` in it.

    `folder` holds its pages.
    """
    body = {
        "edition": edition.number,
        "by": by,
        "text": edition.text,
        "cites": sorted(text.cited),
        "pages": f"sha256:{_digest(folder)}",
        "withheld": dict(remains.withheld),
        "agreed": remains.agreed,
    }
    if edition.correction:
        body["correction"] = edition.correction
    return writer.commit(EVENT, body, now=edition.at)


def _digest(folder: Path) -> str:
    """Return the SHA-256 of a folder: of its list as `sha256sum` writes it, sorted by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = (f"{file_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
