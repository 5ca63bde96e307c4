"""The outbox loses nothing that people are to be told, and tells nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from sousveil.index.notices import (
    deliveries,
    new_notices,
    newest_number,
    notices,
    put_delivery,
    put_fates,
    take_over,
    waiting,
    watch_health,
)
from sousveil.index.project import project
from sousveil.index.store import Index
from sousveil.model import Event, Fate, Notice, Verdict, Watch, WatchKind
from tests.actors.findings import finding

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WATCH = Watch("0123456789ab", "https://halden.example/", WatchKind.PAGE, 3600, None, AT)
FOUND = replace(finding("It tells ethnicity"), watch_id=WATCH.id)
STANDS = Fate(FOUND.id, Verdict.PRESENT, 0.9, AT, None, None, None, "")
GONE = replace(STANDS, verdict=Verdict.QUOTE_REMOVED, gone_by=AT + timedelta(hours=1))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "index.sqlite", create=True)


def notice(number: int) -> Notice:
    return Notice(f"{number:012}", AT, "gone", f"text {number}", None, None, number)


def visit(index: Index, at: datetime, *, answered: bool) -> None:
    failure = None if answered else {"kind": "connect", "message": "refused"}
    body = {
        "watch_id": WATCH.id,
        "target": WATCH.target,
        "started_at": at.isoformat(),
        "probes": [{"url": WATCH.target, "status": 200 if answered else None, "failure": failure}],
        "requests": [],
        "captures": [],
    }
    project(index, Event(index.next_event(), "visit", at, body), lambda _: [])


def test_what_is_to_be_told_is_written_with_the_fates_or_not_at_all(index: Index) -> None:
    class Killed(BaseException):
        pass

    def deadly() -> "list[Notice]":
        raise Killed

    put_fates(index, [STANDS], [notice(1)])
    with pytest.raises(Killed):
        put_fates(index, [GONE], (deadly() for _ in range(1)))  # type: ignore[misc]  # never yields
    assert index.rows("SELECT count(*) FROM fate WHERE data LIKE '%quote_removed%'") == [(0,)]
    assert [one.log_index for one in notices(index, 9)] == [1]


def test_the_same_notice_is_kept_once_and_the_newest_come_first(index: Index) -> None:
    put_fates(index, [], [notice(1), notice(2)])
    put_fates(index, [], [notice(2), notice(3)])
    assert [one.log_index for one in notices(index, 2)] == [3, 2]
    assert newest_number(index) == 3


def test_a_channel_hears_of_what_happens_from_the_day_it_is_named(index: Index) -> None:
    put_fates(index, [], [notice(1)])
    put_fates(index, [], [notice(2)], channels=["slack"])
    put_fates(index, [], [notice(3)], channels=["slack", "mail"])
    known = deliveries(index)
    assert [one.log_index for one in waiting(index, known["slack"])] == [2, 3]
    assert [one.log_index for one in waiting(index, known["mail"])] == [3]


def test_how_telling_went_is_remembered(index: Index) -> None:
    put_fates(index, [], [notice(1)], channels=["slack"])
    went = replace(deliveries(index)["slack"], tried=1, tries=2, next_try=AT, problem="refused")
    put_delivery(index, went)
    assert deliveries(index) == {"slack": went}


def test_a_sentence_is_told_once_however_often_it_is_looked_at(index: Index) -> None:
    first = list(new_notices(index, [(FOUND, None, STANDS)]))
    put_fates(index, [STANDS], first)
    assert [one.kind for one in first] == ["found"]
    assert list(new_notices(index, [(FOUND, STANDS, STANDS)])) == []
    gone = list(new_notices(index, [(FOUND, STANDS, GONE)]))
    put_fates(index, [GONE], gone)
    surer = replace(GONE, confidence=0.99)
    put_fates(index, [surer], list(new_notices(index, [(FOUND, GONE, surer)])))
    back = replace(STANDS, last_seen=AT + timedelta(hours=3))
    put_fates(index, [back], list(new_notices(index, [(FOUND, surer, back)])))
    again = replace(GONE, last_seen=back.last_seen, gone_by=AT + timedelta(hours=5))
    put_fates(index, [again], list(new_notices(index, [(FOUND, back, again)])))
    kinds = [one.kind for one in reversed(notices(index, 9))]
    assert kinds == ["found", "gone", "back", "gone"]


def test_names_by_which_anybody_is_known_leave_no_quote(tmp_path: Path, index: Index) -> None:
    (tmp_path / "actors.toml").write_text(
        '[[actor]]\nname = "Halcyon Vision"\nnames = ["翠鸟视觉"]\n'
        '[[actor]]\nname = "Oddlestane"\n',
        encoding="utf-8",
    )
    text = "翠鸟视觉 and HALCYON VISION read race better than Oddlestane"
    named = replace(finding(text), actor="Halcyon Vision")
    (told,) = new_notices(index, [(named, None, STANDS)])
    assert "“[name] and [name] read race better than [name]”" in told.text


def test_a_watch_that_was_retired_is_nobodys_worry(index: Index) -> None:
    added = {"watch": msgspec.to_builtins(WATCH)}
    project(index, Event(0, "watch.added", AT, added), lambda _: [])
    for hour in range(5):
        visit(index, AT + timedelta(hours=hour), answered=False)
    assert [one.kind for one in new_notices(index, [])] == ["unwell"]
    project(index, Event(6, "watch.retired", AT, {"watch_id": WATCH.id}), lambda _: [])
    assert list(new_notices(index, [])) == []


def test_a_watch_that_does_not_answer_is_told_of_once_and_when_it_does_again(index: Index) -> None:
    added = {"watch": msgspec.to_builtins(WATCH)}
    project(index, Event(0, "watch.added", AT, added), lambda _: [])
    told = []
    for hour, answered in enumerate([True, False, False, False, False, True, True, False]):
        visit(index, AT + timedelta(hours=hour), answered=answered)
        put_fates(index, [], new := list(new_notices(index, [])))
        told.append([one.kind for one in new])
    assert told == [[], [], [], ["unwell"], [], ["well"], [], []]
    unwell = notices(index, 9)[1]
    assert (unwell.watch_id, unwell.at) == (WATCH.id, AT + timedelta(hours=1))
    (health,) = watch_health(index)
    assert health.failing_since == AT + timedelta(hours=7)
    assert health.failing_looks == 1


def test_an_index_that_is_made_again_takes_over_what_was_told(tmp_path: Path, index: Index) -> None:
    put_fates(index, [], [notice(1), notice(2)], channels=["slack"])
    put_delivery(index, replace(deliveries(index)["slack"], told=1))
    index.close()
    earlier = (tmp_path / "index.sqlite").rename(tmp_path / "earlier")
    again = Index(tmp_path / "index.sqlite", create=True)
    put_fates(again, [], [notice(2), notice(9)], channels=["slack", "mail"])
    take_over(again, earlier)
    assert [one.log_index for one in notices(again, 9)] == [2, 1, 9]
    known = deliveries(again)
    assert [one.log_index for one in waiting(again, known["slack"])] == [2]
    assert waiting(again, known["mail"]) == []


@pytest.mark.parametrize("what", ["nothing", "garbage", "an older version"])
def test_without_an_earlier_outbox_everything_counts_as_told(
    tmp_path: Path, index: Index, what: str
) -> None:
    earlier = tmp_path / "earlier"
    if what == "garbage":
        earlier.write_bytes(b"no database" * 100)
    elif what == "an older version":
        other = Index(earlier, create=True)
        other._db.execute("DROP TABLE notice")
        other.close()
    put_fates(index, [], [notice(1), notice(2)], channels=["slack"])
    take_over(index, None if what == "nothing" else earlier)
    assert waiting(index, deliveries(index)["slack"]) == []
    assert len(notices(index, 9)) == 2
    put_fates(index, [], [notice(3)])
    assert [one.log_index for one in waiting(index, deliveries(index)["slack"])] == [3]
