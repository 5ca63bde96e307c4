"""What a vendor's lawyer would say of us: courses of answers by which nothing was taken away."""

from dataclasses import replace
from pathlib import Path

import pytest

from sousveil.case import save_settings
from sousveil.index.query import fates
from sousveil.model import GONE, Verdict
from tests.capture.exit_server import exit_server
from tests.run.looking import Looking, looking_at
from tests.sites import Page, Site, serve

CLAIM = "Our camera infers the ethnicity of every face it sees."
REST = "".join(f"<p>Paragraph {n} tells of lens {n * n} and of its mount.</p>" for n in range(12))
HOME = Page(b"<title>Halden</title><p>We make many things that look at people, and more.</p>" * 9)


def page(body: str, title: str = "Lens") -> Page:
    return Page(f"<title>{title}</title><h1>{title}</h1>{body}{REST}".encode())


PAGE = page(f"<p>{CLAIM}</p>")


def looking_ten_days(case: Looking) -> None:
    for _ in range(8):
        case.after(hours=30)


def watching(folder: Path, site: Site, first: Page = PAGE) -> Looking:
    site.pages.update({"/": HOME, "/lens.html": first, "/mount.html": page("", "Mount")})
    case = looking_at(folder, site, "/lens.html", "/mount.html")
    case.after()
    assert case.fate().verdict is Verdict.PRESENT
    return case


# What stands at the address from then on, and still says it.
STILL_SAYS_IT = {
    "in a tab that is hidden": page(f'<div hidden class="tab"><p>{CLAIM}</p></div>'),
    "in the title alone": page("", CLAIM),
    "with soft hyphens": page(f"<p>{CLAIM.replace('nic', 'n&shy;ic')}</p>"),
    "in full width": page(
        "<p>" + "".join(chr(ord(one) + 0xFEE0) if one.isalpha() else one for one in CLAIM) + "</p>"
    ),
    "once where it stood twice": page(f"<ul><li>{CLAIM}</li></ul>"),
    "on a page designed anew": Page(
        f"<title>Lens 2</title><main><b>{CLAIM[:20]}</b>{CLAIM[20:]}</main>".encode()
        + b"".join(b"<p>We wrote number %d of our sayings anew for you.</p>" % n for n in range(9))
    ),
}


@pytest.mark.parametrize("how", STILL_SAYS_IT)
def test_what_still_stands_is_present(tmp_path: Path, how: str) -> None:
    first = page(f"<p>{CLAIM}</p><p>{CLAIM}</p>") if "twice" in how else PAGE
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": first})
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        site.pages["/lens.html"] = STILL_SAYS_IT[how]
        case.after(hours=30)
        case.after(hours=50)
        with case.index() as index:
            assert {fate.verdict for fate in fates(index).values()} == {Verdict.PRESENT}


# What says nothing of whether it was taken away.
UNTELLING = {
    "in a script": page(f'<script>tabs = {{"text": "{CLAIM}"}}</script>'),
    "in a script, escaped": page(
        "<script>x='" + "".join(f"\\u{ord(one):04x}" for one in CLAIM) + "'</script>"
    ),
    "in an attribute": page(f'<div data-text="{CLAIM}"></div>'),
    "long wall in no known words": Page(
        b"<title>Haltu</title>"
        + b"".join(
            b"<p>Ni petas vian konsenton por afero numero %d kaj pli.</p>" % n for n in range(50)
        )
    ),
}


@pytest.mark.parametrize("how", UNTELLING)
def test_what_tells_nothing_is_never_gone(tmp_path: Path, how: str) -> None:
    with serve() as site:
        case = watching(tmp_path, site)
        site.pages["/lens.html"] = UNTELLING[how]
        if "wall" in how:
            site.pages["/mount.html"] = site.pages["/lens.html"]
        looking_ten_days(case)
        fate = case.fate()
        assert fate.verdict not in GONE, fate.evidence
        assert fate.pending is None, fate.evidence


ELSEWHERE = {
    "renumbered": "/lens-7.html",
    "with a slash": "/lens.html/",
    "front page that says it": "/",
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_what_stands_where_the_address_leads_is_there(tmp_path: Path, how: str) -> None:
    with serve() as site:
        case = watching(tmp_path, site)
        site.pages["/lens.html"] = Page(b"", status=301, location=ELSEWHERE[how])
        site.pages[ELSEWHERE[how]] = (
            Page(HOME.body + f"<p>{CLAIM}</p>".encode()) if how.startswith("front") else PAGE
        )
        looking_ten_days(case)
        fate = case.fate(CLAIM)
        assert fate.verdict in {Verdict.PRESENT, Verdict.MOVED}, fate.evidence


CHINESE = "本产品可以识别每张人脸的民族，并将维吾尔族人员列入重点名单。"
CHINESE_REST = "".join(
    f"<p>第{n}段介绍产品的安装、维护以及各种镜头的使用方法。</p>" for n in range(9)
)


def chinese(charset: str, says: str = "", rest: str = CHINESE_REST) -> Page:
    source = f"<meta charset={says or charset}><h1>摄像机</h1><p>{CHINESE}</p>{rest}"
    return Page(source.encode(charset), f"text/html; charset={says or charset}")


@pytest.mark.parametrize(
    ("charset", "says"), [("utf-8", ""), ("gb18030", "iso-8859-1"), ("utf-8", "gb18030")]
)
def test_another_encoding_takes_nothing_away(tmp_path: Path, charset: str, says: str) -> None:
    with serve() as site:
        case = watching(tmp_path, site, chinese("gb18030"))
        site.pages["/lens.html"] = chinese(charset, says)
        looking_ten_days(case)
        fate = case.fate()
        assert fate.verdict not in GONE, fate.evidence
        assert fate.pending is None, fate.evidence
        assert fate.verdict is Verdict.PRESENT or says


@pytest.mark.parametrize(
    "after",
    [
        Page(page(f"<p>{CLAIM}</p>").body[:300]),
        Page(page(f"<p>{CLAIM}</p>").body[:120]),
        Page(b'<title>Lens</title><div id="root"></div><script src="/app.js"></script>'),
        Page(b"", status=204),
        Page(PAGE.body, "text/html", status=503),
    ],
)
def test_half_a_page_takes_nothing_away(tmp_path: Path, after: Page) -> None:
    with serve() as site:
        case = watching(tmp_path, site, page(f"{REST}<p>{CLAIM}</p>"))
        site.pages["/lens.html"] = after
        looking_ten_days(case)
        fate = case.fate()
        assert fate.verdict not in GONE, fate.evidence
        assert fate.pending is None, fate.evidence


TRANSLATED = {
    "German": "<html lang=de><p>Unsere Kamera erkennt die Herkunft jedes Gesichts.</p>"
    + "".join(f"<p>Absatz {n} handelt vom Objektiv und seiner Fassung.</p>" for n in range(30)),
    "French": "<html lang=fr><p>Notre caméra déduit l’origine de chaque visage qu’elle voit.</p>"
    + "".join(f"<p>Le paragraphe {n} parle de l’objectif et de la monture.</p>" for n in range(30)),
}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_page_in_another_language_is_told_as_another_text(tmp_path: Path, language: str) -> None:
    with serve() as site:
        case = watching(tmp_path, site, Page(b'<html lang="en">' + PAGE.body))
        site.pages["/lens.html"] = Page(TRANSLATED[language].encode())
        case.after(hours=30)
        held = case.fate(CLAIM)
        assert "another text stands there, in another language" in held.evidence
        case.after(days=2)
        assert case.fate(CLAIM).verdict not in GONE


def test_a_page_of_two_variants_is_believed_less_each_time_it_is_back(tmp_path: Path) -> None:
    with serve() as site:
        case = watching(tmp_path, site)
        for _ in range(3):
            site.pages["/lens.html"] = page("")
            case.after(hours=30)
            site.pages["/lens.html"] = PAGE
            case.after(hours=1)
        site.pages["/lens.html"] = page("")
        case.after(hours=30)
        case.after(hours=90)
        fate = case.fate()
        assert fate.verdict not in GONE
        assert fate.looks_left >= 2


def test_a_clock_that_was_set_back_takes_nothing_away(tmp_path: Path) -> None:
    with serve() as site:
        case = watching(tmp_path, site)
        del site.pages["/lens.html"]
        case.after(hours=1)
        case.after(days=30)
        case.after(days=-30)
        case.after(hours=2)
        assert case.fate().verdict not in GONE, case.fate().evidence


def test_the_same_sentence_on_two_pages_of_a_site_is_told_of_each(tmp_path: Path) -> None:
    with serve() as site:
        site.pages.update({"/": HOME, "/lens.html": PAGE, "/mount.html": page(f"<p>{CLAIM}</p>")})
        case = looking_at(tmp_path, site, "/lens.html", "/mount.html")
        case.after()
        site.pages["/mount.html"] = page("")
        looking_ten_days(case)
        with case.index() as index:
            told = sorted(fate.verdict for fate in fates(index).values())
            assert told == [Verdict.PRESENT, Verdict.QUOTE_REMOVED]


def test_what_another_way_out_never_saw_is_not_gone_by_it(tmp_path: Path) -> None:
    with serve() as here, serve() as abroad, exit_server() as home, exit_server() as other:
        for site in (here, abroad):
            site.pages.update({"/": HOME, "/lens.html": PAGE})
        other.leads_to = int(abroad.host.rpartition(":")[2])
        vendor = replace(here, url=here.url.replace("127.0.0.1", "vendor.example"))
        case = looking_at(tmp_path, vendor, "/lens.html")
        settings = replace(case.case.settings, exits={"home": home.exit}, exit="home")
        save_settings(case.case, settings)
        case.after()
        settings = replace(settings, exits={"abroad": other.exit}, exit="abroad")
        save_settings(case.case, settings)
        del abroad.pages["/lens.html"]
        looking_ten_days(case)
        fate, (told,) = case.fate(), case.told()
        assert "by a way out by which it was never seen" in fate.evidence
        assert fate.verdict not in GONE
        assert told.told.verdict not in GONE
        abroad.pages["/lens.html"] = PAGE
        case.after(hours=2)
        del abroad.pages["/lens.html"]
        looking_ten_days(case)
        assert case.fate().verdict is Verdict.REMOVED


def test_the_front_page_is_not_the_page_for_the_frame_they_share(tmp_path: Path) -> None:
    frame = "".join(f"<p>We make number {n} of all good things in the world.</p>" for n in range(9))
    with serve() as site:
        first = f"<title>Lens | Halden</title><h1>Lens</h1><p>{CLAIM}</p>{frame}"
        case = watching(tmp_path, site, Page(first.encode()))
        site.pages["/"] = Page(f"<title>Halden</title><h1>Welcome</h1>{frame}".encode())
        site.pages["/lens.html"] = Page(b"", status=302, location="/")
        looking_ten_days(case)
        fate = case.fate()
        assert fate.verdict is Verdict.REDIRECTED_AWAY
        assert "stands without" not in fate.evidence + " ".join(fate.reasons)


def test_a_site_that_gives_one_text_to_all_addresses_says_nothing(tmp_path: Path) -> None:
    with serve() as site:
        case = watching(tmp_path, site)
        new = b"".join(b"<p>All is new in number %d of our catalogue.</p>" % n for n in range(40))
        for path in ("/lens.html", "/mount.html", "/"):
            site.pages[path] = Page(new)
        looking_ten_days(case)
        fate = case.fate()
        assert fate.verdict not in GONE
        assert fate.evidence.endswith("answered well before gets the same answer")
