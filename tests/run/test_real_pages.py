"""Real pages, before and after a real change, served on loopback and visited twice.

The pairs lie beside the checkout, in `shared/data/history`; its README says where they come from.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import sousveil
from tests.sites import Page, case_for, serve

HISTORY = Path(__file__).parents[3] / "shared" / "data" / "history"


pytestmark = pytest.mark.skipif(not HISTORY.is_dir(), reason="no shared/data beside the checkout")


def rows(name: str) -> list[dict[str, Any]]:
    text = (HISTORY / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_removed_and_edited_documents_of_a_cloud_vendor_are_told_apart(tmp_path: Path) -> None:
    chosen = [row for row in rows("alibabacloud-docs.jsonl") if row["before"]]
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        for row in chosen:
            site.pages[f"/{row['id']}.md"] = Page(row["before"].encode(), "text/markdown")
        urls = [f"{site.url}/{row['id']}.md" for row in chosen]
        assert sousveil("add", "--case", case.root, *urls).status == 0
        first = sousveil("visit", "--case", case.root, "--json").json()
        for row in chosen:
            path = f"/{row['id']}.md"
            if row["after"] is None:
                del site.pages[path]
            else:
                site.pages[path] = Page(row["after"].encode(), "text/markdown")
        second = sousveil("visit", "--all", "--case", case.root, "--json").json()
    assert {line["verdict"] for line in first if line["event"] == "visit"} == {"present"}
    verdicts = {line["target"]: line["verdict"] for line in second if line["event"] == "visit"}
    for row in chosen:
        expected = "removed" if row["after"] is None else "present"
        assert verdicts[f"{site.url}/{row['id']}.md"] == expected
    assert {"removed", "present"} == set(verdicts.values())
    assert [line for line in first + second if line["event"] == "found"] == []
    assert sousveil("verify", case.root).status == 0


def test_government_pages_in_html_come_and_go_without_a_false_alarm(tmp_path: Path) -> None:
    pairs = rows("edgi-html.jsonl")
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        for state in ("before_file", "after_file"):
            for row in pairs:
                page = Page((HISTORY / row[state]).read_bytes(), "text/html")
                site.pages[f"/{row['id']}.html"] = page
            if state == "before_file":
                urls = [f"{site.url}/{row['id']}.html" for row in pairs]
                assert sousveil("add", "--case", case.root, *urls).status == 0
            ran = sousveil("visit", "--all", "--case", case.root, "--json")
            assert ran.status == 0
            assert {line["event"] for line in ran.json()} == {"visit"}
    assert sousveil("verify", case.root).status == 0


def test_chinese_news_pages_are_read_in_their_own_encodings(tmp_path: Path) -> None:
    pages = sorted((HISTORY / "zh-html").glob("*.html"))
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        for path in pages:
            site.pages[f"/{path.name}"] = Page(path.read_bytes(), "text/html")
        urls = [f"{site.url}/{path.name}" for path in pages]
        assert sousveil("add", "--case", case.root, *urls).status == 0
        ran = sousveil("visit", "--case", case.root)
    assert ran.status == 0
    assert "could not be read" not in ran.err
    assert sousveil("verify", case.root).status == 0


def test_a_firewalls_block_page_that_replaced_a_claim_is_not_called_a_removal(
    tmp_path: Path,
) -> None:
    block = (HISTORY / "block-pages" / "aliyun-waf-405.zh.html").read_bytes()
    claim = b"<p>Our camera infers the ethnicity of every face it sees.</p>"
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        site.pages["/product"] = Page(claim)
        assert sousveil("add", "--case", case.root, f"{site.url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        site.pages["/product"] = Page(block, status=405)
        ran = sousveil("visit", "--all", "--case", case.root, "--json")
        assert {line["event"] for line in ran.json()} == {"visit"}
        (finding,) = sousveil("findings", "--case", case.root, "--json").json()
        assert finding["verdict"] == "blocked"
        assert "gone" not in finding
