"""What the desk costs a reader of a large case, beside Datasette on the same SQLite file.

Makes a case of 1,000 targets, 100,000 captures and 100,000 findings (desk_case.py) unless one is
named, opens the real `sousveil serve` on it and asks for each page as a browser does, then goes
through the queue as its keys do, then lets fifty people read while decisions are made and the watch
writes (desk_crowd.py). Datasette, at its fastest, is asked the same questions after that; printed
are both, and the ratios. Where others share the machine, look at the processor's time ("cpu").

    python bench/desk.py [CASE] [--targets N] [--captures N] [--findings N] [--readers N]
"""

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from bench.asking import Aim, Asker, Taken, tell, tell_ratios, timed
from bench.desk_case import CAPTURES, FINDINGS, TARGETS, Size, write_desk_case
from bench.desk_crowd import THINKING_SECONDS, newsroom, queue
from bench.peers import DATASETTE, AbsentError, datasette

START_SECONDS = 60
ROUNDS = 30  # of each page
READERS, READING_SECONDS = 50, 20.0

PAGE = Aim(milliseconds=50, kilobytes=150)
KEY = Aim(milliseconds=100, kilobytes=150)

PAGES = (
    ("today", "/"),
    ("review", "/review"),
    ("findings", "/findings"),
    ("findings, filtered", "/findings?label=denies&trait=religion&state=gone"),
    ("findings of an actor", "/findings?actor=Maker+07&lang=zh"),
    ("targets", "/targets"),
    ("captures", "/captures"),
    ("actors", "/actors"),
    ("timeline", "/timeline"),
    ("timeline of an actor", "/timeline?actor=Maker+07"),
    ("search, a rare word", "/search?q=version+77"),
    ("search, of every page", "/search?q=face"),
    ("search, 2 characters", f"/search?q={quote('民族')}"),
    ("search, phrase and filter", f"/search?q={quote('“face with a confidence”')}&label=denies"),
    ("api findings", "/api/findings"),
)

_LISTED = "/index/finding?_size=50&_sort_desc=first_seen"
_FACED = "select p.address, p.text from word join passage p on p.id = word.rowid where word match"


def _sql(text: str) -> str:
    return f"/index?{urlencode({'sql': text})}"


# The same questions of the same tables; a page of Datasette's shows less of each row.
PEER_PAGES = (
    ("findings", _LISTED),
    ("findings, filtered", f"{_LISTED}&label=denies&trait=religion&state=gone"),
    ("findings of an actor", f"{_LISTED}&actor=Maker+07&lang__startswith=zh"),
    ("captures", "/index/capture?_size=50&_sort_desc=captured_at"),
    ("actors", _sql(
        "select actor, trait, label, state, count(*) from finding where decided != 'rejected'"
        " group by actor, trait, label, state")),
    ("timeline", _sql(
        "select day, sum(claimed), sum(lost) from (select substr(first_seen, 1, 10) as day,"
        " 1 as claimed, 0 as lost from finding union all select substr(gone_by, 1, 10), 0, 1"
        " from finding where gone_by not null) group by day")),
    ("search, a rare word", _sql(f"{_FACED} 'version AND 77' order by rank limit 20")),
    ("search, 2 characters", _sql(f"{_FACED} '\"民族\"' order by word.rowid desc limit 20")),
    ("search, phrase and filter", _sql(
        f"{_FACED} '\"face with a confidence\"' and exists (select 1 from quoted_in q"
        " join finding f on f.id = q.finding_id where q.passage_id = word.rowid"
        " and f.label = 'denies') order by word.rowid desc limit 20")),
    ("api findings", f"{_LISTED.replace('finding?', 'finding.json?')}&_shape=objects"),
)  # fmt: skip


def main() -> None:
    """Make the case unless one is named, and print what its pages take."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("case", type=Path, nargs="?", help="made where there is none")
    options.add_argument("--targets", type=int, default=TARGETS)
    options.add_argument("--captures", type=int, default=CAPTURES)
    options.add_argument("--findings", type=int, default=FINDINGS)
    options.add_argument("--readers", type=int, default=READERS)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        os.environ.setdefault("SOUSVEIL_CONFIG", str(Path(folder) / "config"))
        root = given.case or Path(folder) / "case"
        if not root.exists():
            begun = time.monotonic()
            write_desk_case(root, Size(given.targets, given.captures, given.findings))
            print(f"case made in {time.monotonic() - begun:.0f} s")
        _tell_index(root)
        with _desk(root) as (pid, host, cookie):
            asker = Asker(host, cookie)
            ours = timed(asker, PAGES, pid, ROUNDS)
            tell("sousveil serve", ours, PAGE)
            _tell_keys(asker)
            paths = [path for _, path in PAGES]
            told = newsroom(
                root, host, cookie, pid, paths=paths, readers=given.readers, seconds=READING_SECONDS
            )
            tell(
                f"{given.readers} readers, a page each {THINKING_SECONDS:.0f} s",
                {
                    f"{len(told.pages.seconds)} pages": told.pages,
                    f"{len(told.decisions.seconds)} decisions, {told.looks} looks": told.decisions,
                },
            )
        _tell_peer(root, ours)


def _tell_index(root: Path) -> None:
    size = (root / "index.sqlite").stat().st_size
    with sqlite3.connect(f"file:{root}/index.sqlite?mode=ro", uri=True) as db:
        counts = {
            name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("watch", "capture", "finding", "passage")
        }
        ((text,),) = db.execute("SELECT sum(length(CAST(text AS BLOB))) FROM passage").fetchall()
        ((words,),) = db.execute("SELECT sum(length(block)) FROM word_data").fetchall()
    db.close()
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    print(f"index: {size / 1e6:,.0f} MB; rows: {told}")
    print(f"search: {words / text:.2f} bytes of words a byte of text ({text / 1e6:,.0f} MB)")


def _tell_keys(asker: Asker) -> None:
    """Go through the queue as the keys do: the next card, and a decision."""
    ids, token = queue(asker)
    cards, decisions = Taken(), Taken()
    for one in ids[:ROUNDS]:
        asker.ask(f"/review/card/{one}", cards)
        form = {"csrf": token, "finding": one, "decision": "confirm", "note": "", "back": "queue"}
        asker.ask("/review/decide", decisions, form)
    tell("keys of the queue", {"the next card": cards, "a decision": decisions}, KEY)


@contextmanager
def _desk(root: Path) -> Iterator[tuple[int, str, str]]:
    """Open the desk; give its process, its host and the cookie of a session."""
    command = [sys.executable, "-m", "sousveil", "serve", "--no-open", "--port", "0"]
    with subprocess.Popen(
        [*command, "--case", str(root)], stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://\S+", running.stdout.readline())
            assert found is not None, "the desk did not start"
            link = urlsplit(found.group())
            yield running.pid, link.netloc, _entered(link.netloc, f"{link.path}?{link.query}")
        finally:
            running.terminate()
            running.wait(START_SECONDS)


def _entered(host: str, path: str) -> str:
    """Come in by a link; the port is the desk's from before the link is printed."""
    connection = HTTPConnection(host, timeout=START_SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["Set-Cookie"].partition(";")[0]


def _tell_peer(root: Path, ours: dict[str, Taken]) -> None:
    try:
        with datasette(root / "index.sqlite") as (pid, host):
            theirs = timed(Asker(host, ""), PEER_PAGES, pid, ROUNDS)
    except AbsentError as absent:
        print(f"\nDatasette: {absent}")
        return
    tell(DATASETTE, theirs)
    tell_ratios("Datasette, times the desk's", ours, theirs)


if __name__ == "__main__":
    main()
