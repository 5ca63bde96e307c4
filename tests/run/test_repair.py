"""A case that an accident tore is whole again, nothing was deleted, and what is lost is named."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sousveil.case import open_case
from sousveil.ledger import read_events, writing
from sousveil.settings import head_path
from tests.commands import sousveil
from tests.conftest import NOW
from tests.sites import Page, case_for, serve

Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case of one finding, and its keys."""
    folder = tmp_path_factory.mktemp("torn")
    with pytest.MonkeyPatch.context() as patch, serve() as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        case = case_for(folder / "case", site)
        site.pages["/"] = Page(b"<p>Our camera infers the ethnicity of every face it sees.</p>")
        added = sousveil("add", "--no-browser", "--case", case.root, f"{site.url}/")
        assert added.status == 0
        assert sousveil("visit", "--case", case.root).status == 0
    return folder


@pytest.fixture
def torn(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case, in a copy of its own."""
    shutil.copytree(made, tmp_path / "world", symlinks=True)
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(tmp_path / "world" / "config"))
    return tmp_path / "world" / "case"


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith("index.sqlite-")
    }


def the_events(root: Path) -> Path:
    return max((root / "events").glob("*.jsonl"))


def the_warc(root: Path) -> Path:
    return next(path for path in (root / "archive").rglob("*.gz"))


def appended(data: bytes) -> Callable[[Path], None]:
    def append(path: Path) -> None:
        path.write_bytes(path.read_bytes() + data)

    return append


def torn_journal(root: Path) -> None:
    (root / "pending" / "commit.json").write_bytes(b'{"journal": "{\\"index\\"')


def strays_in_pending(root: Path) -> None:
    (root / "pending" / "visit-abc").mkdir()
    (root / "pending" / "visit-abc" / "x.body").write_bytes(b"half an answer")
    (root / "pending" / "visit-x.warc.gz").write_bytes(b"half")
    (root / "pending" / "commit.json.tmp").write_bytes(b"{")


def torn_line(root: Path) -> None:
    appended(b'[{"half a body')(the_events(root))


def lost_line_end(root: Path) -> None:
    path = the_events(root)
    path.write_bytes(path.read_bytes()[:-1])


def next_month(root: Path) -> None:
    (root / "events" / "2099-01.jsonl").write_bytes(b"[{}\t]\n")


def tile_beyond(root: Path) -> None:
    (root / "log" / "tile" / "0" / "000.p" / "9").write_bytes(b"x" * 77)
    (root / "log" / "checkpoint.new").write_bytes(b"half a note")


def damaged_tiles(root: Path) -> None:
    (root / "log" / "tile" / "0" / "000.p" / "3").write_bytes(b"x" * 96)
    (root / "log" / "tile" / "entries" / "000.p" / "1").write_bytes(b"")
    (root / "log" / "tile" / "0" / "000.p" / "2").unlink()


def lost_checkpoint(root: Path) -> None:
    (root / "log" / "checkpoint").unlink()


def torn_checkpoint(root: Path) -> None:
    path = root / "log" / "checkpoint"
    path.write_bytes(path.read_bytes()[:40])


def older_checkpoint(root: Path) -> None:
    """As a disk leaves it that lost the newest rename, though it had said that it kept it."""
    older = (root / "log" / "checkpoint").read_bytes()
    with writing(open_case(root)) as writer:
        writer.commit("note", {"text": "later"}, now=NOW)
    assert sousveil("analyse", "--case", root).status == 0
    (root / "log" / "checkpoint").write_bytes(older)


def damaged_index(root: Path) -> None:
    (root / "index.sqlite").write_bytes(b"SQLite format 3\0" + b"\1" * 5_000)


def lost_index(root: Path) -> None:
    (root / "index.sqlite").unlink()


def changed_index(root: Path) -> None:
    data = (root / "index.sqlite").read_bytes()
    (root / "index.sqlite").write_bytes(data.replace(b"infers the", b"denies the"))


def planted(root: Path) -> None:
    (root / "archive" / "planted.warc.gz").write_bytes(b"nobody logged this")
    (root / "lists").mkdir()
    (root / "lists" / "b.csv").write_bytes(b"Name\n")
    (root / "events" / "note.txt").write_bytes(b"x")


def half_written_settings(root: Path) -> None:
    (root / "case.toml.tmp").write_bytes(b"title = ")


MENDED: tuple[Damage, ...] = (
    torn_journal, strays_in_pending, torn_line, lost_line_end, next_month, tile_beyond,
    damaged_tiles, lost_checkpoint, torn_checkpoint, older_checkpoint, damaged_index, lost_index,
    changed_index, planted, half_written_settings,
)  # fmt: skip


def assert_nothing_went(before: dict[str, bytes], root: Path) -> None:
    """All bytes that were there are there still, at their place or set aside."""
    after = contents(root)
    aside = {
        name.partition("/")[2].partition("/")[2]: data
        for name, data in after.items()
        if name.startswith("set-aside/")
    }
    for name, data in before.items():
        is_kept = after.get(name) == data or aside.get(name) == data
        is_cut = after.get(name, b"") + aside.get(f"{name}.tail", b"") == data
        is_ended = after.get(name) == data + b"\n"
        is_derived = name.startswith("alerts.atom")
        assert is_kept or is_cut or is_ended or is_derived, name


@pytest.mark.parametrize("damage", MENDED)
def test_what_an_accident_left_is_mended_and_nothing_is_deleted(torn: Path, damage: Damage) -> None:
    events = list(read_events(open_case(torn)))
    damage(torn)
    before = contents(torn)
    repaired = sousveil("doctor", "--repair", "--case", torn)
    assert repaired.status == 0, repaired.out
    verified = sousveil("verify", torn)
    assert verified.status == 0, verified.out
    assert list(read_events(open_case(torn)))[: len(events)] == events
    assert_nothing_went(before, torn)
    notes = list((torn / "set-aside").rglob("README.txt")) if (torn / "set-aside").exists() else []
    for note in notes:
        assert all(
            path.relative_to(note.parent).as_posix() in note.read_text(encoding="utf-8")
            or path.parent.relative_to(note.parent).as_posix() in note.read_text(encoding="utf-8")
            for path in note.parent.rglob("*")
            if path.is_file() and path != note
        )
    assert sousveil("visit", "--due", "--case", torn).status == 0


@pytest.mark.parametrize("seed", range(6))
def test_many_accidents_at_once_are_mended_and_a_second_repair_finds_nothing_to_do(
    torn: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a dice
    one_of: list[Damage] = [older_checkpoint, lost_checkpoint, torn_checkpoint]
    indexes: list[Damage] = [damaged_index, lost_index, changed_index]
    ends: list[Damage] = [torn_line, lost_line_end]
    each = [one for one in MENDED if one not in [*one_of, *indexes, *ends]]
    chosen = [chance.choice(indexes), chance.choice(ends)]
    chosen += [one for one in each if chance.random() < 0.5]
    for damage in [chance.choice(one_of), *chosen]:
        damage(torn)
    before = contents(torn)
    assert sousveil("doctor", "--repair", "--case", torn).status == 0
    assert sousveil("verify", torn).status == 0
    assert_nothing_went(before, torn)
    after = contents(torn)
    again = sousveil("doctor", "--repair", "--case", torn)
    assert (again.status, again.out) == (0, "Nothing is wrong with this case.\n")
    assert contents(torn) == after


def test_a_whole_case_is_left_as_it_is(torn: Path) -> None:
    before = contents(torn)
    repaired = sousveil("doctor", "--repair", "--case", torn, "--json")
    (told,) = repaired.json()
    assert told == {"ok": True, "folder": "", "aside": [], "made": [], "lost": []}
    assert contents(torn) == before


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("find", "harm"),
    [
        (the_warc, changed),
        (the_warc, Path.unlink),
        (the_events, changed),
        (the_events, Path.unlink),
        (lambda root: root / "log" / "tile" / "entries" / "000.p" / "3", changed),
        (lambda root: root / "log" / "tile" / "entries" / "000.p" / "3", Path.unlink),
    ],
)
def test_what_was_logged_and_is_lost_is_named_with_the_next_step_and_left_alone(
    torn: Path, find: Callable[[Path], Path], harm: Callable[[Path], None]
) -> None:
    path = find(torn)
    harm(path)
    before = contents(torn)
    repaired = sousveil("doctor", "--repair", "--case", torn)
    assert repaired.status == 1
    assert path.relative_to(torn).as_posix() in repaired.out or "events:" in repaired.out
    assert "Restore it from a copy" in repaired.out
    assert contents(torn) == before


def test_a_commit_that_waits_for_its_key_is_not_set_aside(
    torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = open_case(torn)
    with writing(case) as writer, monkeypatch.context() as cut:
        cut.setattr(writer, "_apply", lambda _: None)
        cut.setattr("sousveil.ledger.writer.make_event", lambda *_: None)
        writer.commit("note", {"text": "x"}, now=NOW)
    key = head_path(case.settings.origin).with_suffix(".key")
    key.rename(key.with_suffix(".away"))
    repaired = sousveil("doctor", "--repair", "--case", torn)
    assert (repaired.status, "could not be finished" in repaired.out) == (1, True)
    assert (torn / "pending" / "commit.json").exists()
    key.with_suffix(".away").rename(key)
    assert sousveil("doctor", "--repair", "--case", torn).status == 0
    assert [event.type for event in read_events(case)][-1] == "note"


def test_a_link_does_not_lead_what_is_set_aside_out_of_the_case(torn: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (torn / "set-aside").symlink_to(tmp_path / "elsewhere")
    strays_in_pending(torn)
    repaired = sousveil("doctor", "--repair", "--case", torn)
    assert (repaired.status, "leads out of the case" in repaired.err) == (2, True)
    assert not list((tmp_path / "elsewhere").iterdir())
