"""The endpoints: what is asked of the index, and in which form it is answered."""

from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sousveil.index.filters import NAMES, Filter, filter_from
from sousveil.index.lists import (
    Page,
    captures_page,
    findings_page,
    listed,
    targets_page,
)
from sousveil.index.matrix import matrix
from sousveil.index.search.find import search
from sousveil.index.search.question import ask
from sousveil.index.store import Index
from sousveil.index.timeline import Moment, moments
from sousveil.jsonform import hit_json, instant
from sousveil.model import Finding, Json
from sousveil.tlog.log import read_checkpoint
from sousveil.web.api.declared import (
    AFTER,
    FILTER,
    FROM,
    HEALTH_IS,
    LIMIT,
    OFFSET,
    QUESTION,
    SINCE,
    UNTIL,
    WATCH,
    Endpoint,
    Given,
)
from sousveil.web.api.forms import (
    capture_form,
    listed_form,
    matrix_form,
    moment_form,
    target_form,
)
from sousveil.web.desk import Desk


def _filter(given: Given) -> Filter:
    return filter_from((name, value) for name, value in given.values if name in NAMES)


def _page(page: Page[Any], items: list[Json]) -> Json:
    return {"items": items, "count": page.count, "next": page.next or None}


def _findings(index: Index, given: Given, _: Request) -> Json:
    page = findings_page(index, _filter(given), limit=given.limit, after=given.one("after"))
    return _page(page, [listed_form(one) for one in page.rows])


def _finding(index: Index, _: Given, request: Request) -> Json:
    for one in listed(index, [request.path_params["id"]]):
        return listed_form(one)
    raise HTTPException(404, "There is no such finding.")


def _targets(index: Index, given: Given, _: Request) -> Json:
    page = targets_page(
        index,
        _filter(given),
        given.one("health"),
        limit=given.limit,
        after=given.one("after"),
    )
    return _page(page, [target_form(one) for one in page.rows])


def _captures(index: Index, given: Given, _: Request) -> Json:
    page = captures_page(index, _filter(given), limit=given.limit, after=given.one("after"))
    return _page(page, [capture_form(one) for one in page.rows])


def _changes(index: Index, given: Given, _: Request) -> Json:
    page = moments(index, _filter(given), limit=given.limit, after=given.one("after"))
    about = findings_of_moments(index, page)
    return _page(page, [moment_form(one, about) for one in page.rows])


def findings_of_moments(index: Index, page: Page[Moment]) -> dict[str, Finding]:
    """Return the findings that a page of the timeline is about, by id."""
    ids = [one.finding_id for one in page.rows if one.finding_id]
    return {one.finding.id: one.finding for one in listed(index, ids)}


def _search(index: Index, given: Given, _: Request) -> Json:
    offset = int(given.one("offset", "0"))
    told = search(index, ask(given.one("q")), _filter(given), limit=given.limit, offset=offset)
    following = offset + len(told.hits)
    return {
        "items": [hit_json(hit) for hit in told.hits],
        "count": told.count,
        "is_whole": told.is_whole,
        "next": following if told.hits and following < told.count else None,
    }


def _actors(index: Index, given: Given, _: Request) -> Json:
    return {"items": matrix_form(matrix(index, _filter(given)))}


def _log(index: Index, given: Given, request: Request) -> Json:
    desk: Desk = request.app.state.desk
    case = desk.case()
    head = read_checkpoint(case.log, case.settings.key)
    start = int(given.one("from", "0"))
    rows = index.rows(
        "SELECT idx, type, time, warc, warc_sha256 FROM event WHERE idx >= ? ORDER BY idx LIMIT ?",
        start,
        given.limit,
    )
    items = [
        {
            "index": idx,
            "type": kind,
            "time": instant(datetime.fromisoformat(time)),
            "warc": warc,
            "warc_sha256": sha256,
        }
        for idx, kind, time, warc, sha256 in rows
    ]
    return {
        "origin": case.settings.origin,
        "size": head.size if head else 0,
        "root": head.root.hex() if head else None,
        "items": items,
        "next": items[-1]["index"] + 1 if len(items) == given.limit else None,
    }


_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_FINDING: Json = {
    "type": "object",
    "description": "A finding, as `sousveil findings --json` tells it.",
    "required": ["id", "topic", "trait", "label", "score", "quote", "selectors", "actor",
                 "capture", "source", "state", "status"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
        "label": _TEXT,
        "trait": _TEXT,
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "quote": _TEXT,
        "actor": _MAYBE,
        "selectors": {"type": "array", "items": {"type": "object"}},
        "capture": {"type": "object"},
        "source": {"type": "object"},
        "state": _TEXT,
        "status": _TEXT,
    },
}  # fmt: skip


def _rows(required: tuple[str, ...], following: Json | None = None, **others: Json) -> Json:
    """Return the schema of a page whose items have at least these values."""
    item: Json = {"type": "object", "required": list(required)}
    return _paged(item, following, **others)


def _paged(item: Json, following: Json | None = None, **others: Json) -> Json:
    properties = {"items": {"type": "array", "items": item}, **others}
    if following is not None:
        properties["next"] = following
    return {"type": "object", "required": list(properties), "properties": properties}


_NUMBER_NEXT = {"type": ["integer", "null"]}


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "/api/findings",
        "Findings, those first seen last first.",
        (*FILTER, AFTER, LIMIT),
        _paged(_FINDING, _MAYBE, count=_COUNT),
        _findings,
    ),
    Endpoint("/api/findings/{id}", "One finding.", (), _FINDING, _finding),
    Endpoint(
        "/api/targets",
        "Targets by address, with how they are. Of the filter count actor, host and watch.",
        (
            *(one for one in FILTER if one.name in {"actor", "host", "watch"}),
            HEALTH_IS,
            AFTER,
            LIMIT,
        ),
        _rows(("id", "target", "kind", "health", "findings"), _MAYBE, count=_COUNT),
        _targets,
    ),
    Endpoint(
        "/api/captures",
        "Captures, the newest first.",
        (WATCH, SINCE, UNTIL, AFTER, LIMIT),
        _rows(("url", "captured_at", "warc", "record_digest", "log_index"), _MAYBE, count=_COUNT),
        _captures,
    ),
    Endpoint(
        "/api/changes",
        "What happened: claims seen first, lost, back; histories; letters and replies.",
        (*FILTER, AFTER, LIMIT),
        _rows(("at", "kind", "text"), _MAYBE, count=_COUNT),
        _changes,
    ),
    Endpoint(
        "/api/search",
        "Passages of all that was ever read, the best first.",
        (QUESTION, *FILTER, OFFSET, LIMIT),
        _rows(
            ("address", "text", "marks", "stands"),
            _NUMBER_NEXT,
            count=_COUNT,
            is_whole={"type": "boolean"},
        ),
        _search,
    ),
    Endpoint(
        "/api/actors",
        "How many findings there are by actor and trait; rejected ones only if asked for.",
        FILTER,
        _rows(("actor", "trait", "findings", "confirmed", "labels", "states")),
        _actors,
    ),
    Endpoint(
        "/api/log",
        "The log's head, and its entries in order. What happened is in the case's events.",
        (FROM, LIMIT),
        _rows(
            ("index", "type", "time"),
            _NUMBER_NEXT,
            origin=_TEXT,
            size=_COUNT,
            root=_MAYBE,
        ),
        _log,
    ),
)
