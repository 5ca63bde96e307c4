"""Traces of a case's findings, worked out when they are asked for.

Takes an open `Index` and gives the `Trace` of each finding: nothing of it is stored, for a look at
one page may change what is told of a hundred others. Stored is only what needs the archive to be
read: the editions in other languages that pages name (`edition`), put there by analysis.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from sousveil.changes.trace import Known, trace_all
from sousveil.index.query import fates, findings, visit_at, watches
from sousveil.index.store import Index
from sousveil.model import Capture, Fate, Finding, Trace, Visit, Watch, WatchKind

_WALKED = frozenset({WatchKind.SITE, WatchKind.FEED})


def traces(
    index: Index,
    found: Collection[Finding] | None = None,
    told: Mapping[str, Fate] | None = None,
) -> dict[str, Trace]:
    """Return the trace of every finding, by its id.

    `found` and `told` are `findings` and `fates` of this index, for who has them already. Raises
    ActorError as `findings`.
    """
    every = list(findings(index) if found is None else found)
    fate_of = fates(index) if told is None else told
    first = _first_looks(index)
    known = [
        Known(one, fate_of.get(one.id), looked_before=_looked_before(one, first)) for one in every
    ]
    return {one.finding_id: one for one in trace_all(known, editions(index))}


def newest_visits(index: Index, chosen: Collection[Watch]) -> list[tuple[Watch, Visit]]:
    """Return each of some watches with the newest visit to its target, in their order."""
    newest = dict(
        index.rows(
            "SELECT w.id, max(l.log_index) FROM watch w JOIN look l ON l.watch_id = w.id"
            " AND l.address = json_extract(w.data, '$.target') GROUP BY w.id"
        )
    )
    return [(one, visit_at(index, newest[one.id])) for one in chosen if one.id in newest]


def editions(index: Index) -> dict[str, list[str]]:
    """Return, by address, the editions in other languages that its pages ever named."""
    named: dict[str, list[str]] = {}
    for address, urls in index.rows(
        "SELECT l.address, e.urls FROM edition e JOIN capture c ON c.id = e.capture_id"
        " JOIN look l ON l.id = c.look_id ORDER BY e.capture_id"
    ):
        named.setdefault(address, []).extend(msgspec.json.decode(urls, type=list[str]))
    return named


def unasked_for_editions(index: Index) -> list[tuple[int, Capture]]:
    """Return the first page with findings of each address, unless it was asked for editions.

    Each with its number in this index; the first, so that an index that is made again holds the
    same. What a browser showed is left out: it names what the bytes name.
    """
    rows = index.rows(
        "SELECT min(c.id), l.address FROM capture c JOIN look l ON l.id = c.look_id"
        " WHERE c.media_type IN ('text/html', 'application/xhtml+xml')"
        " AND EXISTS (SELECT 1 FROM sighting s WHERE s.capture_id = c.id) GROUP BY l.address"
    )
    asked = {number for (number,) in index.rows("SELECT capture_id FROM edition")}
    return [
        (number, capture)
        for number, _ in rows
        if number not in asked and (capture := _capture(index, number)) is not None
    ]


def put_editions(index: Index, named: Mapping[int, Sequence[str]]) -> None:
    """Add the editions in other languages that pages name, by the number of the capture."""
    with index.transaction():
        index.change_each(
            "INSERT OR REPLACE INTO edition VALUES (?, ?)",
            [(number, msgspec.json.encode(urls)) for number, urls in named.items()],
        )


def _capture(index: Index, number: int) -> Capture | None:
    rows = index.rows("SELECT data FROM sighting WHERE capture_id = ? LIMIT 1", number)
    return msgspec.json.decode(rows[0][0], type=Finding).capture if rows else None


def _first_looks(index: Index) -> dict[str, int]:
    """Return, for each watch, the last log entry of its first visit: a crawl has many."""
    first: dict[str, int] = dict(
        index.rows(
            "SELECT watch_id, min(log_index) FROM look WHERE watch_id NOT NULL GROUP BY watch_id"
        )
    )
    for watch in watches(index):
        if watch.kind in _WALKED and watch.id in first:
            ((last,),) = index.rows(
                "SELECT max(l.log_index) FROM look l JOIN event e ON e.idx = l.log_index"
                " WHERE l.watch_id = ? AND json_extract(e.body, '$.crawl') ="
                " (SELECT json_extract(body, '$.crawl') FROM event WHERE idx = ?)",
                watch.id,
                first[watch.id],
            )
            first[watch.id] = max(first[watch.id], last or 0)
    return first


def _looked_before(finding: Finding, first: Mapping[str, int]) -> bool:
    """Whether a finding's place had been looked at before without it.

    Of a repository the whole history is seen at once: what entered later was not there.
    """
    if finding.source.path is not None:
        return True
    return finding.log_index > first.get(finding.watch_id or "", finding.log_index)
