"""The vendor on stage: what it serves, what it changes, and that it is fictitious throughout."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from sousveil.demo.vendor import PAGES, VendorSite
from sousveil.demo.vendor.lab_report import lab_report
from sousveil.demo.vendor.leaflet import SIZE as LEAFLET_SIZE
from sousveil.demo.vendor.leaflet import leaflet
from sousveil.demo.vendor.pages import DELETED, EDITED, LEAFLET, REPORT, SCRIPTED
from sousveil.errors import RepositoryError


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes


def fetch(url: str, method: str = "GET") -> Reply:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, parts.path)
    response = connection.getresponse()
    reply = Reply(response.status, response.headers, response.read())
    connection.close()
    return reply


def text_of(site: VendorSite, path: str, charset: str = "utf-8") -> str:
    """Return the page with its tags taken out, as a reader sees it."""
    source = fetch(site.base_url + path).body.decode(charset)
    visible = re.sub(r"<script>.*?</script>|<wbr>|</?(em|strong)>", "", source, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible).replace("&nbsp;", " "))


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[VendorSite]:
    with VendorSite(tmp_path) as vendor:
        yield vendor


def test_every_page_is_served_in_its_charset_with_a_fixed_date(site: VendorSite) -> None:
    for page, served in zip(PAGES, site.pages, strict=True):
        reply = fetch(served.url)
        assert reply.status == 200
        assert reply.headers["Last-Modified"] == "Mon, 02 Mar 2020 08:15:00 GMT"
        assert page.charset == "utf-8" or reply.headers["Content-Type"] == "text/html"
        if page.file.endswith(".html"):
            declared = f'<meta charset="{page.charset}">'
            assert declared in reply.body.decode(page.charset)


def test_every_page_says_that_it_is_fictitious(site: VendorSite) -> None:
    for page in PAGES:
        if page not in {REPORT, LEAFLET}:  # what these say is no text until somebody reads it
            assert "fictitious" in text_of(site, page.path, page.charset)
    assert "fictitious" in text_of(site, "/no-such-page")
    assert b"fictitious" in fetch(f"{site.base_url}/robots.txt").body


def test_the_tender_is_gb18030_and_neither_utf_8_nor_gbk(site: VendorSite) -> None:
    body = fetch(site.base_url + DELETED.path).body
    assert "族别（是否维吾尔族）" in body.decode("gb18030")
    for other in ("utf-8", "gbk"):
        with pytest.raises(UnicodeDecodeError):
            body.decode(other)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/en/products/stanelens.html", ["ethnicity (Uyghur / non-Uyghur)"]),
        ("/zh/products/stanelens.html", ["民族（汉族、维吾尔族、其他）", "指定民族的人员"]),
        ("/en/docs/api.html", ["Predicted ethnicity of the detected face"]),
        ("/en/responsible-use.html", ["do not infer the ethnicity, race or religion"]),
        ("/en/careers.html", ["race, ethnicity, religion, skin colour"]),
        ("/en/support/languages.html", ["Uyghur", "Tibetan", "Mongolian"]),
        ("/en/blog/race-condition.html", ["Race detection", "race condition"]),
        ("/en/blog/marathon.html", ["The race started", "Counting runners"]),
        ("/zh/products/id-reader.html", ["民族 4 字节 证件登记的民族代码"]),
        ("/zh/hr/staff-form.html", ["民族", "籍贯"]),
    ],
)
def test_a_page_holds_the_words_it_is_there_for(
    site: VendorSite, path: str, words: list[str]
) -> None:
    text = text_of(site, path)
    assert [word for word in words if word not in text] == []


def test_the_openapi_document_has_the_field(site: VendorSite) -> None:
    reply = fetch(f"{site.base_url}/en/docs/openapi.json")
    face = json.loads(reply.body)["components"]["schemas"]["Face"]["properties"]
    assert reply.headers["Content-Type"] == "application/json"
    assert face["ethnicity"]["enum"] == ["han", "uyghur", "tibetan", "other"]


def test_every_local_link_leads_somewhere_at_first(site: VendorSite) -> None:
    links = set()
    for page in (page for page in PAGES if page.file.endswith(".html")):
        source = fetch(site.base_url + page.path).body.decode(page.charset)
        links.update(re.findall(r'(?:href|src|action)="(/[^"]*)"', source))
    assert len(links) > 12
    assert {link: fetch(site.base_url + link).status for link in links} == dict.fromkeys(links, 200)


def test_an_unknown_address_answers_404_with_a_page(site: VendorSite) -> None:
    reply = fetch(f"{site.base_url}/en/products/gone.html")
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"We could not find that page" in reply.body


def test_head_answers_like_get_without_a_body(site: VendorSite) -> None:
    head, full = (fetch(site.base_url + EDITED.path, method) for method in ("HEAD", "GET"))
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(full.body))


def test_the_change_edits_two_addresses_deletes_two_and_leaves_the_others(
    site: VendorSite,
) -> None:
    before = {url: fetch(url) for url in site.urls()}
    said = site.change()
    after = {url: fetch(url) for url in site.urls()}
    edited, deleted = site.base_url + EDITED.path, site.base_url + DELETED.path
    differing = {url for url in before if before[url].body != after[url].body}
    replaced, unlisted = site.base_url + REPORT.path, site.base_url + LEAFLET.path
    assert differing == {edited, deleted, replaced, unlisted}
    assert after[unlisted].status == 404
    assert after[replaced].headers["Last-Modified"] == "Tue, 15 Dec 2020 09:30:00 GMT"
    assert after[edited].status == 200
    assert after[edited].headers["Last-Modified"] == "Tue, 15 Dec 2020 09:30:00 GMT"
    assert after[deleted].status == 404
    text = text_of(site, EDITED.path)
    assert "estimates age, gender and appearance (glasses, mask, bag)" in text
    assert not re.search("ethnic|uyghur", text, re.IGNORECASE)
    assert [sentence.partition(":")[0] for sentence in said] == [
        EDITED.path,
        DELETED.path,
        SCRIPTED.path,
        REPORT.path,
        LEAFLET.path,
        site.repository.name,
    ]


def test_the_scripted_page_stays_the_same_while_its_data_lose_the_claims(site: VendorSite) -> None:
    page, data = (f"{site.base_url}{path}" for path in (SCRIPTED.path, "/api/specs.json"))
    shell, first = fetch(page).body, json.loads(fetch(data).body)
    assert not re.search("ethnic|uyghur|民族", shell.decode(), re.IGNORECASE)
    assert b'src="/static/specs.js"' in shell
    site.change()
    second = json.loads(fetch(data).body)
    assert fetch(page).body == shell
    lost = [
        set(one["paragraphs"]) - set(other["paragraphs"])
        for one, other in zip(first["sections"], second["sections"], strict=True)
    ]
    assert [len(paragraphs) for paragraphs in lost] == [0, 1, 1]
    assert ["Uyghur" in lost[1].pop(), "维吾尔族" in lost[2].pop()] == [True, True]


def test_the_report_is_a_pdf_of_three_pages_that_loses_a_row() -> None:
    texts = []
    for changed in (False, True):
        pages = PdfDocument(lab_report(changed=changed))
        assert len(pages) == 3
        texts.append("".join(page.get_textpage().get_text_range() for page in pages))
    assert "Ethnicity classifier" in texts[0]
    assert "age, gender and ethnicity" in texts[0]
    assert "thnicity" not in texts[1]
    assert all("Brockhollow Optical Laboratory is fictitious" in text for text in texts)


def test_the_leaflet_is_a_picture_drawn_alike_each_time() -> None:
    with Image.open(BytesIO(leaflet())) as picture:
        assert picture.format == "JPEG"
        assert picture.size == LEAFLET_SIZE
    assert leaflet() == leaflet()
    assert len(leaflet()) < 300_000


def test_the_clean_up_commit_drops_the_field_and_says_nothing_of_it(site: VendorSite) -> None:
    header = "include/stl_face.h"
    java = "java/com/oddlestane/stanelens/FaceAttributes.java"
    with_field = (site.repository / header).read_bytes().decode("gb18030")
    assert "STL_NATION_TYPE ethnicity;" in with_field
    assert "人脸识别出的民族" in with_field
    site.change()
    assert git(site.repository, "log", "-1", "--format=%B").strip() == "Minor clean-up of headers."
    assert git(site.repository, "diff", "--name-only", "HEAD^", "HEAD").split() == [header, java]
    without = (site.repository / header).read_bytes().decode("gb18030")
    assert "民族" not in without
    assert "ethnicity" not in without + (site.repository / java).read_text("utf-8").lower()
    assert "民族（证件登记）" in (site.repository / "include/stl_idcard.h").read_text("utf-8")
    assert git(site.repository, "status", "--porcelain") == ""


def test_the_history_has_the_same_commits_on_every_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[core]\n\tautocrlf = true\n[commit]\n\tgpgsign = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00")
    with VendorSite(tmp_path) as site:
        site.change()
        assert git(site.repository, "log", "--format=%h %s", "--abbrev=12").splitlines() == [
            "dc37b83ac0eb Minor clean-up of headers.",
            "cdf616c5b957 Fix size of the landmark array.",
            "8d586cf29f72 README: how to build.",
            "3fa5bf36587e Add the identity-card reader.",
            "2f72f732d6e3 Add face attributes of the 2.0 algorithm.",
            "b7cb2364b98c Import StaneLens SDK 1.0.",
        ]
        assert set(git(site.repository, "log", "--format=%an <%ae>").splitlines()) == {
            "Oddlestane Release Desk <release@oddlestane.example>"
        }


def test_a_second_change_is_refused_and_so_is_a_used_folder(
    site: VendorSite, tmp_path: Path
) -> None:
    site.change()
    with pytest.raises(RepositoryError, match="git commit failed"):
        site.change()
    with pytest.raises(RepositoryError, match="exists already"), VendorSite(tmp_path):
        pass


def test_a_missing_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryError, match="Install git"), VendorSite(tmp_path):
        pass


def test_two_sites_serve_side_by_side_and_a_closed_one_does_not(tmp_path: Path) -> None:
    with VendorSite(tmp_path / "one") as one, VendorSite(tmp_path / "two") as two:
        one.change()
        assert fetch(one.base_url + DELETED.path).status == 404
        assert fetch(two.base_url + DELETED.path).status == 200
        address = one.base_url
    with pytest.raises(ConnectionRefusedError):
        fetch(address)
