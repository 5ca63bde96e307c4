"""An answer with status 200 that is no page is never called an edit of the page."""

from pathlib import Path

import pytest

from sousveil.changes.absence import judge_answer
from sousveil.extract import extract
from sousveil.model import Verdict
from tests.commands import sousveil
from tests.sites import Page, case_for, serve

CLAIM = b"<p>Our camera infers the ethnicity of every face it sees.</p>"
LOGIN = (
    b'<h1>Members</h1><form><input name="u"><input type="password" name="p"></form>'
    b"<p>Please log in with your customer number to go on.</p>"
)
NOTICE = (
    "<title>页面不存在</title><h1>页面不存在</h1><p>您访问的页面不存在，请返回首页。</p>".encode()
)


def verdict_of(body: bytes) -> Verdict | None:
    document = extract(body, media_type="text/html", charset="utf-8", name="x")
    absence = judge_answer(document, body)
    return absence.verdict if absence else None


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"", Verdict.UNKNOWN),
        (b"<html><body><script>render()</script></body></html>", Verdict.UNKNOWN),
        (LOGIN, Verdict.LOGIN_WALL),
        (NOTICE, Verdict.SOFT_404),
        (b"<h1>Page not found</h1><p>Try the search, or go back home.</p>", Verdict.SOFT_404),
        (b"<h1>Seite nicht gefunden</h1><p>Bitte nutzen Sie die Suche.</p>", Verdict.SOFT_404),
        (CLAIM, None),
        (b"<h1>Release notes</h1><p>An error 404 in the tile server was mended.</p>", None),
        (b"<h1>404 reasons to visit</h1>" + b"<p>A long page about a town.</p>" * 80, None),
    ],
)
def test_what_an_answer_is_instead_of_a_page(body: bytes, verdict: Verdict | None) -> None:
    assert verdict_of(body) is verdict


@pytest.mark.parametrize(
    ("page", "verdict", "is_gone"),
    [
        (Page(b""), "unknown", False),
        (Page(LOGIN), "login_wall", False),
        (Page(NOTICE), "soft_404", True),
        (Page(b"", status=302, location="/other"), "redirected_away", True),
        (Page(b"", status=302, location="/"), "redirected_away", True),
        (Page(b"<p>Our camera counts every face it sees.</p>"), "edited", True),
        (Page(b"<p>Contact our offices for a quotation today.</p>"), "quote_removed", True),
    ],
)
def test_what_became_of_a_quote_whose_page_answers_something_else(
    tmp_path: Path, page: Page, verdict: str, *, is_gone: bool
) -> None:
    with serve() as site:
        case = case_for(tmp_path / "case", site)
        site.pages["/"] = Page(b"<h1>Welcome</h1><p>Everything about our cameras is here.</p>")
        site.pages["/other"] = Page(b"<h1>Other</h1><p>Something else is told on this page.</p>")
        site.pages["/product"] = Page(CLAIM)
        assert sousveil("add", "--case", case.root, f"{site.url}/product").status == 0
        assert sousveil("visit", "--case", case.root).status == 0
        site.pages["/product"] = page
        ran = sousveil("visit", "--all", "--case", case.root, "--json")
        (finding,) = sousveil("findings", "--case", case.root, "--json").json()
    assert finding["verdict"] == verdict
    assert ("gone" in finding) is is_gone
    assert any(line["event"] == "gone" for line in ran.json()) is is_gone
