"""Archives far away: a site that gives parts of files, and an object store, both on loopback."""

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sousveil.case import open_case, save_settings
from tests.commands import Ran, sousveil
from tests.scan.job.crawls import Crawl, crawls

RANGE = re.compile(r"bytes=([0-9]+)-([0-9]+)")


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    given: list[tuple[str, int]] = field(default_factory=list)  # path, and how many bytes of it


@contextmanager
def serve_parts(folder: Path) -> Iterator[Site]:
    """Serve a folder as Common Crawl's site does: files, sizes by HEAD, parts by Range."""
    given: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            data = path.read_bytes()
            wanted = RANGE.fullmatch(self.headers.get("Range", ""))
            if wanted is not None:
                first, last = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                data = data[first : last + 1]
            else:
                self.send_response(200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                given.append((self.path, len(data)))
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket.settimeout(10)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{server.server_port}", given)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Crawl]:
    monkeypatch.chdir(tmp_path)
    return crawls(tmp_path / "far" / "crawl", 3)


def scan(*arguments: object, output: str = "hits.parquet") -> Ran:
    topic = ("--topic", "ethnicity", "--workers", 1)
    return sousveil("scan", *arguments, *topic, "-o", output)


def urls(result: str = "hits.parquet") -> list[str]:
    return [row["capture"]["url"] for row in pq.read_table(result).to_pylist()]


def listed(folder: Path, made: list[Crawl]) -> Path:
    """Write a list of paths, as Common Crawl does, and a table of its columns."""
    paths = [one.path.relative_to(folder).as_posix() for one in made]
    Path("warc.paths").write_text("".join(f"{path}\n" for path in paths))
    rows = [
        {
            "url_surtkey": f"example,vendor-{number})/{turn}",
            "url": record.url,
            "url_host_name": f"vendor-{number}.example",
            "fetch_time": 1_700_000_000_000 + number * 86_400_000,
            "content_mime_type": "text/html",
            "content_mime_detected": "text/html" if turn else None,
            "content_languages": "eng,zho" if number == 1 else "eng",
            "warc_filename": path,
            "warc_record_offset": record.offset,
            "warc_record_length": record.length,
        }
        for number, (path, one) in enumerate(zip(paths, made, strict=True))
        for turn, record in enumerate(one.records)
    ]
    schema = pa.schema(
        [
            *((name, pa.string()) for name in list(rows[0])[:3]),
            ("fetch_time", pa.timestamp("ms", "UTC")),
            *((name, pa.string()) for name in list(rows[0])[4:8]),
            ("warc_record_offset", pa.int32()),
            ("warc_record_length", pa.int32()),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    index = Path("index") / "crawl=CC-TEST" / "subset=warc" / "part-0.parquet"
    index.parent.mkdir(parents=True)
    pq.write_table(table, index, row_group_size=2)
    return Path("index")


def test_a_list_of_paths_is_scanned_from_a_site_and_its_records_are_brought(
    tmp_path: Path, made: list[Crawl]
) -> None:
    listed(tmp_path / "far", made)
    with serve_parts(tmp_path / "far") as site:
        ran = scan("warc.paths", "--prefix", site.url)
        assert ran.status == 0, ran
        assert urls() == [f"https://vendor-{number}.example/1" for number in range(3)]
        estimate = scan("warc.paths", "--prefix", site.url, "--estimate", "--json").json()[0]
        assert estimate["bytes"] == sum(one.path.stat().st_size for one in made)
        sousveil("init", "case")
        case = open_case(Path("case"))
        allowed = frozenset({"127.0.0.1"})
        save_settings(case, replace(case.settings, allow_hosts=allowed))
        site.given.clear()
        assert sousveil("import", "hits.parquet", "--case", "case").status == 0
        # One byte tells of each file whether parts of it can be had.
        given = [(path, length) for path, length in site.given if length > 1]
        assert given == [(f"/crawl/{one.path.name}", one.records[1].length) for one in made]


@pytest.mark.usefixtures("no_processes")
def test_only_records_that_an_index_names_are_read(tmp_path: Path, made: list[Crawl]) -> None:
    index = listed(tmp_path / "far", made)
    with serve_parts(tmp_path / "far") as site:
        ran = scan("warc.paths", "--prefix", site.url, "--index", index, "--language", "zho")
        assert ran.status == 0, ran
        assert "3 records of 3 that the index named" in ran.out
        assert urls() == ["https://vendor-1.example/1"]
        assert {path for path, _ in site.given} == {"/crawl/001.warc.gz"}
        # Without names of files: all that the index names.
        scan("--prefix", site.url, "--index", index, "--host", "example", output="all.parquet")
        assert urls("all.parquet") == [f"https://vendor-{n}.example/1" for n in range(3)]


@pytest.mark.parametrize(
    ("filters", "records"),
    [
        (["--language", "zho"], 3),
        (["--language", "eng"], 9),
        (["--mime", "text/html"], 9),
        (["--mime", "text/"], 9),
        (["--host", "vendor-2.example"], 3),
        (["--host", "example"], 9),
        (["--host", "vendor-2.example", "--host", "vendor-0.example"], 6),
        (["--since", "2023-11-15"], 6),
        (["--since", "2023-11-15", "--until", "2023-11-16"], 3),
        (["--host", "vendor-2.example", "--language", "zho"], 0),
        (["--mime", "application/pdf"], 0),
        (["--host", "or-2.example"], 0),
    ],
)
@pytest.mark.parametrize("kind", ["table", "cdxj"])
def test_filters_choose_records(
    tmp_path: Path, made: list[Crawl], filters: list[str], records: int, kind: str
) -> None:
    index = listed(tmp_path / "far", made)
    if kind == "cdxj":
        index = as_cdxj(index)
    size = ["--prefix", tmp_path / "far", "--index", index, "--estimate", "--speed", 1, "--json"]
    ran = sousveil("scan", *size, *filters, "--topic", "ethnicity")
    lengths = {record.length for one in made for record in one.records}
    if records == 0:
        assert "the indexes name no record that is wanted" in ran.err
    else:
        assert min(lengths) * records <= ran.json()[0]["bytes"] <= max(lengths) * records


def as_cdxj(index: Path) -> Path:
    """Write a table as Common Crawl's CDXJ."""
    lines = []
    for row in pq.read_table(index).to_pylist():
        told = {
            "url": row["url"],
            "mime": row["content_mime_type"],
            "mime-detected": row["content_mime_detected"] or row["content_mime_type"],
            "status": "200",
            "length": str(row["warc_record_length"]),
            "offset": str(row["warc_record_offset"]),
            "filename": row["warc_filename"],
            "languages": row["content_languages"],
        }
        stamp = f"{row['fetch_time']:%Y%m%d%H%M%S}"
        lines.append(f"{row['url_surtkey']} {stamp} {json.dumps(told)}\n")
    path = Path("cdx-00000.gz")
    path.write_bytes(b"".join(gzip.compress(line.encode()) for line in lines))
    return path


@pytest.mark.usefixtures("no_processes")
def test_cdx_lines_are_read_by_their_legend(made: list[Crawl]) -> None:
    one = made[1]
    lines = [" CDX N b a m s k r M S V g\n"] + [
        f"example,vendor-1)/{n} 20260102030405 {r.url} text/html 200 - - - {r.length} {r.offset} "
        f"001.warc.gz\n"
        for n, r in enumerate(one.records)
    ]
    Path("a.cdx").write_text("".join(lines))
    ran = scan("far", "--index", "a.cdx", "--host", "vendor-1.example")
    assert ran.status == 0, ran
    assert urls() == ["https://vendor-1.example/1"]
    assert "no languages" in scan("far", "--index", "a.cdx", "--language", "zho").err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.cdx", b"no legend", "neither CDX with a legend nor CDXJ"),
        ("a.cdxj", b'key 2026 {"url": "x"}\n', "line 1: does not tell file, offset and length"),
        ("a.cdxj", b'key 2026 ["url"]\n', "its JSON is no object"),
        ("a.cdxj", b"[" * 100_000, "neither CDX"),
        ("a.cdx.gz", b"no gzip", "cannot be read"),
        ("a.parquet", b"no table", "cannot be read"),
        ("nowhere", b"", "no such file"),
    ],
)
def test_what_is_no_index_is_refused(name: str, content: bytes, told: str) -> None:
    if content:
        Path(name).write_bytes(content)
    ran = scan("far", "--index", name)
    assert ran.status == 2
    assert told in ran.err


def test_a_table_without_a_column_that_is_asked_for_is_refused() -> None:
    pq.write_table(pa.table({"warc_filename": ["a"]}), "a.parquet")
    assert "has no column warc_record_offset" in scan("far", "--index", "a.parquet").err


@pytest.mark.slow
def test_an_object_store_is_scanned_and_records_are_brought(
    made: list[Crawl], monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3 = pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():
            monkeypatch.setenv(name, value)
        store = boto3.client("s3")
        store.create_bucket(Bucket="crawl")
        for one in made:
            store.put_object(Bucket="crawl", Key=one.path.name, Body=one.path.read_bytes())
        ran = scan("s3://crawl/*.warc.gz")
        assert ran.status == 0, ran
        assert urls() == [f"https://vendor-{number}.example/1" for number in range(3)]
        sousveil("init", "case")
        assert sousveil("import", "hits.parquet", "--case", "case").status == 0
        assert (
            "nothing.warc.gz: refused" in scan("s3://crawl/nothing.warc.gz", output="b.parquet").out
        )
    finally:
        server.stop()
