"""Where a case has an exit, the service goes by it alone: polls, and what is asked around, too."""

from dataclasses import replace
from pathlib import Path

from sousveil.archive.records import RecordReader
from sousveil.archive.unpack import Unpacked
from sousveil.case import Case, open_case, save_settings
from sousveil.ledger import read_events
from tests.capture.exit_server import exit_server
from tests.commands import sousveil
from tests.run.watch.moody import TEXT, Mood, Time, case_for, keep_watch, moody


def addresses(case: Case) -> set[str]:
    """Return the addresses of servers that any record names: an exit tells none."""
    found = set()
    for path in (case.root / "archive").rglob("*.warc.gz"):
        with path.open("rb") as file:
            reader = RecordReader(Unpacked(file))
            for record in reader.records():
                found.add(dict(record.head.fields).get("WARC-IP-Address", ""))
                reader.finish(record)
    return found - {""}


def test_polls_and_questions_to_the_host_go_by_the_exit_and_never_straight(tmp_path: Path) -> None:
    with moody() as site, exit_server() as first, exit_server() as second:
        paths = ["/gone", "/steady", "/near"]
        site.pages |= {path: Mood(TEXT * 30, etag='"1"') for path in paths}
        case = case_for(tmp_path / "case", site)
        exits = {"tor": first.exit, "away": replace(second.exit, name="away")}
        save_settings(case, replace(case.settings, exits=exits, exit="tor"))
        sousveil("add", *map(site.url, paths), "--case", case.root)
        keep_watch(open_case(case.root), Time())
        site.pages["/gone"] = Mood("<h1>Not found</h1>", status=404)
        (batch,) = keep_watch(open_case(case.root), Time(), everything=True)
        assert (batch.unchanged, len(batch.visits)) == (2, 1)
        assert first.asked
        assert second.asked
    (around,) = (event for event in read_events(case) if event.type == "around")
    ways = {one["role"]: one["exit"] for one in around.body["asked"]}
    assert ways == {
        "robots": "tor", "made_up": "tor", "home": "tor", "neighbour": "tor", "sitemap": "tor",
        "exit": "away",
    }  # fmt: skip
    assert addresses(case) == set()
