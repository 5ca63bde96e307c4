"""No form of an export tells of private people, unless whoever makes it says so."""

import gzip
import json
import re
import zipfile
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.commands import sousveil
from tests.sites import Page, case_for, serve

CLAIM = "哈尔登门禁相机能够识别人员的民族属性，支持维族识别并自动报警"
CONTACT = "联系人：张三，电话：13812345678，邮箱：zhang.san@halden.example。"
PRIVATE = ("张三", "13812345678", "zhang.san@halden.example")
FORMS = ("annotations", "bibtex", "csl", "csv", "ftm", "icalendar", "json", "parquet")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A case with one confirmed finding that stands beside a contact."""
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        page = f"<html lang=zh><title>公告 张三</title><p>{CLAIM}，{CONTACT}</p></html>"
        site.pages["/"] = Page(page.encode())
        sousveil("add", f"{site.url}/", "--case", case.root, "--actor", "Halden Vision")
        sousveil("visit", "--case", case.root)
    (found,) = sousveil("findings", "--json", "--case", case.root).json()
    sousveil("review", found["id"], "confirm", "--by", "A. Reader", "--case", case.root)
    return case.root


def words_of(path: Path) -> str:
    """Return all that a file says, whatever it escapes or compresses."""
    if path.suffix == ".parquet":
        return str(parquet.read_table(path).to_pylist())
    text = path.read_text("utf-8").replace("\r\n ", "")  # a calendar's folded lines (RFC 5545, 3.1)
    return text + re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)


def test_what_is_withheld_is_in_no_form_and_can_be_agreed_to(root: Path, tmp_path: Path) -> None:
    for form in FORMS:
        ran = sousveil("export", "--format", form, "-o", tmp_path / f"out.{form}", "--case", root)
        assert ran.status == 0, ran.err
        if form == "csv":
            assert "withheld of people: e-mail address: 1, name of a contact person: 1" in ran.out
    files = sorted(tmp_path.glob("out.*"))
    assert len(files) > len(FORMS)
    for path in files:
        assert not [word for word in PRIVATE if word in words_of(path)], path.name
    assert "[withheld: phone number]" in words_of(tmp_path / "out.parquet")
    told = tmp_path / "told.parquet"
    ran = sousveil("export", "--format", "parquet", "-o", told, "--allow", "contacts",
                   "--case", root)  # fmt: skip
    assert ran.status == 0, ran.err
    assert all(word in words_of(told) for word in PRIVATE)


def test_a_bag_keeps_its_evidence_and_tells_what_that_holds(root: Path, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    ran = sousveil("export", "--format", "bagit", "-o", bag, "--case", root)
    assert ran.status == 0, ran.err
    told = " ".join(ran.out.split())
    assert "its records: holds at least e-mail address: 1, name of a contact person: 1" in told
    annotations = words_of(bag / "data" / "annotations.jsonld")
    assert not [word for word in PRIVATE if word in annotations]
    assert CLAIM in annotations
    (warc,) = (bag / "data" / "archive").rglob("*.warc.gz")
    assert PRIVATE[0].encode() in gzip_members(warc)


def test_a_bundle_tells_no_decision_and_no_contact_beside_the_quote(
    root: Path, tmp_path: Path
) -> None:
    (found,) = sousveil("findings", "--json", "--case", root).json()
    for name, more, is_told in (("a", (), False), ("b", ("--allow", "contacts"), True)):
        path = tmp_path / f"{name}.wacz"
        ran = sousveil("bundle", found["id"], "-o", path, *more, "--case", root)
        assert ran.status == 0, ran.err
        assert sousveil("verify", path).status == 0
        with zipfile.ZipFile(path) as package:
            form = package.read(f"sousveil/finding-{found['id']}.json").decode()
        assert ("13812345678" in form) == is_told
        assert json.loads(form)["target"]["selector"][0]["exact"] == found["quote"]
        assert not {"review", "status"} & json.loads(form)["sousveil:finding"].keys()


def gzip_members(path: Path) -> bytes:
    with gzip.open(path) as opened:
        return opened.read()


def test_a_bundle_tells_nothing_of_what_else_the_case_watches(tmp_path: Path) -> None:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        for name, actor in (("told", "Halden Vision"), ("kept", "Secret Vendor")):
            page = f"<html lang=zh><title>{name}</title><p>{CLAIM}，{name}。</p></html>"
            site.pages[f"/{name}"] = Page(page.encode())
            sousveil("add", f"{site.url}/{name}", "--case", case.root, "--actor", actor)
        sousveil("visit", "--case", case.root)
        sousveil("inquiry", f"{site.url}/told", "--sent", "now", "--to", "Mr Officer",
                 "--case", case.root)  # fmt: skip
        site.pages["/told"] = Page(b"<html><p>Nothing.</p></html>")
        sousveil("visit", "--all", "--case", case.root)
    found = {one["capture"]["url"]: one for one in sousveil(
        "findings", "--json", "--case", case.root).json()}  # fmt: skip
    told, kept = found[f"{site.url}/told"], found[f"{site.url}/kept"]
    for one in (told, kept):
        sousveil("review", one["id"], "confirm", "--by", "A. Reader", "--case", case.root)
    path = tmp_path / "a.wacz"
    ran = sousveil("bundle", told["id"], "-o", path, "--with-decisions", "--case", case.root)
    assert ran.status == 0, ran.err
    with zipfile.ZipFile(path) as package:
        files = [package.read(name) for name in package.namelist()]
    whole = b"\n".join(gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in files)
    assert f"{site.url}/told".encode() in whole
    for word in (f"{site.url}/kept", "Secret Vendor", kept["id"], kept["watch"], "Mr Officer"):
        assert word.encode() not in whole, word
