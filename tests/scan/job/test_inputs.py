"""What the words of a command line name: files, each once, in their order."""

import gzip
from pathlib import Path

import pytest

from sousveil.errors import InputError
from sousveil.scan.file.values import Source
from sousveil.scan.job.inputs import find_sources, source_of
from tests.sites import Page, serve

CRAWL = "https://data.example/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a/one.warc.gz", "a/deep/two.warc", "a/notes.txt.bak", "b/three.wacz", "b/4.arc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(*inputs: str, prefix: str = "") -> list[str]:
    return [source.name for source in find_sources(inputs, prefix)]


def test_a_file_is_named_as_given_and_opened_by_its_whole_path(folder: Path) -> None:
    assert find_sources(["a/one.warc.gz"]) == [
        Source("a/one.warc.gz", str(folder / "a" / "one.warc.gz"))
    ]


def test_a_folder_is_walked_for_archives(folder: Path) -> None:
    assert names(str(folder)) == [
        str(folder / name)
        for name in ("a/deep/two.warc", "a/one.warc.gz", "b/4.arc", "b/three.wacz")
    ]


def test_a_file_that_is_named_twice_is_read_once(folder: Path) -> None:
    assert names("b/4.arc", "b", str(folder / "b" / "4.arc")) == ["b/4.arc", "b/three.wacz"]


def test_patterns_are_spread_where_the_shell_did_not(folder: Path) -> None:
    assert names("a/**/*.warc*") == ["a/deep/two.warc", "a/one.warc.gz"]
    assert names(f"{folder}/?/*.gz") == [f"{folder}/a/one.warc.gz"]


def test_a_list_has_one_path_or_address_a_line(folder: Path) -> None:
    (folder / "mine").write_text("a/one.warc.gz\n\n  b/4.arc \nhttp://data.example/5.warc.gz\n")
    assert names("@mine") == ["a/one.warc.gz", "b/4.arc", "http://data.example/5.warc.gz"]
    (folder / "mine.txt").write_bytes((folder / "mine").read_bytes())
    assert names("mine.txt") == names("@mine")


def test_a_list_of_common_crawl_takes_a_prefix(folder: Path) -> None:
    listed = b"crawl-data/CC/segments/1/warc/0.warc.gz\ncrawl-data/CC/segments/1/warc/1.warc.gz\n"
    (folder / "warc.paths.gz").write_bytes(gzip.compress(listed))
    assert names("warc.paths.gz", prefix=CRAWL) == [
        CRAWL + line for line in listed.decode().splitlines()
    ]
    assert names("warc.paths.gz", prefix="s3://commoncrawl")[1] == (
        "s3://commoncrawl/crawl-data/CC/segments/1/warc/1.warc.gz"
    )


def test_a_list_may_lie_on_a_server() -> None:
    with serve() as site:
        site.pages["/warc.paths.gz"] = Page(gzip.compress(b"x/0.warc.gz\n"), "application/gzip")
        address = f"{site.url}/warc.paths.gz"
        assert names(address, prefix=CRAWL) == [f"{CRAWL}x/0.warc.gz"]
        with pytest.raises(
            InputError, match=r"line 1: x/0\.warc\.gz is a path\. Say with --prefix"
        ):
            names(address)
        with pytest.raises(InputError, match="no such file"):
            names(f"{site.url}/other.paths.gz")


def test_addresses_are_taken_as_they_are() -> None:
    assert names("https://data.example/a.warc.gz?x=[1]") == ["https://data.example/a.warc.gz?x=[1]"]
    assert source_of("s3://bucket/a.warc.gz", CRAWL).address == "s3://bucket/a.warc.gz"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nowhere.warc.gz", "no such file or folder"),
        ("*.warc.zst", "no file has such a name"),
        ("ftp://data.example/a.warc.gz", "only http://, https:// and s3://"),
        ("file:///etc/passwd", "only http://, https:// and s3://"),
        ("@nowhere", "no such file"),
        ("empty", "no WARC or ARC file in this folder"),
    ],
)
def test_what_is_not_there_is_refused(folder: Path, given: str, told: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=told):
        find_sources([given])


def test_a_list_that_is_none_is_refused(folder: Path) -> None:
    (folder / "a.paths.gz").write_bytes(gzip.compress(b"x" * 5_000))
    with pytest.raises(InputError, match="line 1: longer than"):
        find_sources(["a.paths.gz"])
    (folder / "b.paths.gz").write_bytes(gzip.compress(b"line\n" * 5_000)[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        find_sources(["b.paths.gz"])
