"""An index that is made again holds what the service had put into it, table by table."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import Case, open_case, save_settings
from sousveil.index.query import fates
from sousveil.index.store import Index
from sousveil.run.indexing import open_index
from tests.capture.exit_server import exit_server
from tests.commands import sousveil
from tests.run.watch.moody import TEXT, Mood, Moody, Time, case_for, keep_watch, moody

Commit = Callable[..., str]
Git = Callable[..., str]
CLAIM = "<p>Our camera recognises the ethnicity of each visitor and raises an alarm.</p>"
OTHER = "<p>Our gate tells Uyghurs from others by their faces.</p>"

# Kept by no event: what people were told, and what another engine had read.
NOT_FROM_THE_LOG = {"notice", "channel", "former"}
# Nobody decides on anything here, no page tells a figure or of a tender; in the end all is told and
# listed.
EMPTY = {"review", "translation", "fact", "candidate", "stale", "unlisted"}


@pytest.fixture
def site() -> Iterator[Moody]:
    with moody() as served:
        yield served


def dump(index: Index) -> dict[str, object]:
    """Return all rows of all tables; of fates as they are read, the newest poll among them."""
    names = [name for (name,) in index.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables: dict[str, object] = {
        name: sorted(index.rows(f"SELECT * FROM {name}"), key=repr)
        for name in names
        if name not in NOT_FROM_THE_LOG and not name.startswith(("word", "passage", "quoted_in"))
    }
    return tables | {"fate": fates(index), "said": said(index)}


def said(index: Index) -> list[object]:
    """Return the passages with their captures, findings and words: their numbers may differ."""
    rows = index.rows(
        "SELECT p.key, p.address, p.host, p.part, p.kind, p.lang, p.text, (SELECT"
        " json_group_array(json_array(i.capture_id, i.start)) FROM (SELECT * FROM passage_in"
        " WHERE passage_id = p.id ORDER BY capture_id) i), (SELECT"
        " json_group_array(json_array(q.finding_id, q.capture_id)) FROM (SELECT * FROM quoted_in"
        " WHERE passage_id = p.id ORDER BY finding_id, capture_id) q) FROM passage p ORDER BY p.key"
    )
    index.change("CREATE VIRTUAL TABLE temp.spoken USING fts5vocab(main, word, 'instance')")
    words = index.rows(
        "SELECT p.key, group_concat(s.offset || s.term, ' ') FROM (SELECT * FROM temp.spoken"
        " ORDER BY doc, offset) s JOIN passage p ON p.id = s.doc GROUP BY p.key ORDER BY p.key"
    )
    assert len(words) == len([row for row in rows if row[6].strip()])
    return [rows, words]


def held(case: Case) -> dict[str, object]:
    with open_index(case) as index:
        return dump(index)


def weeks(case: Case, site: Moody, clock: Time) -> None:
    """Let pages come, go, wait and come back, with polls and much that is asked around."""
    keep_watch(case, clock, days=3)
    site.pages["/gone"] = Mood("<h1>Not found</h1>", status=404)
    site.pages["/edited"] = Mood(TEXT * 30, etag='"2"')
    site.pages["/wall"] = Mood("<h1>Access denied</h1>", status=403)
    site.pages["/down"] = Mood("", status=503)
    site.pages["/tired"] = Mood("", status=429, retry_after="900")
    keep_watch(case, clock, days=5)
    site.pages["/soft"] = Mood("<title>Page not found</title><h1>Page not found</h1>")
    site.pages["/wall"] = Mood(CLAIM + TEXT * 30)
    site.pages["/down"] = Mood(CLAIM + TEXT * 31)
    keep_watch(case, clock, days=8)
    site.pages["/gone"] = Mood(CLAIM + OTHER + TEXT * 30)
    site.pages["/steady"] = Mood(CLAIM + TEXT * 31)
    keep_watch(case, clock, days=4)
    site.pages["/last"] = Mood("<h1>Not found</h1>", status=404)
    keep_watch(case, clock, days=1)  # held when it ends


@pytest.fixture
def lived(
    site: Moody, tmp_path: Path, repository: Path, commit: Commit, git: Git
) -> Iterator[Case]:
    names = ("gone", "edited", "wall", "down", "tired", "soft", "steady", "last", "left")
    for name in names:
        site.pages[f"/{name}"] = Mood(CLAIM + TEXT * 30, etag=f'"{name}"')
    site.pages["/feed.xml"] = Mood("<rss version='2.0'><channel><title>N</title></channel></rss>")
    site.pages["/site/"] = Mood("<a href='/site/a'>a</a>" + TEXT)
    site.pages["/site/a"] = Mood(CLAIM + TEXT * 30)
    commit(repository, "start", {"Face.java": b"String ethnicity; // ethnicity of the face\n"})
    git(repository, "tag", "v1")
    with exit_server() as server:
        made = case_for(tmp_path / "case", site)
        save_settings(made, replace(made.settings, exits={"away": server.exit}))
        made = open_case(made.root)
        at = ("--case", made.root)
        sousveil("add", *(site.url(f"/{name}") for name in names), "--every", "12h", *at)
        sousveil("add", repository, *at)
        sousveil("add", site.url("/feed.xml"), "--kind", "feed", *at)
        sousveil("add", site.url("/site/"), "--kind", "site", *at)
        clock = Time()
        weeks(made, site, clock)
        git(repository, "tag", "--delete", "v1")
        commit(repository, "less", {"Face.java": b"String name;\n"})
        keep_watch(made, clock, days=1)
        sousveil("retire", site.url("/left"), *at)
        archive = next(path for path in sorted((made.root / "archive").rglob("*.warc.gz")))
        other = tmp_path / "other.warc.gz"
        other.write_bytes(archive.read_bytes())
        assert sousveil("import", other, *at).status == 0
        sousveil("inquiry", site.url("/edited"), "--sent", "in 1h", "--to", "them", *at)
        yield made


def test_an_index_made_again_is_the_same_after_weeks_of_everything(lived: Case) -> None:
    before = held(lived)
    assert {name for name, rows in before.items() if not rows} <= EMPTY
    assert sousveil("reindex", "--case", lived.root).status == 0
    after = held(lived)
    differing = {name for name in before if before[name] != after[name]}
    assert differing == set()
    assert sousveil("verify", lived.root).status == 0
