"""What was handed in is kept as that: read like any evidence, and never told as captured."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sousveil.archive.read import read_block
from sousveil.case import Case
from sousveil.errors import InputError
from sousveil.index.query import findings
from sousveil.index.traces import traces
from sousveil.ledger import read_events
from sousveil.model import Finding
from sousveil.run.indexing import open_index
from sousveil.run.visit.handed_in import MAX_WORDS, provenance
from tests.commands import Ran, sousveil
from tests.extract.pdfs import Text, make_pdf

CLAIM = "Our terminal detects whether a visitor is Uyghur."
SOURCE = "a clerk called Halvard"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def hand_in(case: Case, path: Path, *more: object) -> Ran:
    return sousveil("hand-in", path, "--from", SOURCE, "--by", "Ada", "--case", case.root, *more)


@pytest.fixture
def offer(tmp_path: Path) -> Path:
    path = tmp_path / "offer of Halvard.txt"
    path.write_text(CLAIM, encoding="utf-8")
    return path


def found_in(case: Case) -> list[Finding]:
    with open_index(case) as index:
        return list(findings(index))


def test_a_document_is_kept_byte_for_byte_and_its_claims_are_found(
    case: Case, tmp_path: Path
) -> None:
    offer = tmp_path / "offer.pdf"
    offer.write_bytes(make_pdf([[Text(CLAIM)]], title="Offer"))
    ran = hand_in(case, offer, "--received", "2026-01-05", "--note", "by post")
    assert ran.status == 0, ran.err
    (event,) = [one for one in read_events(case) if one.type == "handed-in"]
    told = {name: event.body[name] for name in ("file", "given_by", "received", "by", "note")}
    assert told == {
        "file": offer.name,
        "given_by": SOURCE,
        "received": "2026-01-05",
        "by": "Ada",
        "note": "by post",
    }
    (found,) = found_in(case)
    assert found.quote == CLAIM
    assert found.source.page == 1
    assert b"".join(read_block(case.root, found.capture.record)) == offer.read_bytes()
    assert sousveil("verify", "--case", case.root).status == 0


def test_it_has_no_address_and_is_told_as_handed_in_everywhere(
    case: Case, offer: Path, tmp_path: Path
) -> None:
    hand_in(case, offer)
    (found,) = found_in(case)
    assert found.capture.is_handed_in
    assert found.url.startswith("urn:sousveil:handed-in:")
    assert found.watch_id is None
    assert "seen at no address" in found.caveats[0]
    for ran in (
        sousveil("findings", "--case", case.root),
        sousveil("show", found.id, "--case", case.root),
    ):
        assert "handed in 20" in ran.out
        assert "captured 20" not in ran.out
    assert sousveil("dossier", "-o", tmp_path / "d", "--case", case.root).status == 0
    page = (tmp_path / "d" / "findings" / f"{found.id}.html").read_text(encoding="utf-8")
    assert "a document that was handed in" in page
    assert "seen at no address" in page
    assert ">Captured<" not in page
    assert SOURCE not in page


def test_a_bundle_withholds_who_gave_it_and_what_its_file_was_called(
    case: Case, offer: Path, tmp_path: Path
) -> None:
    hand_in(case, offer, "--received", "2026-01-05", "--note", "by post")
    (found,) = found_in(case)
    bundle = tmp_path / "b.wacz"
    ran = sousveil("bundle", found.id, "-o", bundle, "--case", case.root)
    assert ran.status == 0, ran.err
    with zipfile.ZipFile(bundle) as package:
        texts = [package.read(name) for name in package.namelist() if "archive/" not in name]
    for secret in (b"Halvard", b"2026-01-05", b"by post", b'"Ada"'):
        assert not any(secret in text for text in texts), secret
    assert any(b"not who wrote it" in text for text in texts)
    assert sousveil("verify", bundle, "--key", case.settings.key).status == 0


def test_the_same_document_is_kept_once(case: Case, offer: Path) -> None:
    hand_in(case, offer)
    again = hand_in(case, offer, "--json")
    assert json.loads(again.out.splitlines()[0])["is_new"] is False
    assert sum(one.type == "handed-in" for one in read_events(case)) == 1


def test_an_index_made_again_knows_it_as_before(case: Case, offer: Path) -> None:
    hand_in(case, offer)
    before = found_in(case)
    assert sousveil("reindex", "--case", case.root).status == 0
    assert found_in(case) == before


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("tool.exe", b"MZ\x90\0\0", "no document"),
        ("page.pdf", b"not what it is called", "no document"),
        ("files.zip", b"PK\x03\x04rest", "no document"),
        ("fake.docx", b"PK\x03\x04rest", "no document"),
        ("site.warc.gz", b"\x1f\x8b\x08", "sousveil import"),
        ("nothing.txt", b"", "empty"),
    ],
)
def test_what_is_no_document_is_refused_and_nothing_is_logged(
    case: Case, tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    ran = hand_in(case, tmp_path / name)
    assert ran.status == 2
    assert why in ran.err
    assert [one.type for one in read_events(case)] == ["case.opened"]
    assert {one.name for one in case.pending.iterdir()} <= {"lock"}


def test_a_damaged_document_is_evidence_whose_text_cannot_be_read(
    case: Case, tmp_path: Path
) -> None:
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\nand no more")
    assert hand_in(case, tmp_path / "torn.pdf").status == 0
    assert found_in(case) == []
    assert sousveil("verify", "--case", case.root).status == 0


def test_an_archive_of_others_that_names_one_alike_counts_as_theirs(
    case: Case, offer: Path, tmp_path: Path
) -> None:
    hand_in(case, offer)
    (found,) = found_in(case)
    other = tmp_path / "other"
    assert sousveil("init", other).status == 0
    warc = case.root / found.capture.record.warc
    assert sousveil("import", warc, "--case", other).status == 0
    (theirs,) = sousveil("findings", "--case", other, "--json").json()
    assert "made by others" in theirs["caveats"][0]


def test_the_capture_that_the_log_names_is_the_one_in_the_index(case: Case, offer: Path) -> None:
    hand_in(case, offer)
    with open_index(case, create=True) as index, index.transaction():
        index.rows(
            "UPDATE sighting SET data = CAST(replace(data, ?, ?) AS BLOB)",
            *('"captured_at":"20', '"captured_at":"19'),
        )
    ran = sousveil("verify", "--case", case.root)
    assert ran.status == 1
    assert "not the one that was logged" in ran.out


@pytest.mark.parametrize(
    ("given_by", "received", "by", "why"),
    [
        ("", "", "Ada", "who gave the document"),
        ("source 3", "", " ", "who hands it in"),
        ("source 3", "last week", "Ada", "write a day"),
        ("source 3", "2026-03-02", "Ada", "yet to come"),
        ("x" * (MAX_WORDS + 1), "", "Ada", "Say it shorter"),
    ],
)
def test_provenance_is_told_whole_or_refused(
    given_by: str, received: str, by: str, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        provenance(given_by, received, by, "", NOW)


def test_nothing_becomes_of_it(case: Case, offer: Path, tmp_path: Path) -> None:
    assert "1 new finding" in hand_in(case, offer).out
    (found,) = sousveil("findings", "--case", case.root, "--json").json()
    assert not {"verdict", "last_seen", "gone"} & found.keys()
    for form in ("csv", "ftm", "annotations"):
        ran = sousveil(
            "export", "--all", "--format", form, "-o", tmp_path / f"out.{form}", "--case", case.root
        )
        assert ran.status == 0, ran.err
    assert "still there" not in sousveil("show", found["id"], "--case", case.root).out


def test_it_is_no_place_where_words_that_vanished_still_stand(case: Case, tmp_path: Path) -> None:
    for number in range(2):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"{CLAIM}\n\nCopy {number}.", encoding="utf-8")
        assert hand_in(case, path).status == 0
    with open_index(case) as index:
        told = [copy.state for trace in traces(index).values() for copy in trace.copies]
    assert told == ["unclear", "unclear"]
