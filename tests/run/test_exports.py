"""An exported package holds by other tools' measure, proves itself, and comes back whole."""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fastwarc.warc import ArchiveIterator

from sousveil.archive.write import WarcWriter
from sousveil.case import Case, open_case, save_settings
from sousveil.demo.vendor import VendorSite
from sousveil.errors import ArchiveError, EvidenceError, InputError, TargetError
from sousveil.index.query import findings, watches
from sousveil.index.store import Index
from sousveil.ledger import writing
from sousveil.model import Finding, WatchKind
from sousveil.run.indexing import open_index
from sousveil.run.publish.exports import export_wacz
from sousveil.run.publish.output import Output
from sousveil.run.publish.packages import Exported
from sousveil.run.publish.private import Private
from sousveil.tlog import verify_proof
from tests.commands import sousveil

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def quiet(done: int, total: int, note: str) -> None:
    """Show nothing."""


def export(case: Case, output: Path, *targets: str) -> Exported:
    # The repository that is watched lies in a folder, as its records say.
    place = Output(output, allowed=frozenset({Private.PATHS}))
    return export_wacz(case, targets, place, now=NOW, progress=quiet)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case of pages and a repository, visited twice, with archives of others taken in."""
    folder = tmp_path_factory.mktemp("watched")
    with pytest.MonkeyPatch.context() as patch, VendorSite(folder / "vendor") as site:
        patch.setenv("SOUSVEIL_CONFIG", str(folder / "config"))
        assert sousveil("init", folder / "case", "--title", "Export").status == 0
        case = open_case(folder / "case")
        host = site.base_url.removeprefix("http://")
        settings = replace(case.settings, allow_hosts=frozenset({host}), delay_seconds=0.0)
        save_settings(case, settings)
        targets = [*site.urls(), site.repository]
        assert sousveil("add", "--case", case.root, *targets).status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        site.change()
        assert sousveil("visit", "--all", "--case", case.root).status == 0
        plain = plain_warc(folder / "donated.warc")
        misnamed, cut = folder / "misnamed.warc", folder / "cut.warc.gz"
        misnamed.write_bytes(gzip.compress(plain.read_bytes()))
        cut.write_bytes(gzip.compress(plain.read_bytes())[:-20])
        donated = [plain, misnamed, cut, arc(folder / "old.arc.gz")]
        assert sousveil("import", "--case", case.root, *donated).status == 1  # one is damaged
        yield open_case(case.root)


def plain_warc(path: Path) -> Path:
    """Make a WARC file as another tool might: not compressed."""
    with WarcWriter(path.with_suffix(".gz"), "x", software="t", user_agent="t", now=NOW) as records:
        url, text = "https://donor.example/", b"<title>Given</title>"
        records.write_resource(url, NOW, "text/html", text)
    path.write_bytes(gzip.decompress(path.with_suffix(".gz").read_bytes()))
    return path


def arc(path: Path) -> Path:
    """Make an ARC file of one page."""
    page = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>old</p>"
    head = f"http://old.example/ 192.0.2.1 20010203040506 text/html {len(page)}\n".encode()
    path.write_bytes(gzip.compress(head + page + b"\n"))
    return path


@pytest.fixture(scope="module")
def package(watched: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Exported]:
    folder = tmp_path_factory.mktemp("package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUSVEIL_CONFIG", str(watched.root.parent / "config"))
        return folder / "case.wacz", export(watched, folder / "case.wacz")


def test_py_wacz_finds_no_fault(package: tuple[Path, Exported]) -> None:
    referee = Path(sys.executable).with_name("wacz")
    done = subprocess.run(
        [referee, "validate", "-f", package[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the passed WACZ is valid" in done.stdout


def test_every_file_is_listed_and_has_its_hash(package: tuple[Path, Exported]) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        listed = json.loads(opened.read("datapackage.json"))["resources"]
        names = set(opened.namelist()) - {"datapackage.json", "datapackage-digest.json"}
        assert {one["path"] for one in listed} == names
        for one in listed:
            data = opened.read(one["path"])
            assert one["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
            assert one["bytes"] == len(data)


def test_the_first_page_is_the_one_that_players_open(package: tuple[Path, Exported]) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        said = json.loads(opened.read("datapackage.json"))
        _, first, *_ = map(json.loads, opened.read("pages/pages.jsonl").splitlines())
    assert (said["mainPageUrl"], said["mainPageDate"]) == (first["url"], first["ts"])


def test_a_stranger_can_verify_the_signature(package: tuple[Path, Exported]) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        signed = json.loads(opened.read("datapackage-digest.json"))["signedData"]
        manifest = opened.read("datapackage.json")
    assert signed["hash"] == f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    assert signed["created"] == json.loads(manifest)["created"] == "2026-01-02T03:04:05Z"
    key = load_der_public_key(base64.b64decode(signed["publicKey"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    raw = base64.b64decode(signed["signature"])
    r, s = (int.from_bytes(half, "big") for half in (raw[:48], raw[48:]))
    key.verify(encode_dss_signature(r, s), signed["hash"].encode(), ec.ECDSA(SHA256()))
    assert package[1].public_key == signed["publicKey"]


def test_each_line_of_the_index_leads_to_its_record(package: tuple[Path, Exported]) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        lines = opened.read("indexes/index.cdx").splitlines()
        assert lines == sorted(lines)
        assert len(lines) == package[1].records
        for line in lines:
            fields = json.loads(line.split(b" ", 2)[2])
            stored = opened.read(f"archive/{fields['filename']}")[fields["offset"] :]
            stored = stored[: fields["length"]]
            assert fields["recordDigest"] == f"sha256:{hashlib.sha256(stored).hexdigest()}"
            (record,) = ArchiveIterator(BytesIO(stored))
            assert record.headers["WARC-Target-URI"] == fields["url"]


def test_each_archive_file_was_logged_by_the_proof_beside_it(
    watched: Case, package: tuple[Path, Exported]
) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        names = opened.namelist()
        proved = set()
        assert watched.settings.key in opened.read("sousveil/README.md").decode()
        for name in names:
            if name.startswith("sousveil/entry-") and name.endswith(".json"):
                entry = opened.read(name)
                proof = opened.read(name.replace(".json", ".tlog-proof"))
                index, head = verify_proof(proof, entry, watched.settings.key)
                assert name == f"sousveil/entry-{index}.json"
                assert head.note == opened.read("sousveil/checkpoint")
                assert head.size == package[1].log_size
                proved.add(json.loads(entry)["warc"]["sha256"])
        held = {
            hashlib.sha256(opened.read(name)).hexdigest()
            for name in names
            if name.startswith("archive/")
        }
    assert held == proved
    assert len(held) == package[1].archive_files


def test_each_page_a_server_gave_is_offered_with_its_title(
    watched: Case, package: tuple[Path, Exported]
) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        _, *pages = map(json.loads, opened.read("pages/pages.jsonl").splitlines())
        lines = opened.read("indexes/index.cdx").splitlines()
    fields = [json.loads(line.split(b" ", 2)[2]) for line in lines]
    kinds = {"text/html", "application/pdf"}
    pages_given = {one["digest"] for one in fields if one["mime"] in kinds}
    given = [
        one["url"]
        for one in fields
        if one["status"] == 200 and one["digest"] in pages_given  # a revisit tells no type
    ]
    assert sorted(page["url"] for page in pages) == sorted(given)
    assert any("|" in page["title"] for page in pages)
    with open_index(watched) as index:
        titles = {finding.title for finding in findings(index) if finding.source.path is None}
    assert titles - {""} <= {page.get("title") for page in pages}


def read_as_text(index: Index) -> list[Finding]:
    """Return the findings that an import can bring: in no repository, and in no picture."""
    return [
        finding
        for finding in findings(index)
        if finding.source.path is None and finding.source.recognised is None
    ]


def told(finding: Finding) -> tuple[str, str, str, str]:
    return finding.url, finding.claim.label, finding.quote, finding.capture.record.digest


def test_a_new_case_takes_pages_in_and_finds_the_same(watched: Case, tmp_path: Path) -> None:
    with open_index(watched) as index:
        targets = [watch.target for watch in watches(index) if watch.kind == WatchKind.PAGE]
    export(watched, tmp_path / "pages.wacz", *targets)
    assert sousveil("init", tmp_path / "new").status == 0
    ran = sousveil("import", "--case", tmp_path / "new", tmp_path / "pages.wacz")
    assert ran.status == 0, ran.out
    with open_index(watched) as index:
        before = {told(finding) for finding in read_as_text(index)}
    with open_index(open_case(tmp_path / "new")) as index:
        after = {told(finding) for finding in read_as_text(index)}
    assert before
    assert after == before


def test_what_cannot_stand_in_a_package_is_left_out_and_named(
    package: tuple[Path, Exported],
) -> None:
    cut, old, shared, *paths, people = package[1].notes
    assert "(cut.warc.gz) is left out: the gzip member at byte 0 is cut short" in cut
    assert "(old.arc.gz) is left out: a WACZ holds WARC files only" in old
    assert "answers without a line in the package's index: 1" in shared
    assert {path.rpartition(": ")[2] for path in paths} == {"holds a path of a computer"}
    assert people.endswith(
        "holds at least e-mail address: 1, history of a repository, with whoever wrote its"
        " commits: 2, as others published it"
    )
    with zipfile.ZipFile(package[0]) as opened:
        names = opened.namelist()
    assert not any(".arc" in name for name in names)


def test_imports_are_named_by_what_they_are(package: tuple[Path, Exported]) -> None:
    with zipfile.ZipFile(package[0]) as opened:
        imports = [name for name in opened.namelist() if "-import" in name]
        begins = [(name.partition("-import")[2], opened.read(name)[:2]) for name in imports]
    assert begins == [(".warc", b"WA"), (".warc.gz", b"\x1f\x8b")]


def test_the_same_case_and_time_give_the_same_bytes(
    watched: Case, package: tuple[Path, Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUSVEIL_CONFIG", str(watched.root.parent / "config"))
    export(watched, tmp_path / "again.wacz")
    assert (tmp_path / "again.wacz").read_bytes() == package[0].read_bytes()


def test_chosen_watches_are_exported_alone(watched: Case, tmp_path: Path) -> None:
    with open_index(watched) as index:
        url = next(finding.url for finding in findings(index) if finding.source.path is None)
    exported = export(watched, tmp_path / "one.wacz", url)
    with zipfile.ZipFile(tmp_path / "one.wacz") as opened:
        lines = opened.read("indexes/index.cdx").splitlines()
    assert {json.loads(line.split(b" ", 2)[2])["url"] for line in lines} == {url}
    assert exported.archive_files == len(lines) == 2
    assert exported.notes == ()


def test_a_target_that_is_not_watched_is_refused(watched: Case, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="not watched"):
        export(watched, tmp_path / "one.wacz", "https://other.example/")


def test_a_case_without_captures_has_nothing_to_export(case: Case, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to export"):
        export(case, tmp_path / "a.wacz")
    assert not (tmp_path / "a.wacz").exists()


@pytest.fixture
def small(case: Case) -> Case:
    """A case with one import, of two bytes' worth."""
    with writing(case) as writer:
        warc = case.pending / "a.warc.gz"
        path = writer.new_warc_path(NOW)
        with WarcWriter(warc, path, software="t", user_agent="t", now=NOW) as records:
            records.write_resource("urn:test", NOW, "text/plain", b"ok")
        writer.commit("import", {"file": "a.warc.gz"}, now=NOW, warc=warc, warc_path=path)
    return case


def test_a_file_that_is_there_is_never_overwritten(small: Case, tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_bytes(b"kept")
    with pytest.raises(InputError, match="exists already"):
        export(small, tmp_path / "a.wacz")
    assert (tmp_path / "a.wacz").read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("name", "words"), [("a.zip", "ends in .wacz"), ("no/a.wacz", "there is no folder")]
)
def test_an_output_that_cannot_be_is_refused(
    small: Case, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        export(small, tmp_path / name)


@pytest.mark.parametrize(("place", "error"), [(4, ArchiveError), (-1, EvidenceError)])
def test_a_changed_or_missing_archive_file_is_never_exported(
    small: Case, tmp_path: Path, place: int, error: type[Exception]
) -> None:
    (path,) = small.root.glob("archive/*/*/*")
    data = bytearray(path.read_bytes())
    data[place] ^= 1  # the time in the gzip head, or the length at its end: whole or damaged
    path.write_bytes(data)
    with pytest.raises(error, match="not the one that was logged"):
        export(small, tmp_path / "a.wacz")
    path.unlink()
    with pytest.raises(EvidenceError, match="is missing; log entry 1"):
        export(small, tmp_path / "a.wacz")
    assert not list(tmp_path.glob("*a.wacz*"))
