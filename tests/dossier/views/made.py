"""Made-up facts and findings for tests of views; made-up companies and places alone."""

from dataclasses import replace
from datetime import UTC, datetime

from sousveil.model import Cite, Fact, FactKind, Field, Finding, RecordRef
from tests.dossier.reports import FIRST_LOOK, IN_GIT, commit, finding

BAIT = "</title></svg><script>alert(1)</script>\"'\u202e"


def fact(id_: int, kind: FactKind, **fields: str | tuple[str, str]) -> Fact:
    """A confirmed fact; a field is its value, or its value and unit."""
    made = []
    for name, told in fields.items():
        value, unit = told if isinstance(told, tuple) else (told, "")
        record = RecordRef("archive/a.warc.gz", 1, 2, "<urn:uuid:0>", "sha256:00")
        quote = f"{name} is {value}"
        cite = Cite(quote, "", "", 0, "https://tenders.example/1", FIRST_LOOK, record, 3)
        made.append(Field(name, value, cite, unit))
    return Fact(f"{id_:012x}", kind, tuple(made), status="confirmed", by="Ada")


def in_code(actor: str, code: str, since: str, until: str = "") -> Finding:
    """A finding in a repository, brought in and taken out on these days by its commits."""
    source = replace(
        IN_GIT,
        entered=commit(f"in {actor}", _day(since), "add"),
        left=commit(f"out {actor}", _day(until), "drop") if until else None,
    )
    url = f"https://git.example/{actor}.git"
    return finding(code, f"{code} // more", url=url, actor=actor, lang="code", source=source)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
