"""Tender notices are read in the layouts in which they are published; other pages are none."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.errors import SousveilError
from sousveil.extract import extract
from sousveil.facts.notices import projects
from sousveil.facts.reader import beside
from sousveil.model import FIELDS
from tests.extract.pdfs import Text, make_pdf

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def read(text: str | bytes, media_type: str = "text/html") -> list[dict[str, list[str]]]:
    body = text.encode() if isinstance(text, str) else text
    document = extract(body, media_type=media_type, charset="utf-8", name="x")
    found: list[dict[str, list[str]]] = []
    for project in projects(document):
        told: dict[str, list[str]] = {}
        for one in project.pieces:
            assert one.name in FIELDS["project"]
            assert document.text[one.start : one.end].strip()
            told.setdefault(one.name, []).append(f"{one.value} {one.unit}".strip())
        found.append(told)
    return found


CHINESE = {
    "title": ["某市人脸识别系统采购项目"],
    "number": ["BSZC-2020-017"],
    "buyer": ["某市公安局"],
    "budget": ["1205000 CNY"],
    "published": ["2020-03-11"],
}
ENGLISH = {
    "title": ["Video analysis for stations"],
    "number": ["BP-2020-7"],
    "buyer": ["City of Birchport"],
    "budget": ["1200000 EUR"],
    "published": ["2020-03-11"],
}


IN_CHINESE = {
    "a table of labels and values, two a row": """<table>
<tr><td>项目名称</td><td colspan=3>某市人脸识别系统采购项目</td></tr>
<tr><td>项目编号</td><td>BSZC-2020-017</td><td>采购单位</td><td>某市公安局</td></tr>
<tr><td>预算金额（万元）</td><td>120.5</td><td>公告时间</td><td>2020年03月11日 10:23</td></tr>
</table>""",
    "lines with full-width colons and spaces within labels": """<h1>公开招标公告</h1>
<p>发布时间：2020-03-11</p><p>一、项目名称：某市人脸识别系统采购项目</p>
<p>二、项目编号：BSZC-2020-017</p><p>三、预算金额：壹佰贰拾万伍仟元整</p>
<p>1.采购人信息</p><p>名　　称：某市公安局</p>""",
    "a definition list": """<dl><dt>采购项目名称</dt><dd>某市人脸识别系统采购项目</dd>
<dt>采购项目编号</dt><dd>BSZC-2020-017</dd><dt>采购人</dt><dd>某市公安局</dd>
<dt>采购预算</dt><dd>￥1,205,000.00</dd><dt>公告日期</dt><dd>2020/3/11</dd></dl>""",
    "one paragraph": """<p>招标公告 项目名称：某市人脸识别系统采购项目；项目编号：BSZC-2020-017；
采购人：某市公安局；预算金额：120.5万元；公告日期：2020年3月11日。</p>""",
    "on whose behalf": """<h2>竞争性磋商公告</h2>
<p>某咨询公司受某市公安局委托，就某系统进行磋商。</p>
<p>采购项目名称:某市人脸识别系统采购项目</p><p>项目编号:BSZC-2020-017</p>
<p>采购预算:1205000元</p><p>发布日期:2020.3.11</p>""",
}
IN_ENGLISH = {
    "a table with headings": """<table>
<tr><th>Contracting authority</th><td>City of Birchport</td></tr>
<tr><th>Title</th><td>Video analysis for stations</td></tr>
<tr><th>Reference number</th><td>BP-2020-7</td></tr>
<tr><th>Estimated value</th><td>1 200 000,00 EUR</td></tr>
<tr><th>Date published</th><td>11 March 2020</td></tr></table>""",
    "a European form": """<p>1.1 Buyer</p><p>Official name: City of Birchport</p>
<p>Title: Video analysis for stations</p><p>Internal identifier: BP-2020-7</p>
<p>Main nature of the contract: Supplies</p><p>TED</p>
<p>Estimated value excluding VAT: 1 200 000,00 EUR</p><p>Publication date: 11/03/2020</p>""",
    "a list": """<ul><li><b>Purchaser:</b> City of Birchport</li>
<li><b>Tender title:</b> Video analysis for stations</li>
<li><b>Tender reference:</b> BP-2020-7</li><li><b>Budget:</b> EUR 1.2 million</li>
<li><b>Published:</b> March 11, 2020</li></ul>""",
}


@pytest.mark.parametrize("layout", IN_CHINESE)
def test_a_chinese_notice_is_read_in_every_layout(layout: str) -> None:
    agency = {"agency": ["某咨询公司"]} if layout == "on whose behalf" else {}
    assert read(f"<html><body>{IN_CHINESE[layout]}</body></html>") == [CHINESE | agency]


@pytest.mark.parametrize("layout", IN_ENGLISH)
def test_an_english_notice_is_read_in_every_layout(layout: str) -> None:
    assert read(f"<html><body>{IN_ENGLISH[layout]}</body></html>") == [ENGLISH]


def test_a_notice_in_a_pdf_is_read_line_by_line() -> None:
    lines = [
        "Contract award notice",
        "Contracting authority: City of Birchport",
        "Title of the contract: Video analysis for stations",
        "Reference number: BP-2020-7",
        "Name of the contractor: Halden Vision Ltd",
        "Total value of the contract: EUR 1,150,000",
    ]
    page = [Text(line, y=700 - 40 * number) for number, line in enumerate(lines)]
    (told,) = read(make_pdf([page]), "application/pdf")
    assert told["supplier"] == ["Halden Vision Ltd"]
    assert told["price"] == ["1150000 EUR"]


def test_lots_with_several_suppliers_are_all_told() -> None:
    (told,) = read(
        "<p>项目名称：甲系统</p><p>项目编号：A-1</p><table><tr><th>包号</th><th>中标供应商</th>"
        "<th>中标金额（万元）</th></tr><tr><td>1</td><td>甲科技有限公司</td><td>12</td></tr>"
        "<tr><td>2</td><td>乙科技有限公司</td><td>30.5</td></tr></table>"
    )
    assert told["supplier"] == ["甲科技有限公司", "乙科技有限公司"]
    assert told["price"] == ["120000 CNY", "305000 CNY"]


def test_a_list_of_tenders_is_a_project_a_row() -> None:
    told = read(
        "<table><tr><td>项目名称</td><td>采购人</td><td>预算（万元）</td></tr><tr><td>甲项目一期</td>"
        "<td>甲县公安局</td><td>100</td></tr><tr><td>乙项目二期</td><td>乙县公安局</td><td>200</td></tr>"
        "</table>"
    )
    assert [(one["title"], one["budget"]) for one in told] == [
        (["甲项目一期"], ["1000000 CNY"]),
        (["乙项目二期"], ["2000000 CNY"]),
    ]


def test_names_and_telephones_of_people_are_not_kept() -> None:
    (told,) = read(
        "<p>项目名称：甲系统采购</p><p>采购人：某县公安局　联系人：张三　联系电话：0991-1234567</p>"
        "<p>评审专家：李四、王五</p><p>预算金额：10万元</p>"
    )
    assert told == {"title": ["甲系统采购"], "buyer": ["某县公安局"], "budget": ["100000 CNY"]}


@pytest.mark.parametrize(
    "page",
    [
        "<p>Title: My holidays</p><p>Location: Rome</p><p>Published: 3 May 2020</p>",
        "<table><tr><td>Name</td><td>Widget</td></tr><tr><td>Value</td><td>30 EUR</td></tr>",
        "<p>The contract was signed. Supplier: none.</p>",
        "<p>采购人员培训通知。时间：2020年3月1日。地点：某楼。</p>",
    ],
)
def test_a_page_with_labels_of_its_own_is_no_notice(page: str) -> None:
    assert read(page) == []


@given(st.text(alphabet="采购人：:项目名称\n （）(), 1.万元年Title: buyer-;。", max_size=300))
def test_any_text_is_read(text: str) -> None:
    document = extract(text.encode(), media_type="text/plain", charset="utf-8", name="x")
    for one in (*projects(document), *beside(document, [(0, 3)])):
        assert all(0 <= each.start <= each.end <= len(document.text) for each in one.pieces)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents are not here")
def test_no_real_page_about_something_else_is_taken_for_a_tender() -> None:
    taken = []
    for name in ("ota-contrib", "alibabacloud-docs"):
        for line in (SHARED / "history" / f"{name}.jsonl").read_text().splitlines()[::4]:
            text = json.loads(line)["before"].encode()
            document = extract(text, media_type="text/markdown", charset="utf-8", name="x.md")
            taken += projects(document)
    assert taken == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real documents are not here")
def test_the_references_of_a_national_standard_are_read() -> None:
    path = SHARED / "docs" / "gbt-28181-2016.zh.pdf"
    try:
        document = extract(path.read_bytes(), media_type="", charset=None, name=path.name)
    except SousveilError as error:
        pytest.skip(str(error))
    found = beside(document, [(0, 10)])
    numbers = {one.value for each in found for one in each.pieces if one.name == "number"}
    assert {"GB/T 28181-2016", "GB/T 25724-2010"} & numbers
    assert len(numbers) > 10
