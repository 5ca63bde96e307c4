"""The figures of the worked case: from findings, as JSON, to the page in the documentation.

Takes what `sousveil findings --json` prints (docs/reference/finding.md) and the plan
(docs/worked-case/case.toml); gives when each field came, and when and how it left, and the page
made of them. Does no I/O. Nobody who wrote a commit is named: where a message names somebody, […]
stands instead.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from jinja2 import Environment, StrictUndefined

Json: TypeAlias = dict[str, Any]

MAX_MESSAGE = 100  # characters of a commit's message that a table shows
MAX_QUOTE = 160  # of a quote; the evidence has it whole
COMMIT_DIGITS = 12  # shown of a commit; git takes them for the whole

_CITED = re.compile(r"f:([0-9a-f]{12})")
_WORD = re.compile(r"[^\W\d]\w*", re.ASCII)
# Who did it, after a word that says so, or an address of mail.
_NAMED = re.compile(
    r"(\bby:?\s+|\bfrom\s+|\bauthor:?\s+)[^\s,，;；]+(?:\s+(?-i:[A-Z])[\w.'-]*)*"
    r"|[\w.+-]+@[\w.-]+|(?<!\w)@\w+",
    re.IGNORECASE,
)


def read_plan(text: str) -> Json:
    """Return the plan; raises tomllib.TOMLDecodeError for what is none."""
    return tomllib.loads(text)


def shown_message(message: str) -> str:
    """Return a commit's message on one line, cut to MAX_MESSAGE, with nobody's name."""
    line = " ".join(message.split())
    line = _NAMED.sub(lambda match: f"{match[1] or ''}[…]", line)
    return line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE].rstrip()}…"


def fields_in(finding: Json, plan: Json) -> list[str]:
    """Return the fields of the plan that a quote names."""
    words = {word.casefold() for word in _WORD.findall(finding["quote"])}
    return [
        one["name"]
        for one in plan["field"]
        if any(name.casefold() in words for name in one["names"])
    ]


def names_of(field: str, plan: Json) -> list[str]:
    """Return the names that count as a field."""
    return next(one["names"] for one in plan["field"] if one["name"] == field)


def apart(finding: Json, plan: Json) -> str | None:
    """Return why a finding is none of this case's; None when nothing in the plan says so."""
    if fields_in(finding, plan):
        return None
    quote = finding["quote"].casefold()
    reasons = (one["reason"] for one in plan["apart"] if one["part"].casefold() in quote)
    return next(reasons, None)


def counted(findings: Sequence[Json], plan: Json) -> Json:
    """Return how many findings there are of each repository, label, trait and kind."""
    return {
        "all": len(findings),
        "labels": dict(sorted(Counter(one["label"] for one in findings).items())),
        "traits": dict(sorted(Counter(one["trait"] for one in findings).items())),
        "with_field": sum(bool(fields_in(one, plan)) for one in findings),
        "apart": sum(apart(one, plan) is not None for one in findings),
        "gone": sum("left" in one["source"] for one in findings),
    }


def courses(findings: Iterable[Json], plan: Json) -> list[Json]:
    """Return, for each repository and field, the commits that first brought it and last took it.

    `left` is None while any quote with the field stands.
    """
    held: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for finding in findings:
        for name in fields_in(finding, plan):
            held[finding["capture"]["url"], name].append(finding)
    order = [one["address"] for one in plan["repository"]]
    names = [one["name"] for one in plan["field"]]
    return [
        _course(name, held[url, name])
        for url, name in sorted(held, key=lambda key: (order.index(key[0]), names.index(key[1])))
    ]


def _course(name: str, findings: Sequence[Json]) -> Json:
    first = min(findings, key=lambda one: (one["source"]["entered"]["commit_date"], one["id"]))
    left = [one["source"]["left"] for one in findings if "left" in one["source"]]
    stands = len(left) < len(findings)
    return {
        "field": name,
        "findings": len(findings),
        **_told(first),
        "left": None if stands else _commit(max(left, key=lambda one: one["commit_date"])),
    }


def _commit(commit: Json) -> Json:
    return {
        "commit": commit["commit"],
        "date": commit["commit_date"][:10],
        "message": shown_message(commit["message"]),
    }


def cited_in(text: str, findings: Iterable[Json]) -> list[Json]:
    """Return the findings that a text cites, by id, with what it may say of them.

    Raises KeyError with the id of one that is none.
    """
    by_id = {one["id"]: one for one in findings}
    return [_told(by_id[finding_id]) for finding_id in sorted(set(_CITED.findall(text)))]


def _told(finding: Json) -> Json:
    source = finding["source"]
    return {
        "finding": finding["id"],
        "repository": finding["capture"]["url"],
        "path": source["path"],
        "line": source["line"],
        "quote": _short_quote(finding),
        "entered": _commit(source["entered"]),
        "left": _commit(source["left"]) if "left" in source else None,
    }


def _short_quote(finding: Json) -> str:
    quote = " ".join(finding["quote"].split())
    return quote if len(quote) <= MAX_QUOTE else f"{quote[:MAX_QUOTE].rstrip()}…"


def departures(findings: Sequence[Json], plan: Json) -> list[Json]:
    """Return the commits that took fields out, in order of date, with how many quotes of which.

    A quote that moved or was reworded with that commit did not leave, and is not counted. `back`
    is the date when one of the fields next came to a file that it left; None when it never did.
    """
    gone: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for finding in findings:
        if finding.get("verdict") == "quote_removed" and fields_in(finding, plan):
            gone[finding["capture"]["url"], finding["source"]["left"]["commit"]].append(finding)
    told = [
        {
            "repository": url,
            **_commit(quotes[0]["source"]["left"]),
            "quotes": dict(sorted(Counter(_all_fields(quotes, plan)).items())),
            "back": min(_returns(quotes, findings, plan), default=None),
        }
        for (url, _), quotes in gone.items()
    ]
    return sorted(told, key=lambda one: (one["date"], one["repository"], one["commit"]))


def _all_fields(findings: Iterable[Json], plan: Json) -> Iterator[str]:
    for finding in findings:
        yield from fields_in(finding, plan)


def _returns(gone: Collection[Json], findings: Iterable[Json], plan: Json) -> Iterator[str]:
    """Give the dates when a field that left came to the same file of the same repository."""
    left = {_place(one): one["source"]["left"]["commit_date"] for one in gone}
    names = set(_all_fields(gone, plan))
    for finding in findings:
        entered = finding["source"]["entered"]["commit_date"]
        since = left.get(_place(finding))
        if since is not None and entered > since and names.intersection(fields_in(finding, plan)):
            yield entered[:10]


def _place(finding: Json) -> tuple[str, str]:
    return finding["capture"]["url"], finding["source"]["path"]


def shared(courses_: Iterable[Json], plan: Json) -> list[Json]:
    """Return the fields that several vendors have, each with its vendors and since when."""
    vendor_of = {one["address"]: one["vendor"] for one in plan["repository"]}
    since: dict[str, dict[str, str]] = defaultdict(dict)
    for one in courses_:
        vendor, date = vendor_of[one["repository"]], one["entered"]["date"]
        since[one["field"]][vendor] = min(date, since[one["field"]].get(vendor, date))
    return [
        {"field": name, "since": dict(sorted(vendors.items(), key=lambda pair: pair[1]))}
        for name, vendors in since.items()
        if len(vendors) > 1
    ]


def page(template: str, plan: Json, text: str, figures: Mapping[str, Any]) -> str:
    """Return the page: our template with the figures of a run, and the text of the dossier."""
    environment = Environment(  # Markdown for our own documentation, not a page of the web
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # it would write &#34; into a Markdown code span
    )  # fmt: skip
    environment.filters |= {
        "short": _short,
        "name": _name,
        "code": _code,
        "cell": _cell,
        "number": _number,
    }
    return environment.from_string(template).render(plan=plan, text=text, **figures)


def _short(commit: str) -> str:
    return commit[:COMMIT_DIGITS]


def _name(address: str) -> str:
    """Return "owner/name" of a repository's address."""
    return "/".join(address.removesuffix(".git").split("/")[-2:])


def _code(text: str) -> str:
    """Return `text` as a Markdown code span."""
    return "`" + text.replace("`", "'") + "`"


def _cell(text: str) -> str:
    """Return `text` as a code span that may stand in a table."""
    return _code(text).replace("|", r"\|")


def _number(number: int) -> str:
    return f"{number:,}"
