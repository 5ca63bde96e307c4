"""A reader is told what became of each quote, and where it survives."""

from pathlib import Path

from tests.commands import Ran, sousveil
from tests.extract.pdfs import Text, make_pdf
from tests.sites import Page, case_for, serve

CLAIM = "Our camera recognises the ethnicity of every face it sees at the gate."
REST = "<p>Halden makes cameras for gates and doors.</p><p>Write to us for an offer.</p>"


def page(claim: str, lang: str = "en", head: str = "") -> Page:
    body = f"<html lang={lang}><head>{head}</head><body><p>{claim}</p>{REST}</body></html>"
    return Page(body.encode())


def watched(root: Path, *targets: str) -> None:
    assert sousveil("add", "--case", root, "--actor", "Halden", *targets).status == 0
    assert sousveil("visit", "--case", root).status == 0


def looked(root: Path) -> Ran:
    assert sousveil("visit", "--all", "--case", root).status == 0
    return sousveil("changes", "--case", root)


def test_a_page_is_gone_and_its_pdf_stays(tmp_path: Path) -> None:
    root = tmp_path / "case"
    with serve() as site:
        case_for(root, site)
        site.pages["/product"] = page(CLAIM)
        paper = make_pdf([[Text(CLAIM)]])
        site.pages["/product.pdf"] = Page(paper, content_type="application/pdf")
        watched(root, f"{site.url}/product", f"{site.url}/product.pdf")
        quiet = sousveil("changes", "--case", root).out
        assert quiet == "No quote went missing: 2 stand where they stood.\n"
        del site.pages["/product"]
        told = looked(root)
    assert "missing, not confirmed yet: “not found”" in told.out
    assert f"Went missing from {site.url}/product between " in told.out
    assert "; not confirmed yet: that takes " in told.out
    assert told.out.endswith("1 missing, not confirmed yet; of 2 quotes.\n")
    assert "The same words stand in one other place." in told.out
    assert f"{site.url}/product.pdf: the same words, stands" in told.out
    (line,) = sousveil("changes", "--case", root, "--json").json()
    (copy,) = line["trace"]["copies"]
    assert (copy["relation"], copy["state"]) == ("same_words", "stands")
    shown = sousveil("show", "--case", root, copy["id"]).out
    assert "Stands at" in shown
    assert line["id"] in shown
    (quiet,) = sousveil("changes", "--case", root, "--since", "2100-01-01").out.splitlines()
    assert quiet.startswith("No quote went missing since 2100-01-01 00:00:00 UTC; in all, 1 stand")
    assert "not a time" in sousveil("changes", "--case", root, "--since", "soon").err


def test_the_chinese_page_is_reworded_and_the_english_stands(tmp_path: Path) -> None:
    root = tmp_path / "case"
    head = '<link rel="alternate" hreflang="zh" href="/product/chinese">'
    with serve() as site:
        case_for(root, site)
        site.pages["/product"] = page(CLAIM, head=head)
        site.pages["/product/chinese"] = page("摄像机可识别每位访客的民族，并上报平台。", "zh")
        watched(root, f"{site.url}/product", f"{site.url}/product/chinese")
        site.pages["/product/chinese"] = page("摄像机可识别每位访客的肤色，并上报平台。", "zh")
        looked(root)
    lines = sousveil("changes", "--case", root, "--json").json()
    (line,) = [one for one in lines if "民族" in one["quote"]]
    (copy,) = line["trace"]["copies"]
    assert (copy["relation"], copy["state"]) == ("other_language", "stands")
    assert copy["quote"] in CLAIM
    assert "肤色" in line["after"]
    assert line["trace"]["swaps"] == ["“民族” became “肤色”"]


def test_a_sentence_moves_to_a_sibling_page(tmp_path: Path) -> None:
    root = tmp_path / "case"
    with serve() as site:
        case_for(root, site)
        site.pages["/product"] = page(CLAIM)
        site.pages["/more"] = page("Our camera has a lens of glass.")
        watched(root, f"{site.url}/product", f"{site.url}/more")
        site.pages["/product"], site.pages["/more"] = site.pages["/more"], site.pages["/product"]
        told = looked(root)
    assert f"{site.url}/more: the same words, stands" in told.out
    (line,) = sousveil("changes", "--case", root, "--json").json()
    assert line["trace"]["moved_to"]["url"] == f"{site.url}/more"
    assert "-> " in told.out
    why = sousveil("changes", "--case", root, "--why").out
    assert f"{site.url}/more  there" in why
    assert "HTTP 200" in why


def test_a_wall_is_no_absence_and_a_sentence_that_is_back_is_told(tmp_path: Path) -> None:
    root = tmp_path / "case"
    with serve() as site:
        case_for(root, site)
        site.pages["/product"], site.pages["/more"] = page(CLAIM), page(CLAIM)
        watched(root, f"{site.url}/product", f"{site.url}/more")
        site.pages["/product"] = page("Our camera has a lens of glass.")
        site.pages["/more"] = Page(b"<h1>Access denied</h1>", status=403)
        told = looked(root).out
        assert told.endswith("1 missing, not confirmed yet, 1 cannot be told; of 2 quotes.\n")
        listed = sousveil("findings", "--case", root).out
        assert "access refused: cannot be told since" in listed
        assert "a script had written" not in listed
        site.pages["/product"] = page(CLAIM)
        again = sousveil("visit", "--all", "--case", root).out
    assert "What stands again" in again
    assert f"Stands at {site.url}/product since " in again
    assert again.endswith("0 new findings, 0 gone, 1 back.\n")
